// Package adapter gives gorilla/websocket's own tests, compiled as an external
// test package, what they use of the package's inside: as far as possible from
// its exported API. The test that runs them sets the import path.
package adapter

import (
	"bufio"
	"bytes"
	"compress/flate"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	. "upstream/websocket"
)

// Levels that the tests take for the first and the last valid one.
const (
	minCompressionLevel = flate.HuffmanOnly
	maxCompressionLevel = flate.BestCompression
)

const exampleKey = "dGhlIHNhbXBsZSBub25jZQ=="

var errWriteTimeout = func() net.Error {
	c := newConn(nowhere{}, true, 0, 0, nil, nil, nil)
	defer c.Close()
	return c.WriteControl(PingMessage, nil, time.Now().Add(-time.Hour)).(net.Error)
}()

// errUnexpectedEOF looks like what a read returns at the end of the stream.
// Whether that is always the same value cannot be observed by users.
var errUnexpectedEOF = &CloseError{Code: CloseAbnormalClosure, Text: io.ErrUnexpectedEOF.Error()}

func isUnexpectedEOF(err error) bool {
	e, ok := err.(*CloseError)
	return ok && *e == *errUnexpectedEOF
}

// nowhere is a connection without a peer.
type nowhere struct{ net.Conn }

func (nowhere) Read([]byte) (int, error)         { return 0, io.EOF }
func (nowhere) Write(p []byte) (int, error)      { return len(p), nil }
func (nowhere) Close() error                     { return nil }
func (nowhere) SetDeadline(time.Time) error      { return nil }
func (nowhere) SetReadDeadline(time.Time) error  { return nil }
func (nowhere) SetWriteDeadline(time.Time) error { return nil }

// newConn has the signature of gorilla's function of that name. It goes
// through a whole handshake on the connection, of which conn sees nothing.
func newConn(conn net.Conn, isServer bool, readBufferSize, writeBufferSize int, pool BufferPool, br *bufio.Reader, writeBuf []byte) *Conn {
	if br != nil || writeBuf != nil {
		panic("the tests never have these")
	}
	p := connParams{conn, isServer, readBufferSize, writeBufferSize, pool, false}
	c := p.connect()
	made.Store(c, p)
	return c
}

// connParams are the parameters of a connection made by newConn.
type connParams struct {
	conn                            net.Conn
	isServer                        bool
	readBufferSize, writeBufferSize int
	pool                            BufferPool
	compress                        bool
}

// made maps the connections to their parameters.
var made sync.Map

// deflating returns a connection like c, which is not in use yet, with
// compression negotiated. If c is that already, it is returned.
func deflating(c *Conn) *Conn {
	v, ok := made.Load(c)
	if !ok {
		return c
	}
	p := v.(connParams)
	p.compress = true
	return p.connect()
}

func (p connParams) connect() *Conn {
	h := &handshakeConn{Conn: p.conn}
	if p.isServer {
		return p.accept(h)
	}
	return p.dial(h)
}

func (p connParams) accept(h *handshakeConn) *Conn {
	u := Upgrader{
		ReadBufferSize:    p.readBufferSize,
		WriteBufferSize:   p.writeBufferSize,
		WriteBufferPool:   p.pool,
		EnableCompression: p.compress,
	}
	c, err := u.Upgrade(hijacker{h}, handshakeRequest(), nil)
	if err != nil {
		panic(err)
	}
	h.done()
	return c
}

func (p connParams) dial(h *handshakeConn) *Conn {
	d := Dialer{
		NetDial:           func(string, string) (net.Conn, error) { return h, nil },
		ReadBufferSize:    p.readBufferSize,
		WriteBufferSize:   p.writeBufferSize,
		WriteBufferPool:   p.pool,
		EnableCompression: p.compress,
	}
	c, _, err := d.Dial("ws://server.test/", nil)
	if err != nil {
		panic(err)
	}
	h.done()
	return c
}

// onConn returns a server's connection that knows conn as its own: conn sees
// the response of the handshake.
func onConn(conn net.Conn) *Conn {
	c, err := new(Upgrader).Upgrade(hijacker{conn}, handshakeRequest(), nil)
	if err != nil {
		panic(err)
	}
	return c
}

// handshakeConn hides a handshake from the connection it wraps: it discards
// or answers what is written until done is called.
type handshakeConn struct {
	net.Conn
	mu       sync.Mutex
	open     bool
	request  bytes.Buffer
	response *strings.Reader
}

func (h *handshakeConn) done() {
	h.mu.Lock()
	h.open = true
	h.mu.Unlock()
}

func (h *handshakeConn) Write(p []byte) (int, error) {
	h.mu.Lock()
	if h.open {
		h.mu.Unlock()
		return h.Conn.Write(p)
	}
	defer h.mu.Unlock()
	return h.request.Write(p)
}

func (h *handshakeConn) Read(p []byte) (int, error) {
	h.mu.Lock()
	if h.open {
		h.mu.Unlock()
		return h.Conn.Read(p)
	}
	defer h.mu.Unlock()
	if h.response == nil {
		r, err := http.ReadRequest(bufio.NewReader(&h.request))
		if err != nil {
			return 0, err
		}
		response := "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
			"Sec-WebSocket-Accept: " + computeAcceptKey(r.Header.Get("Sec-WebSocket-Key")) + "\r\n"
		if ext := r.Header.Get("Sec-WebSocket-Extensions"); ext != "" {
			response += "Sec-WebSocket-Extensions: " + ext + "\r\n"
		}
		h.response = strings.NewReader(response + "\r\n")
	}
	return h.response.Read(p)
}

// hijacker is a response writer that can only be hijacked.
type hijacker struct{ conn net.Conn }

func (hijacker) Header() http.Header       { panic("the request was refused") }
func (hijacker) Write([]byte) (int, error) { panic("the request was refused") }
func (hijacker) WriteHeader(int)           { panic("the request was refused") }

func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}

func handshakeRequest() *http.Request {
	return &http.Request{
		Method: http.MethodGet,
		URL:    &url.URL{Path: "/"},
		Host:   "server.test",
		Header: http.Header{
			"Connection":               {"Upgrade"},
			"Upgrade":                  {"websocket"},
			"Sec-Websocket-Version":    {"13"},
			"Sec-Websocket-Key":        {exampleKey},
			"Sec-Websocket-Extensions": {"permessage-deflate"},
		},
	}
}

func computeAcceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// unmasked lists the frames in p with their payload unmasked, so that frames
// with different keys compare equal.
func unmasked(p []byte) string {
	var list strings.Builder
	for len(p) >= 2 {
		first, masked, n := p[0], p[1]&0x80 != 0, int(p[1]&0x7f)
		p = p[2:]
		switch n {
		case 126:
			n, p = int(binary.BigEndian.Uint16(p)), p[2:]
		case 127:
			n, p = int(binary.BigEndian.Uint64(p)), p[8:]
		}
		var key [4]byte
		if masked {
			p = p[copy(key[:], p):]
		}
		payload := append([]byte(nil), p[:n]...)
		for i := range payload {
			payload[i] ^= key[i%4]
		}
		fmt.Fprintf(&list, "%02x masked %v %q\n", first, masked, payload)
		p = p[n:]
	}
	return list.String()
}

// tokenListContainsValue and the functions below are the package's own, under
// the names that the tests know.
func tokenListContainsValue(h http.Header, name, value string) bool {
	return TokenListContainsValue(h, name, value)
}

func equalASCIIFold(s, t string) bool                         { return EqualASCIIFold(s, t) }
func isValidChallengeKey(key string) bool                     { return IsValidChallengeKey(key) }
func parseExtensions(h http.Header) []map[string]string       { return ParseExtensions(h) }
func hostPortNoPort(u *url.URL) (hostPort, hostNoPort string) { return HostPortNoPort(u) }
func checkSameOrigin(r *http.Request) bool                    { return CheckSameOrigin(r) }

// stalledWriter blocks its first Write until it is released.
type stalledWriter struct {
	entered, release chan struct{}
	once             sync.Once
	mu               sync.Mutex
	written          bytes.Buffer
}

func (w *stalledWriter) Write(p []byte) (int, error) {
	w.once.Do(func() {
		close(w.entered)
		<-w.release
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.written.Write(p)
}

// TestConcurrentWriteSerialised stands for TestConcurrentWritePanic where
// writers may be concurrent: the second one waits for the first.
func TestConcurrentWriteSerialised(t *testing.T) {
	w := &stalledWriter{entered: make(chan struct{}), release: make(chan struct{})}
	c := newTestConn(nil, w, false)
	defer c.Close()
	errs := make(chan error, 2)
	go func() { errs <- c.WriteMessage(TextMessage, []byte("first")) }()
	<-w.entered
	go func() { errs <- c.WriteMessage(TextMessage, []byte("second")) }()
	select {
	case err := <-errs:
		t.Errorf("a write ended before the connection took it: %v", err)
		errs <- nil
	default:
	}
	close(w.release)
	for i := 0; i < 2; i++ {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	want := "81 masked true \"first\"\n81 masked true \"second\"\n"
	if got := unmasked(w.written.Bytes()); got != want {
		t.Errorf("written:\n%s", got)
	}
}
