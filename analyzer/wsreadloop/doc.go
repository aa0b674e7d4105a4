// Package wsreadloop reports loops that go on reading from a WebSocket
// connection after a read has failed.
//
// # Analyzer wsreadloop
//
// wsreadloop: report loops that go on after a read failed
//
// A failed read is the end of a connection's reading side: every later read
// fails as well, at once. A loop that logs the error and continues spins on one
// core for ever, fills the log, and never reaches the code that releases the
// connection. gorilla and its forks make it worse and panic with "repeated read
// on failed websocket connection" after a thousand reads, which ends the process
// where nothing recovers it.
//
// Most such loops mean well: they leave on the errors that their author had
// seen. IsUnexpectedCloseError returns false for every error that is no close
// error, a reset connection among them, and for the codes that it is given;
// what it returns false for is no reason to go on. Timeouts of gorilla's
// SetReadDeadline are as final as the rest. With nhooyr and coder so is every
// error, an ended context included. gobwas and x/net read a plain net.Conn: with
// them a timeout can be survived, and is not reported.
//
// The rule plays through how a read can fail, for each library: a reset, a
// close frame, a timeout, and so on. It follows the error through comparisons,
// errors.Is, errors.As, the libraries' tests, tests of its text, and functions
// of the package, to see whether the loop comes back to the same connection. It
// sees reads two functions away from the loop.
//
// Categories:
//
//   - every: the loop goes on after every error.
//   - some: tests of the error let some through; the message has an example.
//   - timeout: the loop goes on after a timeout that has broken the connection.
//   - ignored: nothing looks at the error.
//
// Confidence is high where nothing but the error decides; medium where a test
// that is not understood, or a call of an interface, could end the loop; low
// where the loop has another condition that the code after the error may change,
// where it may replace the connection, and in tests. Loops with a bounded number
// of turns or a time limit are not reported.
//
// # What it cannot see
//
// Connections behind an interface of the program, such as one with a
// ReadMessage method, and functions of other packages that read. A loop that
// calls itself instead of turning. A reconnection inside a function of another
// package makes the finding one of low confidence at best. Errors of readers
// that NextReader returned are not followed: the next call of NextReader
// returns them again.
//
// # How to fix
//
// Leave the loop on every error, and let the code after it, or the function's
// caller, decide by the error what to log and whether to connect anew. If a
// message that does not decode shall not end the connection, read its bytes
// first and decode them in a second step. Where a read has to end after a time,
// close the connection.
//
// Bad:
//
//	for {
//		_, p, err := conn.ReadMessage()
//		if err != nil {
//			if websocket.IsUnexpectedCloseError(err, websocket.CloseGoingAway) {
//				return
//			}
//			log.Print(err)
//			continue
//		}
//		handle(p)
//	}
//
// Good:
//
//	for {
//		_, p, err := conn.ReadMessage()
//		if err != nil {
//			if websocket.IsUnexpectedCloseError(err, websocket.CloseGoingAway) {
//				log.Print(err)
//			}
//			return
//		}
//		handle(p)
//	}
package wsreadloop
