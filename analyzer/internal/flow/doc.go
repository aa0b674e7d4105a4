// Package flow finds out what the goroutines of a package do to its WebSocket
// connections.
//
// For every function it computes a summary, bottom-up over the calls: the
// effects on connections (writes, reads), each with the object it falls on,
// the locks that are certainly held, and the goroutine it runs on. Objects and
// locks are access paths (receiver.field, parameter, global, allocation site,
// container element), so a summary can be put into the terms of each caller.
// What it does not know, a call through a function value of unknown origin
// say, counts as doing nothing.
//
// The summaries of functions that other packages can call leave the package as
// a [Fact] each. The packages that import it put them in place of the bodies
// that they do not see.
//
// [Program.Pairs] then combines the effects: in the scope of each function,
// where the order of the go statements, calls and waits is known, and between
// roots (handlers, exported methods, main), where only the object ties the
// effects together.
package flow
