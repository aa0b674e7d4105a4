package conformance

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// watchedConn is a network connection that says how much was read from it and
// whether a write has begun.
type watchedConn struct {
	net.Conn

	mu      sync.Mutex
	changed sync.Cond
	read    int64
	failed  bool // a read has returned an error, or there are no more reads
	writes  int
}

func watch(conn net.Conn) *watchedConn {
	c := &watchedConn{Conn: conn}
	c.changed.L = &c.mu
	return c
}

func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	c.read += int64(n)
	c.failed = c.failed || err != nil
	c.changed.Broadcast()
	c.mu.Unlock()
	return n, err
}

func (c *watchedConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	c.writes++
	c.changed.Broadcast()
	c.mu.Unlock()
	return c.Conn.Write(p)
}

func (c *watchedConn) Close() error {
	c.mu.Lock()
	c.failed = true
	c.changed.Broadcast()
	c.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite is for linger.
func (c *watchedConn) CloseWrite() error { return c.Conn.(*net.TCPConn).CloseWrite() }

// position returns how many bytes were read so far.
func (c *watchedConn) position() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read
}

// rewind forgets a read that net/http interrupted to hand the connection over.
func (c *watchedConn) rewind() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed = false
}

// waitRead waits until n bytes were read in all, and reports whether they were:
// reads that fail do not go on.
func (c *watchedConn) waitRead(n int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.read < n && !c.failed {
		c.changed.Wait()
	}
	return c.read >= n
}

// written returns how many writes have begun.
func (c *watchedConn) written() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writes
}

// waitWrite waits for a write beyond the first n to begin.
func (c *watchedConn) waitWrite(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.writes <= n {
		c.changed.Wait()
	}
}

// watchedListener accepts watched connections.
type watchedListener struct {
	net.Listener
	accepted chan *watchedConn // may be nil
}

func (l watchedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	w := watch(conn)
	if l.accepted != nil {
		l.accepted <- w
	}
	return w, nil
}

// A line is a connection of a library to a raw peer, past the handshake.
type line struct {
	*run
	watched *watchedConn // below the library's connection
	peer    *net.TCPConn
	peerIn  *bufio.Reader
	stop    func()
}

// close ends both sides.
func (l *line) close() {
	l.c.Close()
	l.peer.Close()
	l.stop()
}

// transcript returns what was noted, with addresses made equal.
func (l *line) transcript() []string {
	for i := range l.lines {
		l.lines[i] = address.ReplaceAllString(l.lines[i], "ADDRESS")
	}
	return l.lines
}

// sendAndWait has the peer send p, and waits until the library has it.
func (l *line) sendAndWait(t *testing.T, p []byte) {
	t.Helper()
	from := l.watched.position()
	if _, err := l.peer.Write(p); err != nil {
		t.Fatal(err)
	}
	if !l.watched.waitRead(from + int64(len(p))) {
		t.Errorf("%s: %d bytes were not read", l.name, len(p))
	}
}

// connect brings a connection of the library in the role about: as a server
// behind net/http, as a client by its Dialer. The peer waits for nothing longer
// than patience.
func connect(t *testing.T, l *library, as role, o options) *line {
	t.Helper()
	ln := &line{run: newRun(l, t)}
	ln.role = as
	if as == server {
		ln.connectServer(t, o)
	} else {
		ln.connectClient(t, o)
	}
	ln.watched.rewind()
	if err := ln.peer.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return ln
}

func (l *line) connectServer(t *testing.T, o options) {
	t.Helper()
	conns := make(chan wsConn, 1)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := l.upgrade(w, r, o)
		if err != nil {
			t.Error(err)
		}
		conns <- c
	}))
	srv.Listener = watchedListener{Listener: srv.Listener}
	srv.Start()
	l.stop = srv.Close
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	l.peer = conn.(*net.TCPConn)
	good := badInput{o: o}
	if _, err := io.WriteString(conn, strings.Replace(good.head("", goodRequest), "PATH", "/", 1)); err != nil {
		t.Fatal(err)
	}
	l.peerIn = bufio.NewReader(conn)
	if resp, err := http.ReadResponse(l.peerIn, nil); err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("handshake: %v, %v", resp, err)
	}
	l.c = <-conns
	l.watched = l.c.NetConn().(*watchedConn)
}

func (l *line) connectClient(t *testing.T, o options) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	good, done := badInput{o: o}, make(chan struct{})
	go func() {
		defer close(done)
		conn, err := ln.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		l.peer = conn.(*net.TCPConn)
		l.peerIn = bufio.NewReader(conn)
		req, err := http.ReadRequest(l.peerIn)
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(conn, strings.Replace(good.head("", goodAnswer), "ACCEPT", acceptKey(req.Header.Get("Sec-WebSocket-Key")), 1))
	}()
	l.c, _, err = l.dial(context.Background(), o, "ws://"+ln.Addr().String()+"/", func(network, addr string) (net.Conn, error) {
		conn, err := net.Dial(network, addr)
		if err != nil {
			return nil, err
		}
		l.watched = watch(conn)
		return l.watched, nil
	})
	<-done
	if err != nil {
		t.Fatal(err)
	}
	l.stop = func() {}
}

// playReads reads messages until one fails, and what is left of the connection
// then.
func (l *line) playReads() {
	var err error
	for err == nil {
		var p []byte
		var mt int
		mt, p, err = l.c.ReadMessage()
		l.note("read: %d %s %s", mt, digest(p), l.describe(err))
	}
	l.note("unexpected close: %v", l.unexpected(err))
	mt, p, err := l.c.ReadMessage()
	l.note("read again: %d %s %s", mt, digest(p), l.describe(err))
	l.note("write: %s", l.describe(l.c.WriteMessage(textMessage, []byte("after"))))
	l.note("ping: %s", l.describe(l.c.WriteControl(pingMessage, nil, time.Now().Add(time.Hour))))
	l.note("close: %s", l.describe(l.c.Close()))
	l.note("close again: %s", l.describe(l.c.Close()))
}

// both plays the same on both libraries and in each role, and compares.
func both(t *testing.T, name string, o options, play func(t *testing.T, l *line)) {
	t.Helper()
	for _, as := range []role{server, client} {
		var transcripts [2][]string
		for i, lib := range []*library{gorilla, shim} {
			l := connect(t, lib, as, o)
			play(t, l)
			l.close()
			transcripts[i] = l.transcript()
		}
		tallyOf("TestFault").compare(t, name, string(as), transcripts[0], transcripts[1])
	}
}

// openFiles returns how many files and sockets the process has open, or 0
// where that cannot be known.
func openFiles(t *testing.T) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		return 0
	}
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}
