//go:build linux

package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

const (
	maxMessageSize = 64 << 10
	maxWaiting     = 1 << 20 // bytes that a peer may leave unread
)

// conn is one connection. Only the loop's goroutine uses it.
type conn struct {
	tcp *net.TCPConn
	fd  int

	in      buffer // the part of a frame that has come
	message buffer // the fragments of a message that have come
	kind    ws.OpCode
	out     buffer // what waits to be written

	blocked bool // out waits for room
	closing bool // a close frame was sent
	closed  bool // the peer's has come
	failed  bool // closing because of what the peer sent, which is not read on
	pinged  bool
	heard   time.Time
}

// receive takes in what has come and answers it. A code means that the
// connection is to end with it.
func (c *conn) receive(data []byte) (ws.StatusCode, string) {
	if len(c.in.bytes()) > 0 {
		c.in.add(data)
		data = c.in.bytes()
	}
	for !c.closed {
		frame, n, err := parse(data, c.state())
		if errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return ws.StatusProtocolError, err.Error()
		}
		if !frame.Header.OpCode.IsControl() && frame.Header.Length+int64(len(c.message.bytes())) > maxMessageSize {
			return ws.StatusMessageTooBig, ""
		}
		if n > len(data) {
			break // the payload is not all there
		}
		if code, reason := c.take(frame.Header, data[n-int(frame.Header.Length):n]); code != 0 {
			return code, reason
		}
		data = data[n:]
	}
	c.in.keep(data)
	return 0, ""
}

func (c *conn) state() ws.State {
	state := ws.StateServerSide
	if c.kind != 0 {
		state = state.Set(ws.StateFragmented)
	}
	return state
}

// parse reads the header of a frame, and says how long the frame is. A header
// that is not all there is io.ErrUnexpectedEOF.
func parse(data []byte, state ws.State) (frame ws.Frame, n int, err error) {
	r := bytes.NewReader(data)
	frame.Header, err = ws.ReadHeader(r)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err == nil {
		err = ws.CheckHeader(frame.Header, state)
	}
	if err != nil {
		return ws.Frame{}, 0, err
	}
	return frame, len(data) - r.Len() + int(min(frame.Header.Length, maxMessageSize+1)), nil
}

// take takes one whole frame in. It unmasks the payload where it is.
func (c *conn) take(h ws.Header, payload []byte) (ws.StatusCode, string) {
	ws.Cipher(payload, h.Mask, 0)
	switch h.OpCode {
	case ws.OpPing:
		c.send(ws.OpPong, payload)
	case ws.OpPong:
	case ws.OpClose:
		return c.takeClose(payload)
	default:
		if h.OpCode != ws.OpContinuation {
			c.kind = h.OpCode
		}
		if !h.Fin {
			c.message.add(payload)
			return 0, ""
		}
		if len(c.message.bytes()) > 0 {
			c.message.add(payload)
			payload = c.message.bytes()
		}
		if c.kind == ws.OpText && !utf8.Valid(payload) {
			return ws.StatusInvalidFramePayloadData, "not UTF-8"
		}
		c.send(c.kind, payload)
		c.message.free()
		c.kind = 0
	}
	return 0, ""
}

func (c *conn) takeClose(payload []byte) (ws.StatusCode, string) {
	c.closed = true
	if len(payload) == 0 {
		return ws.StatusNormalClosure, ""
	}
	code, reason := ws.ParseCloseFrameData(payload)
	if err := ws.CheckCloseFrameData(code, reason); err != nil {
		return ws.StatusProtocolError, err.Error()
	}
	return code, ""
}

// send puts a frame to what waits. Nothing may follow a close frame.
func (c *conn) send(op ws.OpCode, payload []byte) {
	if c.closing && op != ws.OpClose {
		return
	}
	var head bytes.Buffer
	ws.WriteHeader(&head, ws.Header{Fin: true, OpCode: op, Length: int64(len(payload))})
	c.out.add(head.Bytes())
	c.out.add(payload)
}
