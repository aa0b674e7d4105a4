package conformance

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// writeScenarios are about what is sent, and about the life of a connection.
func writeScenarios() []scenario {
	long := strings.Repeat("0123456789abcdef", 4100)
	list := []scenario{
		{name: "write messages", play: func(r *run) {
			r.write(textMessage, "hello")
			r.write(binaryMessage, "\x00\xff")
			r.write(textMessage, "")
			r.did("write nil", r.c.WriteMessage(binaryMessage, nil))
		}},
		{name: "write control frames as messages", play: func(r *run) {
			r.write(pingMessage, "p")
			r.write(pongMessage, "q")
			r.write(pingMessage, "")
			r.write(pingMessage, long[:125])
			r.write(pingMessage, long[:126])
			r.write(textMessage, "after")
			r.write(closeMessage, "\x03\xe8bye")
			r.write(textMessage, "late")
			r.write(closeMessage, "\x03\xe8")
		}},
		{name: "write messages of other types", play: func(r *run) {
			for _, mt := range []int{-1, 0, 3, 7, 11, 15, 16, 0x81, 257} {
				r.write(mt, "x")
				r.control(mt, "x")
				r.nextWriter(mt)
			}
			r.write(textMessage, "after")
		}},
		{name: "control frames", play: func(r *run) {
			r.control(pingMessage, "p")
			r.control(pongMessage, "")
			r.control(pongMessage, long[:125])
			r.control(pongMessage, long[:126])
			r.control(textMessage, "x")
			r.control(closeMessage, long[:126])
			r.control(closeMessage, "")
			r.control(pingMessage, "late")
			r.control(closeMessage, "")
			r.aftermath()
		}},
		{name: "control deadlines", play: func(r *run) {
			r.did("past", r.c.WriteControl(pingMessage, nil, time.Now().Add(-time.Hour)))
			r.did("none", r.c.WriteControl(pingMessage, nil, time.Time{}))
			r.did("past and long", r.c.WriteControl(pingMessage, make([]byte, 126), time.Now().Add(-time.Hour)))
			r.did("past and no control", r.c.WriteControl(textMessage, nil, time.Now().Add(-time.Hour)))
			r.did("past close", r.c.WriteControl(closeMessage, nil, time.Now().Add(-time.Hour)))
			r.write(textMessage, "after")
			r.control(closeMessage, "")
			r.did("past after close", r.c.WriteControl(pingMessage, nil, time.Now().Add(-time.Hour)))
			r.did("none after close", r.c.WriteControl(pingMessage, nil, time.Time{}))
		}},
		{name: "close frames that peers refuse", play: func(r *run) {
			r.control(closeMessage, "x")
			r.write(textMessage, "late")
		}},
		{name: "close handshake by this side", in: []interface{}{text("late"), ping("late"), closing(1000, "bye")}, play: func(r *run) {
			r.logHandlers()
			r.control(closeMessage, "\x03\xe8")
			r.readAll()
			r.aftermath()
		}},

		{name: "writer", play: func(r *run) {
			w := r.nextWriter(textMessage)
			r.writePart(w, "a")
			r.writePart(w, "")
			r.writePart(w, "bc")
			r.closeWriter(w)
			r.closeWriter(w)
			r.writePart(w, "late")
			n, err := io.WriteString(w, "late")
			r.did("write string", n, err)
			n64, err := w.(io.ReaderFrom).ReadFrom(strings.NewReader("late"))
			r.did("read from", n64, err)
			r.write(textMessage, "after")
		}},
		{name: "writer without a write", play: func(r *run) {
			r.closeWriter(r.nextWriter(binaryMessage))
			r.closeWriter(r.nextWriter(pongMessage))
		}},
		{name: "writer that is not closed", play: func(r *run) {
			first := r.nextWriter(textMessage)
			r.writePart(first, "first")
			second := r.nextWriter(binaryMessage)
			r.writePart(first, "late")
			r.closeWriter(first)
			r.writePart(second, "second")
			r.write(textMessage, "third")
			r.writePart(second, "late")
			r.closeWriter(second)
		}},
		{name: "writer that is not closed before another type", play: func(r *run) {
			w := r.nextWriter(textMessage)
			r.writePart(w, "first")
			r.nextWriter(0)
			r.writePart(w, "late")
			r.closeWriter(w)
			r.write(textMessage, "after")
		}},
		{name: "writer of a control frame", play: func(r *run) {
			w := r.nextWriter(pingMessage)
			r.writePart(w, "ab")
			r.writePart(w, "cd")
			r.closeWriter(w)
			w = r.nextWriter(pongMessage)
			r.writePart(w, long[:126])
			r.closeWriter(w)
			r.closeWriter(w)
			w = r.nextWriter(closeMessage)
			r.writePart(w, "\x03\xe8bye")
			r.closeWriter(w)
			r.nextWriter(textMessage)
		}},
		{name: "writer of a control frame beyond the buffer", options: options{writeBuffer: 64}, play: func(r *run) {
			w := r.nextWriter(pingMessage)
			r.writePart(w, long[:60])
			r.writePart(w, long[:60])
			r.writePart(w, "x")
			r.closeWriter(w)
			r.write(textMessage, "after")
		}},
		{name: "control frames between fragments", options: options{writeBuffer: 64}, in: []interface{}{ping("p")}, play: func(r *run) {
			w := r.nextWriter(textMessage)
			r.writePart(w, long[:70])
			r.control(pingMessage, "between")
			r.read()
			r.writePart(w, long[:70])
			r.closeWriter(w)
		}},
		{name: "close frame between fragments", options: options{writeBuffer: 64}, play: func(r *run) {
			w := r.nextWriter(textMessage)
			r.writePart(w, long[:70])
			r.control(closeMessage, "\x03\xe8")
			r.writePart(w, long[:30])
			r.writePart(w, long[:100])
			r.closeWriter(w)
			r.nextWriter(textMessage)
		}},
		{name: "write a message between fragments", options: options{writeBuffer: 64}, play: func(r *run) {
			w := r.nextWriter(textMessage)
			r.writePart(w, long[:70])
			r.write(binaryMessage, "between")
			r.writePart(w, "late")
			r.closeWriter(w)
		}},
		{name: "write JSON", play: func(r *run) {
			r.did("map", r.c.WriteJSON(map[string]interface{}{"b": []int{1, 2}, "a": "<&>"}))
			r.did("nil", r.c.WriteJSON(nil))
			r.did("chan", r.c.WriteJSON(make(chan int)))
			r.did("infinite", r.c.WriteJSON(math.Inf(1)))
			r.did("marshaler", r.c.WriteJSON(failingMarshaler{}))
			r.did("after", r.c.WriteJSON("after"))
			r.control(closeMessage, "")
			r.did("late", r.c.WriteJSON("late"))
			r.did("late chan", r.c.WriteJSON(make(chan int)))
		}},

		// Failing networks.
		{name: "write fails", in: []interface{}{text("in"), text("in")}, play: func(r *run) {
			r.conn.failWrites(errWrite)
			r.write(textMessage, "a")
			r.conn.failWrites(nil)
			r.write(textMessage, "b")
			r.control(pingMessage, "c")
			r.nextWriter(textMessage)
			r.did("JSON", r.c.WriteJSON(1))
			r.read()
			r.aftermath()
		}},
		{name: "write times out", in: []interface{}{text("in"), text("in")}, play: func(r *run) {
			r.conn.failWrites(timeout{})
			r.write(textMessage, "a")
			r.conn.failWrites(nil)
			r.write(textMessage, "b")
			r.control(pingMessage, "c")
			r.aftermath()
		}},
		{name: "control frame fails", play: func(r *run) {
			r.conn.failWrites(errWrite)
			r.control(pingMessage, "a")
			r.conn.failWrites(nil)
			r.write(textMessage, "b")
			r.control(closeMessage, "c")
		}},
		{name: "writer fails", options: options{writeBuffer: 64}, play: func(r *run) {
			w := r.nextWriter(textMessage)
			r.writePart(w, "a")
			r.conn.failWrites(errWrite)
			r.writePart(w, long[:100])
			r.conn.failWrites(nil)
			r.writePart(w, "b")
			r.closeWriter(w)
			r.nextWriter(textMessage)
		}},
		{name: "closing a writer fails", play: func(r *run) {
			w := r.nextWriter(textMessage)
			r.writePart(w, "a")
			r.conn.failWrites(errWrite)
			r.closeWriter(w)
			r.conn.failWrites(nil)
			r.closeWriter(w)
			r.writePart(w, "b")
			r.write(textMessage, "c")
		}},
		{name: "write deadline passed", in: []interface{}{text("in")}, play: func(r *run) {
			r.did("set", r.c.SetWriteDeadline(time.Now().Add(-time.Hour)))
			r.control(pingMessage, "has its own")
			r.write(textMessage, "a")
			r.did("set", r.c.SetWriteDeadline(time.Time{}))
			r.write(textMessage, "b")
			r.control(pingMessage, "c")
			r.read()
			r.aftermath()
		}},
		{name: "write deadline set between fragments", options: options{writeBuffer: 64}, play: func(r *run) {
			w := r.nextWriter(textMessage)
			r.writePart(w, long[:70])
			r.did("set", r.c.SetWriteDeadline(time.Now().Add(-time.Hour)))
			r.writePart(w, "a")
			r.writePart(w, long[:100])
			r.closeWriter(w)
		}},
		{name: "write deadline removed in time", play: func(r *run) {
			r.did("set", r.c.SetWriteDeadline(time.Now().Add(-time.Hour)))
			r.did("set", r.c.SetWriteDeadline(time.Now().Add(time.Hour)))
			r.write(textMessage, "a")
			r.write(textMessage, "b")
		}},

		// Writes that block.
		{name: "control frame waits for a write", play: func(r *run) {
			blocked, release := r.conn.blockWrites()
			done := make(chan error, 1)
			go func() { done <- r.c.WriteMessage(textMessage, []byte("first")) }()
			<-blocked
			r.did("soon", r.c.WriteControl(pingMessage, nil, time.Now().Add(10*time.Millisecond)))
			r.did("past", r.c.WriteControl(pingMessage, nil, time.Now().Add(-time.Hour)))
			close(release)
			r.did("first", <-done)
			r.control(pingMessage, "last")
		}},
		{name: "control frame waits without a deadline", play: func(r *run) {
			blocked, release := r.conn.blockWrites()
			done := make(chan error, 2)
			go func() { done <- r.c.WriteMessage(textMessage, []byte("first")) }()
			<-blocked
			go func() { done <- r.c.WriteControl(pingMessage, nil, time.Time{}) }()
			close(release)
			r.did("both", <-done, <-done)
		}},
		{name: "reading while a write blocks", in: []interface{}{text("in"), ping("p"), text("in")}, play: func(r *run) {
			r.c.SetPingHandler(func(string) error { return nil })
			blocked, release := r.conn.blockWrites()
			done := make(chan error, 1)
			go func() { done <- r.c.WriteMessage(textMessage, []byte("first")) }()
			<-blocked
			r.readBlocked()
			r.readBlocked()
			close(release)
			r.did("first", <-done)
		}},
		{name: "close while a write blocks", play: func(r *run) {
			blocked, release := r.conn.blockWrites()
			done := make(chan error, 1)
			go func() { done <- r.c.WriteMessage(textMessage, []byte("first")) }()
			<-blocked
			err := r.c.Close()
			close(release)
			r.did("first", <-done)
			r.did("close", err)
			r.write(textMessage, "late")
		}},

		// The life of a connection.
		{name: "close at once", in: []interface{}{text("in")}, play: func(r *run) {
			r.close()
			r.close()
			r.write(textMessage, "late")
			r.write(textMessage, "later")
			r.control(pingMessage, "late")
			r.read()
			r.read()
		}},
		{name: "close after a close frame", in: []interface{}{text("in")}, play: func(r *run) {
			r.control(closeMessage, "\x03\xe8")
			r.close()
			r.write(textMessage, "late")
			r.control(closeMessage, "")
			r.read()
		}},
		{name: "close with a writer open", options: options{writeBuffer: 64}, play: func(r *run) {
			w := r.nextWriter(textMessage)
			r.writePart(w, long[:70])
			r.close()
			r.writePart(w, "a")
			r.closeWriter(w)
			r.nextWriter(textMessage)
		}},
		{name: "network connection", play: func(r *run) {
			r.note("same %v %v", r.c.NetConn() == r.conn, r.c.UnderlyingConn() == r.conn)
			r.note("%v %v", r.c.LocalAddr(), r.c.RemoteAddr())
			r.close()
			r.note("same %v %v", r.c.NetConn() == r.conn, r.c.UnderlyingConn() == r.conn)
			r.note("%v %v", r.c.LocalAddr(), r.c.RemoteAddr())
		}},
		{name: "network connection closed below", in: []interface{}{text("in")}, play: func(r *run) {
			r.did("close", r.c.NetConn().Close())
			r.write(textMessage, "late")
			r.read()
			r.close()
		}},
		{name: "no subprotocol", play: func(r *run) { r.note("%q", r.c.Subprotocol()) }},
		{name: "subprotocol", options: options{subprotocols: []string{"p"}}, play: func(r *run) { r.note("%q", r.c.Subprotocol()) }},
	}
	for _, size := range []int{0, 1, 124, 125, 126, 127, 4081, 4082, 4083, 4096, 4097, 8192, 8220, 8221, 65535, 65536} {
		list = append(list, scenario{name: fmt.Sprintf("write %d bytes", size), play: func(r *run) {
			r.write(binaryMessage, long[:size])
			w := r.nextWriter(textMessage)
			r.writePart(w, long[:size])
			r.closeWriter(w)
			w = r.nextWriter(textMessage)
			r.writePart(w, "x")
			r.writePart(w, long[:size])
			r.closeWriter(w)
		}})
	}
	for _, size := range []int{1, 63, 64, 65, 128, 129, 156, 157, 200, 1000} {
		list = append(list, scenario{name: fmt.Sprintf("write %d bytes with a buffer of 64", size), options: options{writeBuffer: 64}, play: func(r *run) {
			r.write(binaryMessage, long[:size])
			w := r.nextWriter(textMessage)
			r.writePart(w, long[:size])
			r.closeWriter(w)
			w = r.nextWriter(textMessage)
			r.writePart(w, long[:size])
			r.writePart(w, long[:size])
			r.closeWriter(w)
			w = r.nextWriter(textMessage)
			n, err := io.WriteString(w, long[:size])
			r.did("write string", n, err)
			r.closeWriter(w)
			w = r.nextWriter(textMessage)
			r.writePart(w, "x")
			n64, err := w.(io.ReaderFrom).ReadFrom(strings.NewReader(long[:size]))
			r.did("read from", n64, err)
			r.closeWriter(w)
		}})
	}
	list = append(list, scenario{name: "read from a reader that fails", play: func(r *run) {
		w := r.nextWriter(textMessage)
		n, err := w.(io.ReaderFrom).ReadFrom(io.MultiReader(strings.NewReader("some"), failingReader{}))
		r.did("read from", n, err)
		r.writePart(w, "more")
		r.closeWriter(w)
	}})
	list = append(list, preparedScenarios()...)
	return append(list, poolScenarios()...)
}

type failingMarshaler struct{}

func (failingMarshaler) MarshalJSON() ([]byte, error) { return nil, errors.New("cannot be marshaled") }

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errors.New("the source fails") }
