// Package coder makes github.com/coder/websocket, the maintained continuation
// of nhooyr.io/websocket, the engine of compat/websocket:
//
//	import _ "github.com/wsmigrate/wsmigrate/compat/coder"
//
// The choice belongs to a program, so to its package main and not to a library.
// With WSMIGRATE_ENGINE=nhooyr in its environment the program uses nhooyr all
// the same.
//
// [Wrap] and [Unwrap] convert between a native connection and one of
// compat/websocket while a code base is on its way from one to the other.
package coder
