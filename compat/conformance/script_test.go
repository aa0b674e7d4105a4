package conformance

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// scriptConn is a connection whose peer is a script: chunks to read, one a
// Read, and a record of what was written.
type scriptConn struct {
	mu      sync.Mutex
	changed sync.Cond
	in      [][]byte
	atEnd   error // of reads when in is used up; nil blocks

	written  bytes.Buffer
	writeErr error         // of all writes, if not nil
	blocked  chan struct{} // closed by the next write, which then waits
	release  chan struct{}
	closed   bool

	readDeadline, writeDeadline time.Time

	request  *bytes.Buffer // not nil during the handshake
	response io.Reader
}

func newScriptConn(atEnd error, chunks ...[]byte) *scriptConn {
	c := &scriptConn{in: chunks, atEnd: atEnd}
	c.changed.L = &c.mu
	return c
}

func (c *scriptConn) beginHandshake() { c.request = new(bytes.Buffer) }

func (c *scriptConn) endHandshake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.request, c.response = nil, nil
}

// takeWritten returns what was written since the last call.
func (c *scriptConn) takeWritten() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := append([]byte(nil), c.written.Bytes()...)
	c.written.Reset()
	return p
}

func (c *scriptConn) failWrites(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writeErr = err
}

func (c *scriptConn) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.request != nil {
		if c.response == nil {
			c.response = strings.NewReader(handshakeResponse(c.request))
		}
		return c.response.Read(p)
	}
	for {
		switch {
		case c.closed:
			return 0, &net.OpError{Op: "read", Net: "script", Err: net.ErrClosed}
		case past(c.readDeadline):
			return 0, &net.OpError{Op: "read", Net: "script", Err: os.ErrDeadlineExceeded}
		case len(c.in) > 0:
			n := copy(p, c.in[0])
			if c.in[0] = c.in[0][n:]; len(c.in[0]) == 0 {
				c.in = c.in[1:]
			}
			return n, nil
		case c.atEnd != nil:
			return 0, c.atEnd
		}
		c.changed.Wait()
	}
}

// blockWrites makes the next write close blocked and wait until release is
// closed.
func (c *scriptConn) blockWrites() (blocked <-chan struct{}, release chan<- struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, r := make(chan struct{}), make(chan struct{})
	c.blocked, c.release = b, r
	return b, r
}

func (c *scriptConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.blocked != nil {
		close(c.blocked)
		c.blocked = nil
		c.mu.Unlock()
		<-c.release
		c.mu.Lock()
	}
	switch {
	case c.request != nil:
		return c.request.Write(p)
	case c.closed:
		return 0, &net.OpError{Op: "write", Net: "script", Err: net.ErrClosed}
	case past(c.writeDeadline):
		return 0, &net.OpError{Op: "write", Net: "script", Err: os.ErrDeadlineExceeded}
	case c.writeErr != nil:
		return 0, c.writeErr
	}
	return c.written.Write(p)
}

func (c *scriptConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return &net.OpError{Op: "close", Net: "script", Err: net.ErrClosed}
	}
	c.closed = true
	c.changed.Broadcast()
	return nil
}

// past reports whether a deadline has passed. Scripts use deadlines far away
// only.
func past(deadline time.Time) bool { return !deadline.IsZero() && time.Now().After(deadline) }

func (c *scriptConn) SetDeadline(t time.Time) error {
	c.SetWriteDeadline(t)
	return c.SetReadDeadline(t)
}

func (c *scriptConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.readDeadline = t
	c.changed.Broadcast()
	return nil
}

func (c *scriptConn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writeDeadline = t
	return nil
}

func (c *scriptConn) LocalAddr() net.Addr  { return scriptAddr("local") }
func (c *scriptConn) RemoteAddr() net.Addr { return scriptAddr("remote") }

type scriptAddr string

func (a scriptAddr) Network() string { return "script" }
func (a scriptAddr) String() string  { return string(a) }

// scriptHijacker is a response writer with the connection under it.
type scriptHijacker struct {
	*httptest.ResponseRecorder
	conn net.Conn
}

func (h scriptHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}

// handshakeRequest is a client's valid request.
func handshakeRequest(o options) *http.Request {
	r := &http.Request{
		Method: http.MethodGet,
		URL:    &url.URL{Path: "/"},
		Host:   "server.test",
		Header: http.Header{
			"Connection":            {"Upgrade"},
			"Upgrade":               {"websocket"},
			"Sec-Websocket-Version": {"13"},
			"Sec-Websocket-Key":     {"dGhlIHNhbXBsZSBub25jZQ=="},
		},
	}
	if o.compress {
		r.Header.Set("Sec-Websocket-Extensions", "permessage-deflate")
	}
	if len(o.subprotocols) > 0 {
		r.Header["Sec-Websocket-Protocol"] = o.subprotocols
	}
	return r
}

// handshakeResponse is a server's agreement to all that the request asks for.
func handshakeResponse(request io.Reader) string {
	r, err := http.ReadRequest(bufio.NewReader(request))
	if err != nil {
		return "HTTP/1.1 400 " + err.Error() + "\r\n\r\n"
	}
	response := "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Accept: " + acceptKey(r.Header.Get("Sec-WebSocket-Key")) + "\r\n"
	for _, name := range []string{"Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"} {
		if v := r.Header.Get(name); v != "" {
			response += name + ": " + v + "\r\n"
		}
	}
	return response + "\r\n"
}

func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// A frame is what the peer sends: its first byte and its payload. As a
// client's it is masked.
type frame struct {
	b0       byte
	payload  string
	wrongWay bool  // masked by a server, or not masked by a client
	length   int64 // if not 0, the length to claim, in 8 bytes
	wide     int   // if not 0, the bytes to use for the length: 2 or 8
}

func text(s string) frame { return frame{b0: 0x81, payload: s} }
func bin(s string) frame  { return frame{b0: 0x82, payload: s} }
func ping(s string) frame { return frame{b0: 0x89, payload: s} }
func pong(s string) frame { return frame{b0: 0x8a, payload: s} }

// begin, more and end are the fragments of a message.
func begin(s string) frame { return frame{b0: 0x01, payload: s} }
func more(s string) frame  { return frame{b0: 0x00, payload: s} }
func end(s string) frame   { return frame{b0: 0x80, payload: s} }

func closing(code int, reason string) frame {
	return frame{b0: 0x88, payload: string([]byte{byte(code >> 8), byte(code)}) + reason}
}

// encode returns the frame as sent by a client or by a server.
func (f frame) encode(byClient bool) []byte {
	b := []byte{f.b0, 0}
	n := int64(len(f.payload))
	if f.length != 0 {
		n = f.length
	}
	switch {
	case f.wide == 8 || n > 0xffff || n < 0:
		b[1] = 127
		b = append(b, make([]byte, 8)...)
		binary.BigEndian.PutUint64(b[2:], uint64(n))
	case f.wide == 2 || n > 125:
		b[1] = 126
		b = append(b, byte(n>>8), byte(n))
	default:
		b[1] = byte(n)
	}
	if byClient == f.wrongWay {
		return append(b, f.payload...)
	}
	b[1] |= 0x80
	key := [4]byte{0x1f, 0xa5, 0x00, 0x7c}
	b = append(b, key[:]...)
	for i := 0; i < len(f.payload); i++ {
		b = append(b, f.payload[i]^key[i%4])
	}
	return b
}

// dumpFrames lists the frames in p, one a line, with the payload unmasked. The
// payload of compressed frames stands behind "deflated".
func dumpFrames(p []byte) []string {
	var lines []string
	for len(p) > 0 {
		rest := p
		if len(p) < 2 {
			return append(lines, fmt.Sprintf("incomplete %x", rest))
		}
		b0, masked, n := p[0], p[1]&0x80 != 0, uint64(p[1]&0x7f)
		p = p[2:]
		if n == 126 && len(p) >= 2 {
			n, p = uint64(binary.BigEndian.Uint16(p)), p[2:]
		} else if n == 127 && len(p) >= 8 {
			n, p = binary.BigEndian.Uint64(p), p[8:]
		}
		var key [4]byte
		if masked {
			if len(p) < 4 {
				return append(lines, fmt.Sprintf("incomplete %x", rest))
			}
			p = p[copy(key[:], p):]
		}
		if uint64(len(p)) < n {
			return append(lines, fmt.Sprintf("incomplete %x", rest))
		}
		payload := append([]byte(nil), p[:n]...)
		for i := range payload {
			payload[i] ^= key[i%4]
		}
		p = p[n:]
		line := fmt.Sprintf("%02x", b0)
		if masked {
			line += " masked"
		}
		lines = append(lines, line+" "+digest(payload))
	}
	return lines
}

// digest shows a payload, the middle of a long one as a hash.
func digest(p []byte) string {
	if len(p) <= 140 {
		return fmt.Sprintf("%d %q", len(p), p)
	}
	return fmt.Sprintf("%d %q…%x…%q", len(p), p[:8], sha1.Sum(p), p[len(p)-8:])
}
