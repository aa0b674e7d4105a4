package conformance

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
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
)

// netDialScenarios are about how a Dialer gets its network connection: by
// which function, through which proxy, and with which deadlines.
func netDialScenarios() []netScenario {
	var list []netScenario
	proxies := map[string]func(*http.Request) (*url.URL, error){
		"":                        nil,
		" through a proxy":        http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.test:3128"}),
		" through a proxy at 80":  http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.test"}),
		" through a SOCKS proxy":  http.ProxyURL(&url.URL{Scheme: "socks5", Host: "proxy.test:1080"}),
		" where the proxy is nil": func(*http.Request) (*url.URL, error) { return nil, nil },
	}
	for _, scheme := range []string{"ws", "wss"} {
		for suffix, proxy := range proxies {
			list = append(list, netScenario{"net dial: " + scheme + suffix, func(t *testing.T, l *library) []string {
				return playChoice(t, l, scheme, proxy)
			}})
		}
		for _, kind := range []string{"HTTP", "SOCKS"} {
			for name, user := range map[string]*url.Userinfo{"": nil, " with a password": url.UserPassword("user", "pass:word"), " with a user": url.User("user")} {
				list = append(list, netScenario{"tunnel: " + scheme + " through " + kind + name, func(t *testing.T, l *library) []string {
					return playTunnel(t, l, scheme, kind, user, false)
				}})
			}
			list = append(list, netScenario{"tunnel: " + scheme + " through " + kind + " with own TLS", func(t *testing.T, l *library) []string {
				return playTunnel(t, l, scheme, kind, nil, true)
			}})
		}
		list = append(list, netScenario{"net dial: what the proxy function sees of " + scheme, func(t *testing.T, l *library) []string {
			r := newRun(l, t)
			o := options{
				subprotocols: []string{"p"}, requestHeader: http.Header{"Host": {"other.test"}, "x-raw": {"1"}},
				proxy: func(req *http.Request) (*url.URL, error) {
					r.note("%s %s %s, host %s, length %d, value %v", req.Method, req.URL, req.Proto, req.Host, req.ContentLength, req.Context().Value(contextKey{}))
					req.Header["Sec-WebSocket-Key"] = nil
					r.note("%v", req.Header)
					return nil, errHandler
				},
			}
			_, resp, err := l.dial(context.WithValue(context.Background(), contextKey{}, "value"), o, scheme+"://server.test/p?q#f", nil)
			r.did("dial", resp == nil, err)
			return r.lines
		}})
	}
	list = append(list, deadlineScenarios()...)
	for _, kind := range []string{"http", "socks5"} {
		list = append(list, netScenario{"tunnel: " + kind + " proxy that says nothing", func(t *testing.T, l *library) []string {
			serve, dial := timesOut()
			p := newPeer(t, serve)
			r := newRun(l, t)
			o := options{timeout: time.Hour, proxy: http.ProxyURL(&url.URL{Scheme: kind, Host: p.addr})}
			_, resp, err := l.dial(context.Background(), o, "ws://server.test", dial)
			r.did("dial", resp == nil, err)
			p.stop(r, "proxy")
			return withoutAddresses(r.lines)
		}})
	}
	return list
}

type contextKey struct{}

// playChoice dials with every set of the three functions.
func playChoice(t *testing.T, l *library, scheme string, proxy func(*http.Request) (*url.URL, error)) []string {
	r := newRun(l, t)
	fails := func(name, network, addr string) (net.Conn, error) {
		return nil, fmt.Errorf("%s was asked for %s %s", name, network, addr)
	}
	withContext := func(name string) func(context.Context, string, string) (net.Conn, error) {
		return func(ctx context.Context, network, addr string) (net.Conn, error) {
			_, limited := ctx.Deadline()
			r.note("the context has a deadline: %v, a value: %v", limited, ctx.Value(contextKey{}))
			return fails(name, network, addr)
		}
	}
	ctx := context.WithValue(context.Background(), contextKey{}, "value")
	for set := 1; set < 8; set++ {
		for _, timeout := range []time.Duration{0, time.Hour} {
			if scheme == "ws" && set == 4 {
				continue // none of them is for ws
			}
			o := options{proxy: proxy, timeout: timeout}
			var netDial func(network, addr string) (net.Conn, error)
			if set&1 != 0 {
				netDial = func(network, addr string) (net.Conn, error) { return fails("NetDial", network, addr) }
			}
			if set&2 != 0 {
				o.dialContext = withContext("NetDialContext")
			}
			if set&4 != 0 {
				o.dialTLS = withContext("NetDialTLSContext")
			}
			_, resp, err := l.dial(ctx, o, scheme+"://server.test", netDial)
			r.did(fmt.Sprintf("functions %03b, timeout %v", set, timeout), resp == nil, err)
		}
	}
	return r.lines
}

// playTunnel dials a server through a proxy that is there. With ownTLS,
// NetDialTLSContext is set: it dials the proxy then, and nobody starts TLS.
func playTunnel(t *testing.T, l *library, scheme, kind string, user *url.Userinfo, ownTLS bool) []string {
	id := newIdentity(t)
	serve := (*peer).webSocket
	if scheme == "wss" && !ownTLS {
		serve = overTLS(&tls.Config{Certificates: []tls.Certificate{id.cert}}, serve)
	}
	server := newPeer(t, serve)
	proxyURL, through := &url.URL{Scheme: "http", User: user}, connectProxy(server.addr)
	if kind == "SOCKS" {
		proxyURL.Scheme, through = "socks5", socksProxy(server.addr)
	}
	proxy := newPeer(t, through)
	proxyURL.Host = proxy.addr
	r := newRun(l, t)
	o := options{proxy: http.ProxyURL(proxyURL), tls: &tls.Config{RootCAs: id.roots}, timeout: time.Hour}
	if ownTLS {
		o.dialTLS = func(_ context.Context, network, addr string) (net.Conn, error) {
			r.note("TLS with %s", addr)
			return net.Dial(network, addr)
		}
	}
	r.dialed(l.dial(context.Background(), o, scheme+"://example.com/p", nil))
	proxy.stop(r, "proxy")
	server.stop(r, "server")
	return withoutAddresses(r.lines)
}

// socksProxy is a SOCKS proxy that takes every request to target, and asks for
// a password where the client offers one.
func socksProxy(target string) func(p *peer, conn net.Conn) {
	return func(p *peer, conn net.Conn) {
		br := bufio.NewReader(conn)
		take := func(n int) []byte {
			b := make([]byte, n)
			if _, err := io.ReadFull(br, b); err != nil {
				p.note("%v", err)
			}
			return b
		}
		methods := take(int(take(2)[1]))
		p.note("methods %x", methods)
		if len(methods) > 1 {
			conn.Write([]byte{5, 2})
			name := take(int(take(2)[1]))
			p.note("user %q, password %q", name, take(int(take(1)[0])))
			conn.Write([]byte{1, 0})
		} else {
			conn.Write([]byte{5, 0})
		}
		head := take(4)
		host := take(int(take(1)[0]))
		p.note("request %x for %q, port %d", head, host, binary.BigEndian.Uint16(take(2)))
		through, err := net.Dial("tcp", target)
		if err != nil {
			p.note("%v", err)
			return
		}
		// The address of the proxy's side is a name here, which is lawful.
		conn.Write([]byte("\x05\x00\x00\x03\x04name\x00\x50"))
		tunnel(conn, through)
	}
}

// deadlineConn notes the deadlines that are set on a connection, and when it is
// written to and closed.
type deadlineConn struct {
	net.Conn
	r     *run
	fails bool // SetDeadline does
}

func (c *deadlineConn) set(what string, d time.Time) {
	when := "none"
	switch left := time.Until(d); {
	case d.IsZero():
	case left < 0:
		when = "past"
	case left > 30*time.Minute:
		when = "an hour"
	default:
		when = "soon"
	}
	c.r.note("%s: %s", what, when)
}

func (c *deadlineConn) SetDeadline(d time.Time) error {
	c.set("deadline", d)
	if c.fails {
		return errHandler
	}
	return c.Conn.SetDeadline(d)
}

func (c *deadlineConn) SetReadDeadline(d time.Time) error {
	c.set("read deadline", d)
	return c.Conn.SetReadDeadline(d)
}

func (c *deadlineConn) SetWriteDeadline(d time.Time) error {
	c.set("write deadline", d)
	return c.Conn.SetWriteDeadline(d)
}

func (c *deadlineConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.r.did("written", err)
	return n, err
}

func (c *deadlineConn) Close() error {
	c.r.note("close")
	return c.Conn.Close()
}

// deadlineScenarios are about the deadlines of handshakes.
func deadlineScenarios() []netScenario {
	var list []netScenario
	dial := func(name string, limit bool, timeout time.Duration, prepare func(c *deadlineConn)) {
		list = append(list, netScenario{"deadlines: dial " + name, func(t *testing.T, l *library) []string {
			r := newRun(l, t)
			r.conn.beginHandshake()
			conn := &deadlineConn{Conn: r.conn, r: r}
			if prepare != nil {
				prepare(conn)
			}
			ctx := context.Background()
			if limit {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, time.Hour)
				defer cancel()
			}
			c, resp, err := l.dial(ctx, options{timeout: timeout}, "ws://server.test", func(string, string) (net.Conn, error) { return conn, nil })
			r.conn.endHandshake()
			r.did("dial", resp == nil, err)
			if c != nil {
				c.Close()
			}
			return r.lines
		}})
	}
	dial("without any", false, 0, nil)
	dial("with a timeout", false, time.Hour, nil)
	dial("with a context", true, 0, nil)
	dial("with both, the timeout first", true, time.Minute, nil)
	dial("with both, the context first", true, 100*time.Hour, nil)
	dial("that cannot be set", false, time.Hour, func(c *deadlineConn) { c.fails = true })
	dial("where the request cannot be written", false, time.Hour, func(c *deadlineConn) { c.r.conn.failWrites(errWrite); c.r.conn.endHandshake() })
	for name, o := range map[string]options{
		"without a timeout": {}, "with a timeout": {timeout: time.Hour}, "with a negative timeout": {timeout: -time.Hour},
		"with an own subprotocol": {timeout: time.Hour, responseHeader: http.Header{"Sec-Websocket-Protocol": {"p"}}},
	} {
		list = append(list, netScenario{"deadlines: upgrade " + name, func(t *testing.T, l *library) []string {
			r := newRun(l, t)
			c, err := l.upgrade(scriptHijacker{httptest.NewRecorder(), &deadlineConn{Conn: r.conn, r: r}}, handshakeRequest(o), o)
			r.did("upgrade", strings.Contains(string(r.conn.takeWritten()), " 101 "), err)
			c.Close()
			return r.lines
		}})
	}
	for _, as := range []role{server, client} {
		list = append(list, netScenario{"deadlines: frames of a " + string(as), func(t *testing.T, l *library) []string {
			return playDeadlines(t, l, as)
		}})
	}
	return append(list, netScenario{"deadlines: upgrade of a client that does not read", func(t *testing.T, l *library) []string {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		r := newRun(l, t)
		c, err := l.upgrade(scriptHijacker{httptest.NewRecorder(), &deadlineConn{Conn: ours, r: r}}, handshakeRequest(options{}), options{timeout: 20 * time.Millisecond})
		r.did("upgrade", c == nil, err)
		_, err = ours.Write(nil)
		r.note("closed: %v", errors.Is(err, io.ErrClosedPipe))
		return r.lines
	}})
}

// playDeadlines writes frames of every kind with a deadline for messages, one
// for control frames, and none.
func playDeadlines(t *testing.T, l *library, as role) []string {
	r := newRun(l, t)
	r.conn = newScriptConn(io.EOF, ping("p").encode(as == server), text("x").encode(as == server), closing(1000, "").encode(as == server))
	conn := &deadlineConn{Conn: r.conn, r: r}
	r.conn.beginHandshake()
	o := options{writeBuffer: 64}
	var err error
	if as == server {
		r.c, err = l.upgrade(scriptHijacker{httptest.NewRecorder(), conn}, handshakeRequest(o), o)
	} else {
		r.c, _, err = l.dial(context.Background(), o, "ws://server.test/", func(string, string) (net.Conn, error) { return conn, nil })
	}
	r.conn.endHandshake()
	if err != nil {
		t.Fatal(err)
	}
	hour := time.Now().Add(time.Hour)
	send, err := l.prepare(textMessage, []byte("prepared"))
	r.did("prepare", err)
	for _, d := range []time.Time{{}, hour, time.Now().Add(10 * time.Minute)} {
		r.did("set", r.c.SetWriteDeadline(d))
		r.write(textMessage, "message")
		r.write(pingMessage, "ping")
		r.did("send", send(r.c))
		w := r.nextWriter(textMessage)
		r.writePart(w, strings.Repeat("x", 70))
		r.did("control with one", r.c.WriteControl(pongMessage, nil, hour))
		r.did("control without", r.c.WriteControl(pongMessage, nil, time.Time{}))
		r.closeWriter(w)
	}
	r.did("set", r.c.SetReadDeadline(hour))
	r.did("set", r.c.SetReadDeadline(time.Time{}))
	r.readAll() // and answer a ping and a close frame, each within a second
	r.close()
	return r.lines
}
