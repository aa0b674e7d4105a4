// Package gomod edits the bytes of go.mod and go.sum as the go command would:
// for an edit that says what a module needs, the results are what `go mod
// tidy` leaves, without a network and without a module cache. Comments, the
// grouping of requirements and line ends survive.
//
// All functions are pure; what a module needs is the caller's to find out.
package gomod
