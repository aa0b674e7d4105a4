package main

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
)

// fixedConn is a connection of which a meter reads fixed bytes.
type fixedConn struct {
	net.Conn
	io.Reader
}

func (c fixedConn) Read(p []byte) (int, error) { return c.Reader.Read(p) }

// metered has a client's meter read what a server sends, n bytes at a time.
func metered(sent string, n int) traffic {
	m := newMeter(fixedConn{Reader: strings.NewReader(sent)})
	for buf := make([]byte, n); ; {
		if _, err := m.Read(buf); err != nil {
			return m.wire().Received
		}
	}
}

func TestMeter(t *testing.T) {
	const response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nsec-websocket-extensions: permessage-deflate\r\n\r\n"
	long := string(bytes.Repeat([]byte{0x88}, 70_000))
	for _, test := range []struct {
		name, frames string
		want         traffic
	}{
		{"nothing", "", traffic{}},
		{"text", "\x81\x02ab", traffic{Messages: 1, Payload: 2}},
		{"empty messages", "\x82\x00\x81\x00", traffic{Messages: 2}},
		{"fragments, a ping between", "\x01\x01a\x89\x01p\x00\x01b\x80\x00", traffic{Messages: 1, Fragmented: 1, Payload: 2}},
		{"compressed", "\xc1\x02ab\x41\x01a\x80\x01b", traffic{Messages: 2, Fragmented: 1, Deflated: 2, Payload: 4}},
		{"16 bits of length", "\x82\x7e\x00\x80" + long[:128], traffic{Messages: 1, Payload: 128}},
		{"64 bits of length", "\x82\x7f\x00\x00\x00\x00\x00\x01\x11\x70" + long + "\x88\x00", traffic{Messages: 1, Payload: 70_000, Closes: 1}},
		{"behind a close", "\x88\x00\x81\x01a\x88\x00", traffic{Messages: 1, Payload: 1, Closes: 2, Late: 2}},
		{"masked", "\x81\x81\x00\x00\x00\x00a", traffic{Broken: "the mask bit is wrong"}},
		{"reserved bit", "\xa1\x01a", traffic{Broken: "RSV2 or RSV3 is set"}},
		{"opcode", "\x83\x00", traffic{Broken: "opcode 3"}},
		{"long ping", "\x89\x7e\x00\x80", traffic{Broken: "a control frame is fragmented, compressed or too long"}},
		{"orphan", "\x80\x01a", traffic{Broken: "a continuation frame continues nothing or has RSV1"}},
		{"message in a message", "\x01\x01a\x81\x01b", traffic{Messages: 1, Payload: 1, Broken: "a message begins inside another"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.want.Extensions = "permessage-deflate"
			for _, n := range []int{1, 7, 1 << 20} {
				got := metered(response+test.frames, n)
				if got.Broken != "" { // what is behind that does not count
					got.Payload, got.Messages = test.want.Payload, test.want.Messages
				}
				if got != test.want {
					t.Errorf("in pieces of %d: got %+v, want %+v", n, got, test.want)
				}
			}
		})
	}
}

// What a connection carried before its upgrade is not looked at.
func TestServerMeter(t *testing.T) {
	m := newServerMeter(fixedConn{Reader: strings.NewReader("GET / HTTP/1.1\r\n\r\n\x81\x81\x00\x00\x00\x00a")})
	io.ReadFull(m, make([]byte, len("GET / HTTP/1.1\r\n\r\n")))
	m.upgrade()
	io.ReadAll(m)
	if got, want := m.wire().Received, (traffic{Messages: 1, Payload: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
