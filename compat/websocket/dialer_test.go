package websocket

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// answer is a server for one connection: it reads a request and writes what
// respond returns for it, in which ACCEPT stands for the right accept key. It
// returns the address and the raw requests.
func answer(t *testing.T, respond func(*http.Request) string) (addr string, requests <-chan string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	raw := make(chan string, 1)
	done := make(chan struct{})
	t.Cleanup(func() { ln.Close(); <-done })
	go func() {
		defer close(done)
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		var seen bytes.Buffer
		req, err := http.ReadRequest(bufio.NewReader(io.TeeReader(conn, &seen)))
		if err != nil {
			return
		}
		raw <- seen.String()
		io.WriteString(conn, strings.Replace(respond(req), "ACCEPT", acceptKey(req.Header.Get("Sec-Websocket-Key")), 1))
	}()
	return ln.Addr().String(), raw
}

const switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ACCEPT\r\n"

// always responds the same to every request.
func always(response string) func(*http.Request) string {
	return func(*http.Request) string { return response }
}

func TestDialRequest(t *testing.T) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(&url.URL{Scheme: "http", Host: "127.0.0.1"}, []*http.Cookie{{Name: "jar", Value: "1"}})
	tests := []struct {
		name   string
		dialer Dialer
		header http.Header
		want   []string // the lines after the first three, without the key's
	}{
		{name: "plain"},
		{
			name:   "options",
			dialer: Dialer{Subprotocols: []string{"a", "b"}, EnableCompression: true, Jar: jar},
			want: []string{
				"Cookie: jar=1",
				"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover",
				"Sec-WebSocket-Protocol: a, b",
			},
		},
		{
			name:   "header",
			dialer: Dialer{Jar: jar},
			header: http.Header{
				"Host": {"other.example", "ignored"}, "Origin": {"http://other.example"}, "Cookie": {"own=1"},
				"x-lower": {"1", "2"}, "User-Agent": {"test"}, "Sec-Websocket-Protocol": {"c"},
			},
			want: []string{
				"Cookie: own=1", // replaces the jar's
				"Origin: http://other.example",
				"Sec-WebSocket-Protocol: c",
				"x-lower: 1", "x-lower: 2",
			},
		},
		{name: "no host", header: http.Header{"Host": {}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			addr, requests := answer(t, always(switching+"\r\n"))
			c, _, err := tt.dialer.Dial("ws://"+addr+"/path?query=%20#fragment", tt.header)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			host, agent := addr, "Go-http-client/1.1"
			if v := tt.header["Host"]; len(v) > 0 {
				host, agent = v[0], tt.header.Get("User-Agent")
			}
			want := map[string]bool{
				"GET /path?query=%20 HTTP/1.1": true,
				"Host: " + host:                true,
				"User-Agent: " + agent:         true,
				"Connection: Upgrade":          true,
				"Upgrade: websocket":           true,
				"Sec-WebSocket-Version: 13":    true,
			}
			for _, line := range tt.want {
				want[line] = true
			}
			got := make(map[string]bool)
			for _, line := range strings.Split(strings.TrimSuffix(<-requests, "\r\n\r\n"), "\r\n") {
				if key := strings.TrimPrefix(line, "Sec-WebSocket-Key: "); key != line && isChallengeKey(key) {
					continue
				}
				got[line] = true
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("request\n%v, want\n%v", got, want)
			}
		})
	}
}

func TestDialRefusesToStart(t *testing.T) {
	dialed := errors.New("dialed")
	dialer := Dialer{
		Subprotocols: []string{"a"},
		NetDial:      func(string, string) (net.Conn, error) { return nil, dialed },
	}
	tests := []struct {
		url    string
		header http.Header
		want   string
	}{
		{"http://example.org", nil, "malformed ws or wss URL"},
		{"example.org", nil, "malformed ws or wss URL"},
		{"ws://user:password@example.org", nil, "malformed ws or wss URL"},
		{"ws://[", nil, `parse "ws://[": missing ']' in host`},
		{"ws://example.org", http.Header{"Upgrade": {"x"}}, "websocket: duplicate header not allowed: Upgrade"},
		{"ws://example.org", http.Header{"Connection": {"x"}}, "websocket: duplicate header not allowed: Connection"},
		{"ws://example.org", http.Header{"Sec-Websocket-Key": {"x"}}, "websocket: duplicate header not allowed: Sec-Websocket-Key"},
		{"ws://example.org", http.Header{"Sec-Websocket-Version": {"x"}}, "websocket: duplicate header not allowed: Sec-Websocket-Version"},
		{"ws://example.org", http.Header{"Sec-Websocket-Extensions": {"x"}}, "websocket: duplicate header not allowed: Sec-Websocket-Extensions"},
		{"ws://example.org", http.Header{"Sec-Websocket-Protocol": {"x"}}, "websocket: duplicate header not allowed: Sec-Websocket-Protocol"},
		{"ws://example.org", http.Header{"Sec-Websocket-Accept": {"x"}}, "dialed"},
	}
	for _, tt := range tests {
		c, resp, err := dialer.Dial(tt.url, tt.header)
		if c != nil || resp != nil || err == nil || err.Error() != tt.want {
			t.Errorf("Dial(%q, %v) = %v, %v, %v, want %q", tt.url, tt.header, c, resp, err, tt.want)
		}
	}
}

func TestDialResponse(t *testing.T) {
	long := strings.Repeat("x", 2000)
	const badDeflate = "websocket: invalid compression negotiation"
	tests := []struct {
		name     string
		response string
		err      string
		body     string
		protocol string
	}{
		{name: "plain", response: switching + "\r\n"},
		{name: "lists", response: "HTTP/1.1 101 OK\r\nUpgrade: x, WebSocket\r\nConnection: x, upgrade\r\nSec-WebSocket-Accept: ACCEPT\r\n\r\n"},
		{name: "unrequested subprotocol", response: switching + "Sec-WebSocket-Protocol: surprise\r\n\r\n", protocol: "surprise"},
		{name: "unknown extension", response: switching + "Sec-WebSocket-Extensions: surprise\r\n\r\n"},
		{name: "unrequested deflate", response: switching + "Sec-WebSocket-Extensions: " + noContextTakeover + "\r\n\r\n"},
		{name: "first deflate counts", response: switching + "Sec-WebSocket-Extensions: x, " + noContextTakeover + ", permessage-deflate\r\n\r\n"},
		{name: "deflate with context", response: switching + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", err: badDeflate},
		{name: "client context", response: switching + "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n\r\n", err: badDeflate},
		{name: "server context", response: switching + "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n\r\n", err: badDeflate},
		{name: "accept", response: strings.Replace(switching, "ACCEPT", exampleAccept, 1) + "\r\n", err: ErrBadHandshake.Error()},
		{name: "no upgrade", response: strings.Replace(switching, "Upgrade: websocket\r\n", "", 1) + "\r\n", err: ErrBadHandshake.Error()},
		{name: "no connection", response: strings.Replace(switching, "Connection: Upgrade\r\n", "", 1) + "\r\n", err: ErrBadHandshake.Error()},
		{name: "status", response: strings.Replace(switching, "101", "200", 1) + "Content-Length: 2\r\n\r\nok", err: ErrBadHandshake.Error(), body: "ok"},
		{name: "long body", response: "HTTP/1.1 403 Forbidden\r\n\r\n" + long, err: ErrBadHandshake.Error(), body: long[:1024]},
		{name: "truncated body", response: "HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nshort", err: ErrBadHandshake.Error(), body: "short"},
		{name: "redirect", response: "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", err: ErrBadHandshake.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			addr, _ := answer(t, always(tt.response))
			c, resp, err := new(Dialer).Dial("ws://"+addr, nil)
			if resp == nil {
				t.Fatalf("no response: %v", err)
			}
			body, bodyErr := io.ReadAll(resp.Body)
			if string(body) != tt.body || bodyErr != nil {
				t.Errorf("body %q, %v, want %q", body, bodyErr, tt.body)
			}
			if tt.err == "" {
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				if got := c.Subprotocol(); got != tt.protocol {
					t.Errorf("Subprotocol() = %q, want %q", got, tt.protocol)
				}
				return
			}
			if c != nil || err == nil || err.Error() != tt.err {
				t.Errorf("Dial = %v, %v, want %q", c, err, tt.err)
			}
			if tt.err == ErrBadHandshake.Error() && err != ErrBadHandshake {
				t.Errorf("%v is not ErrBadHandshake itself", err)
			}
		})
	}
}

func TestDialUnreadableResponse(t *testing.T) {
	tests := []struct {
		dialer Dialer
		want   string
	}{
		{Dialer{}, `malformed HTTP response "nonsense"`},
		{Dialer{TLSClientConfig: &tls.Config{NextProtos: []string{"http/1.1"}}}, `malformed HTTP response "nonsense"`},
		{
			Dialer{TLSClientConfig: &tls.Config{NextProtos: []string{"http/1.1", "h2"}}},
			`websocket: protocol "h2" was given but is not supported;sharing tls.Config with net/http Transport can cause this error: malformed HTTP response "nonsense"`,
		},
	}
	for _, tt := range tests {
		addr, _ := answer(t, always("nonsense\r\n\r\n"))
		c, resp, err := tt.dialer.Dial("ws://"+addr, nil)
		if c != nil || resp != nil || err == nil || err.Error() != tt.want {
			t.Errorf("Dial = %v, %v, %v, want %q", c, resp, err, tt.want)
		}
	}
}

func TestDialJar(t *testing.T) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, status := range []string{"101", "403"} { // refusals set cookies too
		addr, _ := answer(t, always(strings.Replace(switching, "101", status, 1)+"Set-Cookie: seen"+status+"=1\r\n\r\n"))
		d := Dialer{Jar: jar}
		c, _, _ := d.Dial("ws://"+addr, nil)
		if c != nil {
			c.Close()
		}
	}
	if got := fmt.Sprint(jar.Cookies(&url.URL{Scheme: "http", Host: "127.0.0.1"})); got != "[seen101=1 seen403=1]" {
		t.Errorf("the jar holds %s", got)
	}
}

func TestDialAddr(t *testing.T) {
	tests := []struct{ url, addr, host string }{
		{"http://example.org/", "example.org:80", "example.org"},
		{"https://example.org/", "example.org:443", "example.org"},
		{"https://example.org:8080", "example.org:8080", "example.org"},
		{"http://[::1]", "[::1]:80", "[::1]"},
		{"http://[::1]:8080", "[::1]:8080", "[::1]"},
		{"http://example.org:", "example.org:", "example.org"},
	}
	for _, tt := range tests {
		u, err := url.Parse(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		if addr, host := dialAddr(u); addr != tt.addr || host != tt.host {
			t.Errorf("dialAddr(%s) = %q, %q, want %q, %q", tt.url, addr, host, tt.addr, tt.host)
		}
	}
}

func TestDialChoosesNetDial(t *testing.T) {
	type netDial = func(string, string) (net.Conn, error)
	type netDialContext = func(context.Context, string, string) (net.Conn, error)
	var called string
	plain := func(name string) netDial {
		return func(network, addr string) (net.Conn, error) {
			called = name + " " + network + " " + addr
			return nil, io.ErrClosedPipe
		}
	}
	withContext := func(name string) netDialContext {
		return func(_ context.Context, network, addr string) (net.Conn, error) {
			return plain(name)(network, addr)
		}
	}
	tests := []struct {
		url    string
		dialer Dialer
		want   string
	}{
		{"ws://h", Dialer{NetDial: plain("plain")}, "plain tcp h:80"},
		{"ws://h", Dialer{NetDial: plain("plain"), NetDialContext: withContext("context")}, "context tcp h:80"},
		{"ws://h", Dialer{NetDial: plain("plain"), NetDialTLSContext: withContext("tls")}, "plain tcp h:80"},
		{"wss://h", Dialer{NetDial: plain("plain")}, "plain tcp h:443"},
		{"wss://h", Dialer{NetDial: plain("plain"), NetDialContext: withContext("context")}, "context tcp h:443"},
		{"wss://h", Dialer{NetDial: plain("plain"), NetDialContext: withContext("context"), NetDialTLSContext: withContext("tls")}, "tls tcp h:443"},
	}
	for _, tt := range tests {
		called = ""
		if _, _, err := tt.dialer.Dial(tt.url, nil); err != io.ErrClosedPipe || called != tt.want {
			t.Errorf("Dial(%s): %v after %q, want %q", tt.url, err, called, tt.want)
		}
	}
}

func TestDialDeadline(t *testing.T) {
	soon, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	tests := []struct {
		ctx     context.Context
		timeout time.Duration
		want    string
	}{
		{context.Background(), 0, "write, close"},
		{context.Background(), time.Hour, "deadline, write, close"},
		{soon, 0, "deadline, write, close"},
	}
	for _, tt := range tests {
		conn := &scriptConn{writeErr: io.ErrClosedPipe}
		d := Dialer{
			HandshakeTimeout: tt.timeout,
			NetDial:          func(string, string) (net.Conn, error) { return conn, nil },
		}
		if _, _, err := d.DialContext(tt.ctx, "ws://h", nil); err != io.ErrClosedPipe {
			t.Errorf("DialContext: %v", err)
		}
		if got := strings.Join(conn.calls, ", "); got != tt.want {
			t.Errorf("timeout %v: calls %q, want %q", tt.timeout, got, tt.want)
		}
	}
}

func TestDialTimesOut(t *testing.T) {
	// A listener that never accepts: the handshake is written and no answer comes.
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	d := Dialer{HandshakeTimeout: 20 * time.Millisecond}
	_, _, err = d.Dial("ws://"+ln.Addr().String(), nil)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Dial: %v, want a timeout", err)
	}
}

// upgradeHandler upgrades and keeps the connection open until the client ends it.
func upgradeHandler(w http.ResponseWriter, r *http.Request) {
	var u Upgrader
	c, err := u.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	io.Copy(io.Discard, c.NetConn())
	c.Close()
}

func TestDialTLS(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(upgradeHandler))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // failing handshakes are the point
	srv.StartTLS()
	defer srv.Close()
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	addr := srv.Listener.Addr().String()
	dialServer := func(_ context.Context, network, _ string) (net.Conn, error) { return net.Dial(network, addr) }
	tests := []struct {
		name   string
		url    string
		dialer Dialer
		ok     bool
	}{
		{"host", "wss://example.com", Dialer{TLSClientConfig: &tls.Config{RootCAs: roots}}, true},
		{"unknown root", "wss://example.com", Dialer{TLSClientConfig: &tls.Config{RootCAs: x509.NewCertPool()}}, false},
		{"other host", "wss://example.net", Dialer{TLSClientConfig: &tls.Config{RootCAs: roots}}, false},
		{"server name", "wss://example.net", Dialer{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "example.com"}}, true},
		{"no verification", "wss://example.net", Dialer{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, true},
		{"own handshake", "wss://example.net", Dialer{
			TLSClientConfig: &tls.Config{ServerName: "not used"},
			NetDialTLSContext: func(_ context.Context, network, _ string) (net.Conn, error) {
				return tls.Dial(network, addr, &tls.Config{RootCAs: roots, ServerName: "example.com"})
			},
		}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.dialer.NetDialContext = dialServer
			c, _, err := tt.dialer.Dial(tt.url, nil)
			if (err == nil) != tt.ok {
				t.Errorf("Dial: %v", err)
			}
			if c == nil {
				return
			}
			defer c.Close()
			if _, ok := c.NetConn().(*tls.Conn); !ok {
				t.Errorf("the connection is a %T", c.NetConn())
			}
			if cfg := tt.dialer.TLSClientConfig; tt.name == "host" && cfg.ServerName != "" {
				t.Error("Dial changed the user's configuration")
			}
		})
	}
}

func TestDialTrace(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(upgradeHandler))
	defer srv.Close()
	var events []string
	note := func(s string) { events = append(events, s) }
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		GetConn: func(addr string) { note("get " + addr) },
		GotConn: func(info httptrace.GotConnInfo) {
			note(fmt.Sprintf("got %T", info.Conn))
		},
		ConnectDone:          func(network, addr string, err error) { note("connected " + network) },
		TLSHandshakeStart:    func() { note("TLS") },
		TLSHandshakeDone:     func(s tls.ConnectionState, err error) { note(fmt.Sprint("TLS done ", s.HandshakeComplete, " ", err)) },
		WroteHeaders:         func() { note("headers") },
		WroteRequest:         func(httptrace.WroteRequestInfo) { note("request") },
		GotFirstResponseByte: func() { note("response") },
	})
	addr := srv.Listener.Addr().String()
	d := Dialer{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	c, _, err := d.DialContext(ctx, "wss://"+addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	want := "get " + addr + ", connected tcp, got *net.TCPConn, TLS, TLS done true <nil>, headers, request, response"
	if got := strings.Join(events, ", "); got != want {
		t.Errorf("events\n%s, want\n%s", got, want)
	}
}

func TestDialEmptyTrace(t *testing.T) {
	addr, _ := answer(t, always(switching+"\r\n"))
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{})
	c, _, err := new(Dialer).DialContext(ctx, "ws://"+addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

func TestDefaultDialer(t *testing.T) {
	if DefaultDialer.HandshakeTimeout != 45*time.Second || DefaultDialer.Proxy == nil {
		t.Errorf("DefaultDialer is %+v", DefaultDialer)
	}
	addr, _ := answer(t, always(switching+"\r\n"))
	c, _, err := (*Dialer)(nil).Dial("ws://"+addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

func TestNewClient(t *testing.T) {
	addr, requests := answer(t, always(switching+"\r\n"))
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	u := &url.URL{Scheme: "ws", Host: "example.org", Path: "/p"}
	c, _, err := NewClient(conn, u, http.Header{"Origin": {"http://o.example"}}, 1024, 1024)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.NetConn() != conn {
		t.Error("the connection is not the one given")
	}
	if got := <-requests; !strings.HasPrefix(got, "GET /p HTTP/1.1\r\nHost: example.org\r\n") || !strings.Contains(got, "\r\nOrigin: http://o.example\r\n") {
		t.Errorf("request %q", got)
	}
}

func TestDialReaderSize(t *testing.T) {
	for size, want := range map[int]int{0: 4096, 1: 125, 124: 125, 126: 126, 8192: 8192, -1: 125} {
		if got := dialReaderSize(size); got != want {
			t.Errorf("dialReaderSize(%d) = %d, want %d", size, got, want)
		}
	}
}
