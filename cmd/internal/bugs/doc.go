// Bugs runs the linter over real bugs, each in the commit that has it and in
// the one that repaired it, and says which it finds.
//
//	go run ./cmd/internal/bugs -clones ~/clones bugs.json
//
// The file holds a list of objects with the fields of [bug]. Each repository
// is looked for below the folder of -clones as OWNER/NAME, bare or not. Both
// commits are written out, linted there, and removed again; no code of theirs
// runs. A tree without a go.mod gets one, and the modules that it needs are
// downloaded.
package main
