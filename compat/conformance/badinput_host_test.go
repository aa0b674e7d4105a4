package conformance

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	compat "github.com/wsmigrate/wsmigrate/compat/websocket"
)

// patience is how long a peer waits for what has to come. It only passes when
// a test fails.
const patience = 20 * time.Second

// goodRequest is the head of a valid handshake, without the empty line behind it.
const goodRequest = "GET PATH HTTP/1.1\r\nHost: server.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

// goodAnswer is the head of the answer to one.
const goodAnswer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ACCEPT\r\n"

// deflateField agrees on compression, as both libraries offer and accept it.
const deflateField = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n"

// nothing is the head of an answer that does not come.
const nothing = "NOTHING"

// head returns what the peer sends for its part of the handshake.
func (b *badInput) head(own, good string) string {
	switch {
	case own == nothing:
		return ""
	case own != "":
		return own
	case b.o.compress:
		return good + deflateField + "\r\n"
	}
	return good + "\r\n"
}

// badHost is an HTTP server with the application on it, which also plays the
// client.
type badHost struct {
	*library
	srv   *httptest.Server
	plays sync.Map // what the request's path asks for: *badPlay
	last  atomic.Int64
}

// badPlay is an input on its way.
type badPlay struct {
	b    *badInput
	seen chan []string // the application's transcript
}

func newBadHost(t *testing.T, l *library) *badHost {
	h := &badHost{library: l}
	h.srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := &badPlay{b: &badInput{o: options{compress: true}}, seen: make(chan []string, 1)} // a peer that does nothing wrong
		if v, ok := h.plays.Load(r.URL.Path); ok {
			p = v.(*badPlay)
		}
		app := newRun(l, t)
		c, err := l.upgrade(w, r, p.b.o)
		app.note("upgrade: %s", app.describe(err))
		if c != nil {
			app.echo(c, p.b.limit)
		}
		p.seen <- app.lines
	}))
	return h
}

func (h *badHost) close() { h.srv.Close() }

// echo is gorilla's echo example, and what still works where that gives up.
func (r *run) echo(c wsConn, limit int64) {
	defer c.Close()
	c.SetReadLimit(limit)
	for {
		mt, p, err := c.ReadMessage()
		r.note("read: %d %s %s", mt, digest(p), r.describe(err))
		if err == nil {
			err = c.WriteMessage(mt, p)
			r.note("echo: %s", r.describe(err))
		}
		if err != nil {
			r.note("unexpected close: %v", r.unexpected(err))
			break
		}
	}
	r.note("write after: %s", r.describe(c.WriteMessage(textMessage, []byte("after"))))
	conn := c.NetConn()
	r.note("left open: %v", conn.SetReadDeadline(time.Now().Add(patience)) == nil)
	linger(conn)
}

// linger ends our half of a connection and waits for the peer to end its half.
// Closing before would reset a connection with unread bytes, and the peer might
// not get what was sent.
func linger(conn net.Conn) {
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_, _ = io.Copy(io.Discard, conn)
}

// unexpected is what programs ask before they log an error.
func (l *library) unexpected(err error) bool {
	if l == gorilla {
		return websocket.IsUnexpectedCloseError(err, 1000, 1001)
	}
	return compat.IsUnexpectedCloseError(err, 1000, 1001)
}

// address matches what is never the same in the texts of errors.
var address = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// play sends the input to the library in the role, whole or in pieces, and
// returns what both sides saw.
func (h *badHost) play(t *testing.T, b *badInput, as role, pieces int) []string {
	var lines []string
	if as == server {
		lines = h.playServer(t, b, pieces)
	} else {
		lines = h.playClient(t, b, pieces)
	}
	for i := range lines {
		lines[i] = address.ReplaceAllString(lines[i], "ADDRESS")
	}
	return lines
}

func (h *badHost) playServer(t *testing.T, b *badInput, pieces int) []string {
	p := &badPlay{b: b, seen: make(chan []string, 1)}
	path := fmt.Sprintf("/%d", h.last.Add(1))
	h.plays.Store(path, p)
	conn, err := net.Dial("tcp", h.srv.Listener.Addr().String())
	if err != nil {
		t.Error(err)
		return nil
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	peer := newRun(h.library, t)

	// A server may answer and close before it has all of the request.
	requested := make(chan struct{})
	go func() {
		defer close(requested)
		_, _ = io.WriteString(conn, strings.Replace(b.head(b.request, goodRequest), "PATH", path, 1))
	}()
	br := bufio.NewReader(conn)
	resp, err := http.ReadResponse(br, nil)
	if err != nil {
		peer.note("answer: %v", err)
	} else {
		body, _ := io.ReadAll(resp.Body)
		peer.note("answer: %s, %q, Sec-Websocket-Version %q, Sec-Websocket-Extensions %q, Sec-Websocket-Protocol %q", resp.Status, body,
			resp.Header["Sec-Websocket-Version"], resp.Header["Sec-Websocket-Extensions"], resp.Header["Sec-Websocket-Protocol"])
		if resp.StatusCode == http.StatusSwitchingProtocols {
			<-requested
			b.send(conn, server, pieces)
		} else {
			_ = conn.(*net.TCPConn).CloseWrite()
		}
	}
	peer.received(br)
	conn.Close()
	<-requested
	if resp != nil && resp.StatusCode == http.StatusRequestHeaderFieldsTooLarge {
		return peer.lines // from net/http
	}
	select {
	case app := <-p.seen:
		return append(app, peer.lines...)
	case <-time.After(patience):
		return append(peer.lines, "the application does not end")
	}
}

// send writes the frames, and ends this half if that is the input.
func (b *badInput) send(conn net.Conn, as role, pieces int) {
	sent := b.sent(as)
	if pieces == 0 {
		pieces = len(sent)
	}
	for len(sent) > 0 {
		if _, err := conn.Write(sent[:pieces]); err != nil {
			return // the other side has enough
		}
		sent = sent[pieces:]
	}
	if b.end {
		_ = conn.(*net.TCPConn).CloseWrite()
	}
}

// received notes all that comes, to the end of the connection.
func (r *run) received(conn io.Reader) {
	p, err := io.ReadAll(conn)
	code := "none"
	for _, f := range dumpFrames(p) {
		r.note("received %s", f)
		if strings.HasPrefix(f, "88 ") {
			code = strings.TrimPrefix(f, "88 ")
		}
	}
	r.note("last close frame: %s", code)
	r.note("connection ends: %s", r.describe(err))
}

func (h *badHost) playClient(t *testing.T, b *badInput, pieces int) []string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Error(err)
		return nil
	}
	defer ln.Close()
	peer := newRun(h.library, t)
	dialed, done := make(chan bool, 1), make(chan struct{})
	go func() {
		defer close(done)
		conn, err := ln.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(patience))
		req, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			t.Error(err)
			return
		}
		answer := strings.Replace(b.head(b.answer, goodAnswer), "ACCEPT", acceptKey(req.Header.Get("Sec-WebSocket-Key")), 1)
		_, _ = io.WriteString(conn, answer)
		if b.answer != "" && b.end {
			_ = conn.(*net.TCPConn).CloseWrite()
		}
		if <-dialed {
			b.send(conn, client, pieces)
		}
		peer.received(conn)
	}()

	app := newRun(h.library, t)
	o := b.o
	o.timeout = patience
	c, resp, err := h.dial(context.Background(), o, "ws://"+ln.Addr().String()+"/", nil)
	app.note("dial: %s", app.describe(err))
	if resp != nil {
		body, err := io.ReadAll(resp.Body)
		app.note("answer: %s %s %s", resp.Status, digest(body), app.describe(err))
	}
	dialed <- c != nil
	if c != nil {
		app.note("subprotocol %q", c.Subprotocol())
		app.echo(c, b.limit)
	}
	<-done
	return append(app.lines, peer.lines...)
}

// echoUntil is a client that does nothing wrong. All its messages have to come
// back, until stop is closed and some more.
func (h *badHost) echoUntil(t *testing.T, stop <-chan struct{}, compress bool) {
	d := websocket.Dialer{EnableCompression: compress}
	c, _, err := d.Dial("ws"+strings.TrimPrefix(h.srv.URL, "http")+"/", nil)
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	for i, more := 0, 10; more > 0; i++ {
		select {
		case <-stop:
			more--
		default:
		}
		p := bytes.Repeat([]byte(fmt.Sprintf("%d ", i)), i%3000)
		if err := c.WriteMessage(binaryMessage, p); err != nil {
			t.Errorf("%s: other connection: write %d: %v", h.name, i, err)
			return
		}
		if _, got, err := c.ReadMessage(); err != nil || !bytes.Equal(got, p) {
			t.Errorf("%s: other connection: echo %d: %d bytes, want %d, %v", h.name, i, len(got), len(p), err)
			return
		}
	}
	_ = c.WriteMessage(closeMessage, nil)
	_, _, _ = c.ReadMessage()
}
