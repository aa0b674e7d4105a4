package conformance

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"
)

// dialScenarios are about Dialer.DialContext.
func dialScenarios() []netScenario {
	const ok = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ACCEPT\r\n"
	const deflateAnswer = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n"
	without := func(line string) string { return strings.Replace(ok, line, "", 1) + "\r\n" }
	tests := []struct {
		name     string
		o        options
		path     string
		response string
	}{
		{"plain", options{}, "/p?q=1#f", ok + "\r\n"},
		{"no path", options{}, "", ok + "\r\n"},
		{"path to escape", options{}, "/a b?c d", ok + "\r\n"},
		{"request header", options{requestHeader: http.Header{"Origin": {"http://o.test"}, "x-raw": {"1", "2"}, "User-Agent": {"u"}, "Cookie": {"a=b"}, "Host": {"other.test"}}}, "/", ok + "\r\n"},
		{"request header with a subprotocol", options{requestHeader: http.Header{"Sec-Websocket-Protocol": {"p"}}}, "/", ok + "Sec-WebSocket-Protocol: p\r\n\r\n"},
		{"request header with a raw subprotocol", options{subprotocols: []string{"a"}, requestHeader: http.Header{"Sec-WebSocket-Protocol": {"p"}}}, "/", ok + "\r\n"},
		{"request header with a raw key", options{requestHeader: http.Header{"Sec-WebSocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}}, "/", ok + "\r\n"},
		{"subprotocols", options{subprotocols: []string{"a", "b"}}, "/", ok + "Sec-WebSocket-Protocol: b\r\n\r\n"},
		{"subprotocol nobody asked for", options{}, "/", ok + "Sec-WebSocket-Protocol: surprise\r\n\r\n"},
		{"deflate", options{compress: true}, "/", ok + deflateAnswer + "\r\n"},
		{"deflate not accepted", options{compress: true}, "/", ok + "\r\n"},
		{"deflate nobody asked for", options{}, "/", ok + deflateAnswer + "\r\n"},
		{"deflate with context", options{compress: true}, "/", ok + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"},
		{"deflate with one context", options{compress: true}, "/", ok + "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n\r\n"},
		{"unknown extension", options{compress: true}, "/", ok + "Sec-WebSocket-Extensions: x\r\n\r\n"},
		{"duplicate header Upgrade", options{requestHeader: http.Header{"Upgrade": {"x"}}}, "/", ""},
		{"duplicate header Connection", options{requestHeader: http.Header{"Connection": nil}}, "/", ""},
		{"duplicate header key", options{requestHeader: http.Header{"Sec-Websocket-Key": {"x"}}}, "/", ""},
		{"duplicate header version", options{requestHeader: http.Header{"Sec-Websocket-Version": {"x"}}}, "/", ""},
		{"duplicate header extensions", options{requestHeader: http.Header{"Sec-Websocket-Extensions": {"x"}}}, "/", ""},
		{"duplicate header subprotocol", options{subprotocols: []string{"a"}, requestHeader: http.Header{"Sec-Websocket-Protocol": {"x"}}}, "/", ""},
		{"early frames", options{}, "/", ok + "\r\n\x81\x05early\x88\x00"},
		{"no upgrade in the answer", options{}, "/", without("Upgrade: websocket\r\n")},
		{"no connection in the answer", options{}, "/", without("Connection: Upgrade\r\n")},
		{"no accept in the answer", options{}, "/", without("Sec-WebSocket-Accept: ACCEPT\r\n")},
		{"wrong accept in the answer", options{}, "/", strings.Replace(ok, "ACCEPT", "x", 1) + "\r\n"},
		{"lists in the answer", options{}, "/", "HTTP/1.1 101 x\r\nUPGRADE: a, WebSocket\r\nConnection: b, UPGRADE\r\nSec-WebSocket-Accept: ACCEPT\r\n\r\n"},
		{"HTTP 1.0 in the answer", options{}, "/", strings.Replace(ok, "1.1", "1.0", 1) + "\r\n"},
		{"status 200", options{}, "/", strings.Replace(ok, "101", "200", 1) + "Content-Length: 4\r\n\r\nbody"},
		{"status 401", options{}, "/", "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\nlong " + strings.Repeat("x", 3000)},
		{"status 403 in chunks", options{}, "/", "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"},
		{"redirect", options{}, "/", "HTTP/1.1 301 Moved\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"},
		{"nonsense", options{}, "/", "nonsense\r\n\r\n"},
		{"nothing", options{}, "/", ""},
		{"half a head", options{}, "/", "HTTP/1.1 101 Switching"},
	}
	var list []netScenario
	for _, tt := range tests {
		list = append(list, netScenario{"dial: " + tt.name, func(t *testing.T, l *library) []string {
			return playDial(t, l, tt.o, tt.path, tt.response)
		}})
	}
	for _, u := range []string{"http://server.test", "server.test", "ws://u:p@server.test", "wss://u@server.test", "ws://[", "", "WS://server.test:1", "ws://server.test:port", "ws://", "ws:///path"} {
		list = append(list, netScenario{"dial: URL " + u, func(t *testing.T, l *library) []string {
			r := newRun(l, t)
			_, resp, err := l.dial(context.Background(), options{}, u, func(network, addr string) (net.Conn, error) {
				return nil, fmt.Errorf("dialed %s %s", network, addr)
			})
			r.did("dial", resp == nil, err)
			return r.lines
		}})
	}
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	late, cancel := context.WithTimeout(context.Background(), -time.Hour)
	cancel()
	for _, tt := range []struct {
		name string
		ctx  context.Context
		o    options
		prep func(*scriptConn)
	}{
		{"canceled context", canceled, options{}, nil},
		{"late context", late, options{}, nil},
		{"negative timeout", context.Background(), options{timeout: -time.Hour}, nil},
		{"timeout", context.Background(), options{timeout: time.Hour}, nil},
		{"request cannot be written", context.Background(), options{}, func(c *scriptConn) { c.failWrites(errWrite) }},
		{"closed connection", context.Background(), options{timeout: time.Hour}, func(c *scriptConn) { c.Close() }},
	} {
		list = append(list, netScenario{"dial: " + tt.name, func(t *testing.T, l *library) []string {
			r := newRun(l, t)
			if tt.prep == nil {
				r.conn.beginHandshake()
			} else {
				tt.prep(r.conn)
			}
			c, resp, err := l.dial(tt.ctx, tt.o, "ws://server.test", func(string, string) (net.Conn, error) { return r.conn, nil })
			r.conn.endHandshake()
			r.did("dial", resp == nil, err)
			r.note("closed %v, deadlines %v %v", r.conn.closed, r.conn.readDeadline.IsZero(), r.conn.writeDeadline.IsZero())
			if c != nil {
				c.Close()
			}
			return r.lines
		}})
	}
	return append(list, netScenario{"dial: cookies", func(t *testing.T, l *library) []string {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, response := range []string{ok + "Set-Cookie: a=1\r\n\r\n", "HTTP/1.1 403 Forbidden\r\nSet-Cookie: b=2\r\n\r\n", ok + "\r\n"} {
			all = append(all, playDial(t, l, options{jar: jar}, "/", response)...)
		}
		return all
	}})
}

// rawServer answers one request on every connection with a raw response and
// closes. It reports the requests.
func rawServer(t *testing.T, response string) (addr string, requests <-chan string, stop func()) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	got, done := make(chan string, 10), make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			var raw bytes.Buffer
			req, err := http.ReadRequest(bufio.NewReader(io.TeeReader(conn, &raw)))
			if err == nil {
				got <- raw.String()
				io.WriteString(conn, strings.Replace(response, "ACCEPT", acceptKey(req.Header.Get("Sec-WebSocket-Key")), 1))
			}
			conn.Close()
		}
	}()
	return ln.Addr().String(), got, func() { ln.Close(); <-done }
}

// playDial dials a server that answers with the response.
func playDial(t *testing.T, l *library, o options, path, response string) []string {
	addr, requests, stop := rawServer(t, response)
	defer stop()
	r := newRun(l, t)
	c, resp, err := l.dial(context.Background(), o, "ws://"+addr+path, func(network, _ string) (net.Conn, error) {
		return net.Dial(network, addr)
	})
	r.did("dial", err)
	select {
	case raw := <-requests:
		head := strings.ReplaceAll(strings.TrimSuffix(raw, "\r\n\r\n"), addr, "SERVER")
		for _, line := range sortedHead(head) {
			//lint:ignore SA1008 the caller's key, as it is written
			if strings.HasPrefix(line, "Sec-WebSocket-Key: ") && len(o.requestHeader["Sec-WebSocket-Key"]) == 0 {
				line = fmt.Sprintf("a key of %d bytes", len(line))
			}
			r.note("%s", line)
		}
	default:
		r.note("no request")
	}
	if resp != nil {
		body, err := io.ReadAll(resp.Body)
		r.note("%s %v", resp.Status, resp.Header.Get("Sec-Websocket-Accept") != "")
		r.did("body", body, err)
	}
	if c != nil {
		r.note("subprotocol %q", c.Subprotocol())
		mt, p, err := c.ReadMessage()
		r.did("read", mt, p, err)
		c.Close()
	}
	return r.lines
}
