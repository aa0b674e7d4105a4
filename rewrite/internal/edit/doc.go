// Package edit changes the bytes of a file by replacing ranges, so that what
// no edit names stays as it was. A replacement may quote ranges of the
// original; edits inside a quoted range take effect there, which lets an edit
// of a statement and the edits of its parts be planned apart.
package edit
