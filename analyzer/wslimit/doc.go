// Package wslimit reports WebSocket messages that meet no read limit, or one
// that is too small for them.
//
// # Analyzer wslimit
//
// wslimit: report connections without a read limit, and messages that exceed one
//
// A message can be of any size, and most calls that read one hold all of it in
// memory. gorilla, its forks and gobwas/ws have no limit of their own: one peer
// that sends a message of some gigabytes ends the process. nhooyr and coder read
// at most 32768 bytes unless told otherwise, and then close the connection with
// status 1009: a program that works with small messages loses its connection
// with the first large one.
//
// What switches the limit off differs. With gorilla it is SetReadLimit(0) or any
// negative number, with nhooyr and coder SetReadLimit(-1). There, SetReadLimit(0)
// lets nothing but empty messages through.
//
// Categories:
//
//   - unlimited: whole messages are read and no limit is set, or it is switched
//     off (low confidence).
//   - default: messages are read with the 32 KiB that nhooyr and coder allow
//     (medium confidence for clients, which other people's servers send what
//     they like; low for servers, where the limit protects).
//   - exceeded: a message that is read, or that the package itself sends to the
//     connection's other end, is larger than the limit. High confidence where it
//     must be, medium where it may be or where there are several other ends.
//   - expected: the code compares the size of a message with a number that the
//     limit never lets it reach (medium confidence).
//   - zero: SetReadLimit(0) with nhooyr or coder (high confidence).
//
// A limit that is set anywhere on a connection counts. Where it is no constant,
// any size is taken to be allowed.
//
// # What it cannot see
//
// One package is looked at at a time, without its tests: of a connection that
// another package gets, or comes from, only zero and exceeded are judged. The
// other end is looked for in the same package; how large the messages of other
// programs are, nobody knows. Connections that go through one variable or field
// share what is set on any of them. A limit in front of the server, such as
// that of a proxy, does not show. golang.org/x/net/websocket, which allows
// 32 MiB, is not judged, nor are the Reader type of gobwas's wsutil and readers
// of gorilla that are not read as a whole.
//
// # How to fix
//
// Call SetReadLimit with the size of the largest message that you expect, before
// the first read. With gobwas, use a wsutil.Reader with MaxFrameSize and an
// io.LimitedReader around it, in place of the functions that return a whole
// message.
//
// Bad:
//
//	conn, _, err := websocket.Dial(ctx, url, nil) // nhooyr, coder
//	if err != nil {
//		return err
//	}
//	_, snapshot, err := conn.Read(ctx)
//
// Good:
//
//	conn, _, err := websocket.Dial(ctx, url, nil)
//	if err != nil {
//		return err
//	}
//	conn.SetReadLimit(4 << 20)
//	_, snapshot, err := conn.Read(ctx)
package wslimit
