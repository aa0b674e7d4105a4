package conformance

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"
)

// A netScenario is played over real connections. It returns the transcript.
type netScenario struct {
	name string
	play func(t *testing.T, l *library) []string
}

// handshakeScenarios are about the opening handshake, and about what only a
// real network does.
func handshakeScenarios() []netScenario {
	list := append(upgradeScenarios(), bufferScenarios()...)
	list = append(list, dialScenarios()...)
	list = append(list, proxyScenarios()...)
	list = append(list, tlsScenarios()...)
	list = append(list, traceScenarios()...)
	list = append(list, netDialScenarios()...)
	list = append(list, netScenario{"prepared message on connections of every kind", preparedEverywhere}, netScenario{"pieces of frames", piecesOfFrames})
	return append(list, networkScenarios()...)
}

// upgradeScenarios are about Upgrader.Upgrade.
func upgradeScenarios() []netScenario {
	valid := []string{
		"GET /ws HTTP/1.1", "Host: server.test", "Connection: Upgrade", "Upgrade: websocket",
		"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
	}
	// edited returns the valid request with lines replaced, by their name, or
	// added; an empty value removes a line.
	edited := func(edits ...string) []string {
		lines := append([]string(nil), valid...)
	next:
		for _, e := range edits {
			name, value, _ := strings.Cut(e, " ")
			for i, line := range lines {
				if strings.HasPrefix(line, name+" ") {
					if lines[i] = e; value == "" {
						lines = append(lines[:i], lines[i+1:]...)
					}
					continue next
				}
			}
			lines = append(lines, e)
		}
		return lines
	}
	own := func(w http.ResponseWriter, r *http.Request, status int, reason error) {
		w.Header().Set("X-Reason", reason.Error())
		w.WriteHeader(status + 1)
	}
	extensions := http.Header{"Sec-Websocket-Extensions": {"x"}}
	tests := []struct {
		name  string
		o     options
		lines []string
	}{
		{"valid", options{}, valid},
		{"HTTP 1.0", options{}, edited("GET /ws HTTP/1.0")},
		{"no connection header", options{}, edited("Connection: ")},
		{"other connection header", options{}, edited("Connection: keep-alive")},
		{"connection header with more", options{}, edited("Connection: keep-alive, Upgrade")},
		{"connection header that is no list", options{}, edited("Connection: keep-alive; x, Upgrade")},
		{"connection header with a parameter", options{}, edited("Connection: Upgrade; x")},
		{"connection header with an empty element", options{}, edited("Connection: keep-alive, , Upgrade")},
		{"no upgrade header", options{}, edited("Upgrade: ")},
		{"other upgrade header", options{}, edited("Upgrade: h2c")},
		{"upgrade header with more", options{}, edited("Upgrade: h2c, WebSocket")},
		{"POST", options{}, append([]string{"POST /ws HTTP/1.1", "Content-Length: 0"}, valid[1:]...)},
		{"HEAD", options{}, append([]string{"HEAD /ws HTTP/1.1"}, valid[1:]...)},
		{"no version", options{}, edited("Sec-WebSocket-Version: ")},
		{"version 8", options{}, edited("Sec-WebSocket-Version: 8")},
		{"versions 8 and 13", options{}, edited("Sec-WebSocket-Version: 8, 13")},
		{"no key", options{}, edited("Sec-WebSocket-Key: ")},
		{"short key", options{}, edited("Sec-WebSocket-Key: c2hvcnQ=")},
		{"key that is no base64", options{}, edited("Sec-WebSocket-Key: !!!!")},
		{"two keys", options{}, append(edited(), "Sec-WebSocket-Key: c2hvcnQ=")},
		{"two keys the other way round", options{}, edited("Sec-WebSocket-Key: c2hvcnQ=", "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==")},
		{"own error function", options{onError: own}, edited("Sec-WebSocket-Version: 8")},
		{"own error function and a wrong method", options{onError: own}, append([]string{"PUT /ws HTTP/1.1", "Content-Length: 0"}, valid[1:]...)},

		{"same origin", options{}, edited("Origin: https://server.test")},
		{"same origin in capitals", options{}, edited("Origin: https://SERVER.test")},
		{"same origin on another port", options{}, edited("Origin: https://server.test:8080")},
		{"other origin", options{}, edited("Origin: https://evil.test")},
		{"null origin", options{}, edited("Origin: null")},
		{"origin that is no URL", options{}, edited("Origin: ://")},
		{"origin allowed", options{checkOrigin: func(*http.Request) bool { return true }}, edited("Origin: https://evil.test")},
		{"origin refused", options{checkOrigin: func(*http.Request) bool { return false }}, valid},

		// Of several faults the first one counts.
		{"every fault", options{responseHeader: extensions}, append([]string{"PUT /ws HTTP/1.1"}, edited("Connection: x", "Upgrade: x", "Sec-WebSocket-Version: 8", "Origin: x", "Sec-WebSocket-Key: x")[1:]...)},
		{"faults from the upgrade header on", options{responseHeader: extensions}, append([]string{"PUT /ws HTTP/1.1"}, edited("Upgrade: x", "Sec-WebSocket-Version: 8", "Origin: x", "Sec-WebSocket-Key: x")[1:]...)},
		{"faults from the method on", options{responseHeader: extensions}, append([]string{"PUT /ws HTTP/1.1"}, edited("Sec-WebSocket-Version: 8", "Origin: x", "Sec-WebSocket-Key: x")[1:]...)},
		{"faults from the version on", options{responseHeader: extensions}, edited("Sec-WebSocket-Version: 8", "Origin: x", "Sec-WebSocket-Key: x")},
		{"faults from the extensions on", options{responseHeader: extensions}, edited("Origin: x", "Sec-WebSocket-Key: x")},
		{"faults from the origin on", options{}, edited("Origin: x", "Sec-WebSocket-Key: x")},

		{"response header", options{responseHeader: http.Header{"Set-Cookie": {"a=1", "b=2"}, "X-Split": {"a\r\nEvil: b\x00\x1f\x7f"}, "x-Raw": {"é"}}}, valid},
		{"response header with extensions", options{responseHeader: http.Header{"Sec-Websocket-Extensions": {"x"}}}, valid},
		{"response header with raw extensions", options{responseHeader: http.Header{"Sec-WebSocket-Extensions": {"x"}}}, valid},
		{"response header with a subprotocol", options{responseHeader: http.Header{"Sec-Websocket-Protocol": {"p", "q"}}}, valid},
		{"response header with a subprotocol of two lines", options{responseHeader: http.Header{"Sec-Websocket-Protocol": {"p\r\nEvil: q"}}}, valid},
		{"response header with an ignored subprotocol", options{subprotocols: []string{"p"}, responseHeader: http.Header{"Sec-Websocket-Protocol": {"q"}}}, valid},
		{"subprotocol negotiated", options{subprotocols: []string{"c", "b", "a"}}, edited("Sec-WebSocket-Protocol: a, b")},
		{"subprotocol in other case", options{subprotocols: []string{"A"}}, edited("Sec-WebSocket-Protocol: a")},
		{"subprotocol in the second field", options{subprotocols: []string{"b"}}, append(edited(), "Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: b")},
		{"no subprotocol in common", options{subprotocols: []string{"c"}}, edited("Sec-WebSocket-Protocol: a, b")},

		{"deflate offered", options{}, edited("Sec-WebSocket-Extensions: permessage-deflate")},
		{"deflate accepted", options{compress: true}, edited("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")},
		{"deflate with small windows accepted", options{compress: true}, edited("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9")},
		{"deflate with nonsense accepted", options{compress: true}, edited(`Sec-WebSocket-Extensions: x, permessage-deflate; y="z"`)},
		{"deflate behind a broken element", options{compress: true}, edited("Sec-WebSocket-Extensions: x y, permessage-deflate")},
		{"deflate in the second field", options{compress: true}, append(edited(), "Sec-WebSocket-Extensions: x y", "Sec-WebSocket-Extensions: permessage-deflate")},
		{"deflate in other case", options{compress: true}, edited("Sec-WebSocket-Extensions: Permessage-Deflate")},
		{"no deflate offered", options{compress: true}, valid},
	}
	var list []netScenario
	for _, tt := range tests {
		list = append(list, netScenario{"upgrade: " + tt.name, func(t *testing.T, l *library) []string {
			return playUpgrade(t, l, tt.o, strings.Join(tt.lines, "\r\n")+"\r\n\r\n")
		}})
	}
	return append(list,
		netScenario{"upgrade: early data", func(t *testing.T, l *library) []string {
			return playUpgrade(t, l, options{}, strings.Join(valid, "\r\n")+"\r\n\r\n\x81\x80\x00\x00\x00\x00")
		}},
		netScenario{"upgrade: no hijacker", func(t *testing.T, l *library) []string {
			w := httptest.NewRecorder()
			r := newRun(l, t)
			_, err := l.upgrade(w, handshakeRequest(options{}), options{})
			r.did("upgrade", err)
			r.note("%d %q", w.Code, w.Body)
			return r.lines
		}},
		netScenario{"upgrade: hijack fails", func(t *testing.T, l *library) []string {
			w := failingHijacker{httptest.NewRecorder()}
			r := newRun(l, t)
			_, err := l.upgrade(w, handshakeRequest(options{}), options{})
			r.did("upgrade", err)
			r.note("%d %q", w.Code, w.Body)
			return r.lines
		}},
		netScenario{"upgrade: the response cannot be written", func(t *testing.T, l *library) []string {
			r := newRun(l, t)
			r.conn.failWrites(errWrite)
			_, err := l.upgrade(scriptHijacker{httptest.NewRecorder(), r.conn}, handshakeRequest(options{}), options{})
			r.did("upgrade", err)
			r.note("closed %v", r.conn.closed)
			return r.lines
		}},
		netScenario{"upgrade: deadlines of the server", func(t *testing.T, l *library) []string {
			r := newRun(l, t)
			r.conn.SetDeadline(time.Now().Add(-time.Hour))
			c, err := l.upgrade(scriptHijacker{httptest.NewRecorder(), r.conn}, handshakeRequest(options{}), options{timeout: time.Hour})
			r.did("upgrade", err)
			r.conn.takeWritten()
			r.did("write", c.WriteMessage(textMessage, nil))
			r.note("deadlines %v %v", r.conn.readDeadline.IsZero(), r.conn.writeDeadline.IsZero())
			return r.lines
		}},
		netScenario{"upgrade: hosts that are no UTF-8", func(t *testing.T, l *library) []string {
			r := newRun(l, t)
			req := handshakeRequest(options{})
			req.Host = "\xff"
			req.Header.Set("Origin", "http://\xfe")
			_, err := l.upgrade(scriptHijacker{httptest.NewRecorder(), r.conn}, req, options{})
			r.note("upgrade: %s", r.describe(err))
			return r.lines
		}},
	)
}

// bufferScenarios are about the buffers of the HTTP server that a connection
// takes over, which show in the frames of a message that is streamed.
func bufferScenarios() []netScenario {
	var list []netScenario
	for _, size := range []int{16, 269, 270, 271, 4096, 9000} {
		for name, o := range map[string]options{
			"": {}, " and a size": {writeBuffer: 300}, " and a pool": {pool: new(sync.Pool)}, " and compression": {compress: true},
		} {
			list = append(list, netScenario{fmt.Sprintf("upgrade: hijacked buffer of %d%s", size, name), func(t *testing.T, l *library) []string {
				r := newRun(l, t)
				w := sizedHijacker{scriptHijacker{httptest.NewRecorder(), r.conn}, size}
				c, err := l.upgrade(w, handshakeRequest(o), o)
				r.did("upgrade", err)
				r.note("the server has answered %d %v", w.Code, w.Header())
				r.conn.takeWritten()
				mw, err := c.NextWriter(textMessage)
				r.did("next writer", err)
				for i := 0; i < 4; i++ {
					fmt.Fprintf(mw, "%05000d", i)
					r.sent()
				}
				r.closeWriter(mw)
				return r.lines
			}})
		}
	}
	return list
}

// sizedHijacker gives buffers of a size.
type sizedHijacker struct {
	scriptHijacker
	size int
}

func (h sizedHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReaderSize(h.conn, h.size), bufio.NewWriterSize(h.conn, h.size)), nil
}

// failingHijacker is a response writer whose connection is not to be had.
type failingHijacker struct{ *httptest.ResponseRecorder }

func (failingHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, errors.New("hijacked before")
}

func newRun(l *library, t *testing.T) *run {
	return &run{library: l, t: t, conn: newScriptConn(io.EOF)}
}

// playUpgrade sends a raw request to a server that upgrades.
func playUpgrade(t *testing.T, l *library, o options, request string) []string {
	r := newRun(l, t)
	type outcome struct {
		c   wsConn
		err error
	}
	done := make(chan outcome, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		c, err := l.upgrade(w, req, o)
		done <- outcome{c, err}
	}))
	defer srv.Close()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	got := <-done
	r.did("upgrade", got.err)
	if got.c != nil {
		r.note("subprotocol %q", got.c.Subprotocol())
		r.did("write", got.c.WriteMessage(textMessage, []byte(strings.Repeat("x", 20)))) // compressed or not
		got.c.Close()
	} else {
		conn.(*net.TCPConn).CloseWrite()
	}
	answer, err := io.ReadAll(conn)
	r.did("answer read", err)
	head, rest, _ := strings.Cut(string(answer), "\r\n\r\n")
	if got.c != nil {
		// The order of the first fields is that of the RFC's example.
		r.note("begins in order: %v", strings.HasPrefix(head, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "))
	}
	r.lines = append(r.lines, sortedHead(head)...)
	r.note("then %q", rest)
	return r.lines
}

// sortedHead returns the lines of a message's head, the fields sorted and
// without Date.
func sortedHead(head string) []string {
	lines := strings.Split(head, "\r\n")
	fields := lines[1:]
	sort.Strings(fields)
	kept := lines[:1]
	for _, f := range fields {
		if !strings.HasPrefix(f, "Date: ") {
			kept = append(kept, f)
		}
	}
	return kept
}
