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
// message after decompression too. docs/differences.md of the project has the whole list.
//
// # Native connections
//
// [Wrap], [Conn.Unwrap] and [Engine] are additions. They serve a code base whose
// parts move to the native API one after the other: [Conn.Unwrap] gives the
// native connection of a Conn, [Wrap] a Conn over a native connection. Package
// compat/coder has the same two for its engine. Such a Conn is in pass-through
// mode, where it has the same methods and the engine's behaviour:
//
//   - Both connections may be used, and a message be read by either.
//   - Messages are read and written as before, with errors of this package.
//   - The engine answers pings and close frames. Ping and close handlers are not
//     called. A pong handler is called outside of reads, for pongs that answer
//     a ping sent by WriteControl, which sends no pongs.
//   - WriteControl with a close message does the closing handshake.
//   - A deadline that passes while a call waits closes the connection.
//   - SetReadLimit sets the engine's limit; that of a native connection is 32768
//     bytes at first.
//   - Compression is the engine's.
//   - There is no network connection under a Conn of Wrap that could be had.
//
// # How it works
//
// The handshake, the parsing of frames, control frames, fragmentation,
// permessage-deflate and deadlines are done here, because the native API has no
// means for gorilla's semantics. The engine, nhooyr.io/websocket or the library
// that package compat/coder brings in, codes and masks the frames. It sees the
// network through a tap, see internal/wire.
package websocket
