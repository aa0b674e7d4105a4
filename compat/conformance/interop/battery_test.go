package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/wsmigrate/wsmigrate/compat/websocket"
)

// local is compat at both ends, in this process.
type local struct {
	peer
	mu      sync.Mutex
	reports map[string]chan view
}

func newLocal() *local {
	l := &local{peer: peer{engine: websocket.Engine()}, reports: map[string]chan view{}}
	l.write = func(line line) { l.mailbox(line.Report.ID) <- line.Report.Events }
	return l
}

func (l *local) mailbox(id string) chan view {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reports[id] == nil {
		l.reports[id] = make(chan view, 1)
	}
	return l.reports[id]
}

func (l *local) ask(_ context.Context, sc script) (view, error)    { return l.dial(sc), nil }
func (l *local) served(_ context.Context, id string) (view, error) { return <-l.mailbox(id), nil }
func (l *local) stop()                                             {}

// try runs the battery against a server with a fault, or the one exchange that
// has to find it, and returns what failed.
func try(t *testing.T, deflate bool, f fault) (failed []check, n int) {
	t.Helper()
	l := newLocal()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := l.server()
	if f.request != nil {
		handler := server.Handler
		server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			f.request(r)
			handler.ServeHTTP(w, r)
		})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Serve(meterListener{faultyListener{listener, f.frame}, nil})
	}()
	defer func() {
		server.Close()
		<-done
	}()
	for i, x := range battery(compatAbilities, compatAbilities, deflate) {
		if f.want != "" && !strings.HasPrefix(f.want, x.name+": ") {
			continue
		}
		checks, ok := conduct(t.Context(), x, strconv.Itoa(i), "ws://"+listener.Addr().String(), l, l)
		if !ok {
			t.Errorf("%s: a side did not report", x.name)
		}
		n += len(checks)
		for _, c := range checks {
			if !c.passed {
				failed = append(failed, c)
			}
		}
	}
	return failed, n
}

func TestBatteryPasses(t *testing.T) {
	for _, deflate := range []bool{false, true} {
		t.Run(fmt.Sprint(deflate), func(t *testing.T) {
			failed, n := try(t, deflate, fault{})
			for _, c := range failed {
				t.Errorf("%s: %s", c.name, c.detail)
			}
			if n < 100 {
				t.Errorf("only %d checks", n)
			}
		})
	}
}

// A fault is what is wrong with a server.
type fault struct {
	name    string
	deflate bool // on in the battery
	request func(*http.Request)
	frame   func(*frames, frame) // writes what the server sends in place of a frame
	want    string               // the check that has to fail
}

var faults = []fault{
	{
		name: "a byte of a long message is wrong", want: "echo: echo: binary of 65536 bytes",
		frame: func(out *frames, f frame) {
			if len(f.payload) == 65536 {
				f.payload[40_000] ^= 1
			}
			out.write(f)
		},
	},
	{
		name: "text comes back as binary", want: "echo: echo: text of 125 bytes",
		frame: func(out *frames, f frame) {
			if f.opcode() == websocket.TextMessage {
				f.first++
			}
			out.write(f)
		},
	},
	{
		name: "messages change places", want: "pipelined: 600 messages to the client in order",
		frame: func(out *frames, f frame) {
			switch {
			case bytes.HasPrefix(f.payload, []byte("417.")):
				out.held = append(out.held, f)
			case len(out.held) > 0:
				held := out.held
				out.held = nil
				out.write(f)
				out.write(held[0])
			default:
				out.write(f)
			}
		},
	},
	{
		name: "a message comes twice", want: "pipelined: 600 messages to the client in order",
		frame: func(out *frames, f frame) {
			out.write(f)
			if bytes.HasPrefix(f.payload, []byte("599.")) {
				out.write(f)
			}
		},
	},
	{
		name: "close frames have another code", want: "close by the client: the client gets close 4001",
		frame: func(out *frames, f frame) {
			if f.opcode() == websocket.CloseMessage {
				f.payload[1]++
			}
			out.write(f)
		},
	},
	{
		name: "the reason is lost", want: "close by the server: the client gets close 4010",
		frame: func(out *frames, f frame) {
			if f.opcode() == websocket.CloseMessage {
				f.payload = f.payload[:2]
			}
			out.write(f)
		},
	},
	{
		name: "pongs have other data", want: "ping of the client: the client gets the pong",
		frame: func(out *frames, f frame) {
			if f.opcode() == websocket.PongMessage {
				f.payload = bytes.ToUpper(f.payload)
			}
			out.write(f)
		},
	},
	{
		name: "pings come twice", want: "ping of the server: the client gets the ping",
		frame: func(out *frames, f frame) {
			if out.write(f); f.opcode() == websocket.PingMessage {
				out.write(f)
			}
		},
	},
	{
		name: "no subprotocol", want: "echo: subprotocol at the client",
		request: func(r *http.Request) { r.Header.Del("Sec-Websocket-Protocol") },
	},
	{
		name: "no compression", deflate: true, want: "compression: compressed to the client",
		request: func(r *http.Request) { r.Header.Del("Sec-Websocket-Extensions") },
	},
	{
		name: "every origin is welcome", want: "cross-origin: the client is refused",
		request: func(r *http.Request) { r.Header.Del("Origin") },
	},
	{
		name: "the limit is one too high", want: "read limit of the server: the client gets close 1009",
		request: limitOneUp,
	},
	{
		name: "the limit of inflated bytes is one too high", deflate: true, want: "read limit of the server: the client gets close 1009",
		request: limitOneUp,
	},
}

func limitOneUp(r *http.Request) {
	text := r.FormValue("script")
	limit := fmt.Sprintf(`"limit":%d`, messageLimit)
	r.Form.Set("script", strings.Replace(text, limit, fmt.Sprintf(`"limit":%d`, messageLimit+1), 1))
}

func TestBatteryFindsFaults(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			failed, _ := try(t, f.deflate, f)
			for _, c := range failed {
				if c.name == f.want {
					return
				}
			}
			t.Errorf("%q passed; failed: %v", f.want, failed)
		})
	}
}

// What compat sends behind a close frame no fault above can show: the meter is
// on the side of compat.
func TestJudgeWire(t *testing.T) {
	good := traffic{Messages: 1, Closes: 1}
	for _, test := range []struct {
		name string
		sent traffic
		ok   bool
	}{
		{"good", good, true},
		{"no close frame", traffic{Messages: 1}, false},
		{"two close frames", traffic{Closes: 2, Late: 1}, false},
		{"a frame behind it", traffic{Closes: 1, Late: 1}, false},
		{"broken", traffic{Closes: 1, Broken: "opcode 3"}, false},
	} {
		j := &judgement{server: view{{Event: "wire", Wire: &wire{Received: good, Sent: test.sent}}}}
		j.onTheWire(false)
		ok := len(j.checks) > 0
		for _, c := range j.checks {
			ok = ok && c.passed
		}
		if ok != test.ok {
			t.Errorf("%s: %v", test.name, j.checks)
		}
	}
}

// faultyListener has connections that put a fault into what the server writes.
type faultyListener struct {
	net.Listener
	fault func(*frames, frame)
}

func (l faultyListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil || l.fault == nil {
		return c, err
	}
	return &frames{Conn: c, fault: l.fault}, nil
}

// frame is a frame of a server: it has no mask.
type frame struct {
	first   byte
	payload []byte
}

func (f frame) opcode() int { return int(f.first & 0x0f) }

// frames is a connection that cuts what is written into frames and lets a
// fault write them.
type frames struct {
	net.Conn
	fault func(*frames, frame)
	head  bool // of the response has been written
	plain bool // it was no handshake, frames do not follow
	buf   []byte
	held  []frame
	err   error
}

func (c *frames) CloseWrite() error { return c.Conn.(*net.TCPConn).CloseWrite() }

func (c *frames) Write(p []byte) (int, error) {
	if c.plain {
		return c.Conn.Write(p)
	}
	c.buf = append(c.buf, p...)
	if !c.head {
		head, rest, ok := bytes.Cut(c.buf, []byte("\r\n\r\n"))
		if !ok {
			return len(p), nil
		}
		if !bytes.HasPrefix(head, []byte("HTTP/1.1 101 ")) {
			c.plain = true
			_, c.err = c.Conn.Write(c.buf)
			return len(p), c.err
		}
		c.head, c.buf = true, bytes.Clone(rest)
		_, c.err = c.Conn.Write(append(bytes.Clone(head), "\r\n\r\n"...))
	}
	for {
		n := headerSize(c.buf)
		if len(c.buf) < n {
			break
		}
		size := int(c.buf[1])
		switch size {
		case 126:
			size = int(binary.BigEndian.Uint16(c.buf[2:]))
		case 127:
			size = int(binary.BigEndian.Uint64(c.buf[2:]))
		}
		if len(c.buf) < n+size {
			break
		}
		f := frame{c.buf[0], bytes.Clone(c.buf[n : n+size])}
		c.buf = c.buf[n+size:]
		c.fault(c, f)
	}
	if c.err != nil {
		return 0, c.err
	}
	return len(p), nil
}

func (c *frames) write(f frame) {
	header := []byte{f.first}
	switch size := len(f.payload); {
	case size < 126:
		header = append(header, byte(size))
	case size < 1<<16:
		header = binary.BigEndian.AppendUint16(append(header, 126), uint16(size))
	default:
		header = binary.BigEndian.AppendUint64(append(header, 127), uint64(size))
	}
	if _, err := c.Conn.Write(append(header, f.payload...)); err != nil {
		c.err = err
	}
}
