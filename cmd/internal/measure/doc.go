// Package measure is what the programs share that run the tool over foreign
// code: flags, the tool, trees written out from clones, and the tool's JSON.
package measure
