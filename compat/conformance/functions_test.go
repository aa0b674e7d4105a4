package conformance

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
	compat "github.com/wsmigrate/wsmigrate/compat/websocket"
)

// TestCloseErrors compares what is made of every close code.
func TestCloseErrors(t *testing.T) {
	for code := -1; code <= 5001; code++ {
		for _, text := range []string{"", "reason", "\xff"} {
			if want, got := websocket.FormatCloseMessage(code, text), compat.FormatCloseMessage(code, text); !bytes.Equal(want, got) || (want == nil) != (got == nil) {
				t.Errorf("FormatCloseMessage(%d, %q) = %q, want %q", code, text, got, want)
			}
			if want, got := (&websocket.CloseError{Code: code, Text: text}).Error(), (&compat.CloseError{Code: code, Text: text}).Error(); want != got {
				t.Errorf("CloseError{%d, %q} is %q, want %q", code, text, got, want)
			}
		}
	}
}

// TestIsCloseError compares the tests for close errors: neither looks into
// wrapped errors.
func TestIsCloseError(t *testing.T) {
	closeErrors := func(code int) (g, c error) {
		return &websocket.CloseError{Code: code}, &compat.CloseError{Code: code}
	}
	wrap := func(err error) error { return fmt.Errorf("wrapped: %w", err) }
	g1000, c1000 := closeErrors(1000)
	g1006, c1006 := closeErrors(1006)
	for _, codes := range [][]int{nil, {1000}, {1001}, {1001, 1000}, {1006}} {
		for _, errs := range [][2]error{
			{nil, nil}, {io.EOF, io.EOF}, {g1000, c1000}, {g1006, c1006},
			{wrap(g1000), wrap(c1000)}, {errors.Join(g1000), errors.Join(c1000)},
		} {
			if want, got := websocket.IsCloseError(errs[0], codes...), compat.IsCloseError(errs[1], codes...); want != got {
				t.Errorf("IsCloseError(%v, %v) = %v, want %v", errs[1], codes, got, want)
			}
			if want, got := websocket.IsUnexpectedCloseError(errs[0], codes...), compat.IsUnexpectedCloseError(errs[1], codes...); want != got {
				t.Errorf("IsUnexpectedCloseError(%v, %v) = %v, want %v", errs[1], codes, got, want)
			}
		}
	}
}

// hang is more time than any input of a fuzz target takes.
const hang = 5 * time.Second

// FuzzUpgrade compares the answers to requests with any header.
func FuzzUpgrade(f *testing.F) {
	for _, s := range []struct{ method, host, connection, upgrade, version, key, origin, protocol, extensions string }{
		{"GET", "server.test", "Upgrade", "websocket", "13", "dGhlIHNhbXBsZSBub25jZQ==", "http://server.test", "a, b", "permessage-deflate"},
		{"GET", "Server.Test:80", "keep-alive,\tupgrade", "h2c , WebSocket", "8,13", "dGhlIHNhbXBsZSBub25jZQ==", "//SERVER.TEST:80", "b", `x; y="a,\"b", permessage-deflate; z`},
		{"POST", "", "a;b, upgrade", "websocket/13", "013", "", "null", ",", `permessage-deflate; client_max_window_bits=15,,x`},
	} {
		f.Add(s.method, s.host, s.connection, s.upgrade, s.version, s.key, s.origin, s.protocol, s.extensions)
	}
	f.Fuzz(func(t *testing.T, method, host, connection, upgrade, version, key, origin, protocol, extensions string) {
		defer time.AfterFunc(hang, func() { panic("hangs") }).Stop()
		header := http.Header{
			"Connection": {connection}, "Upgrade": {upgrade}, "Sec-Websocket-Version": {version}, "Sec-Websocket-Key": {key},
			"Origin": {origin}, "Sec-Websocket-Protocol": {protocol}, "Sec-Websocket-Extensions": {extensions},
		}
		for name, values := range header {
			if values[0] == "" {
				delete(header, name)
			}
		}
		if u, err := url.Parse(origin); err == nil && !utf8.ValidString(u.Host+host) {
			return // a difference on purpose
		}
		r := &http.Request{Method: method, Host: host, Header: header}
		if want, got := websocket.IsWebSocketUpgrade(r), compat.IsWebSocketUpgrade(r); want != got {
			t.Errorf("IsWebSocketUpgrade = %v, want %v", got, want)
		}
		if want, got := websocket.Subprotocols(r), compat.Subprotocols(r); fmt.Sprintf("%#v", want) != fmt.Sprintf("%#v", got) {
			t.Errorf("Subprotocols = %q, want %q", got, want)
		}
		for _, o := range []options{{}, {compress: true, subprotocols: []string{"b", "a", ""}}} {
			want, got := answerTo(t, gorilla, r, o), answerTo(t, shim, r, o)
			if want != got {
				t.Errorf("compat answers\n%s\ngorilla answers\n%s", got, want)
			}
		}
	})
}

// answerTo is all that Upgrade does with the request.
func answerTo(t *testing.T, l *library, req *http.Request, o options) string {
	run := newRun(l, t)
	w := httptest.NewRecorder()
	c, err := l.upgrade(scriptHijacker{w, run.conn}, req, o)
	if c != nil {
		defer c.Close()
	}
	return fmt.Sprintf("%s\n%d %v %q\n%q", run.describe(err), w.Code, w.Header(), w.Body, run.conn.takeWritten())
}

// FuzzDial compares what becomes of any response.
func FuzzDial(f *testing.F) {
	const ok = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ACCEPT\r\n"
	for _, s := range []string{
		ok + "\r\n",
		ok + "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n\r\n\xc1\x07\xcaH\xcd\xc9\xc9\x07\x00",
		ok + "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Extensions: x; y=\"z\", permessage-deflate; server_no_context_takeover\r\n\r\n",
		"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
		"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nbody",
		strings.Replace(ok, "websocket", "a, WEBSOCKET , b", 1) + "\r\n\x81\x02hi\x88\x00",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, response string) {
		defer time.AfterFunc(hang, func() { panic("hangs") }).Stop()
		if want, got := fateOf(t, gorilla, response), fateOf(t, shim, response); want != got {
			t.Errorf("compat:\n%s\ngorilla:\n%s", got, want)
		}
	})
}

// fateOf is all that Dial and a few reads make of the response.
func fateOf(t *testing.T, l *library, response string) string {
	r := newRun(l, t)
	r.conn.beginHandshake()
	conn := &replyConn{scriptConn: r.conn, reply: response}
	c, resp, err := l.dial(context.Background(), options{}, "ws://server.test/", func(string, string) (net.Conn, error) {
		return conn, nil
	})
	s := r.describe(err)
	if resp != nil {
		body, bodyErr := io.ReadAll(resp.Body)
		s += fmt.Sprintf("\n%s %v %q %s", resp.Status, resp.Header, body, r.describe(bodyErr))
	}
	if c != nil {
		s += fmt.Sprintf("\n%q", c.Subprotocol())
		for range 3 {
			mt, p, err := c.ReadMessage()
			s += fmt.Sprintf("\n%d %q %s", mt, p, r.describe(err))
		}
		c.Close()
	}
	return strings.ReplaceAll(s, conn.accept, "ACCEPT")
}

// replyConn answers a handshake with the reply.
type replyConn struct {
	*scriptConn
	reply  string
	accept string
}

func (c *replyConn) Read(p []byte) (int, error) {
	if c.response == nil {
		r, err := http.ReadRequest(bufio.NewReader(c.request))
		if err != nil {
			return 0, err
		}
		c.accept = acceptKey(r.Header.Get("Sec-WebSocket-Key"))
		c.response = strings.NewReader(strings.Replace(c.reply, "ACCEPT", c.accept, 1))
	}
	return c.response.Read(p)
}

// FuzzProxy compares what becomes of any answers of a proxy, by CONNECT or SOCKS.
func FuzzProxy(f *testing.F) {
	f.Add(false, "server.test", "", "", "HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 403 Forbidden\r\n\r\n")
	f.Add(false, "server.test:8080", "user", "pass", "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 4\r\n\r\nbody")
	f.Add(true, "server.test", "", "", "\x05\x00\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50HTTP/1.1 403 Forbidden\r\n\r\n")
	f.Add(true, "192.0.2.1:81", "user", "pass", "\x05\x02\x01\x00\x05\x00\x00\x03\x04host\x00\x50HTTP/1.1 101 Switching Protocols\r\n\r\n")
	f.Add(true, "[2001:db8::1]", "user", "", "\x05\x00\x05\x00\x00\x04"+strings.Repeat("\x00", 18))
	f.Add(true, "server.test", "", "", "\x05\x00\x05\x05\x00\x01")
	f.Fuzz(func(t *testing.T, socks bool, host, user, password, answers string) {
		defer time.AfterFunc(hang, func() { panic("hangs") }).Stop()
		proxy := &url.URL{Scheme: "http", Host: "proxy.test:1080"}
		if socks {
			proxy.Scheme = "socks5"
		}
		switch {
		case password != "":
			proxy.User = url.UserPassword(user, password)
		case user != "":
			proxy.User = url.User(user)
		}
		want, got := through(t, gorilla, proxy, host, answers), through(t, shim, proxy, host, answers)
		if !strings.Contains(want, "panic: ") && want != got {
			t.Errorf("compat:\n%s\ngorilla:\n%s", got, want)
		}
	})
}

// through is all that a dial by way of a proxy does.
func through(t *testing.T, l *library, proxy *url.URL, host, answers string) string {
	r := newRun(l, t)
	conn := newScriptConn(io.EOF, []byte(answers))
	r.catch(func() {
		c, resp, err := l.dial(context.Background(), options{proxy: http.ProxyURL(proxy)}, "ws://"+host+"/", func(network, addr string) (net.Conn, error) {
			r.note("dialed %s %s", network, addr)
			return conn, nil
		})
		r.note("%v %s", c == nil, r.describe(err))
		if resp != nil {
			r.note("%s %v", resp.Status, resp.Header)
		}
	})
	// The order of a request's fields is random, and the key of the handshake is.
	written := string(conn.takeWritten())
	if i := strings.Index(written, "Sec-WebSocket-Key: "); i >= 0 {
		written = written[:i] + written[i+len("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="):]
	}
	r.note("sent %q, closed %v", sortedHead(written), conn.closed)
	return strings.Join(r.lines, "\n")
}
