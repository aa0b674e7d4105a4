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
	"net/http/httptest"
	"net/url"
	"sort"
	"strings"
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
	list := append(upgradeScenarios(), dialScenarios()...)
	list = append(list, proxyScenarios()...)
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
	)
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

// proxyScenarios are about Dialer.Proxy.
func proxyScenarios() []netScenario {
	answers := map[string]string{
		"established":      "HTTP/1.1 200 Connection established\r\n\r\n",
		"status 201":       "HTTP/1.1 201 Created\r\n\r\n",
		"needs a password": "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
		"empty reason":     "HTTP/1.1 502 \r\n\r\n",
		"no reason":        "HTTP/1.1 502\r\n\r\n",
		"nonsense":         "nonsense\r\n\r\n",
		"nothing":          "",
	}
	names := make([]string, 0, len(answers))
	for name := range answers {
		names = append(names, name)
	}
	sort.Strings(names)
	var list []netScenario
	through := func(t *testing.T, l *library, proxy *url.URL, response string) []string {
		addr, requests, stop := rawServer(t, response)
		defer stop()
		r := newRun(l, t)
		proxy.Host = addr
		r.catch(func() {
			_, resp, err := l.dial(context.Background(), options{proxy: http.ProxyURL(proxy)}, "ws://server.test/", nil)
			s := r.describe(err)
			r.note("dial %v %s", resp == nil, strings.ReplaceAll(s, addr, "PROXY"))
		})
		select {
		case raw := <-requests:
			for _, line := range sortedHead(strings.TrimSuffix(raw, "\r\n\r\n")) {
				r.note("%s", line)
			}
		default:
			r.note("no request")
		}
		return r.lines
	}
	for _, name := range names {
		if name == "established" {
			continue // what follows is a network error that has many names
		}
		list = append(list, netScenario{"proxy: " + name, func(t *testing.T, l *library) []string {
			return through(t, l, &url.URL{Scheme: "http"}, answers[name])
		}})
	}
	for name, user := range map[string]*url.Userinfo{"user": url.User("u"), "user and password": url.UserPassword("u", "p:w"), "empty password": url.UserPassword("u", "")} {
		list = append(list, netScenario{"proxy: " + name, func(t *testing.T, l *library) []string {
			return through(t, l, &url.URL{Scheme: "http", User: user}, answers["needs a password"])
		}})
	}
	for _, scheme := range []string{"https", "socks4", "", "HTTP"} {
		list = append(list, netScenario{"proxy: scheme " + scheme, func(t *testing.T, l *library) []string {
			return through(t, l, &url.URL{Scheme: scheme}, "")
		}})
	}
	// A SOCKS proxy is a script of its answers; every byte that it gets is noted.
	for _, s := range []struct {
		name    string
		user    *url.Userinfo
		url     string
		answers []string
	}{
		{"refuses", nil, "ws://server.test", []string{"\x05\x00", "\x05\x05\x00\x01"}},
		{"fails in an unknown way", nil, "ws://server.test", []string{"\x05\x00", "\x05\x77\x00\x01"}},
		{"wants a password", nil, "ws://server.test", []string{"\x05\xff"}},
		{"gets a password", url.UserPassword("u", "p"), "ws://server.test", []string{"\x05\x02", "\x01\x01"}},
		{"accepts a password", url.UserPassword("u", "p"), "ws://server.test:8080", []string{"\x05\x02", "\x01\x00", "\x05\x02\x00\x01"}},
		{"gets a user", url.User("u"), "ws://server.test", []string{"\x05\x02", "\x01\x01"}},
		{"chooses another method", nil, "ws://server.test", []string{"\x05\x01", "\x05\x01\x00\x01"}},
		{"is of version 4", nil, "ws://server.test", []string{"\x04\x00"}},
		{"gets an IPv4 address", nil, "ws://192.0.2.1", []string{"\x05\x00", "\x05\x04\x00\x01"}},
		{"gets an IPv6 address", nil, "wss://[2001:db8::1]", []string{"\x05\x00", "\x05\x06\x00\x01"}},
		{"gets port 0", nil, "ws://server.test:0", []string{"\x05\x00"}},
		{"gets a port too high", nil, "ws://server.test:65536", []string{"\x05\x00"}},
		{"has an unknown address type", nil, "ws://server.test", []string{"\x05\x00", "\x05\x00\x00\x07"}},
		{"ends in the greeting", nil, "ws://server.test", []string{"\x05"}},
		{"ends in the reply", nil, "ws://server.test", []string{"\x05\x00", "\x05\x00\x00"}},
		{"ends in the address", nil, "ws://server.test", []string{"\x05\x00", "\x05\x00\x00\x01\x00"}},
		{"ends in the port", nil, "ws://server.test", []string{"\x05\x00", "\x05\x00\x00\x01\x00\x00\x00\x00\x01"}},
		{"ends in the length", nil, "ws://server.test", []string{"\x05\x00", "\x05\x00\x00\x03"}},
	} {
		list = append(list, netScenario{"socks proxy " + s.name, func(t *testing.T, l *library) []string {
			r := newRun(l, t)
			var chunks [][]byte
			for _, a := range s.answers {
				chunks = append(chunks, []byte(a))
			}
			conn := newScriptConn(io.EOF, chunks...)
			proxy := http.ProxyURL(&url.URL{Scheme: "socks5", Host: "proxy.test:1080", User: s.user})
			_, resp, err := l.dial(context.Background(), options{proxy: proxy}, s.url, func(network, addr string) (net.Conn, error) {
				r.note("dialed %s %s", network, addr)
				return conn, nil
			})
			r.did("dial", resp == nil, err)
			r.note("sent %x", conn.takeWritten())
			r.note("closed %v", conn.closed)
			return r.lines
		}})
	}
	return list
}

// networkScenarios are about what blocks and about how connections end.
func networkScenarios() []netScenario {
	over := func(name string, play func(r *run, peer *net.TCPConn)) netScenario {
		return netScenario{"network: " + name, func(t *testing.T, l *library) []string {
			local, peer := tcpPair(t)
			defer local.Close()
			defer peer.Close()
			r := newRun(l, t)
			c, err := l.upgrade(scriptHijacker{httptest.NewRecorder(), local}, handshakeRequest(options{}), options{})
			if err != nil {
				t.Fatal(err)
			}
			br := bufio.NewReader(peer)
			if _, err := http.ReadResponse(br, nil); err != nil || br.Buffered() > 0 {
				t.Fatalf("read the response: %v, %d bytes behind it", err, br.Buffered())
			}
			r.c = c
			r.catch(func() { play(r, peer) })
			c.Close()
			for i := range r.lines {
				r.lines[i] = strings.ReplaceAll(r.lines[i], local.LocalAddr().String(), "LOCAL")
				r.lines[i] = strings.ReplaceAll(r.lines[i], local.RemoteAddr().String(), "PEER")
			}
			return r.lines
		}}
	}
	received := func(r *run, peer net.Conn) {
		peer.SetReadDeadline(time.Now().Add(10 * time.Second))
		p, err := io.ReadAll(peer)
		for _, f := range dumpFrames(p) {
			r.note("received %s", f)
		}
		r.did("peer read", err)
	}
	return []netScenario{
		over("peer closes its half", func(r *run, peer *net.TCPConn) {
			peer.CloseWrite()
			r.read()
			r.write(textMessage, "still")
			r.control(closeMessage, "\x03\xe8")
			r.close()
			received(r, peer)
		}),
		over("close from another goroutine", func(r *run, peer *net.TCPConn) {
			done := make(chan error, 1)
			go func() {
				_, _, err := r.c.ReadMessage()
				done <- err
			}()
			err := r.c.Close()
			r.did("read", <-done)
			r.did("close", err)
			r.close()
			r.read()
			r.write(textMessage, "late")
			received(r, peer)
		}),
		over("deadline from another goroutine", func(r *run, peer *net.TCPConn) {
			done := make(chan error, 1)
			go func() {
				_, _, err := r.c.ReadMessage()
				done <- err
			}()
			err := r.c.SetReadDeadline(time.Now().Add(-time.Hour))
			r.did("read", <-done)
			r.did("set", err)
			r.c.SetReadDeadline(time.Time{})
			peer.Write(text("x").encode(true))
			r.read()
			r.write(textMessage, "still")
			r.close()
			received(r, peer)
		}),
		over("deadline passes while waiting", func(r *run, peer *net.TCPConn) {
			r.c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
			r.read()
			r.read()
			r.write(textMessage, "still")
			r.close()
			received(r, peer)
		}),
		over("peer resets", func(r *run, peer *net.TCPConn) {
			peer.SetLinger(0)
			peer.Close()
			r.read()
			r.read()
		}),
		over("message arrives in pieces", func(r *run, peer *net.TCPConn) {
			go func() {
				for _, f := range []frame{begin("a"), ping("p"), end("b"), closing(1000, "")} {
					for _, b := range f.encode(true) {
						peer.Write([]byte{b})
					}
				}
			}()
			r.logHandlers()
			r.readAll()
			r.close()
			received(r, peer)
		}),
		over("peer does not read and the deadline passes", func(r *run, peer *net.TCPConn) {
			r.c.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
			big := bytes.Repeat([]byte("x"), 1<<20)
			var err error
			for err == nil {
				err = r.c.WriteMessage(binaryMessage, big)
			}
			r.did("write", err)
			r.c.SetWriteDeadline(time.Time{})
			r.write(textMessage, "late")
			r.control(pingMessage, "late")
			peer.Write(text("x").encode(true))
			r.read()
		}),
		over("large message", func(r *run, peer *net.TCPConn) {
			big := strings.Repeat("0123456789", 300000)
			go peer.Write(bin(big).encode(true))
			r.read()
			done := make(chan struct{})
			go func() { defer close(done); received(r, peer) }()
			err := r.c.WriteMessage(binaryMessage, []byte(big))
			r.c.Close()
			<-done
			r.did("write", err)
		}),
	}
}

// tcpPair returns both ends of a connection.
func tcpPair(t *testing.T) (local, peer *net.TCPConn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	dialed, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return accepted.(*net.TCPConn), dialed.(*net.TCPConn)
}
