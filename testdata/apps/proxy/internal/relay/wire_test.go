package relay

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"
)

// Opcodes of RFC 6455, section 5.2.
const (
	opText  = 0x1
	opClose = 0x8
)

// wireTimeout bounds each exchange, so that a test fails instead of hanging.
const wireTimeout = 20 * time.Second

// peer is a client that sees frames as they are. It answers nothing by itself.
type peer struct {
	t    *testing.T
	conn net.Conn
	br   *bufio.Reader
}

// handshake asks url (http://host/path) for an upgrade and returns the
// response. The peer is of use where the status is 101.
func handshake(t *testing.T, url string, header http.Header) (*peer, *http.Response) {
	t.Helper()
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for key, values := range header {
		req.Header[key] = values
	}
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "websocket")
	req.Header.Set("Sec-WebSocket-Version", "13")
	req.Header.Set("Sec-WebSocket-Key", "AAECAwQFBgcICQoLDA0ODw==")

	conn, err := net.Dial("tcp", req.URL.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(wireTimeout))
	if err := req.Write(conn); err != nil {
		t.Fatal(err)
	}
	br := bufio.NewReader(conn)
	resp, err := http.ReadResponse(br, req)
	if err != nil {
		t.Fatal(err)
	}
	return &peer{t: t, conn: conn, br: br}, resp
}

// connect is handshake where the upgrade must succeed.
func connect(t *testing.T, url string) *peer {
	t.Helper()
	p, resp := handshake(t, url, nil)
	if resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("handshake: status %d", resp.StatusCode)
	}
	return p
}

// write sends one whole frame, masked with zeros.
func (p *peer) write(op byte, payload []byte) {
	p.t.Helper()
	frame := []byte{0x80 | op}
	if n := len(payload); n < 126 {
		frame = append(frame, 0x80|byte(n))
	} else {
		frame = append(frame, 0x80|126)
		frame = binary.BigEndian.AppendUint16(frame, uint16(n))
	}
	frame = append(frame, 0, 0, 0, 0)
	frame = append(frame, payload...)
	if _, err := p.conn.Write(frame); err != nil {
		p.t.Fatalf("write frame: %v", err)
	}
}

// next returns the next frame, or the error that ended the connection.
func (p *peer) next() (fin bool, op byte, payload []byte, err error) {
	var head [2]byte
	if _, err = io.ReadFull(p.br, head[:]); err != nil {
		return
	}
	length := uint64(head[1] & 0x7f)
	switch length {
	case 126:
		var ext [2]byte
		_, err = io.ReadFull(p.br, ext[:])
		length = uint64(binary.BigEndian.Uint16(ext[:]))
	case 127:
		var ext [8]byte
		_, err = io.ReadFull(p.br, ext[:])
		length = binary.BigEndian.Uint64(ext[:])
	}
	if err != nil {
		return
	}
	payload = make([]byte, length)
	_, err = io.ReadFull(p.br, payload)
	return head[0]&0x80 != 0, head[0] & 0x0f, payload, err
}

// until returns the payload of the next frame with opcode op and passes over
// all others.
func (p *peer) until(op byte) []byte {
	p.t.Helper()
	for {
		_, got, payload, err := p.next()
		if err != nil {
			p.t.Fatalf("wait for a frame with opcode %#x: %v", op, err)
		}
		if got == op {
			return payload
		}
	}
}

// closeFrame returns what the next close frame says; code 1005 stands for
// nothing.
func (p *peer) closeFrame() (code int, reason string) {
	p.t.Helper()
	payload := p.until(opClose)
	if len(payload) < 2 {
		return 1005, ""
	}
	return int(binary.BigEndian.Uint16(payload)), string(payload[2:])
}

// closePayload is the payload of a close frame.
func closePayload(code int, reason string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...)
}

// ended reads until the other side has ended the connection.
func (p *peer) ended() {
	p.t.Helper()
	for {
		if _, _, _, err := p.next(); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				p.t.Fatal("the server keeps the connection open")
			}
			return
		}
	}
}
