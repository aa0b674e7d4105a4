package conformance

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

const (
	// handshakeTimeout is what slow handshakes are given: long enough for what
	// the other side does in time.
	handshakeTimeout = time.Second

	// trickleTimeout is given to those that are busy all the time.
	trickleTimeout = 100 * time.Millisecond
)

// TestFaultSlow has many peers that take their time for their part of the
// handshake, all at once. Timeouts end them, and nothing is left of them.
func TestFaultSlow(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	before := openFiles(t)
	var all sync.WaitGroup
	start := func(f func()) {
		all.Add(1)
		go func() {
			defer all.Done()
			f()
		}()
	}
	for _, l := range []*library{gorilla, shim} {
		start(func() { slowClients(t, l) })
	}
	start(func() { deafClient(t) })
	for _, s := range slowServers() {
		start(func() { s.run(t) })
	}
	all.Wait()
	if after := openFiles(t); after > before {
		t.Errorf("%d files are open, %d were before", after, before)
	}
}

// slowClients has clients stop in their request, each after some bytes of it,
// and a few that send a header without end, a byte whenever the last one was
// read. The server's ReadHeaderTimeout ends them all. Connections that were
// upgraded before it passed go on behind it.
func slowClients(t *testing.T, l *library) {
	const stopping, endless = 200, 10
	request := strings.Replace(goodRequest, "PATH", "/", 1)
	var upgrades, cut atomic.Int64
	accepted, echoed := make(chan *watchedConn, 1), make(chan struct{})
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		upgrades.Add(1)
		c, err := l.upgrade(w, r, options{timeout: handshakeTimeout})
		if err != nil {
			t.Error(err)
			return
		}
		newRun(l, t).echo(c, 0)
		close(echoed)
	}))
	srv.Listener = watchedListener{srv.Listener, accepted}
	srv.Config.ReadHeaderTimeout = handshakeTimeout
	srv.Start()
	defer srv.Close()
	dial := func() (net.Conn, *watchedConn) {
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			panic(err)
		}
		_ = conn.SetDeadline(time.Now().Add(patience))
		return conn, <-accepted
	}

	// The ones in time.
	inTime, _ := dial()
	defer inTime.Close()
	io.WriteString(inTime, request+"\r\n")
	br := bufio.NewReader(inTime)
	if resp, err := http.ReadResponse(br, nil); err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Errorf("%v, %v", resp, err)
		return
	}

	var slow sync.WaitGroup
	for i := 0; i < stopping+endless; i++ {
		conn, watched := dial()
		slow.Add(1)
		go func() {
			defer slow.Done()
			defer conn.Close()
			if i < stopping {
				io.WriteString(conn, request[:i%len(request)])
			} else {
				io.WriteString(conn, request+"X-Slow: ")
				for n := int64(len(request) + len("X-Slow: ")); watched.waitRead(n); n++ {
					if _, err := conn.Write([]byte("x")); err != nil {
						break
					}
				}
			}
			if _, err := io.Copy(io.Discard, conn); err == nil || isReset(err) {
				cut.Add(1)
			}
		}()
	}
	slow.Wait()
	if n := cut.Load(); n != stopping+endless {
		t.Errorf("%d of %d connections were ended", n, stopping+endless)
	}
	if n := upgrades.Load(); n != 1 {
		t.Errorf("%d requests were handled", n)
	}

	// By now the time of the handshake in time has passed too.
	inTime.Write(text("still there").encode(true))
	echo := make([]byte, 2+len("still there"))
	if _, err := io.ReadFull(br, echo); err != nil || string(echo[2:]) != "still there" {
		t.Errorf("echo: %q, %v", echo, err)
	}
	inTime.Write(closing(1000, "").encode(true))
	io.Copy(io.Discard, br)
	inTime.Close()
	<-echoed
}

// isReset reports whether a peer closed with bytes of ours unread.
func isReset(err error) bool {
	e, ok := err.(net.Error)
	return ok && !e.Timeout()
}

// deafClient has a client not read the answer to its request, which is too long
// for the buffers between. HandshakeTimeout ends Upgrade.
func deafClient(t *testing.T) {
	var transcripts [2][]string
	for i, l := range []*library{gorilla, shim} {
		o := options{timeout: trickleTimeout, responseHeader: http.Header{"X-Long": {strings.Repeat("x", 2<<20)}}}
		r, done, accepted := newRun(l, t), make(chan struct{}), make(chan *watchedConn, 1)
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			defer close(done)
			c, err := l.upgrade(w, req, o)
			r.note("upgrade: %v %s", c != nil, address.ReplaceAllString(r.describe(err), "ADDRESS"))
		}))
		srv.Listener = watchedListener{srv.Listener, accepted}
		srv.Start()
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			panic(err)
		}
		watched := <-accepted
		_ = watched.Conn.(*net.TCPConn).SetWriteBuffer(4 << 10)
		_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		io.WriteString(conn, strings.Replace(goodRequest, "PATH", "/", 1)+"\r\n")
		select {
		case <-done:
		case <-time.After(patience):
			t.Errorf("%s: the answer has no deadline", l.name)
			conn.Close()
			<-done
		}
		r.note("closed: %v", errors.Is(watched.SetDeadline(time.Time{}), net.ErrClosed))
		conn.Close()
		srv.Close()
		transcripts[i] = r.lines
	}
	tallyOf("TestFault").compare(t, "deaf client", "server", transcripts[0], transcripts[1])
}

// A slowServer accepts connections and does nothing but what it is made for.
type slowServer struct {
	ln      net.Listener
	clients sync.Map // by their address: *watchedConn
	ending  sync.WaitGroup
}

func newSlowServer(serve func(s *slowServer, conn net.Conn, n int)) *slowServer {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	s := &slowServer{ln: ln}
	s.ending.Add(1)
	go func() {
		defer s.ending.Done()
		for n := 0; ; n++ {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			_ = conn.SetDeadline(time.Now().Add(patience))
			s.ending.Add(1)
			go func() {
				defer s.ending.Done()
				defer conn.Close()
				serve(s, conn, n)
				_, _ = io.Copy(io.Discard, conn)
			}()
		}
	}()
	return s
}

func (s *slowServer) addr() string { return s.ln.Addr().String() }

// dial connects a client that is watched.
func (s *slowServer) dial(network, addr string) (net.Conn, error) {
	conn, err := net.Dial(network, addr)
	if err != nil {
		return nil, err
	}
	w := watch(conn)
	s.clients.Store(conn.LocalAddr().String(), w)
	return w, nil
}

// trickle sends a field without end, a byte whenever the client has read the
// last one.
func (s *slowServer) trickle(conn net.Conn, head string) {
	v, _ := s.clients.Load(conn.RemoteAddr().String())
	io.WriteString(conn, head+"X-Slow: ")
	for n := int64(len(head + "X-Slow: ")); v.(*watchedConn).waitRead(n); n++ {
		if _, err := conn.Write([]byte("x")); err != nil {
			return
		}
	}
}

func (s *slowServer) close() {
	s.ln.Close()
	s.ending.Wait()
}

// A slowServerCase is about servers or proxies that stop in their part of the
// handshake, or make it last. HandshakeTimeout ends Dial.
type slowServerCase struct {
	name   string
	dials  int
	target func(addr string) (string, options)
	serve  func(s *slowServer, conn net.Conn, n int)
	lucky  bool // which timeout comes first, or what it finds, is a matter of luck

	answers bool // at once: no timeout is to come first on a busy machine
}

func slowServers() []slowServerCase {
	answer := func(conn net.Conn) string {
		req, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			return ""
		}
		return strings.Replace(goodAnswer, "ACCEPT", acceptKey(req.Header.Get("Sec-WebSocket-Key")), 1)
	}
	proxied := func(scheme string) func(addr string) (string, options) {
		return func(addr string) (string, options) {
			return "ws://server.test/", options{proxy: func(*http.Request) (*url.URL, error) { return url.Parse(scheme + "://" + addr) }}
		}
	}
	const proxyAnswer = "HTTP/1.1 200 OK\r\nX-A: b\r\n"
	silent := func(*slowServer, net.Conn, int) {}
	plain := func(addr string) (string, options) { return "ws://" + addr + "/", options{} }
	secure := func(addr string) (string, options) { return "wss://" + addr + "/", options{} }
	return []slowServerCase{
		{name: "answer that stops", dials: 64, target: plain, serve: func(_ *slowServer, conn net.Conn, n int) {
			head := answer(conn)
			io.WriteString(conn, head[:n%len(head)])
		}},
		{name: "answer without end", dials: 8, lucky: true, target: plain, serve: func(s *slowServer, conn net.Conn, _ int) { s.trickle(conn, answer(conn)) }},
		{name: "proxy that does not answer", dials: 16, target: proxied("http"), serve: silent},
		{name: "proxy whose answer stops", dials: 16, target: proxied("http"), serve: func(_ *slowServer, conn net.Conn, n int) {
			http.ReadRequest(bufio.NewReader(conn))
			io.WriteString(conn, proxyAnswer[:n%len(proxyAnswer)])
		}},
		{name: "proxy whose answer has no end", dials: 8, lucky: true, target: proxied("http"), serve: func(s *slowServer, conn net.Conn, _ int) {
			http.ReadRequest(bufio.NewReader(conn))
			s.trickle(conn, proxyAnswer)
		}},
		{name: "SOCKS proxy that does not answer", dials: 16, target: proxied("socks5"), serve: silent},
		{name: "SOCKS proxy whose answer stops", dials: 16, target: proxied("socks5"), serve: func(_ *slowServer, conn net.Conn, n int) {
			io.ReadFull(conn, make([]byte, 3))
			io.WriteString(conn, "\x05\x00\x05\x00\x00\x01"[:n%7])
		}},
		{name: "TLS that does not begin", dials: 16, lucky: true, target: secure, serve: silent},
		{name: "TLS that is answered in the clear", dials: 16, answers: true, target: secure, serve: func(_ *slowServer, conn net.Conn, _ int) {
			io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
		}},
	}
}

// run dials at once with both libraries, which must have the same errors.
func (tt *slowServerCase) run(t *testing.T) {
	var transcripts [2][]string
	var dialing sync.WaitGroup
	for i, l := range []*library{gorilla, shim} {
		dialing.Add(1)
		go func() {
			defer dialing.Done()
			srv := newSlowServer(tt.serve)
			target, o := tt.target(srv.addr())
			switch o.timeout = handshakeTimeout; {
			case tt.lucky:
				o.timeout = trickleTimeout
			case tt.answers:
				o.timeout = time.Minute
			}
			transcripts[i] = dialSlow(t, l, srv, target, o, tt.dials)
			srv.close()
			dialed := 0
			srv.clients.Range(func(_, conn interface{}) bool {
				dialed++
				if err := conn.(*watchedConn).SetDeadline(time.Time{}); !errors.Is(err, net.ErrClosed) {
					t.Errorf("%s, %s: a connection was left open: %v", tt.name, l.name, err)
				}
				return true
			})
			if dialed != tt.dials {
				t.Errorf("%s, %s: %d of %d connections were made", tt.name, l.name, dialed, tt.dials)
			}
		}()
	}
	dialing.Wait()
	if !tt.lucky {
		tallyOf("TestFault").compare(t, tt.name, tt.name, transcripts[0], transcripts[1])
	}
}

// dialSlow dials n times at once and returns the errors.
func dialSlow(t *testing.T, l *library, srv *slowServer, target string, o options, n int) []string {
	lines := make([]string, n)
	var dialing sync.WaitGroup
	for i := range lines {
		dialing.Add(1)
		go func() {
			defer dialing.Done()
			c, resp, err := l.dial(context.Background(), o, target, srv.dial)
			if err == nil {
				t.Errorf("%s: the handshake succeeded", l.name)
			}
			r := newRun(l, t)
			lines[i] = fmt.Sprintf("%v %v %s", c != nil, resp != nil, address.ReplaceAllString(r.describe(err), "ADDRESS"))
		}()
	}
	dialing.Wait()
	sort.Strings(lines) // the server numbers them in another order
	return lines
}
