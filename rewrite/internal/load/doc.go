// Package load type-checks the packages of a tree's main modules that reach a
// WebSocket library, tests included, in the host's build configuration and in
// one more for each set of files that it leaves out. The same load, with
// changed files as an overlay, is what verification repeats.
package load
