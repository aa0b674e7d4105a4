package conformance

import (
	"context"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// reentryScenarios are about code of the user that the library calls, and
// that calls the library: marshalers, sources of a copy, and handlers.
func reentryScenarios() []scenario {
	control := []interface{}{begin("a"), ping("p"), end("b"), text("c"), text("d")}
	json := func(call func(r *run)) func(r *run) {
		return func(r *run) {
			r.did("JSON", r.c.WriteJSON(callingMarshaler(func() { call(r) })))
			r.write(textMessage, "after")
		}
	}
	source := func(call func(r *run)) func(r *run) {
		return func(r *run) {
			w := r.nextWriter(textMessage)
			r.writePart(w, "first")
			n, err := io.Copy(w, &callingReader{strings.NewReader(strings.Repeat("s", 200)), func() { call(r) }})
			r.did("copy", n, err)
			r.closeWriter(w)
			r.write(textMessage, "after")
		}
	}
	handler := func(call func(r *run)) func(r *run) {
		return func(r *run) {
			r.c.SetPingHandler(func(string) error {
				r.note("ping")
				call(r)
				r.note("back")
				return nil
			})
			r.readAll()
			r.aftermath()
		}
	}
	return []scenario{
		{name: "marshaler writes a message", play: json(func(r *run) { r.write(textMessage, "inside") })},
		{name: "marshaler sends a ping", play: json(func(r *run) { r.control(pingMessage, "inside") })},
		{name: "marshaler sends a close frame", play: json(func(r *run) { r.control(closeMessage, "") })},
		{name: "marshaler closes", play: json(func(r *run) { r.close() })},
		{name: "source writes a message", play: source(func(r *run) { r.write(textMessage, "inside") })},
		{name: "source sends a ping", options: options{writeBuffer: 64}, play: source(func(r *run) { r.control(pingMessage, "inside") })},
		{name: "source sends a close frame", options: options{writeBuffer: 64}, play: source(func(r *run) { r.control(closeMessage, "") })},
		{name: "source closes", options: options{writeBuffer: 64}, play: source(func(r *run) { r.close() })},
		{name: "handler reads between messages", in: []interface{}{ping("p"), text("a"), text("b")}, play: handler(func(r *run) { r.read() })},
		{name: "handler reads within a message", in: control, play: func(r *run) {
			r.c.SetPingHandler(func(string) error { r.read(); return nil })
			r.read()
			r.read()
		}},
		{name: "handler takes a reader within a message", in: control, chunk: []int{0}, play: func(r *run) {
			r.c.SetPingHandler(func(string) error { r.nextReader(); return nil })
			rd := r.nextReader()
			r.readPart(rd, 10)
			r.readPart(rd, 10)
			r.readPart(rd, 10)
			r.readAll()
		}},
		{name: "handler sets a limit", in: []interface{}{begin("a"), ping("p"), end("bcd"), text("e")}, play: handler(func(r *run) { r.c.SetReadLimit(3) })},
		{name: "handler sets a deadline", in: []interface{}{text("a"), ping("p"), text("b")}, open: true, play: handler(func(r *run) {
			r.did("set", r.c.SetReadDeadline(time.Now().Add(-time.Hour)))
		})},
		{name: "close handler reads", in: []interface{}{text("a"), closing(1000, ""), text("b")}, play: func(r *run) {
			r.c.SetCloseHandler(func(int, string) error { r.read(); return nil })
			r.readAll()
			r.aftermath()
		}},
	}
}

// callingMarshaler is a value that is called when it is encoded.
type callingMarshaler func()

func (m callingMarshaler) MarshalJSON() ([]byte, error) { m(); return []byte(`"json"`), nil }

// callingReader calls before each read.
type callingReader struct {
	io.Reader
	call func()
}

func (r *callingReader) Read(p []byte) (int, error) { r.call(); return r.Reader.Read(p) }

// piecesOfFrames notes into how many writes on the network frames are cut.
func piecesOfFrames(t *testing.T, l *library) []string {
	r := newRun(l, t)
	long := strings.Repeat("0123456789", 1000)
	for _, as := range []role{server, client} {
		r.conn = newScriptConn(nil)
		conn := &countingConn{Conn: r.conn}
		r.conn.beginHandshake()
		var err error
		if as == server {
			r.c, err = l.upgrade(scriptHijacker{httptest.NewRecorder(), conn}, handshakeRequest(options{}), options{})
		} else {
			r.c, _, err = l.dial(context.Background(), options{}, "ws://server.test/", func(string, string) (net.Conn, error) { return conn, nil })
		}
		r.conn.endHandshake()
		if err != nil {
			t.Fatal(err)
		}
		count := func(what string, err error) {
			r.note("%s writes %s in %d pieces: %s", as, what, conn.writes, r.describe(err))
			conn.writes = 0
		}
		conn.writes = 0
		count("a short message", r.c.WriteMessage(textMessage, []byte(long[:100])))
		count("a control frame", r.c.WriteControl(pingMessage, nil, time.Time{}))
		count("a long message", r.c.WriteMessage(textMessage, []byte(long)))
		send, err := l.prepare(textMessage, []byte(long))
		if err != nil {
			t.Fatal(err)
		}
		count("a prepared message", send(r.c))
		r.c.Close()
	}
	return r.lines
}

// countingConn counts writes.
type countingConn struct {
	net.Conn
	writes int
}

func (c *countingConn) Write(p []byte) (int, error) {
	c.writes++
	return c.Conn.Write(p)
}
