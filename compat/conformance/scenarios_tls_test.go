package conformance

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"strings"
	"testing"
	"time"
)

// dialed notes all that a dial gives: the error, the response, the connection
// under the one returned, and the first message.
func (r *run) dialed(c wsConn, resp *http.Response, err error) {
	r.did("dial", err)
	if resp != nil {
		r.note("%s", resp.Status)
	}
	if c != nil {
		r.note("over a %T", c.NetConn())
		r.c = c
		r.read()
		c.Close()
	}
}

// tlsScenarios are about wss URLs.
func tlsScenarios() []netScenario {
	const garbage = "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64\r\n"
	var list []netScenario
	for _, tt := range []struct {
		name   string
		url    string // ADDR is the server's address; otherwise NetDial goes there
		client func(id identity) *tls.Config
		server *tls.Config
		serve  func(p *peer, conn net.Conn) // behind the TLS handshake
		again  int                          // dials after the first
	}{
		{name: "host", url: "wss://example.com/p", client: func(id identity) *tls.Config { return &tls.Config{RootCAs: id.roots} }},
		{name: "host and port", url: "wss://example.com:8443", client: func(id identity) *tls.Config { return &tls.Config{RootCAs: id.roots} }},
		{name: "address", url: "wss://ADDR", client: func(id identity) *tls.Config { return &tls.Config{RootCAs: id.roots} }},
		{name: "IPv6 address", url: "wss://[::1]", client: func(id identity) *tls.Config { return &tls.Config{RootCAs: id.roots} }},
		{name: "IPv6 address and port", url: "wss://[::1]:8443", client: func(id identity) *tls.Config { return &tls.Config{RootCAs: id.roots} }},
		{name: "another host", url: "wss://example.net", client: func(id identity) *tls.Config { return &tls.Config{RootCAs: id.roots} }},
		{name: "server name", url: "wss://example.net", client: func(id identity) *tls.Config {
			return &tls.Config{RootCAs: id.roots, ServerName: "example.com"}
		}},
		{name: "wrong server name", url: "wss://example.com", client: func(id identity) *tls.Config {
			return &tls.Config{RootCAs: id.roots, ServerName: "example.net"}
		}},
		{name: "no configuration", url: "wss://example.com", client: func(identity) *tls.Config { return nil }},
		{name: "no verification", url: "wss://example.net", client: func(identity) *tls.Config { return &tls.Config{InsecureSkipVerify: true} }},
		{name: "client certificate", url: "wss://example.com", client: func(id identity) *tls.Config {
			return &tls.Config{RootCAs: id.roots, Certificates: []tls.Certificate{id.cert}}
		}, server: &tls.Config{ClientAuth: tls.RequireAnyClientCert}},
		{name: "session resumed", url: "wss://example.com", client: func(id identity) *tls.Config {
			return &tls.Config{RootCAs: id.roots, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
		}, again: 1},
		{name: "protocol http/1.1", url: "wss://example.com", client: func(id identity) *tls.Config {
			return &tls.Config{RootCAs: id.roots, NextProtos: []string{"http/1.1"}}
		}, server: &tls.Config{NextProtos: []string{"h2", "http/1.1"}}},
		{name: "protocol the server does not know", url: "wss://example.com", client: func(id identity) *tls.Config {
			return &tls.Config{RootCAs: id.roots, NextProtos: []string{"h2"}}
		}},
		{name: "protocol h2", url: "wss://example.com", client: func(id identity) *tls.Config {
			return &tls.Config{RootCAs: id.roots, NextProtos: []string{"http/1.1", "h2"}}
		}, server: &tls.Config{NextProtos: []string{"h2"}}, serve: func(p *peer, conn net.Conn) {
			io.ReadFull(conn, make([]byte, 1))
			io.WriteString(conn, garbage)
		}},
		{name: "nonsense in place of a response", url: "wss://example.com", client: func(id identity) *tls.Config {
			return &tls.Config{RootCAs: id.roots}
		}, serve: func(p *peer, conn net.Conn) {
			io.ReadFull(conn, make([]byte, 1))
			io.WriteString(conn, garbage)
		}},
	} {
		list = append(list, netScenario{"TLS: " + tt.name, func(t *testing.T, l *library) []string {
			id := newIdentity(t)
			server := &tls.Config{}
			if tt.server != nil {
				server = tt.server.Clone()
			}
			server.Certificates = []tls.Certificate{id.cert}
			serve := tt.serve
			if serve == nil {
				serve = (*peer).webSocket
			}
			p := newPeer(t, overTLS(server, serve))
			r := newRun(l, t)
			o := options{tls: tt.client(id)}
			address, there := tt.url, func(network, addr string) (net.Conn, error) {
				r.note("dialed %s", addr)
				return net.Dial(network, p.addr)
			}
			if address == "wss://ADDR" {
				address, there = "wss://"+p.addr, nil
			}
			for i := 0; i <= tt.again; i++ {
				r.dialed(l.dial(context.Background(), o, address, there))
			}
			if o.tls != nil {
				r.note("the configuration has the name %q", o.tls.ServerName)
			}
			p.stop(r, "server")
			return withoutAddresses(r.lines)
		}})
	}

	handshake := func(name string, serve func(p *peer, conn net.Conn, cancel func())) {
		list = append(list, netScenario{"TLS: " + name, func(t *testing.T, l *library) []string {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			p := newPeer(t, func(p *peer, conn net.Conn) { serve(p, conn, cancel) })
			r := newRun(l, t)
			_, resp, err := l.dial(ctx, options{}, "wss://"+p.addr, nil)
			r.did("dial", resp == nil, err)
			p.stop(r, "server")
			return withoutAddresses(r.lines)
		}})
	}
	list = append(list, netScenario{"TLS: server that says nothing", func(t *testing.T, l *library) []string {
		serve, dial := timesOut()
		p := newPeer(t, serve)
		r := newRun(l, t)
		_, resp, err := l.dial(context.Background(), options{timeout: time.Hour}, "wss://"+p.addr, dial)
		r.did("dial", resp == nil, err)
		p.stop(r, "server")
		return withoutAddresses(r.lines)
	}})
	list = append(list, netScenario{"TLS: cookies for it alone", func(t *testing.T, l *library) []string {
		id := newIdentity(t)
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		serve := func(p *peer, conn net.Conn) {
			p.webSocketWith(conn, "Set-Cookie: secret=1; Secure\r\nSet-Cookie: open=2\r\n")
		}
		secure := newPeer(t, overTLS(&tls.Config{Certificates: []tls.Certificate{id.cert}}, serve))
		plain := newPeer(t, serve)
		r := newRun(l, t)
		o := options{jar: jar, tls: &tls.Config{RootCAs: id.roots}, requestHeader: http.Header{"Cookie": {"own=3"}}}
		for _, u := range []string{"wss://example.com", "wss://example.com", "ws://example.com"} {
			o.dialContext = func(_ context.Context, network, addr string) (net.Conn, error) {
				if strings.HasSuffix(addr, ":443") {
					return net.Dial(network, secure.addr)
				}
				return net.Dial(network, plain.addr)
			}
			r.dialed(l.dial(context.Background(), o, u, nil))
			o.requestHeader = nil
		}
		secure.stop(r, "secure")
		plain.stop(r, "plain")
		return withoutAddresses(r.lines)
	}})
	hello := func(conn net.Conn) { io.ReadFull(conn, make([]byte, 5)) }
	handshake("server without TLS", func(p *peer, conn net.Conn, _ func()) {
		hello(conn)
		io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
	})
	handshake("server hangs up", func(p *peer, conn net.Conn, _ func()) {
		io.CopyN(io.Discard, conn, 5)
		conn.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, conn)
	})
	handshake("canceled in between", func(p *peer, conn net.Conn, cancel func()) {
		hello(conn)
		cancel()
		io.Copy(io.Discard, conn)
		p.note("closed")
	})
	return list
}

// traced returns a context whose trace notes every event.
func (r *run) traced() context.Context {
	return httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		GetConn: func(addr string) { r.note("get %s", addr) },
		GotConn: func(i httptrace.GotConnInfo) {
			r.note("got %T, reused %v, idle %v %v", i.Conn, i.Reused, i.WasIdle, i.IdleTime)
		},
		PutIdleConn:          func(err error) { r.did("put", err) },
		GotFirstResponseByte: func() { r.note("first byte") },
		Got100Continue:       func() { r.note("continue") },
		Got1xxResponse:       func(code int, h textproto.MIMEHeader) error { r.note("got %d %v", code, h); return nil },
		DNSStart:             func(i httptrace.DNSStartInfo) { r.note("DNS of %s", i.Host) },
		DNSDone:              func(i httptrace.DNSDoneInfo) { r.note("DNS done %v", i.Err) },
		ConnectStart:         func(network, addr string) { r.note("connect %s %s", network, addr) },
		ConnectDone:          func(network, addr string, err error) { r.note("connected %s %s %v", network, addr, err) },
		TLSHandshakeStart:    func() { r.note("TLS") },
		TLSHandshakeDone: func(s tls.ConnectionState, err error) {
			r.note("TLS done %v for %q: %s", s.HandshakeComplete, s.ServerName, r.describe(err))
		},
		WroteHeaderField: func(key string, value []string) {
			if key == "Sec-WebSocket-Key" {
				value = nil
			}
			r.note("field %s %q", key, value)
		},
		WroteHeaders:    func() { r.note("headers") },
		Wait100Continue: func() { r.note("wait") },
		WroteRequest:    func(i httptrace.WroteRequestInfo) { r.did("request", i.Err) },
	})
}

// traceScenarios are about the httptrace hooks in the context of a dial.
func traceScenarios() []netScenario {
	answer := func(text string) func(p *peer, conn net.Conn) {
		return func(p *peer, conn net.Conn) {
			p.readRequest(bufio.NewReader(conn))
			io.WriteString(conn, text)
		}
	}
	var list []netScenario
	add := func(name, scheme string, serve func(p *peer, conn net.Conn), o options, netDial func(string, string) (net.Conn, error)) {
		if serve == nil {
			serve = (*peer).webSocket
		}
		list = append(list, netScenario{"trace: " + name, func(t *testing.T, l *library) []string {
			id, serve := newIdentity(t), serve
			if scheme == "wss" && o.dialTLS == nil {
				serve = overTLS(&tls.Config{Certificates: []tls.Certificate{id.cert}}, serve)
			}
			return playTrace(t, l, newPeer(t, serve), scheme, o, id, netDial)
		}})
	}
	add("ws", "ws", nil, options{}, nil)
	add("wss", "wss", nil, options{}, nil)
	add("ws with a jar and a header", "ws", nil, options{requestHeader: http.Header{"x-raw": {"1"}}, subprotocols: []string{"p"}, compress: true, timeout: time.Hour}, nil)
	add("wss, not trusted", "wss", nil, options{tls: &tls.Config{ServerName: "example.net"}}, nil)
	add("refused", "ws", answer("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), options{}, nil)
	add("no response", "ws", answer(""), options{}, nil)
	add("response that ends early", "ws", answer("H"), options{}, nil)
	add("informational response", "ws", answer("HTTP/1.1 103 Early Hints\r\n\r\n"), options{}, nil)
	add("dialing fails", "ws", nil, options{}, func(string, string) (net.Conn, error) { return nil, errHandler })
	add("dialing fails for wss", "wss", nil, options{}, func(string, string) (net.Conn, error) { return nil, errHandler })
	add("request cannot be written", "ws", nil, options{}, func(string, string) (net.Conn, error) {
		c := newScriptConn(io.EOF)
		c.failWrites(errWrite)
		return c, nil
	})
	add("own TLS", "wss", nil, options{dialTLS: func(ctx context.Context, network, addr string) (net.Conn, error) {
		return net.Dial(network, addr)
	}}, nil)
	add("proxy", "ws", nil, options{proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy"})}, nil)
	add("proxy for wss", "wss", nil, options{proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy"})}, nil)
	add("proxy that cannot be reached", "ws", nil, options{proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy"})}, func(string, string) (net.Conn, error) {
		return nil, errHandler
	})
	add("proxy function fails", "ws", nil, options{proxy: func(*http.Request) (*url.URL, error) { return nil, errHandler }}, nil)
	return list
}

// playTrace dials the peer, through a proxy if the options name one.
func playTrace(t *testing.T, l *library, p *peer, scheme string, o options, id identity, netDial func(string, string) (net.Conn, error)) []string {
	r := newRun(l, t)
	if o.tls == nil {
		o.tls = &tls.Config{}
	}
	o.tls = o.tls.Clone()
	o.tls.RootCAs = id.roots
	proxy := newPeer(t, connectProxy(p.addr))
	if o.proxy != nil && netDial == nil {
		netDial = func(network, addr string) (net.Conn, error) {
			r.note("dialed %s", addr)
			return net.Dial(network, proxy.addr)
		}
	}
	c, resp, err := l.dial(r.traced(), o, scheme+"://"+p.addr, netDial)
	r.note("dial %v: %s", resp == nil, r.describe(err))
	if c != nil {
		r.c = c
		r.read()
		c.Close()
	}
	proxy.stop(r, "proxy")
	p.stop(r, "server")
	return withoutAddresses(r.lines)
}

// connectProxy is an HTTP proxy that takes every request to target.
func connectProxy(target string) func(p *peer, conn net.Conn) {
	return func(p *peer, conn net.Conn) {
		if _, ok := p.readRequest(bufio.NewReader(conn)); !ok {
			return
		}
		through, err := net.Dial("tcp", target)
		if err != nil {
			p.note("%v", err)
			return
		}
		fmt.Fprint(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
		tunnel(conn, through)
	}
}
