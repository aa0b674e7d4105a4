// Package wire looks at WebSockets as they are on the wire: a client that
// knows frames alone, and a proxy that writes down what passes and can get in
// its way. Neither depends on the library of the server, so that both are the
// same for all versions of a system.
package wire

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// Patience bounds each exchange.
const Patience = 60 * time.Second

// A Client is one connection. It answers nothing by itself.
type Client struct {
	t        testing.TB
	Protocol string // the subprotocol that was agreed on

	conn net.Conn
	br   *bufio.Reader
}

// Dial connects to url, which begins with ws:// or wss://.
func Dial(t testing.TB, url string, header http.Header) *Client {
	t.Helper()
	c, err := Try(t, ws.Dialer{Header: ws.HandshakeHeaderHTTP(header)}, url)
	if err != nil {
		t.Fatalf("dial %s: %v", url, err)
	}
	return c
}

// Try is Dial with all settings, for handshakes that may fail. A status other
// than 101 is an error of type ws.StatusError.
func Try(t testing.TB, d ws.Dialer, url string) (*Client, error) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	conn, br, hs, err := d.Dial(ctx, url)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { conn.Close() })
	if br == nil { // the server has sent nothing since
		br = bufio.NewReader(conn)
	}
	return &Client{t: t, Protocol: hs.Protocol, conn: conn, br: br}, nil
}

// Status returns the status with which url refuses the handshake, or 101.
func Status(t testing.TB, url string, header http.Header) int {
	t.Helper()
	c, err := Try(t, ws.Dialer{Header: ws.HandshakeHeaderHTTP(header)}, url)
	var status ws.StatusError
	switch {
	case err == nil:
		c.Drop()
		return http.StatusSwitchingProtocols
	case errors.As(err, &status):
		return int(status)
	}
	t.Fatalf("dial %s: %v", url, err)
	return 0
}

// Send sends one frame.
func (c *Client) Send(op ws.OpCode, payload []byte) {
	c.t.Helper()
	if err := c.TrySend(op, payload); err != nil {
		c.t.Fatalf("send: %v", err)
	}
}

// TrySend is Send to a server that may be gone.
func (c *Client) TrySend(op ws.OpCode, payload []byte) error {
	c.conn.SetWriteDeadline(time.Now().Add(Patience))
	return ws.WriteFrame(c.conn, ws.MaskFrame(ws.NewFrame(op, true, payload)))
}

// SendFrame sends a frame as it is, masked or not.
func (c *Client) SendFrame(f ws.Frame) {
	c.t.Helper()
	c.conn.SetWriteDeadline(time.Now().Add(Patience))
	if err := ws.WriteFrame(c.conn, f); err != nil {
		c.t.Fatalf("send: %v", err)
	}
}

// SendBytes sends bytes that need not be whole frames.
func (c *Client) SendBytes(p []byte) {
	c.t.Helper()
	c.conn.SetWriteDeadline(time.Now().Add(Patience))
	if _, err := c.conn.Write(p); err != nil {
		c.t.Fatalf("send: %v", err)
	}
}

// Text sends a text message.
func (c *Client) Text(format string, args ...any) {
	c.t.Helper()
	c.Send(ws.OpText, fmt.Appendf(nil, format, args...))
}

// A Message is a message or a control frame.
type Message struct {
	Op   ws.OpCode
	Data []byte
}

func (m Message) String() string {
	if m.Op == ws.OpClose {
		code, reason := ws.ParseCloseFrameData(m.Data)
		return fmt.Sprintf("close %d %s", code, reason)
	}
	return fmt.Sprintf("%s %s", opNames[m.Op], m.Data)
}

// Next returns the next message or control frame.
func (c *Client) Next() (Message, error) {
	c.conn.SetReadDeadline(time.Now().Add(Patience))
	var m Message
	for {
		f, err := ws.ReadFrame(c.br)
		if err != nil {
			return Message{}, err
		}
		if f.Header.OpCode.IsControl() { // between two fragments, too
			return Message{f.Header.OpCode, f.Payload}, nil
		}
		if f.Header.OpCode != ws.OpContinuation {
			m.Op = f.Header.OpCode
		}
		m.Data = append(m.Data, f.Payload...)
		if f.Header.Fin {
			return m, nil
		}
	}
}

// Message returns the next message. It answers pings, and fails the test when
// the connection ends.
func (c *Client) Message() []byte {
	c.t.Helper()
	for {
		m, err := c.Next()
		switch {
		case err != nil:
			c.t.Fatalf("wait for a message: %v", err)
		case m.Op == ws.OpPing:
			c.Send(ws.OpPong, m.Data)
		case m.Op == ws.OpText, m.Op == ws.OpBinary:
			return m.Data
		case m.Op == ws.OpClose:
			c.t.Fatalf("wait for a message: %s", m)
		}
	}
}

// JSON decodes the next message into v, afresh.
func JSON[T any](c *Client) T {
	c.t.Helper()
	var v T
	data := c.Message()
	if err := json.Unmarshal(data, &v); err != nil {
		c.t.Fatalf("message %q: %v", data, err)
	}
	return v
}

// Until passes over everything before the next frame with the opcode and
// returns its payload. Pings are answered.
func (c *Client) Until(op ws.OpCode) []byte {
	c.t.Helper()
	for {
		m, err := c.Next()
		if err != nil {
			c.t.Fatalf("wait for a frame %s: %v", opNames[op], err)
		}
		if m.Op == op {
			return m.Data
		}
		if m.Op == ws.OpPing {
			c.Send(ws.OpPong, m.Data)
		}
	}
}

// Closed passes over everything up to the server's close frame, answers it,
// waits until the connection has ended and returns code and reason.
func (c *Client) Closed() (code int, reason string) {
	c.t.Helper()
	payload := c.Until(ws.OpClose)
	status, reason := ws.ParseCloseFrameData(payload)
	c.TrySend(ws.OpClose, payload)
	c.Ended()
	return int(status), reason
}

// Close starts the closing handshake with code, waits for the answer and
// returns its code.
func (c *Client) Close(code int) int {
	c.t.Helper()
	c.Send(ws.OpClose, ws.NewCloseFrameBody(ws.StatusCode(code), ""))
	status, _ := ws.ParseCloseFrameData(c.Until(ws.OpClose))
	c.Ended()
	return int(status)
}

// Ended reads until the server has ended the connection.
func (c *Client) Ended() {
	c.t.Helper()
	c.conn.SetReadDeadline(time.Now().Add(Patience))
	if _, err := io.Copy(io.Discard, c.br); errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatal("the server keeps the connection open")
	}
	c.conn.Close()
}

// Drop ends the connection without a word.
func (c *Client) Drop() { c.conn.Close() }

var opNames = map[ws.OpCode]string{
	ws.OpContinuation: "continuation", ws.OpText: "text", ws.OpBinary: "binary",
	ws.OpClose: "close", ws.OpPing: "ping", ws.OpPong: "pong",
}

// Narrow connects with a receive buffer as small as the system allows, so that
// a client that does not read is noticed soon. It is for ws.Dialer.NetDial.
func Narrow(ctx context.Context, network, addr string) (net.Conn, error) {
	d := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		if e := c.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096)
		}); e != nil {
			return e
		}
		return err
	}}
	return d.DialContext(ctx, network, addr)
}
