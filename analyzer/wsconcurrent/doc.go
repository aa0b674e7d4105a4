// Package wsconcurrent reports goroutines that use one WebSocket connection at
// the same time.
//
// # Analyzer wsconcurrent
//
// wsconcurrent: report goroutines that use one connection at the same time
//
// gorilla asks of its users that at most one goroutine at a time calls the write
// methods, and at most one the read methods. Two writers mix
// the bytes of their frames, or panic with "concurrent write to websocket
// connection", which ends the whole process where no server recovers it. The
// race detector sees it only if a test writes twice at the right moment. Its
// forks say the same. gobwas/ws works on a bare net.Conn and guards nothing,
// and its wsutil.ReadClientData and the like answer pings and close frames by
// themselves: with gobwas, a goroutine that reads is a second writer. nhooyr
// and coder allow any number of writers, and one reader.
//
// WriteControl and Close may run beside a writer and are not counted; a close
// frame sent with WriteMessage is. SetWriteDeadline, EnableWriteCompression and
// SetCompressionLevel belong to the write methods, but beside a writer they mix
// no frames: by themselves they are not counted either.
//
// The rule follows connections through variables, struct fields, arguments,
// results, captured variables, maps, slices, channels and sync.Map; goroutines
// from go statements, errgroup, WaitGroup.Go, time.AfterFunc and handlers, which
// run once for each request; locks through helper methods, deferred calls and
// literals. A function of another package counts with all that it does to what
// it is given: where it writes, which locks it takes, what it starts, stores
// and returns. What io.Copy and fmt.Fprint are given counts with its Write and
// Read; other functions that ask for something with a Write method are taken to
// use it. What happens before a goroutine starts, or after it was waited for,
// is not concurrent with it. A message counts from NextWriter to the writer's
// Close.
//
// Categories:
//
//   - goroutine: two goroutines write.
//   - many: one place writes, and several goroutines run it at once with one
//     connection.
//   - reader: the same for reads.
//
// A finding names both places and where both goroutines come from. There is
// one finding for each connection, at the place that takes fewer locks.
//
// Confidence is high where the package itself shows both goroutines, medium
// where one of them is the unknown caller of an exported function or one of
// several implementations of an interface, where a function may use a Write
// method that it is given, or where the code does not compile and a condition is
// not understood, and low where both are unknown callers, or where a loop
// replaces the connection between the two uses.
//
// # What it cannot see
//
// Of an imported package it is known what its exported functions do; what a
// package does to connections that it hands to the functions of an interface
// which another package implements is not. On the command line that holds for
// the packages of the main modules, under go vet for all. Handlers of another
// package are judged there. Function values kept in fields or maps are not
// followed to their calls. A channel is taken for a lock only where it lies in a
// field or a global, with room for one, and every function gives it back. An
// exported function that waits in a loop for things to write is taken to run once
// for a connection. Two connections of one type in one container cannot be told
// apart. Instances of a struct type are told apart only within a function; those
// of a type of another package are taken for different ones unless a field or a
// variable ties them together. A function with some five hundred branches or more
// is left out.
//
// # How to fix
//
// Let one goroutine write and give it messages through a channel; or hold one
// sync.Mutex, exclusively, around every write, from NextWriter to Close, the
// deadline included. Send pings, pongs and close frames with WriteControl: where
// such a frame is all that another goroutine sends, and no deadline is set for
// it, that is the suggested fix. With nhooyr and coder nothing is needed for
// writes.
//
// Bad:
//
//	go func() {
//		for range time.Tick(pingPeriod) {
//			conn.WriteMessage(websocket.PingMessage, nil)
//		}
//	}()
//	for {
//		kind, p, err := conn.ReadMessage()
//		if err != nil {
//			return
//		}
//		conn.WriteMessage(kind, p)
//	}
//
// Good:
//
//	go func() {
//		for range time.Tick(pingPeriod) {
//			conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeWait))
//		}
//	}()
//	for {
//		kind, p, err := conn.ReadMessage()
//		if err != nil {
//			return
//		}
//		conn.WriteMessage(kind, p)
//	}
package wsconcurrent
