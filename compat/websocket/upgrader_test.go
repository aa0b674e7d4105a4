package websocket

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wsmigrate/wsmigrate/compat/internal/wire"
)

// upgrade is what a handler saw of one Upgrade.
type upgrade struct {
	conn *Conn
	err  error
}

// serveUpgrade starts a server that upgrades every request with u, and
// returns its address and the outcomes in order.
func serveUpgrade(t *testing.T, u *Upgrader, responseHeader http.Header) (addr string, outcomes <-chan upgrade) {
	t.Helper()
	done := make(chan upgrade, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := u.Upgrade(w, r, responseHeader)
		if c != nil {
			t.Cleanup(func() { c.Close() })
		}
		done <- upgrade{c, err}
	}))
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String(), done
}

// send opens a connection, sends the lines as a request and returns the
// response with its raw head.
func send(t *testing.T, addr string, lines ...string) (resp *http.Response, head string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	var raw bytes.Buffer
	br := bufio.NewReader(io.TeeReader(conn, &raw))
	resp, err = http.ReadResponse(br, nil)
	if err != nil {
		t.Fatalf("read response: %v", err)
	}
	head, _, _ = strings.Cut(raw.String(), "\r\n\r\n")
	return resp, head
}

// request returns the lines of a valid handshake, with the edits made: "Name:
// value" replaces or adds a field, "-Name" removes one, and the rest replaces
// the request line.
func request(edits ...string) []string {
	lines := []string{
		"GET /ws HTTP/1.1",
		"Host: example.org",
		"Connection: Upgrade",
		"Upgrade: websocket",
		"Sec-WebSocket-Version: 13",
		"Sec-WebSocket-Key: " + exampleKey,
	}
	for _, edit := range edits {
		name, _, isField := strings.Cut(strings.TrimPrefix(edit, "-"), ": ")
		if !isField && edit[0] != '-' {
			lines[0] = edit
			continue
		}
		kept := lines[:1:1]
		for _, line := range lines[1:] {
			if !strings.HasPrefix(line, name+": ") {
				kept = append(kept, line)
			}
		}
		lines = kept
		if isField && edit[0] != '-' {
			lines = append(lines, edit)
		}
	}
	return lines
}

func TestUpgradeRefuses(t *testing.T) {
	const notUsing = "websocket: the client is not using the websocket protocol: "
	tests := []struct {
		name   string
		edits  []string
		header http.Header
		status int
		reason string
	}{
		{"no connection", []string{"-Connection"}, nil, 400, notUsing + "'upgrade' token not found in 'Connection' header"},
		{"no upgrade", []string{"-Upgrade"}, nil, 400, notUsing + "'websocket' token not found in 'Upgrade' header"},
		{"method", []string{"POST /ws HTTP/1.1", "Content-Length: 0"}, nil, 405, notUsing + "request method is not GET"},
		{"no version", []string{"-Sec-WebSocket-Version"}, nil, 400, "websocket: unsupported version: 13 not found in 'Sec-Websocket-Version' header"},
		{"version", []string{"Sec-WebSocket-Version: 8"}, nil, 400, "websocket: unsupported version: 13 not found in 'Sec-Websocket-Version' header"},
		{"extensions", nil, http.Header{"Sec-Websocket-Extensions": nil}, 500, "websocket: application specific 'Sec-WebSocket-Extensions' headers are unsupported"},
		{"origin", []string{"Origin: http://example.com"}, nil, 403, "websocket: request origin not allowed by Upgrader.CheckOrigin"},
		{"no key", []string{"-Sec-WebSocket-Key"}, nil, 400, "websocket: not a websocket handshake: 'Sec-WebSocket-Key' header must be Base64 encoded value of 16-byte in length"},
		{"key", []string{"Sec-WebSocket-Key: c2hvcnQ="}, nil, 400, "websocket: not a websocket handshake: 'Sec-WebSocket-Key' header must be Base64 encoded value of 16-byte in length"},

		// Of several faults the first one in this order is reported.
		{"connection before method", []string{"POST /ws HTTP/1.1", "Content-Length: 0", "-Connection", "-Upgrade"}, nil, 400, notUsing + "'upgrade' token not found in 'Connection' header"},
		{"method before version", []string{"PUT /ws HTTP/1.1", "Content-Length: 0", "-Sec-WebSocket-Version"}, nil, 405, notUsing + "request method is not GET"},
		{"version before extensions", []string{"-Sec-WebSocket-Version"}, http.Header{"Sec-Websocket-Extensions": {"x"}}, 400, "websocket: unsupported version: 13 not found in 'Sec-Websocket-Version' header"},
		{"extensions before origin", []string{"Origin: null"}, http.Header{"Sec-Websocket-Extensions": {"x"}}, 500, "websocket: application specific 'Sec-WebSocket-Extensions' headers are unsupported"},
		{"origin before key", []string{"Origin: null", "-Sec-WebSocket-Key"}, nil, 403, "websocket: request origin not allowed by Upgrader.CheckOrigin"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var status int
			var reason error
			for _, u := range []*Upgrader{
				{},
				{Error: func(w http.ResponseWriter, r *http.Request, s int, err error) {
					status, reason = s, err
					w.WriteHeader(http.StatusTeapot)
				}},
			} {
				addr, outcomes := serveUpgrade(t, u, tt.header)
				resp, _ := send(t, addr, request(tt.edits...)...)
				body, _ := io.ReadAll(resp.Body)
				got := <-outcomes
				if want := (HandshakeError{tt.reason}); got.conn != nil || got.err != want {
					t.Errorf("Upgrade = %v, %#v, want %#v", got.conn, got.err, want)
				}
				if u.Error != nil {
					if resp.StatusCode != http.StatusTeapot || len(body) != 0 || resp.Header["Sec-Websocket-Version"] != nil {
						t.Errorf("Upgrade wrote beside Upgrader.Error: %s %v %q", resp.Status, resp.Header, body)
					}
					if status != tt.status || reason != got.err {
						t.Errorf("Upgrader.Error got %d, %v", status, reason)
					}
					continue
				}
				if resp.StatusCode != tt.status || string(body) != http.StatusText(tt.status)+"\n" {
					t.Errorf("response is %d with body %q, want %d with its text", resp.StatusCode, body, tt.status)
				}
				if v := resp.Header["Sec-Websocket-Version"]; len(v) != 1 || v[0] != "13" {
					t.Errorf("Sec-Websocket-Version is %q", v)
				}
			}
		})
	}
}

func TestUpgradeResponse(t *testing.T) {
	const switching = "HTTP/1.1 101 Switching Protocols\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + exampleAccept
	const deflate = "\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover"
	tests := []struct {
		name     string
		upgrader Upgrader
		edits    []string
		header   http.Header
		want     string
		protocol string
	}{
		{name: "plain"},
		{name: "HTTP/1.0", edits: []string{"GET / HTTP/1.0"}},
		{name: "first of two keys", edits: []string{"sec-websocket-key: c2hvcnQ="}},
		{name: "lists", edits: []string{"Connection: keep-alive, upgrade", "Upgrade: h2c, WEBSOCKET", "Sec-WebSocket-Version: 8, 13"}},
		{name: "own origin", edits: []string{"Origin: https://EXAMPLE.org"}},
		{
			name:   "header",
			header: http.Header{"Set-Cookie": {"b=2", "a=1"}, "X-Split": {"x\r\nSet-Cookie: evil=1\x00\t"}, "x-raw-Case": {""}, "Empty": {}},
			want:   "\r\nSet-Cookie: b=2\r\nSet-Cookie: a=1\r\nX-Split: x  Set-Cookie: evil=1  \r\nx-raw-Case: ",
		},
		{
			name:     "subprotocol of the server's preference",
			upgrader: Upgrader{Subprotocols: []string{"c", "b", "a"}},
			edits:    []string{"Sec-WebSocket-Protocol: a, B, b"},
			header:   http.Header{"Sec-Websocket-Protocol": {"ignored"}},
			want:     "\r\nSec-WebSocket-Protocol: b",
			protocol: "b",
		},
		{name: "no common subprotocol", upgrader: Upgrader{Subprotocols: []string{"A"}}, edits: []string{"Sec-WebSocket-Protocol: a"}},
		{name: "no subprotocols spoken", upgrader: Upgrader{Subprotocols: []string{}}, header: http.Header{"Sec-Websocket-Protocol": {"ignored"}}},
		{
			name:     "subprotocol of the application",
			header:   http.Header{"Sec-Websocket-Protocol": {"not offered\r\nX: y", "second"}},
			want:     "\r\nSec-WebSocket-Protocol: not offered  X: y",
			protocol: "not offered\r\nX: y",
		},
		{name: "deflate not enabled", edits: []string{"Sec-WebSocket-Extensions: permessage-deflate"}},
		{name: "deflate not offered", upgrader: Upgrader{EnableCompression: true}, edits: []string{"Sec-WebSocket-Extensions: x-webkit-deflate-frame"}},
		{name: "deflate", upgrader: Upgrader{EnableCompression: true}, edits: []string{"Sec-WebSocket-Extensions: x, permessage-deflate; client_max_window_bits"}, want: deflate},
		{name: "any offer of deflate", upgrader: Upgrader{EnableCompression: true}, edits: []string{"Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9; unknown"}, want: deflate},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			addr, outcomes := serveUpgrade(t, &tt.upgrader, tt.header)
			_, head := send(t, addr, request(tt.edits...)...)
			got := <-outcomes
			if got.err != nil {
				t.Fatal(got.err)
			}
			if want := switching + tt.want; head != want {
				t.Errorf("response\n%q, want\n%q", head, want)
			}
			if got := got.conn.Subprotocol(); got != tt.protocol {
				t.Errorf("Subprotocol() = %q, want %q", got, tt.protocol)
			}
		})
	}
}

func TestCheckOrigin(t *testing.T) {
	tests := []struct {
		origin []string
		check  func(*http.Request) bool
		want   bool
	}{
		{nil, nil, true},
		{[]string{"http://example.org"}, nil, true},
		{[]string{"wss://Example.Org"}, nil, true},
		{[]string{"http://example.org:80"}, nil, false},
		{[]string{"http://sub.example.org"}, nil, false},
		{[]string{"http://example.org.evil.com"}, nil, false},
		{[]string{"null"}, nil, false},
		{[]string{""}, nil, false},
		{[]string{"http://%zz"}, nil, false},
		{[]string{"http://evil.com", "http://example.org"}, nil, false},
		{[]string{"http://evil.com"}, func(*http.Request) bool { return true }, true},
		{nil, func(*http.Request) bool { return false }, false},
	}
	for _, tt := range tests {
		r := &http.Request{Host: "example.org", Header: http.Header{}}
		if tt.origin != nil {
			r.Header["Origin"] = tt.origin
		}
		u := Upgrader{CheckOrigin: tt.check}
		if got := u.originAllowed(r); got != tt.want {
			t.Errorf("originAllowed with Origin %q, own check %v = %v, want %v", tt.origin, tt.check != nil, got, tt.want)
		}
	}
}

// parsedRequest is a valid handshake as a server sees it.
func parsedRequest(t *testing.T) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.Join(request(), "\r\n") + "\r\n\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestUpgradeNeedsHijacker(t *testing.T) {
	w := httptest.NewRecorder()
	_, err := new(Upgrader).Upgrade(w, parsedRequest(t), nil)
	if want := (HandshakeError{"websocket: response does not implement http.Hijacker"}); err != want {
		t.Errorf("Upgrade: %#v, want %#v", err, want)
	}
	if w.Code != http.StatusInternalServerError {
		t.Errorf("status %d, want 500", w.Code)
	}
}

// hijackWriter is a response writer whose Hijack returns what it holds.
type hijackWriter struct {
	*httptest.ResponseRecorder
	conn net.Conn
	brw  *bufio.ReadWriter
	err  error
}

func (w *hijackWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) { return w.conn, w.brw, w.err }

func TestUpgradeHijackFails(t *testing.T) {
	w := &hijackWriter{ResponseRecorder: httptest.NewRecorder(), err: errors.New("taken")}
	_, err := new(Upgrader).Upgrade(w, parsedRequest(t), nil)
	if want := (HandshakeError{"taken"}); err != want {
		t.Errorf("Upgrade: %#v, want %#v", err, want)
	}
	if w.Code != http.StatusInternalServerError {
		t.Errorf("status %d, want 500", w.Code)
	}
}

// scriptConn is a connection that records what is done to it.
type scriptConn struct {
	net.Conn
	calls    []string
	writeErr error
}

func (c *scriptConn) note(call string, t time.Time) error {
	if t.IsZero() {
		call += " off"
	}
	c.calls = append(c.calls, call)
	return nil
}

func (c *scriptConn) SetDeadline(t time.Time) error      { return c.note("deadline", t) }
func (c *scriptConn) SetReadDeadline(t time.Time) error  { return c.note("read deadline", t) }
func (c *scriptConn) SetWriteDeadline(t time.Time) error { return c.note("write deadline", t) }
func (c *scriptConn) Close() error                       { c.calls = append(c.calls, "close"); return nil }
func (c *scriptConn) Write(p []byte) (int, error) {
	c.calls = append(c.calls, "write")
	return len(p), c.writeErr
}

func newHijackWriter(conn net.Conn, bufSize int) *hijackWriter {
	return &hijackWriter{
		ResponseRecorder: httptest.NewRecorder(),
		conn:             conn,
		brw: bufio.NewReadWriter(
			bufio.NewReaderSize(strings.NewReader("early"), bufSize),
			bufio.NewWriterSize(io.Discard, bufSize)),
	}
}

func TestUpgradeEarlyData(t *testing.T) {
	conn := &scriptConn{}
	w := newHijackWriter(conn, 4096)
	if _, err := w.brw.Peek(1); err != nil {
		t.Fatal(err)
	}
	_, err := new(Upgrader).Upgrade(w, parsedRequest(t), nil)
	if err == nil || err.Error() != "websocket: client sent data before handshake is complete" {
		t.Errorf("Upgrade: %v", err)
	}
	if _, ok := err.(HandshakeError); ok {
		t.Error("the error is a HandshakeError, but nothing was answered")
	}
	if got := strings.Join(conn.calls, ", "); got != "close" {
		t.Errorf("calls: %s", got)
	}
}

func TestUpgradeDeadlines(t *testing.T) {
	broken := errors.New("broken")
	tests := []struct {
		timeout  time.Duration
		writeErr error
		want     string
	}{
		{0, nil, "deadline off, write"},
		{time.Hour, nil, "deadline off, write deadline, write, write deadline off"},
		{0, broken, "deadline off, write, close"},
		{time.Hour, broken, "deadline off, write deadline, write, close"},
	}
	for _, tt := range tests {
		conn := &scriptConn{writeErr: tt.writeErr}
		u := Upgrader{HandshakeTimeout: tt.timeout}
		_, err := u.Upgrade(newHijackWriter(conn, 4096), parsedRequest(t), nil)
		if err != tt.writeErr {
			t.Errorf("Upgrade: %v, want %v", err, tt.writeErr)
		}
		if got := strings.Join(conn.calls, ", "); got != tt.want {
			t.Errorf("timeout %v, write error %v: calls %q, want %q", tt.timeout, tt.writeErr, got, tt.want)
		}
	}
}

// TestFreeBuffers empties the HTTP server's reader and writer, and keeps the size
// of the writer's buffer.
func TestFreeBuffers(t *testing.T) {
	pool := struct{ BufferPool }{}
	for _, tt := range []struct {
		size     int // of the HTTP server's buffers
		upgrader Upgrader
		kept     bool // the size
	}{
		{4096, Upgrader{}, true},
		{270, Upgrader{}, true},
		{269, Upgrader{}, false},
		{4096, Upgrader{ReadBufferSize: 4096}, true},
		{4096, Upgrader{WriteBufferSize: 4096}, false},
		{4096, Upgrader{WriteBufferPool: pool}, false},
	} {
		conn, peer := net.Pipe()
		defer peer.Close()
		brw := newHijackWriter(conn, tt.size).brw
		cfg := connConfig{netConn: conn}
		scratch := tt.upgrader.freeBuffers(&cfg, brw)
		if len(scratch) != tt.size {
			t.Errorf("size %d: scratch of %d bytes", tt.size, len(scratch))
		}
		if got := cfg.writeBufferSize == tt.size-wire.MaxHeader; got != tt.kept {
			t.Errorf("size %d, %+v: size of the writer's buffer kept: %v", tt.size, tt.upgrader, got)
		}
		if r, w := brw.Reader.Size(), brw.Writer.Size(); r > 16 || w > 16 {
			t.Errorf("size %d, %+v: buffers of %d and %d bytes stay with the server", tt.size, tt.upgrader, r, w)
		}
		// Whatever the server wrapped around the connection is gone.
		go io.WriteString(peer, "x")
		if b, err := brw.ReadByte(); b != 'x' || err != nil {
			t.Errorf("size %d: the reader reads %q, %v", tt.size, b, err)
		}
	}
}

func TestUpgradeFunc(t *testing.T) {
	w := httptest.NewRecorder()
	r := parsedRequest(t)
	r.Method = http.MethodPost
	if _, err := Upgrade(w, r, nil, 0, 0); err == nil {
		t.Error("Upgrade of a POST: no error")
	} else if _, ok := err.(HandshakeError); !ok {
		t.Errorf("Upgrade of a POST: %#v", err)
	}
	if w.Body.Len() > 0 || len(w.Header()) > 0 {
		t.Errorf("Upgrade answered: %v %q", w.Header(), w.Body)
	}

	r = parsedRequest(t)
	r.Header.Set("Origin", "http://elsewhere.example")
	c, err := Upgrade(newHijackWriter(&scriptConn{}, 4096), r, http.Header{"Sec-Websocket-Protocol": {"p"}}, 1024, 1024)
	if err != nil {
		t.Fatal(err)
	}
	if c.Subprotocol() != "p" {
		t.Errorf("Subprotocol() = %q, want %q", c.Subprotocol(), "p")
	}
}
