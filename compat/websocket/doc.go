// Package websocket has the exported API and the behaviour of
// github.com/gorilla/websocket v1.5.3, on top of nhooyr.io/websocket. To move a
// program to it, change the import path.
//
// # What is different
//
// A few things are better on purpose. Any number of goroutines may write to a
// connection: calls are serialised, where gorilla panics or corrupts the stream.
// Still, a message written in pieces through NextWriter is ended by the next
// message that anybody starts, as there. [Conn.SetReadLimit] bounds the size of a
// message after decompression too.
//
// [Wrap], [Conn.Unwrap] and [Engine] are additions. They serve a code base whose
// parts move to the native API one after the other.
//
// # How it works
//
// The handshake, the parsing of frames, control frames, fragmentation,
// permessage-deflate and deadlines are done here, because the native API has no
// means for gorilla's semantics. The engine, nhooyr.io/websocket or the library
// that package compat/coder brings in, codes and masks the frames. It sees the
// network through a tap, see internal/wire.
package websocket
