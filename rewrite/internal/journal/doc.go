// Package journal writes a set of file changes into a tree, all or nothing,
// and takes the newest sets back.
//
// ROOT/.wsmigrate holds what that needs: a lock file, journal.json (the runs
// that were written, oldest first) and objects/ (the files' former contents,
// named by their SHA-256). The folder ignores itself in git and disappears
// with the last run that is undone.
//
// # Order of writing
//
// A run is recorded as pending, together with the former contents, and synced
// before the first file of the tree is touched. The new contents are then
// staged as dot-files beside their targets (never ending in .go), synced and
// renamed over them; the folders are synced; the run is recorded as done.
// Undo is the same movement in the other direction. A process that dies
// anywhere in between leaves every file with its old or its new bytes, and
// whoever opens the journal next takes an unfinished run back. An error in a
// living process takes it back at once: each staged file has the former one
// linked (or copied) beside it, so that going back needs no space.
//
// # What a replaced file keeps
//
// Renaming gives a file a new inode. Mode and, where the system permits it,
// owner are carried over; access control lists and extended attributes are
// not. A symbolic link stays and its target is replaced, provided the target
// lies in the tree. Of a file with several hard links only the named one is
// replaced: the others keep the former bytes, because writing through them
// could not be atomic. Anything but a regular file is refused.
package journal
