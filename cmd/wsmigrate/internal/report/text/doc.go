// Package text writes a report for people at a terminal: tables, code frames,
// and a unified diff. It knows colour and width; into a pipe it writes the same
// without either.
package text
