package conformance_test

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"

	_ "github.com/wsmigrate/wsmigrate/compat/coder"
	compat "github.com/wsmigrate/wsmigrate/compat/websocket"
)

// TestConnOnNhooyr runs the connection tests again with the other engine: in
// this process it is coder/websocket, by the import above.
func TestConnOnNhooyr(t *testing.T) {
	if compat.Engine() == "nhooyr" {
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestConn[A-Z]", "-test.v")
	cmd.Env = append(os.Environ(), "WSMIGRATE_ENGINE=nhooyr")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if !bytes.Contains(out, []byte("=== RUN   TestConnDifferential")) {
		t.Errorf("the tests did not run:\n%s", out)
	}
}

// conn is what the connections of both libraries can do.
type conn interface {
	NextReader() (int, io.Reader, error)
	ReadMessage() (int, []byte, error)
	ReadJSON(v interface{}) error
	NextWriter(int) (io.WriteCloser, error)
	WriteMessage(int, []byte) error
	WriteControl(int, []byte, time.Time) error
	WriteJSON(v interface{}) error
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
	SetReadLimit(int64)
	SetPingHandler(func(string) error)
	SetPongHandler(func(string) error)
	SetCloseHandler(func(int, string) error)
	EnableWriteCompression(bool)
	SetCompressionLevel(int) error
	NetConn() net.Conn
	Close() error
}

// library is gorilla/websocket or compat.
type library struct {
	name          string
	acceptRequest func(t testing.TB, w http.ResponseWriter, r *http.Request, o connOptions) conn
	dial          func(t testing.TB, nc net.Conn, o connOptions) conn
	writePrepared func(c conn, messageType int, data []byte) error
}

// connOptions are the settings of an Upgrader or Dialer.
type connOptions struct {
	readBuffer, writeBuffer int
	compress, pool          bool
}

// pool returns a pool as both libraries take it, or nil.
func (o connOptions) bufferPool() *sync.Pool {
	if o.pool {
		return new(sync.Pool)
	}
	return nil
}

var gorillaLibrary = library{
	name: "gorilla",
	acceptRequest: func(t testing.TB, w http.ResponseWriter, r *http.Request, o connOptions) conn {
		u := gorilla.Upgrader{ReadBufferSize: o.readBuffer, WriteBufferSize: o.writeBuffer, EnableCompression: o.compress}
		if p := o.bufferPool(); p != nil {
			u.WriteBufferPool = p
		}
		c, err := u.Upgrade(w, r, nil)
		if err != nil {
			t.Fatal(err)
		}
		return c
	},
	dial: func(t testing.TB, nc net.Conn, o connOptions) conn {
		d := gorilla.Dialer{ReadBufferSize: o.readBuffer, WriteBufferSize: o.writeBuffer, EnableCompression: o.compress,
			NetDial: func(string, string) (net.Conn, error) { return nc, nil }}
		if p := o.bufferPool(); p != nil {
			d.WriteBufferPool = p
		}
		c, _, err := d.Dial("ws://memory/", nil)
		if err != nil {
			t.Fatal(err)
		}
		return c
	},
	writePrepared: func(c conn, messageType int, data []byte) error {
		pm, err := gorilla.NewPreparedMessage(messageType, data)
		if err != nil {
			return err
		}
		return c.(*gorilla.Conn).WritePreparedMessage(pm)
	},
}

var compatLibrary = library{
	name: "compat",
	acceptRequest: func(t testing.TB, w http.ResponseWriter, r *http.Request, o connOptions) conn {
		u := compat.Upgrader{ReadBufferSize: o.readBuffer, WriteBufferSize: o.writeBuffer, EnableCompression: o.compress}
		if p := o.bufferPool(); p != nil {
			u.WriteBufferPool = p
		}
		c, err := u.Upgrade(w, r, nil)
		if err != nil {
			t.Fatal(err)
		}
		return c
	},
	dial: func(t testing.TB, nc net.Conn, o connOptions) conn {
		d := compat.Dialer{ReadBufferSize: o.readBuffer, WriteBufferSize: o.writeBuffer, EnableCompression: o.compress,
			NetDial: func(string, string) (net.Conn, error) { return nc, nil }}
		if p := o.bufferPool(); p != nil {
			d.WriteBufferPool = p
		}
		c, _, err := d.Dial("ws://memory/", nil)
		if err != nil {
			t.Fatal(err)
		}
		return c
	},
	writePrepared: func(c conn, messageType int, data []byte) error {
		pm, err := compat.NewPreparedMessage(messageType, data)
		if err != nil {
			return err
		}
		return c.(*compat.Conn).WritePreparedMessage(pm)
	},
}

// connect makes a connection over m, past the handshake.
func (l library) connect(t testing.TB, m *memoryConn, server bool, o connOptions) conn {
	var c conn
	if server {
		c = l.acceptRequest(t, hijacked{m}, upgradeRequest(), o)
	} else {
		m.client = true
		c = l.dial(t, m, o)
	}
	m.start()
	return c
}

const (
	sampleKey = "dGhlIHNhbXBsZSBub25jZQ=="
	extension = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
)

func upgradeRequest() *http.Request {
	r, _ := http.NewRequest("GET", "/", nil)
	r.Header = http.Header{
		"Connection":               {"Upgrade"},
		"Upgrade":                  {"websocket"},
		"Sec-Websocket-Version":    {"13"},
		"Sec-Websocket-Key":        {sampleKey},
		"Sec-Websocket-Extensions": {extension},
	}
	return r
}

// hijacked is the response writer of a server's connection in memory.
type hijacked struct{ m *memoryConn }

func (hijacked) Header() http.Header         { return http.Header{} }
func (hijacked) Write(p []byte) (int, error) { return len(p), nil }
func (hijacked) WriteHeader(int)             {}

func (h hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.m, bufio.NewReadWriter(bufio.NewReader(h.m), bufio.NewWriter(h.m)), nil
}

// memoryConn is a network connection whose peer is a script. Until start it
// only knows the handshake.
type memoryConn struct {
	net.Conn
	in      [][]byte // what the reads return, one by one
	inErr   error    // what they return then
	limit   int      // bytes that can be written, negative for all
	limited error    // what a write beyond that returns

	client   bool
	compress bool

	mu       sync.Mutex
	started  bool
	request  []byte
	reply    []byte
	out      []byte
	deadline bool // whether writes have one
	closed   int
}

var (
	errMemoryClosed = errors.New("memory: use of closed connection")
	errMemoryWrite  = errors.New("memory: broken pipe")
)

func (m *memoryConn) start() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.started = true
}

func (m *memoryConn) Read(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.reply) > 0 {
		n := copy(p, m.reply)
		m.reply = m.reply[n:]
		return n, nil
	}
	// How much has been read ahead when a connection is closed is not
	// comparable. So it can be read to the end.
	if len(m.in) == 0 {
		if m.closed > 0 {
			return 0, errMemoryClosed
		}
		return 0, m.inErr
	}
	n := copy(p, m.in[0])
	if m.in[0] = m.in[0][n:]; len(m.in[0]) == 0 {
		m.in = m.in[1:]
	}
	return n, nil
}

func (m *memoryConn) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed > 0 {
		return 0, errMemoryClosed
	}
	if !m.started {
		if m.client {
			m.answer(p)
		}
		return len(p), nil
	}
	if room := m.limit - len(m.out); m.limit >= 0 && len(p) > room {
		// As much as there is room for, as in a socket's buffer. Then it is broken
		// for good, as limit says.
		m.out = append(m.out, p[:room]...)
		return room, m.limited
	}
	m.out = append(m.out, p...)
	return len(p), nil
}

// answer is the server's side of the handshake.
func (m *memoryConn) answer(p []byte) {
	m.request = append(m.request, p...)
	if !bytes.HasSuffix(m.request, []byte("\r\n\r\n")) {
		return
	}
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(m.request)))
	if err != nil {
		panic(err)
	}
	m.reply = switchingProtocols(r.Header.Get("Sec-WebSocket-Key"), m.compress)
}

// switchingProtocols is the answer to a handshake with this key.
func switchingProtocols(key string, compress bool) []byte {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	var b strings.Builder
	b.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n")
	b.WriteString("Sec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(sum[:]) + "\r\n")
	if compress {
		b.WriteString("Sec-WebSocket-Extensions: " + extension + "\r\n")
	}
	return []byte(b.String() + "\r\n")
}

func (m *memoryConn) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed++
	if m.closed > 1 {
		return errMemoryClosed
	}
	return nil
}

type memoryAddr struct{}

func (memoryAddr) Network() string { return "memory" }
func (memoryAddr) String() string  { return "memory" }

func (m *memoryConn) LocalAddr() net.Addr             { return memoryAddr{} }
func (m *memoryConn) RemoteAddr() net.Addr            { return memoryAddr{} }
func (m *memoryConn) SetDeadline(time.Time) error     { return nil }
func (m *memoryConn) SetReadDeadline(time.Time) error { return nil }

func (m *memoryConn) SetWriteDeadline(t time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.deadline = !t.IsZero()
	return nil
}

// acceptOver does the server's side of a handshake over nc.
func acceptOver(t testing.TB, l library, nc net.Conn, o connOptions) conn {
	brw := bufio.NewReadWriter(bufio.NewReader(nc), bufio.NewWriter(nc))
	r, err := http.ReadRequest(brw.Reader)
	if err != nil {
		t.Error(err)
		return nil
	}
	return l.acceptRequest(t, onceHijacked{nc, brw}, r, o)
}

// onceHijacked is the response writer of a connection that was accepted here.
type onceHijacked struct {
	nc  net.Conn
	brw *bufio.ReadWriter
}

func (onceHijacked) Header() http.Header         { return http.Header{} }
func (onceHijacked) Write(p []byte) (int, error) { return len(p), nil }
func (onceHijacked) WriteHeader(int)             {}

func (h onceHijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) { return h.nc, h.brw, nil }
