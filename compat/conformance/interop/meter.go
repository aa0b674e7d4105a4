package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"sync"
)

// A meter is a network connection that looks at the WebSocket frames that pass
// through it, without compat's help: what is on the wire is not judged by the
// code that put it there. It lies above TLS.
type meter struct {
	net.Conn
	in, out direction
}

// wire is what a meter saw.
type wire struct {
	Received traffic `json:"received"`
	Sent     traffic `json:"sent"`
}

// traffic is the frames of one direction.
type traffic struct {
	Extensions string `json:"extensions,omitempty"` // of the handshake message of this direction
	Messages   int    `json:"messages"`             // data messages begun
	Fragmented int    `json:"fragmented"`           // messages of two frames or more
	Deflated   int    `json:"deflated"`             // messages with RSV1
	Payload    int64  `json:"payload"`              // bytes in frames of data messages, as they are on the wire
	Closes     int    `json:"closes"`               // close frames
	Late       int    `json:"late"`                 // frames behind a close frame
	Broken     string `json:"broken,omitempty"`     // what is no WebSocket
}

// newMeter returns a meter on c. Frames begin behind the next HTTP head of
// each direction; for a server's connection see upgrade.
func newMeter(c net.Conn) *meter {
	m := &meter{Conn: c}
	m.in.mask, m.out.mask = false, true // a client's
	return m
}

// newServerMeter returns a meter that looks at nothing until upgrade.
func newServerMeter(c net.Conn) *meter {
	m := &meter{Conn: c}
	m.in.mask, m.out.mask = true, false
	m.in.state, m.out.state = ignored, ignored
	return m
}

// upgrade is called by a server that has read the request and not answered it.
func (m *meter) upgrade() {
	m.in.enter(header)
	m.out.enter(head)
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.Conn.Read(p)
	m.in.see(p[:n])
	return n, err
}

func (m *meter) Write(p []byte) (int, error) {
	n, err := m.Conn.Write(p)
	m.out.see(p[:n])
	return n, err
}

// CloseWrite ends the outgoing half of the connection.
func (m *meter) CloseWrite() error {
	if c, ok := m.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return nil
}

// wire returns what was seen so far.
func (m *meter) wire() *wire {
	return &wire{Received: m.in.seen(), Sent: m.out.seen()}
}

// The states of a direction.
const (
	head    = iota // an HTTP head is expected
	header         // a frame header is
	payload        // so are skip bytes of a payload
	ignored        // this is not looked at, or cannot be any more
)

// direction parses one direction of a connection.
type direction struct {
	mask bool // the sender has to mask

	mu      sync.Mutex
	state   int
	buf     []byte // the beginning of a head or header
	skip    uint64
	frames  int // of the message that is open
	open    bool
	traffic traffic
}

func (d *direction) enter(state int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state = state
}

func (d *direction) seen() traffic {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.traffic
}

func (d *direction) see(p []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(p) > 0 {
		switch d.state {
		case ignored:
			return
		case payload:
			n := min(d.skip, uint64(len(p)))
			p = p[n:]
			if d.skip -= n; d.skip == 0 {
				d.state = header
			}
		case head:
			d.buf = append(d.buf, p...)
			text, rest, ok := bytes.Cut(d.buf, []byte("\r\n\r\n"))
			if !ok {
				return
			}
			d.traffic.Extensions = fieldOf(string(text), "Sec-WebSocket-Extensions")
			p, d.buf, d.state = bytes.Clone(rest), nil, header
		case header:
			d.buf = append(d.buf, p[0])
			p = p[1:]
			if len(d.buf) == headerSize(d.buf) {
				d.frame()
				d.buf = d.buf[:0]
			}
		}
	}
}

// headerSize returns the size of the frame header that begins with b, as far
// as b tells.
func headerSize(b []byte) int {
	if len(b) < 2 {
		return 2
	}
	n := 2
	switch b[1] & 0x7f {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if b[1]&0x80 != 0 {
		n += 4
	}
	return n
}

// frame takes the frame header in d.buf into account.
func (d *direction) frame() {
	b := d.buf
	fin, rsv1, opcode := b[0]&0x80 != 0, b[0]&0x40 != 0, b[0]&0x0f
	size := uint64(b[1] & 0x7f)
	switch size {
	case 126:
		size = uint64(binary.BigEndian.Uint16(b[2:]))
	case 127:
		size = binary.BigEndian.Uint64(b[2:])
	}

	t := &d.traffic
	if t.Closes > 0 {
		t.Late++
	}
	switch {
	case b[0]&0x30 != 0:
		d.broken("RSV2 or RSV3 is set")
	case b[1]&0x80 != 0 != d.mask:
		d.broken("the mask bit is wrong")
	case opcode >= 8 && (!fin || rsv1 || size > 125):
		d.broken("a control frame is fragmented, compressed or too long")
	case opcode == 8:
		t.Closes++
	case opcode == 9 || opcode == 10:
	case opcode == 0 && (!d.open || rsv1):
		d.broken("a continuation frame continues nothing or has RSV1")
	case opcode == 0:
		d.frames++
		if d.frames == 2 {
			t.Fragmented++
		}
	case opcode > 2:
		d.broken(fmt.Sprintf("opcode %d", opcode))
	case d.open:
		d.broken("a message begins inside another")
	default:
		t.Messages++
		d.frames = 1
		if rsv1 {
			t.Deflated++
		}
	}
	if opcode < 8 {
		d.open = !fin
		t.Payload += int64(size)
	}
	if d.state != ignored {
		if d.skip = size; size > 0 {
			d.state = payload
		}
	}
}

func (d *direction) broken(what string) {
	if d.traffic.Broken == "" {
		d.traffic.Broken = what
	}
	d.state = ignored
}

// fieldOf returns the values of a field of an HTTP head.
func fieldOf(head, name string) string {
	var values []string
	for _, l := range strings.Split(head, "\r\n") {
		if key, value, ok := strings.Cut(l, ":"); ok && strings.EqualFold(key, name) {
			values = append(values, strings.TrimSpace(value))
		}
	}
	return strings.Join(values, ", ")
}
