// Package wsclose reports WebSocket connections and message writers that are
// not closed or are used outside their life, and locks around them that are
// not given back.
//
// # Analyzer wsclose
//
// wsclose: report connections and writers that are not closed, or used before or after their life
//
// A connection that an upgrade has taken over belongs to the program: the HTTP
// server does not close it when the handler returns. One that is neither closed
// nor handed on keeps its file descriptor, and the other side waits.
//
// The writers of NextWriter and Writer send a message's end when they are
// closed. gorilla ends a forgotten one when the next message begins; nhooyr and
// coder let the next message wait for it.
//
// A call that fails returns a nil connection, which a deferred Close, placed
// before the error is looked at, dereferences.
//
// Writers share a connection behind a mutex, and two slips with defer stop them
// all: a Lock where Unlock was meant, and an Unlock in a loop, which runs when
// the function returns.
//
// Categories:
//
//   - leak: a path leads to a return without closing the connection, which the
//     function gives to nobody.
//   - early: the connection or writer is used before the error is looked at.
//   - writer: a path without errors leads to a return without closing the
//     writer.
//   - late: a write comes after Close of the same connection.
//   - relock: a deferred Lock follows a Lock of the same mutex.
//   - holding: a deferred Unlock in a loop comes back to its Lock.
//
// Confidence is high, but medium for a deferred Unlock where each turn of the
// loop locks another mutex, and low in test files.
//
// # What it cannot see
//
// What becomes of a connection that is kept in a field, a map or a channel,
// captured by a literal that closes it, or given to a function of another
// package: somebody there is taken to close it. With nhooyr and coder any error
// closes the connection, so that paths behind an error are not looked at.
// Functions named main are not judged: the end of the process closes all.
// Writers of gobwas are flushed, not closed, and not looked at. Two mutexes are
// the same only where the function reaches them in the same way.
//
// # How to fix
//
// Look at the error first, then defer Close, before anything else can return.
// Close a message's writer on every path and look at the error of its Close,
// which is that of the message. Where a deferred Close stands between the call
// and the test of its error, the suggested fix moves it behind the test, and a
// deferred Lock becomes an Unlock if nothing else unlocks. Put Lock and the deferred Unlock into a function
// of their own that makes one write.
//
// Bad:
//
//	conn, err := upgrader.Upgrade(w, r, nil)
//	defer conn.Close()
//	if err != nil {
//		return
//	}
//	for p := range messages {
//		mu.Lock()
//		defer mu.Unlock()
//		conn.WriteMessage(websocket.TextMessage, p)
//	}
//
// Good:
//
//	conn, err := upgrader.Upgrade(w, r, nil)
//	if err != nil {
//		return
//	}
//	defer conn.Close()
//	for p := range messages {
//		mu.Lock()
//		err := conn.WriteMessage(websocket.TextMessage, p)
//		mu.Unlock()
//		if err != nil {
//			return
//		}
//	}
package wsclose
