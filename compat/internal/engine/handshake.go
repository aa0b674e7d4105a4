package engine

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	memoryURL  = "ws://memory/"
	acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" // RFC 6455, section 1.3
	deflate    = "permessage-deflate; client_no_context_takeover; server_no_context_takeover"

	// serverReader is the read buffer of a server engine, the smallest bufio
	// has: payload then goes straight to its destination.
	serverReader = 16

	// serverWriter is the write buffer of a server engine that writes to the
	// network: a small frame leaves it in one piece.
	serverWriter = 4096
)

// Open gives e a connection over rwc, which is past its handshake: e gets one
// in memory. There is no I/O on rwc.
func Open(e Engine, rwc io.ReadWriteCloser, server bool, o Options) (Native, error) {
	if server {
		return accept(e, rwc, o)
	}
	hc := &http.Client{Transport: answer{rwc, o}}
	return e.Dial(context.Background(), memoryURL, hc, o)
}

// answer is the server of a client's handshake in memory. The body of its
// response is the connection.
type answer struct {
	rwc io.ReadWriteCloser
	o   Options
}

// RoundTrip implements http.RoundTripper.
func (a answer) RoundTrip(r *http.Request) (*http.Response, error) {
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + acceptGUID))
	h := http.Header{
		"Connection":           {"Upgrade"},
		"Upgrade":              {"websocket"},
		"Sec-Websocket-Accept": {base64.StdEncoding.EncodeToString(sum[:])},
	}
	if a.o.Subprotocol != "" {
		h.Set("Sec-WebSocket-Protocol", a.o.Subprotocol)
	}
	if a.o.Compress {
		h.Set("Sec-WebSocket-Extensions", deflate)
	}
	return &http.Response{
		Status:     "101 Switching Protocols",
		StatusCode: http.StatusSwitchingProtocols,
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
		Header:     h,
		Body:       a.rwc,
		Request:    r,
	}, nil
}

// accept is the client of a server's handshake in memory.
func accept(e Engine, rwc io.ReadWriteCloser, o Options) (Native, error) {
	r := plainRequest
	if o.Subprotocol != "" || o.Compress {
		r = request(o)
	}
	return e.Accept(&hijackable{rwc: rwc, header: http.Header{}, writer: o.writer}, r, o)
}

// plainRequest is the request of most handshakes. Engines only read it.
var plainRequest = request(Options{})

func request(o Options) *http.Request {
	r := &http.Request{
		Method:     http.MethodGet,
		URL:        &url.URL{Path: "/"},
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
		Host:       "memory",
		Header: http.Header{
			"Connection":            {"Upgrade"},
			"Upgrade":               {"websocket"},
			"Sec-Websocket-Version": {"13"},
			"Sec-Websocket-Key":     {"AAAAAAAAAAAAAAAAAAAAAA=="},
		},
	}
	if o.Subprotocol != "" {
		r.Header.Set("Sec-WebSocket-Protocol", o.Subprotocol)
	}
	if o.Compress {
		r.Header.Set("Sec-WebSocket-Extensions", deflate)
	}
	return r
}

// hijackable is the http.ResponseWriter of a handshake in memory.
type hijackable struct {
	rwc    io.ReadWriteCloser
	header http.Header
	writer *bufio.Writer
}

func (h *hijackable) Header() http.Header         { return h.header }
func (h *hijackable) Write(p []byte) (int, error) { return len(p), nil }
func (h *hijackable) WriteHeader(int)             {}

// Hijack implements http.Hijacker.
func (h *hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c := memoryConn{h.rwc}
	w := h.writer
	if w == nil {
		w = bufio.NewWriterSize(c, serverWriter)
	}
	w.Reset(c)
	return c, bufio.NewReadWriter(bufio.NewReaderSize(c, serverReader), w), nil
}

// memoryConn makes a stream a net.Conn, for an engine that uses no more of it
// than Read, Write and Close.
type memoryConn struct{ io.ReadWriteCloser }

type memoryAddr struct{}

func (memoryAddr) Network() string { return "memory" }
func (memoryAddr) String() string  { return "memory" }

func (memoryConn) LocalAddr() net.Addr              { return memoryAddr{} }
func (memoryConn) RemoteAddr() net.Addr             { return memoryAddr{} }
func (memoryConn) SetDeadline(time.Time) error      { return nil }
func (memoryConn) SetReadDeadline(time.Time) error  { return nil }
func (memoryConn) SetWriteDeadline(time.Time) error { return nil }
