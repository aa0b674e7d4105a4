// Package wscontext reports contexts that end before the WebSocket connection
// or the goroutine that they were given to.
//
// # Analyzer wscontext
//
// wscontext: report contexts that end before what they were given to
//
// nhooyr and coder take a context with every read and write and close the whole
// connection when it ends: there is no way to give up one message and keep the
// connection. Three habits from other APIs go wrong with them, and the first
// two with every library:
//
// A handler starts a goroutine with r.Context() and returns. net/http ends that
// context when the handler returns, also for a connection that was taken over,
// so that the goroutine's first call fails.
//
// A function makes a context with a time limit for the handshake, defers its
// cancel function, and gives the same context to a goroutine that is to serve
// the connection afterwards.
//
// A loop gives each message a context with a timeout, and takes the end of the
// time for a reason to try again. The connection is closed by then.
//
// Categories:
//
//   - request: a goroutine that outlives the handler has the request's context.
//   - canceled: a goroutine that outlives the function has a context whose
//     cancel function is deferred there.
//   - bound: CloseRead or NetConn binds the connection that the function
//     returns to such a context.
//   - timeout: the context of one message ends, and the loop goes on.
//
// Confidence is high where the function that starts the goroutine provably
// returns without waiting and the goroutine uses the context for a connection or
// ends with it; medium where it calls functions that may wait, where nobody
// knows what they do with the context, and for the request's context in a
// function that is no handler itself. A timeout is of low confidence for writes
// in loops that go on after any error.
//
// # What it cannot see
//
// Contexts that are kept in fields or passed through channels, and functions of
// other packages. A function that waits in any way after it has started the
// goroutine, such as by reading in a loop, is taken to wait for it. The context
// of a Dial bounds the handshake alone and is never reported.
//
// # How to fix
//
// Give a goroutine that outlives a handler context.WithoutCancel(r.Context()),
// or a context that belongs to the connection and is canceled when it is
// closed; or serve the connection in the handler, which may run as long as the
// connection does. Make a second context for what follows the handshake. Leave
// the loop when the context of a message has ended, and give reads that wait
// for the next message a context without a limit; Ping tells whether the other
// side is alive.
//
// Bad:
//
//	func connect(url string) error {
//		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
//		defer cancel()
//		conn, _, err := websocket.Dial(ctx, url, nil)
//		if err != nil {
//			return err
//		}
//		go serve(ctx, conn)
//		return nil
//	}
//
// Good:
//
//	func connect(ctx context.Context, url string) error {
//		dialCtx, cancel := context.WithTimeout(ctx, 10*time.Second)
//		defer cancel()
//		conn, _, err := websocket.Dial(dialCtx, url, nil)
//		if err != nil {
//			return err
//		}
//		go serve(ctx, conn)
//		return nil
//	}
package wscontext
