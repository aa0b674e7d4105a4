package driver

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// rawLibrary is the floor: a TCP connection on which the same bytes move as
// with a WebSocket library, and nothing is done that could be left out. A
// client's mask key is zero, so that its frames are good for any server. There
// is no mask, no fragment and no control frame to be met.
var rawLibrary = &Library{
	Name:  "raw",
	Title: "raw TCP",
	Lacks: plainOnly,

	Serve: func(ln net.Listener, o Options, handle func(Conn)) Server {
		return serveHTTP(ln, func(w http.ResponseWriter, r *http.Request) (Conn, error) {
			c, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return nil, err
			}
			const answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
			if _, err := io.WriteString(c, answer); err != nil {
				c.Close()
				return nil, err
			}
			return &rawConn{c: c, server: true}, nil
		}, handle)
	},

	Connect: func(ctx context.Context, host string, dial Dial, o Options) (Conn, error) {
		c, err := dial(ctx)
		if err != nil {
			return nil, err
		}
		stop := context.AfterFunc(ctx, func() { c.Close() })
		defer stop()
		if err := rawHandshake(c, host); err != nil {
			c.Close()
			return nil, err
		}
		return &rawConn{c: c}, nil
	},

	Prepare: func(p []byte) (func(Conn) error, error) {
		frame := appendRaw(nil, p, true)
		return func(c Conn) error {
			_, err := c.(*rawConn).c.Write(frame)
			return err
		}, nil
	},
}

func rawHandshake(c net.Conn, host string) error {
	const request = "GET " + path + " HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
	if _, err := fmt.Fprintf(c, request, host); err != nil {
		return err
	}
	// The server is silent until it is spoken to: nothing behind the answer can
	// get lost in the reader.
	br := bufio.NewReaderSize(c, 512)
	for n := 0; ; n++ {
		line, err := br.ReadString('\n')
		if err != nil {
			return err
		}
		if n == 0 && !strings.Contains(line, " 101 ") {
			return errors.New("the server answered " + strings.TrimSpace(line))
		}
		if line == "\r\n" {
			return nil
		}
	}
}

type rawConn struct {
	c      net.Conn
	server bool
	out    []byte
}

// appendRaw appends the frame of p.
func appendRaw(b, p []byte, server bool) []byte {
	var mask byte
	if !server {
		mask = 0x80
	}
	b = append(b, 0x82)
	switch n := len(p); {
	case n > 0xffff:
		b = binary.BigEndian.AppendUint64(append(b, mask|127), uint64(n))
	case n > 125:
		b = binary.BigEndian.AppendUint16(append(b, mask|126), uint16(n))
	default:
		b = append(b, mask|byte(n))
	}
	if !server {
		b = append(b, 0, 0, 0, 0)
	}
	return append(b, p...)
}

// parseRaw returns where in b the payload of the first frame begins and ends;
// ends beyond b mean that bytes are missing.
func parseRaw(b []byte) (from, to int) {
	if len(b) < 2 {
		return 0, 2
	}
	n := int(b[1] & 0x7f)
	from = 2
	switch n {
	case 126:
		if len(b) < 4 {
			return 0, 4
		}
		n, from = int(binary.BigEndian.Uint16(b[2:])), 4
	case 127:
		if len(b) < 10 {
			return 0, 10
		}
		n, from = int(binary.BigEndian.Uint64(b[2:])), 10
	}
	if b[1]&0x80 != 0 {
		from += 4
	}
	return from, from + n
}

// smallBuffer holds a small frame; connections that get no larger ones are kept
// small.
const smallBuffer = 256

// Loop implements [Conn].
func (k *rawConn) Loop(on func(p []byte) error) error {
	buf := make([]byte, smallBuffer)
	var have []byte // bytes of buf not used yet
	for {
		from, to := parseRaw(have)
		for to > len(have) {
			if to > cap(buf) {
				buf = make([]byte, to+smallBuffer)
			}
			n := copy(buf, have)
			m, err := k.c.Read(buf[n:])
			if err != nil {
				return err
			}
			have = buf[:n+m]
			from, to = parseRaw(have)
		}
		if err := on(have[from:to]); err != nil {
			return err
		}
		have = have[to:]
	}
}

// Write implements [Conn].
func (k *rawConn) Write(p []byte) error {
	k.out = appendRaw(k.out[:0], p, k.server)
	_, err := k.c.Write(k.out)
	return err
}

// Close implements [Conn].
func (k *rawConn) Close() error { return k.c.Close() }
