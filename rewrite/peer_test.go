package rewrite

import (
	"bufio"
	"bytes"
	"compress/flate"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A peer is the other side of a program: it follows a script, a command a
// line, and writes down what it sees. As a client (the program is a server):
//
//	dial PATH [Name: value | …]   connect and shake hands; a further dial is a
//	                              further connection, which the commands are
//	                              about from then on
//	use N                         go back to connection N, counted from 1
//
// As a server:
//
//	accept [Name: value | …]   take the next request and answer 101
//	answer CODE [Name: value | …] BODY
//	                           take the next request and answer it so
//
// And both, with Go strings without quotes around them:
//
//	text S, binary S, ping S, pong S   send a frame
//	parts S S…                         send a text message in fragments
//	zeros N                            send a binary message of N zeros
//	close [CODE S]                     send a close frame
//	raw HEX                            send bytes; half a frame, say
//	cut                                close the TCP connection
//	read                               see the next message or control frame
//	drain                              see everything up to the end
type peer struct {
	t        *testing.T
	client   bool // the program is one
	address  string
	listener net.Listener
	conns    []*peerConn
	conn     *peerConn
	seen     []string
}

type peerConn struct {
	n   int
	nc  net.Conn
	br  *bufio.Reader
	end bool
	// A message of which fragments have come.
	opcode byte
	packed bool
	data   []byte
}

const peerPatience = 40 * time.Second

func newPeer(t *testing.T, client bool) *peer {
	p := &peer{t: t, client: client}
	if client {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		p.listener = l
		t.Cleanup(func() { l.Close() })
	}
	t.Cleanup(p.end)
	return p
}

func (p *peer) addr() string { return p.listener.Addr().String() }

// end closes all connections.
func (p *peer) end() {
	for _, c := range p.conns {
		c.nc.Close()
	}
}

func (p *peer) see(format string, args ...any) {
	prefix := ""
	if p.conn != nil && p.conn.n > 1 {
		prefix = fmt.Sprintf("%d: ", p.conn.n)
	}
	p.seen = append(p.seen, prefix+fmt.Sprintf(format, args...))
}

func (p *peer) follow(script string) {
	p.t.Helper()
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		word, rest, _ := strings.Cut(line, " ")
		if err := p.do(word, rest); err != nil {
			p.t.Fatalf("peer: %s: %v\nseen so far:\n%s", line, err, strings.Join(p.seen, "\n"))
		}
	}
}

func (p *peer) do(word, rest string) error {
	text, err := strconv.Unquote(`"` + rest + `"`)
	if err != nil {
		return err
	}
	switch word {
	case "dial":
		return p.dial(rest)
	case "use":
		n, err := strconv.Atoi(rest)
		if err == nil {
			p.conn = p.conns[n-1]
		}
		return err
	case "accept":
		return p.accept(http.StatusSwitchingProtocols, rest)
	case "answer":
		code, rest, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(code)
		if err != nil {
			return err
		}
		return p.accept(n, rest)
	case "text":
		return p.send(0x81, []byte(text))
	case "binary":
		return p.send(0x82, []byte(text))
	case "ping":
		return p.send(0x89, []byte(text))
	case "pong":
		return p.send(0x8a, []byte(text))
	case "zeros":
		n, err := strconv.Atoi(rest)
		if err != nil {
			return err
		}
		return p.send(0x82, make([]byte, n))
	case "parts":
		parts := strings.Fields(text)
		for i, s := range parts {
			first := byte(0)
			if i == 0 {
				first = 1
			}
			if i == len(parts)-1 {
				first |= 0x80
			}
			if err := p.send(first, []byte(s)); err != nil {
				return err
			}
		}
		return nil
	case "close":
		if text == "" {
			return p.send(0x88, nil)
		}
		code, reason, _ := strings.Cut(text, " ")
		n, err := strconv.Atoi(code)
		if err != nil {
			return err
		}
		return p.send(0x88, append(binary.BigEndian.AppendUint16(nil, uint16(n)), reason...))
	case "raw":
		var b []byte
		if _, err := fmt.Sscanf(rest, "%x", &b); err != nil {
			return err
		}
		_, err := p.conn.nc.Write(b)
		return err
	case "cut":
		return p.conn.nc.Close()
	case "read":
		return p.read()
	case "drain":
		for !p.conn.end {
			if err := p.read(); err != nil {
				return err
			}
		}
		return nil
	}
	return errors.New("no such command")
}

// fields splits "Name: value | Name: value".
func fields(s string) []string {
	var out []string
	for _, f := range strings.Split(s, "|") {
		if f = strings.TrimSpace(f); f != "" {
			out = append(out, f)
		}
	}
	return out
}

func (p *peer) newConn(nc net.Conn) {
	nc.SetDeadline(time.Now().Add(peerPatience))
	p.conn = &peerConn{n: len(p.conns) + 1, nc: nc, br: bufio.NewReader(nc)}
	p.conns = append(p.conns, p.conn)
}

const peerKey = "AAAAAAAAAAAAAAAAAAAAAA=="

func (p *peer) dial(rest string) error {
	path, header, _ := strings.Cut(rest, " ")
	nc, err := net.Dial("tcp", p.address)
	if err != nil {
		return err
	}
	p.newConn(nc)
	req := "GET " + path + " HTTP/1.1\r\nHost: " + p.address + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + peerKey + "\r\n"
	for _, f := range fields(header) {
		req += strings.ReplaceAll(f, "HOST", p.address) + "\r\n"
	}
	if _, err := io.WriteString(nc, req+"\r\n"); err != nil {
		return err
	}
	resp, err := http.ReadResponse(p.conn.br, nil)
	if err != nil {
		return err
	}
	p.see("status %d", resp.StatusCode)
	p.seeHeader(resp.Header, "Sec-Websocket-Protocol", "Sec-Websocket-Extensions", "Set-Cookie", "X-Served-By", "Location")
	if resp.StatusCode != http.StatusSwitchingProtocols {
		p.conn.end = true
	}
	return nil
}

// seeHeader writes down fields of a header. What makes no difference is made
// one: white space in lists, and the order of an extension's parameters.
func (p *peer) seeHeader(h http.Header, names ...string) {
	for _, name := range names {
		v := strings.Join(h.Values(name), ", ")
		switch name {
		case "Sec-Websocket-Extensions":
			parts := strings.Split(v, "; ")
			slices.Sort(parts[1:])
			v = strings.Join(parts, "; ")
		case "Sec-Websocket-Protocol":
			v = strings.ReplaceAll(v, ", ", ",")
		}
		if v != "" {
			p.see("%s: %s", name, v)
		}
	}
}

func (p *peer) accept(code int, rest string) error {
	p.listener.(*net.TCPListener).SetDeadline(time.Now().Add(peerPatience))
	nc, err := p.listener.Accept()
	if err != nil {
		return err
	}
	p.newConn(nc)
	req, err := http.ReadRequest(p.conn.br)
	if err != nil {
		return err
	}
	p.see("%s %s", req.Method, req.URL)
	if req.Host != p.addr() {
		p.see("Host: %s", req.Host)
	}
	p.seeHeader(req.Header, "Origin", "Sec-Websocket-Protocol", "Sec-Websocket-Extensions", "Authorization", "Cookie", "X-Client")
	body := ""
	header := fields(rest)
	if code == http.StatusSwitchingProtocols {
		sum := sha1.Sum([]byte(req.Header.Get("Sec-Websocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		header = append(header, "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: "+base64.StdEncoding.EncodeToString(sum[:]))
	} else {
		if n := len(header); n > 0 && !strings.Contains(header[n-1], ": ") {
			header, body = header[:n-1], header[n-1]
		}
		header = append(header, fmt.Sprintf("Content-Length: %d", len(body)), "Connection: close")
		p.conn.end = true
	}
	_, err = fmt.Fprintf(nc, "HTTP/1.1 %d %s\r\n%s\r\n\r\n%s", code, http.StatusText(code), strings.Join(header, "\r\n"), body)
	if code != http.StatusSwitchingProtocols {
		nc.Close()
	}
	return err
}

// send sends a frame with the given first byte. As a client the peer masks it,
// with the key zero.
func (p *peer) send(first byte, data []byte) error {
	b := []byte{first}
	mask := byte(0)
	if !p.client {
		mask = 0x80
	}
	switch n := len(data); {
	case n < 126:
		b = append(b, mask|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, mask|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, mask|127), uint64(n))
	}
	if mask != 0 {
		b = append(b, 0, 0, 0, 0)
	}
	_, err := p.conn.nc.Write(append(b, data...))
	return err
}

// read sees the next message, control frame, or the end of the connection.
func (p *peer) read() error {
	c := p.conn
	for {
		head := make([]byte, 2)
		if _, err := io.ReadFull(c.br, head); err != nil {
			var ne net.Error
			if errors.As(err, &ne) && ne.Timeout() {
				return err
			}
			c.end = true
			p.see("end") // reset or not: the kernel decides by what was unread
			return nil
		}
		n := uint64(head[1] & 0x7f)
		switch n {
		case 126:
			var b [2]byte
			if _, err := io.ReadFull(c.br, b[:]); err != nil {
				return err
			}
			n = uint64(binary.BigEndian.Uint16(b[:]))
		case 127:
			var b [8]byte
			if _, err := io.ReadFull(c.br, b[:]); err != nil {
				return err
			}
			n = binary.BigEndian.Uint64(b[:])
		}
		var key [4]byte
		if masked := head[1]&0x80 != 0; masked != p.client {
			return fmt.Errorf("a frame is masked: %v", masked)
		} else if masked {
			if _, err := io.ReadFull(c.br, key[:]); err != nil {
				return err
			}
		}
		data := make([]byte, n)
		if _, err := io.ReadFull(c.br, data); err != nil {
			return err
		}
		for i := range data {
			data[i] ^= key[i%4]
		}
		if op := head[0] & 0xf; op >= 8 {
			p.control(op, data)
			return nil
		} else if op != 0 {
			c.opcode, c.packed, c.data = op, head[0]&0x40 != 0, nil
		}
		c.data = append(c.data, data...)
		if head[0]&0x80 != 0 {
			return p.message()
		}
	}
}

func (p *peer) control(op byte, data []byte) {
	switch op {
	case 8:
		if len(data) < 2 {
			p.see("close")
			return
		}
		p.see("close %d %q", binary.BigEndian.Uint16(data), data[2:])
	case 9:
		p.see("ping %q", data)
	case 10:
		p.see("pong %q", data)
	default:
		p.see("opcode %d %q", op, data)
	}
}

func (p *peer) message() error {
	c, packed := p.conn, ""
	if c.packed {
		packed = "deflated "
		tail := strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff")
		data, err := io.ReadAll(flate.NewReader(io.MultiReader(bytes.NewReader(c.data), tail)))
		if err != nil {
			return err
		}
		c.data = data
	}
	kind := map[byte]string{1: "text", 2: "binary"}[c.opcode]
	if len(c.data) > 200 {
		p.see("%s%s of %d bytes, %q…", packed, kind, len(c.data), c.data[:20])
	} else {
		p.see("%s%s %q", packed, kind, c.data)
	}
	return nil
}
