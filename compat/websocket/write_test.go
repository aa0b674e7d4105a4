package websocket

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
)

// onlyReader hides what else a reader can do.
type onlyReader struct{ io.Reader }

// shape describes frames by their first bytes and payload sizes.
func shape(t *testing.T, c *tape) string {
	t.Helper()
	var list []string
	for _, f := range parse(t, c.out.Bytes()) {
		list = append(list, fmt.Sprintf("%02x:%d", f.first, len(f.payload)))
	}
	c.out.Reset()
	return strings.Join(list, " ")
}

// TestFrames holds the cutting of messages into frames, which peers with
// limits depend on.
func TestFrames(t *testing.T) {
	text := strings.Repeat("x", 1000)
	writer := func(f func(w io.WriteCloser) error) func(c *Conn) error {
		return func(c *Conn) error {
			w, err := c.NextWriter(TextMessage)
			if err != nil {
				return err
			}
			if err := f(w); err != nil {
				return err
			}
			return w.Close()
		}
	}
	for _, test := range []struct {
		name           string
		write          func(c *Conn) error
		server, client string // with a write buffer of 100 bytes
	}{
		{"empty message", func(c *Conn) error { return c.WriteMessage(TextMessage, nil) }, "81:0", "81:0"},
		{"message of the buffer's size", func(c *Conn) error { return c.WriteMessage(BinaryMessage, []byte(text[:100])) }, "82:100", "82:100"},
		{"larger message", func(c *Conn) error { return c.WriteMessage(BinaryMessage, []byte(text[:250])) }, "82:250", "02:100 00:100 80:50"},
		{"no write", writer(func(io.WriteCloser) error { return nil }), "81:0", "81:0"},
		{"large write", writer(func(w io.WriteCloser) error { _, err := w.Write([]byte(text)); return err }),
			"01:1000 80:0", "01:100 00:100 00:100 00:100 00:100 00:100 00:100 00:100 00:100 80:100"},
		{"large write with bytes pending", writer(func(w io.WriteCloser) error {
			w.Write([]byte("pending"))
			_, err := w.Write([]byte(text[:300]))
			return err
		}), "01:307 80:0", "01:100 00:100 00:100 80:7"},
		{"write of twice the buffer", writer(func(w io.WriteCloser) error { _, err := w.Write([]byte(text[:228])); return err }),
			"01:100 00:100 80:28", "01:100 00:100 80:28"},
		{"many writes", writer(func(w io.WriteCloser) error {
			for i := 0; i < 30; i++ {
				w.Write([]byte("1234567"))
			}
			return nil
		}), "01:100 00:100 80:10", "01:100 00:100 80:10"},
		{"string", writer(func(w io.WriteCloser) error { _, err := io.WriteString(w, text[:300]); return err }),
			"01:100 00:100 80:100", "01:100 00:100 80:100"},
		{"reader", writer(func(w io.WriteCloser) error {
			_, err := io.Copy(w, onlyReader{strings.NewReader(text[:250])})
			return err
		}),
			"01:100 00:100 80:50", "01:100 00:100 80:50"},
		{"reader that ends with a full buffer", writer(func(w io.WriteCloser) error {
			_, err := io.Copy(w, onlyReader{strings.NewReader(text[:200])})
			return err
		}),
			"01:100 00:100 80:0", "01:100 00:100 80:0"},
		{"slow reader", writer(func(w io.WriteCloser) error {
			n, err := io.Copy(w, iotest.OneByteReader(strings.NewReader(text[:130])))
			if n != 130 {
				t.Errorf("%d bytes copied", n)
			}
			return err
		}), "01:100 80:30", "01:100 80:30"},
		{"control message", func(c *Conn) error { return c.WriteMessage(PingMessage, []byte("ping")) }, "89:4", "89:4"},
		{"json", func(c *Conn) error { return c.WriteJSON(text[:147]) }, "01:100 80:50", "01:100 80:50"},
		{"large json", func(c *Conn) error { return WriteJSON(c, text[:297]) }, "01:300 80:0", "01:100 00:100 80:100"},
	} {
		for _, server := range []bool{true, false} {
			c := new(tape)
			ws := newConn(connConfig{netConn: c, server: server, writeBufferSize: 100})
			if err := test.write(ws); err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
			for _, f := range parse(t, c.out.Bytes()) {
				if f.masked == server {
					t.Errorf("%s: masked %v, server %v", test.name, f.masked, server)
				}
			}
			want := test.client
			if server {
				want = test.server
			}
			if got := shape(t, c); got != want {
				t.Errorf("%s, server %v: %s, want %s", test.name, server, got, want)
			}
			ws.Close()
		}
	}
}

func TestFullBufferIsSent(t *testing.T) {
	ws, c := serveConfig(t, connConfig{writeBufferSize: 10}, strings.NewReader(""))
	w, err := ws.NextWriter(TextMessage)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"", "", "01:10", "", "00:10"} {
		if _, err := w.Write([]byte("12345")); err != nil {
			t.Fatal(err)
		}
		if got := shape(t, c); got != want {
			t.Errorf("after write %d: %q, want %q", i, got, want)
		}
	}
}

// countedTape counts the writes of the network.
type countedTape struct {
	tape
	writes int
}

func (c *countedTape) Write(p []byte) (int, error) {
	c.writes++
	return c.tape.Write(p)
}

// TestFullFrames has a client write a message in pieces of several sizes: the
// frames are those of one byte at a time, and the ones that are full go to the
// network together.
func TestFullFrames(t *testing.T) {
	const size = 100
	message := []byte(strings.Repeat("0123456789", 100))
	for _, test := range []struct {
		pieces []int
		writes int
	}{
		{[]int{1000}, 2}, {[]int{1, 999}, 3}, {[]int{100, 900}, 3}, {[]int{900, 100}, 3}, {[]int{450, 550}, 4}, {[]int{101, 899}, 4},
	} {
		for _, first := range []int{1, 0} { // one byte at a time, or the pieces
			c := &countedTape{tape: tape{in: strings.NewReader("")}}
			ws := newConn(connConfig{netConn: c, writeBufferSize: size})
			w, err := ws.NextWriter(BinaryMessage)
			if err != nil {
				t.Fatal(err)
			}
			pieces := test.pieces
			if first == 1 {
				pieces = make([]int, len(message))
				for i := range pieces {
					pieces[i] = 1
				}
			}
			rest := message
			for _, n := range pieces {
				if k, err := w.Write(rest[:n]); k != n || err != nil {
					t.Fatal(k, err)
				}
				rest = rest[n:]
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			var want []string
			for i, opcode := 0, 2; i < len(message); i, opcode = i+size, 0 {
				if i+size == len(message) {
					opcode = 0x80
				}
				want = append(want, fmt.Sprintf("%02x %s", opcode, message[i:i+size]))
			}
			if got := c.written(t); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("%d, at once or in bytes (%d): %q", test.pieces, first, got)
			}
			if first == 0 && c.writes != test.writes {
				t.Errorf("%d: %d writes, want %d", test.pieces, c.writes, test.writes)
			}
			ws.Close()
		}
	}
}

func TestImplicitClose(t *testing.T) {
	starts := map[string]func(ws *Conn) error{
		"NextWriter":         func(ws *Conn) error { _, err := ws.NextWriter(TextMessage); return err },
		"WriteMessage":       func(ws *Conn) error { return ws.WriteMessage(TextMessage, nil) },
		"WriteJSON":          func(ws *Conn) error { return ws.WriteJSON(1) },
		"WriteMessage(ping)": func(ws *Conn) error { return ws.WriteMessage(PingMessage, nil) },
		"NextWriter(99)":     func(ws *Conn) error { _, _ = ws.NextWriter(99); return nil },
	}
	for _, compress := range []bool{false, true} {
		for name, start := range starts {
			ws, c := serveConfig(t, connConfig{compress: compress}, strings.NewReader(""))
			w, err := ws.NextWriter(BinaryMessage)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte("open")); err != nil {
				t.Fatal(err)
			}
			if err := start(ws); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			list := parse(t, c.out.Bytes())
			if len(list) == 0 || list[0].first&^0x40 != 0x82 {
				t.Errorf("%s: the open message was not ended", name)
			}
			_, err = w.Write([]byte("more"))
			wantError(t, name+": write to the closed writer", err, errWriteClosed)
			wantError(t, name+": close of the closed writer", w.Close(), errWriteClosed)
		}
	}
}

// TestPreparedBesideWriter ends an open message only where the prepared one
// would get between its frames.
func TestPreparedBesideWriter(t *testing.T) {
	pm, err := NewPreparedMessage(TextMessage, []byte("prepared"))
	if err != nil {
		t.Fatal(err)
	}
	ws, c := serveConfig(t, connConfig{writeBufferSize: 4}, strings.NewReader(""))
	w, _ := ws.NextWriter(BinaryMessage)
	fmt.Fprint(w, "abc")
	wantError(t, "WritePreparedMessage", ws.WritePreparedMessage(pm), nil)
	fmt.Fprint(w, "def")
	wantError(t, "WritePreparedMessage", ws.WritePreparedMessage(pm), nil)
	wantError(t, "Close", w.Close(), errWriteClosed)
	if got := fmt.Sprint(c.written(t)); got != "[81 prepared 02 abcd 80 ef 81 prepared]" {
		t.Error(got)
	}
}

// TestControlInsideMessage sends control frames between the frames of a message.
func TestControlInsideMessage(t *testing.T) {
	ws, c := serveConfig(t, connConfig{writeBufferSize: 4}, strings.NewReader(""))
	ping, err := NewPreparedMessage(PingMessage, []byte("p"))
	if err != nil {
		t.Fatal(err)
	}
	w, _ := ws.NextWriter(TextMessage)
	fmt.Fprint(w, "12345")
	wantError(t, "WriteControl", ws.WriteControl(PongMessage, []byte("c"), time.Time{}), nil)
	wantError(t, "WritePreparedMessage", ws.WritePreparedMessage(ping), nil)
	wantError(t, "Close", w.Close(), nil)
	if got := fmt.Sprint(c.written(t)); got != "[01 1234 8a c 89 p 80 5]" {
		t.Error(got)
	}
}

func TestInvalidMessages(t *testing.T) {
	long := make([]byte, 126)
	past := time.Now().Add(-time.Hour)
	ws, c := serve(t)
	for _, test := range []struct {
		what string
		err  error
		want error
	}{
		{"WriteControl of data", ws.WriteControl(TextMessage, nil, time.Time{}), errBadWriteOpCode},
		{"WriteControl of too much", ws.WriteControl(PingMessage, long, time.Time{}), errInvalidControlFrame},
		{"WriteControl too late", ws.WriteControl(PingMessage, nil, past), errWriteTimeout},
		{"WriteMessage of no type", ws.WriteMessage(0, nil), errBadWriteOpCode},
		{"WriteMessage of too much", ws.WriteMessage(PingMessage, long), errInvalidControlFrame},
		{"SetCompressionLevel", ws.SetCompressionLevel(9), nil},
	} {
		wantError(t, test.what, test.err, test.want)
	}
	for _, level := range []int{-3, 10} {
		if ws.SetCompressionLevel(level) == nil {
			t.Errorf("level %d", level)
		}
	}
	_, err := ws.NextWriter(3)
	wantError(t, "NextWriter", err, errBadWriteOpCode)
	_, err = NewPreparedMessage(3, nil)
	wantError(t, "NewPreparedMessage", err, errBadWriteOpCode)
	_, err = NewPreparedMessage(PingMessage, long)
	wantError(t, "NewPreparedMessage", err, errInvalidControlFrame)
	if out := c.written(t); len(out) > 0 {
		t.Errorf("sent %q", out)
	}
	wantError(t, "valid message", ws.WriteMessage(TextMessage, nil), nil)
}

// TestCloseSent sends nothing after a close frame, and only one of those.
func TestCloseSent(t *testing.T) {
	pm, _ := NewPreparedMessage(TextMessage, []byte("prepared"))
	closePM, _ := NewPreparedMessage(CloseMessage, nil)
	for name, sendClose := range map[string]func(c *Conn) error{
		"WriteControl":         func(c *Conn) error { return c.WriteControl(CloseMessage, nil, time.Time{}) },
		"WriteMessage":         func(c *Conn) error { return c.WriteMessage(CloseMessage, nil) },
		"WritePreparedMessage": func(c *Conn) error { return c.WritePreparedMessage(closePM) },
	} {
		ws, c := serveConfig(t, connConfig{writeBufferSize: 4}, bytes.NewReader(frames(
			frame(0x81, "read on"), frame(0x89, "ping"), frame(0x88, "\x03\xe8"))))
		w, err := ws.NextWriter(TextMessage)
		if err != nil {
			t.Fatal(err)
		}
		if name == "WriteControl" {
			fmt.Fprint(w, "open message")
		}
		wantError(t, name, sendClose(ws), nil)
		_, _ = w.Write([]byte("more of the open message"))
		_ = w.Close()
		for i, err := range []error{
			sendClose(ws), ws.WriteMessage(TextMessage, nil), ws.WriteControl(PingMessage, nil, time.Time{}),
			ws.WriteJSON(1), ws.WritePreparedMessage(pm), ws.WriteMessage(CloseMessage, nil),
		} {
			wantError(t, fmt.Sprintf("%s, then write %d", name, i), err, ErrCloseSent)
		}
		_, err = ws.NextWriter(TextMessage)
		wantError(t, "NextWriter", err, ErrCloseSent)
		wantMessage(t, ws, TextMessage, "read on")
		_, _, err = ws.ReadMessage()
		if !IsCloseError(err, CloseNormalClosure) {
			t.Errorf("read after close: %v", err)
		}
		out := c.written(t)
		if len(out) == 0 || out[len(out)-1] != "88 " || strings.Count(fmt.Sprint(out), "88 ") != 1 {
			t.Errorf("%s: sent %q", name, out)
		}
	}
}

func TestWriteErrorIsSticky(t *testing.T) {
	broken := errors.New("broken")
	for _, server := range []bool{true, false} {
		c := &tape{err: broken, in: bytes.NewReader(frame(0x81, "read on"))}
		ws := newConn(connConfig{netConn: c, server: server})
		defer ws.Close()
		w, err := ws.NextWriter(TextMessage)
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, "first write", ws.WriteControl(PingMessage, nil, time.Time{}), broken)
		c.err = nil
		_, err = w.Write(make([]byte, 5000))
		wantError(t, "open writer", err, broken)
		wantError(t, "Close", w.Close(), broken)
		wantError(t, "WriteMessage", ws.WriteMessage(TextMessage, nil), broken)
		if c.out.Len() > 0 {
			t.Error("written after an error")
		}
		if server {
			wantMessage(t, ws, TextMessage, "read on")
		}
	}
}

func TestReadFromError(t *testing.T) {
	failed := errors.New("reader failed")
	ws, c := serve(t)
	w, _ := ws.NextWriter(TextMessage)
	n, err := w.(io.ReaderFrom).ReadFrom(io.MultiReader(strings.NewReader("some"), iotest.ErrReader(failed)))
	if n != 4 || err != failed {
		t.Errorf("%d, %v", n, err)
	}
	wantError(t, "Close", w.Close(), nil)
	if out := fmt.Sprint(c.written(t)); out != "[81 some]" {
		t.Error(out)
	}
}

// TestReadFromWaits lets others write while the source of a message is waited for.
func TestReadFromWaits(t *testing.T) {
	ws, c := serve(t)
	w, _ := ws.NextWriter(TextMessage)
	source, feed := net.Pipe()
	done := make(chan error)
	go func() {
		_, err := w.(io.ReaderFrom).ReadFrom(source)
		done <- err
	}()
	fmt.Fprint(feed, "begun") // has been read when this returns
	wantError(t, "WriteMessage", ws.WriteMessage(BinaryMessage, []byte("other")), nil)
	go fmt.Fprint(feed, "more")
	wantError(t, "ReadFrom", <-done, errWriteClosed)
	feed.Close()
	out := c.written(t)
	if s := fmt.Sprint(out); s != "[81 begun 82 other]" && s != "[81  82 other]" {
		t.Errorf("%q", out)
	}
}

// noisyPool counts, and checks that no buffer is out twice.
type noisyPool struct {
	mu      sync.Mutex
	free    []interface{}
	out     int
	gets    int
	maximum int
}

func (p *noisyPool) Get() interface{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gets++
	if p.out++; p.out > p.maximum {
		p.maximum = p.out
	}
	if len(p.free) == 0 {
		return nil
	}
	v := p.free[len(p.free)-1]
	p.free = p.free[:len(p.free)-1]
	return v
}

func (p *noisyPool) Put(v interface{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out--
	p.free = append(p.free, v)
}

func TestWriteBufferPool(t *testing.T) {
	for _, compress := range []bool{false, true} {
		for _, server := range []bool{true, false} {
			pool := new(noisyPool)
			c := new(tape)
			ws := newConn(connConfig{netConn: c, server: server, writeBufferPool: pool, writeBufferSize: 50, compress: compress})
			w, err := ws.NextWriter(TextMessage)
			if err != nil || pool.out != 1 {
				t.Fatal(err, pool.out)
			}
			fmt.Fprint(w, "text")
			w.Close()
			ws.WriteMessage(TextMessage, make([]byte, 1000))
			ws.WriteMessage(PingMessage, make([]byte, 1000)) // fails
			ws.WriteJSON(func() {})                          // fails
			ws.NextWriter(TextMessage)
			ws.NextWriter(77)
			c.err = errors.New("broken")
			ws.WriteMessage(TextMessage, make([]byte, 1000))
			ws.WriteMessage(TextMessage, nil)
			if pool.out != 0 || pool.maximum != 1 || pool.gets == 0 || len(pool.free) != 1 {
				t.Errorf("server %v, compress %v: %d buffers out, at most %d, %d free", server, compress, pool.out, pool.maximum, len(pool.free))
			}
			ws.Close()
		}
	}
}

func TestWriteJSONError(t *testing.T) {
	ws, c := serve(t)
	if err := ws.WriteJSON(func() {}); err == nil {
		t.Error("a function was encoded")
	}
	wantError(t, "WriteJSON", ws.WriteJSON("<a>"), nil)
	if out := fmt.Sprintf("%q", c.written(t)); out != `["81 " "81 \"\\u003ca\\u003e\"\n"]` {
		t.Error(out)
	}
}

// writingJSON writes to the connection while it is encoded.
type writingJSON struct{ c *Conn }

func (w writingJSON) MarshalJSON() ([]byte, error) {
	return []byte("2"), w.c.WriteMessage(TextMessage, []byte("1"))
}

func TestWriteJSONInMarshal(t *testing.T) {
	ws, c := serve(t)
	wantError(t, "WriteJSON", ws.WriteJSON(writingJSON{ws}), nil)
	if out := fmt.Sprintf("%q", c.written(t)); out != `["81 1" "81 2\n"]` {
		t.Error(out)
	}
}

func TestPreparedMessage(t *testing.T) {
	data := []byte(strings.Repeat("prepared ", 1000))
	pm, err := NewPreparedMessage(TextMessage, data)
	if err != nil {
		t.Fatal(err)
	}
	want := string(data)
	for i := range data {
		data[i] = '!' // it was copied
	}
	for round := 0; round < 2; round++ {
		for _, compress := range []bool{false, true} {
			for _, server := range []bool{true, false} {
				c := new(tape)
				ws := newConn(connConfig{netConn: c, server: server, compress: compress, writeBufferSize: 10})
				for _, level := range []int{1, 9} {
					wantError(t, "SetCompressionLevel", ws.SetCompressionLevel(level), nil)
					wantError(t, "WritePreparedMessage", ws.WritePreparedMessage(pm), nil)
				}
				peer := newConn(connConfig{netConn: &tape{in: &c.out}, server: !server, compress: compress})
				wantMessage(t, peer, TextMessage, want)
				wantMessage(t, peer, TextMessage, want)
				ws.Close()
				peer.Close()
			}
		}
	}
	if n := len(pm.forms); n != 6 {
		t.Errorf("%d forms were made, want two plain and four compressed", n)
	}
}
