// Package wsdeadline reports WebSocket connections whose death nobody notices.
//
// # Analyzer wsdeadline
//
// wsdeadline: report connections that can hang, or die without anybody noticing
//
// A peer that loses its network sends nothing more, and TCP says nothing about
// it: a read waits forever, and a write waits as soon as the buffers are full.
// Each such connection keeps its goroutines and whatever lock they hold. The
// means against it are a ping now and then, with a read deadline that each pong
// moves on, and a deadline for each write. Timeouts of an http.Server end with
// the handshake. nhooyr and coder take a context in place of deadlines.
//
// All libraries handle ping, pong and close frames while the program reads, and
// only then. nhooyr and coder ask for a reader at all times, and have CloseRead
// for programs that only write.
//
// With gorilla and its forks, a read that ran into its deadline leaves the
// connection unusable: each further read returns the same error, and the
// thousandth panics. Loops that go on then are wsreadloop's.
//
// Categories:
//
//   - heartbeat: a connection is read in a loop without a read deadline, a
//     context that ends, or a ping (low confidence).
//   - cleared: the read deadline is taken away for good before a loop that
//     reads, and nothing pings the peer (high confidence).
//   - locked: a write without a deadline while a lock is held. Medium confidence
//     where the connection is one of many under that lock, so that one peer
//     that does not read stops all of them; otherwise low.
//   - pong: pings are sent and nothing reads the pongs. High confidence where
//     Ping waits for one, or a handler is set for them; otherwise medium.
//   - unread: a connection is written to in a loop and never read. Medium
//     confidence with nhooyr and coder, low with the others.
//
// # What it cannot see
//
// One package is looked at at a time, without its tests. A connection that
// another package makes is not judged, and one that is handed to another package
// only for cleared, and with less confidence. Deadlines set on
// any of the connections that share a variable or field count for all of
// them. A timer that closes the connection, TCP keepalive with short times, and
// a proxy that ends idle connections are not seen. Messages that the application
// itself exchanges to show that it is alive are no pings here.
//
// # How to fix
//
// Set a read deadline before the first read and move it on in the pong handler;
// send pings more often than that; set a write deadline before each write. Do
// not take the deadline away after the first message: set it anew. When a read
// timed out, close the connection and open another. To wake a reader, close the
// connection.
//
// With nhooyr and coder, call Ping with a context that ends from a goroutine of
// its own while another one reads, give Write a context that ends, and call
// CloseRead where nothing else reads.
//
// Bad:
//
//	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
//	_, token, err := conn.ReadMessage()
//	if err != nil || !valid(token) {
//		return
//	}
//	conn.SetReadDeadline(time.Time{})
//	for {
//		_, p, err := conn.ReadMessage()
//		if err != nil {
//			return
//		}
//		handle(p)
//	}
//
// Good:
//
//	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
//	_, token, err := conn.ReadMessage()
//	if err != nil || !valid(token) {
//		return
//	}
//	alive := func(string) error { return conn.SetReadDeadline(time.Now().Add(pongWait)) }
//	alive("")
//	conn.SetPongHandler(alive)
//	go ping(conn) // WriteControl(PingMessage, …) every pongWait/2
//	for {
//		_, p, err := conn.ReadMessage()
//		if err != nil {
//			return
//		}
//		handle(p)
//	}
package wsdeadline
