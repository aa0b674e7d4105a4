package websocket

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wsmigrate/wsmigrate/compat/internal/wire"
)

// tape is a network connection that has everything the peer will send, and
// keeps what is written.
type tape struct {
	net.Conn
	in io.Reader

	mu     sync.Mutex
	out    bytes.Buffer
	err    error // of writes
	closed bool
}

var errTapeClosed = errors.New("use of closed tape")

func (c *tape) Read(p []byte) (int, error) { return c.in.Read(p) }

func (c *tape) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return 0, c.err
	}
	return c.out.Write(p)
}

func (c *tape) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return errTapeClosed
	}
	c.closed = true
	return nil
}

func (c *tape) SetDeadline(time.Time) error      { return nil }
func (c *tape) SetReadDeadline(time.Time) error  { return nil }
func (c *tape) SetWriteDeadline(time.Time) error { return nil }

// written returns the frames written so far, each as its first byte in hex,
// a space and its payload, and forgets them.
func (c *tape) written(t *testing.T) (frames []string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range parse(t, c.out.Bytes()) {
		frames = append(frames, fmt.Sprintf("%02x %s", f.first, f.payload))
	}
	c.out.Reset()
	return frames
}

type frameOnWire struct {
	first   byte
	masked  bool
	payload []byte
}

// parse splits b, which has to be whole frames.
func parse(t testing.TB, b []byte) (list []frameOnWire) {
	t.Helper()
	need := func(n int) []byte {
		if len(b) < n {
			t.Fatalf("%d bytes where a frame goes on for %d", len(b), n)
		}
		p := b[:n]
		b = b[n:]
		return p
	}
	for len(b) > 0 {
		p := need(2)
		f := frameOnWire{first: p[0], masked: p[1]&0x80 != 0}
		n := int(p[1] & 0x7f)
		switch n {
		case 126:
			n = int(binary.BigEndian.Uint16(need(2)))
		case 127:
			n = int(binary.BigEndian.Uint64(need(8)))
		}
		var key [4]byte
		if f.masked {
			copy(key[:], need(4))
		}
		f.payload = append([]byte(nil), need(n)...)
		for i := range f.payload {
			f.payload[i] ^= key[i%4]
		}
		list = append(list, f)
	}
	return list
}

// frame codes a frame that goes to a server.
func frame(first byte, payload string) []byte {
	h := wire.Header{First: first, Masked: true, Key: [4]byte{0x37, 0xfa, 0x21, 0x3d}, Length: int64(len(payload))}
	b := append(h.Append(nil), payload...)
	wire.Mask(b[h.Size():], h.Key)
	return b
}

func frames(list ...[]byte) []byte { return bytes.Join(list, nil) }

// serve returns a server's connection to a peer that sends in, piece by piece.
func serve(t testing.TB, in ...[]byte) (*Conn, *tape) {
	var readers []io.Reader
	for _, p := range in {
		readers = append(readers, bytes.NewReader(p))
	}
	return serveConfig(t, connConfig{}, io.MultiReader(readers...))
}

func serveConfig(t testing.TB, cfg connConfig, in io.Reader) (*Conn, *tape) {
	c := &tape{in: in}
	cfg.netConn, cfg.server = c, true
	ws := newConn(cfg)
	t.Cleanup(func() { ws.Close() })
	return ws, c
}

// pipe returns a server and a client that talk to each other over loopback TCP.
func pipe(t testing.TB, cfg connConfig) (server, client *Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	a, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	cfg.netConn, cfg.server = b, true
	server = newConn(cfg)
	cfg.netConn, cfg.server = a, false
	client = newConn(cfg)
	t.Cleanup(func() { server.Close(); client.Close() })
	return server, client
}

func wantError(t *testing.T, what string, got, want error) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func wantMessage(t *testing.T, c *Conn, messageType int, text string) {
	t.Helper()
	mt, p, err := c.ReadMessage()
	if mt != messageType || string(p) != text || err != nil {
		t.Errorf("message of type %d, %q, %v; want %d, %q", mt, p, err, messageType, text)
	}
}

// want1006 checks for the error that stands for the end of the stream.
func want1006(t *testing.T, what string, err error) {
	t.Helper()
	if e, ok := err.(*CloseError); !ok || *e != (CloseError{CloseAbnormalClosure, "unexpected EOF"}) {
		t.Errorf("%s: %T %v, want 1006", what, err, err)
	}
}

func TestBufferSizes(t *testing.T) {
	for _, test := range []struct {
		size int
		want int // payload bytes of the first frame of a long message
	}{
		{0, 4096}, {-1, 4096}, {100, 100}, {5000, 5000}, {4096 - 14, 4096 - 14},
	} {
		ws, c := serveConfig(t, connConfig{writeBufferSize: test.size}, strings.NewReader(""))
		w, err := ws.NextWriter(TextMessage)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < 6000; i++ {
			if _, err := w.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		if list := parse(t, c.out.Bytes()); len(list[0].payload) != test.want {
			t.Errorf("%+v: frame of %d bytes", test, len(list[0].payload))
		}
	}
	for _, test := range []struct {
		server     bool
		size, want int
	}{{true, 0, 2048}, {false, 0, 4096}, {true, 1, 125}, {true, 125, 125}, {false, 5000, 5000}, {true, 5000, 5000}} {
		ws := newConn(connConfig{netConn: new(tape), server: test.server, readBufferSize: test.size})
		if got := ws.br.Size(); got != test.want {
			t.Errorf("%+v: read buffer of %d bytes", test, got)
		}
		ws.Close()
	}
}

func TestCloseTwice(t *testing.T) {
	ws, c := serve(t)
	wantError(t, "first Close", ws.Close(), nil)
	wantError(t, "second Close", ws.Close(), errTapeClosed)
	if out := c.written(t); len(out) > 0 {
		t.Errorf("Close sent %q", out)
	}
}

func TestCloseEndsRead(t *testing.T) {
	server, _ := pipe(t, connConfig{})
	done := make(chan error)
	go func() {
		_, _, err := server.ReadMessage()
		done <- err
	}()
	server.Close()
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("read ended with %v", err)
	}
	wantError(t, "write", errors.Unwrap(server.WriteMessage(TextMessage, nil)), net.ErrClosed)
}

// TestReadAfterClose delivers what had arrived when the connection was closed.
func TestReadAfterClose(t *testing.T) {
	ws, _ := serve(t, frames(frame(0x81, "one"), frame(0x81, "two"), frame(0x82, strings.Repeat("three", 500))))
	wantMessage(t, ws, TextMessage, "one")
	ws.Close()
	wantMessage(t, ws, TextMessage, "two")
	wantMessage(t, ws, BinaryMessage, strings.Repeat("three", 500))
}

func TestReadDeadline(t *testing.T) {
	server, client := pipe(t, connConfig{})
	reading := make(chan struct{})
	server.SetPingHandler(func(string) error { close(reading); return nil })
	done := make(chan error)
	go func() {
		_, _, err := server.ReadMessage()
		done <- err
	}()
	if err := client.WriteControl(PingMessage, nil, time.Time{}); err != nil {
		t.Fatal(err)
	}
	<-reading
	if err := server.SetReadDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	err := <-done
	if e, ok := err.(net.Error); !ok || !e.Timeout() || e.Temporary() {
		t.Errorf("%T %v, want a permanent timeout", err, err)
	}
	if err := server.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	_, _, again := server.ReadMessage()
	wantError(t, "next read", again, err)

	go func() { done <- server.WriteMessage(TextMessage, []byte("still writing")) }()
	wantMessage(t, client, TextMessage, "still writing")
	wantError(t, "write", <-done, nil)
}

func TestWriteDeadline(t *testing.T) {
	server, client := pipe(t, connConfig{})
	if err := server.SetWriteDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	err := server.WriteMessage(TextMessage, []byte("late"))
	if e, ok := err.(net.Error); !ok || !e.Timeout() {
		t.Errorf("%T %v, want a timeout", err, err)
	}
	if err := server.SetWriteDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	again := server.WriteMessage(TextMessage, nil)
	if again == nil || again.Error() != err.Error() {
		t.Errorf("next write: %v, want %v", again, err)
	}
	go client.WriteMessage(TextMessage, []byte("still reading"))
	wantMessage(t, server, TextMessage, "still reading")
}

// TestHalfClose keeps writing to a peer that only reads.
func TestHalfClose(t *testing.T) {
	server, client := pipe(t, connConfig{})
	if err := client.NetConn().(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	_, _, err := server.ReadMessage()
	want1006(t, "read", err)
	if err := server.WriteMessage(TextMessage, []byte("bye")); err != nil {
		t.Fatal(err)
	}
	wantMessage(t, client, TextMessage, "bye")
}

// stuck is a network connection whose writes block until it is closed.
type stuck struct {
	tape
	writing chan struct{}
	end     chan struct{}
}

func (c *stuck) Write(p []byte) (int, error) {
	c.writing <- struct{}{}
	<-c.end
	return 0, net.ErrClosed
}

func (c *stuck) Close() error { close(c.end); return nil }

// TestStuckWriter calls everything that must not wait for a writer that does
// not get on.
func TestStuckWriter(t *testing.T) {
	for _, server := range []bool{true, false} {
		c := &stuck{writing: make(chan struct{}, 10), end: make(chan struct{})}
		c.in = strings.NewReader("")
		ws := newConn(connConfig{netConn: c, server: server, compress: true})
		done := make(chan error, 2)
		go func() { done <- ws.WriteMessage(TextMessage, make([]byte, 100)) }()
		<-c.writing
		go func() { done <- ws.WriteMessage(TextMessage, nil) }()

		ws.EnableWriteCompression(false)
		_ = ws.SetCompressionLevel(9)
		_ = ws.SetWriteDeadline(time.Now())
		_ = ws.SetReadDeadline(time.Now())
		ws.SetReadLimit(1)
		ws.SetPingHandler(nil)
		ws.SetPongHandler(nil)
		ws.SetCloseHandler(nil)
		_, _, _ = ws.PingHandler(), ws.PongHandler(), ws.CloseHandler()
		_, _, err := ws.ReadMessage()
		want1006(t, "read", err)
		wantError(t, "WriteControl", ws.WriteControl(PingMessage, nil, time.Now().Add(time.Millisecond)), errWriteTimeout)
		ws.Close()
		for i := 0; i < 2; i++ {
			wantError(t, "stuck writer", <-done, net.ErrClosed)
		}
	}
}

// TestDropped drops connections without closing them, with handlers that
// refer to them. The runtime has to close their sockets.
func TestDropped(t *testing.T) {
	for _, server := range []bool{true, false} {
		peers := make(chan error, 10)
		for i := 0; i < cap(peers); i++ {
			func() {
				dropped, other := pipeOnly(t)
				ws := newConn(connConfig{netConn: dropped, server: server})
				ws.SetPongHandler(func(string) error { return ws.SetReadDeadline(time.Time{}) })
				if err := ws.WriteMessage(TextMessage, []byte("then dropped")); err != nil {
					t.Fatal(err)
				}
				go func() {
					_, err := io.Copy(io.Discard, other)
					peers <- err
					other.Close()
				}()
			}()
		}
		for ended := 0; ended < cap(peers); {
			select {
			case err := <-peers:
				wantError(t, "peer", err, nil)
				ended++
			default:
				runtime.GC()
			}
		}
	}
}

func pipeOnly(t *testing.T) (a, b net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if a, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	return a, b
}

// TestKeptNetConn keeps the network connection of a dropped Conn working.
func TestKeptNetConn(t *testing.T) {
	for _, server := range []bool{true, false} {
		kept, other := pipeOnly(t)
		released := make(chan struct{})
		func() {
			ws := newConn(connConfig{netConn: kept, server: server})
			runtime.SetFinalizer(ws.guard, nil)
			runtime.SetFinalizer(ws.guard, func(g *guard) { g.link.Release(); close(released) })
			if ws.NetConn() != kept || ws.UnderlyingConn() != kept || ws.LocalAddr() != kept.LocalAddr() || ws.RemoteAddr() != kept.RemoteAddr() {
				t.Error("not the network connection")
			}
		}()
		for done := false; !done; {
			select {
			case <-released:
				done = true
			default:
				runtime.GC()
			}
		}
		if _, err := kept.Write([]byte("raw")); err != nil {
			t.Fatal(err)
		}
		kept.Close()
		if got, err := io.ReadAll(other); string(got) != "raw" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		other.Close()
	}
}
