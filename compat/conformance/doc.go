// Package conformance holds compat/websocket against gorilla/websocket v1.5.3:
// the exported API item by item, gorilla's own tests, and what both do over
// the same streams of bytes, on each engine. It is a module of its own, because
// it needs what users of compat must not get: gorilla, both engines and newer
// versions of Go. It has tests, and the command interop.
package conformance
