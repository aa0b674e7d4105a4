package websocket

import (
	"encoding/binary"
	"errors"
	"net"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/wsmigrate/wsmigrate/compat/internal/wire"
)

// PingHandler returns the handler of received pings.
func (c *Conn) PingHandler() func(appData string) error {
	c.stateMu.Lock()
	defer c.stateMu.Unlock()
	return c.pingHandler
}

// SetPingHandler sets the handler of received pings; nil sets the default,
// which sends the payload back in a pong. The handler runs inside the methods
// that read, between the frames of a message too. An error of it ends reading,
// and is what the read returns.
func (c *Conn) SetPingHandler(h func(appData string) error) {
	if h == nil {
		h = c.pong
	}
	c.stateMu.Lock()
	c.pingHandler = h
	c.stateMu.Unlock()
}

// pong is the default ping handler. Not being able to write just now, or any
// more, does not end reading.
func (c *Conn) pong(appData string) error {
	err := c.WriteControl(PongMessage, []byte(appData), time.Now().Add(replyWait))
	if err == ErrCloseSent {
		return nil
	}
	if e, ok := err.(net.Error); ok && e.Temporary() {
		return nil
	}
	return err
}

// PongHandler returns the handler of received pongs.
func (c *Conn) PongHandler() func(appData string) error {
	c.stateMu.Lock()
	defer c.stateMu.Unlock()
	return c.pongHandler
}

// SetPongHandler sets the handler of received pongs; nil sets the default,
// which does nothing. The rest is as for SetPingHandler.
func (c *Conn) SetPongHandler(h func(appData string) error) {
	if h == nil {
		h = func(string) error { return nil }
	}
	c.stateMu.Lock()
	c.pongHandler = h
	c.stateMu.Unlock()
}

// CloseHandler returns the handler of a received close frame.
func (c *Conn) CloseHandler() func(code int, text string) error {
	c.stateMu.Lock()
	defer c.stateMu.Unlock()
	return c.closeHandler
}

// SetCloseHandler sets the handler of a received close frame; nil sets the
// default, which sends the code back. An empty close frame gives the code
// [CloseNoStatusReceived]. After the handler the read returns a [*CloseError],
// or the handler's error. The rest is as for SetPingHandler.
func (c *Conn) SetCloseHandler(h func(code int, text string) error) {
	if h == nil {
		h = func(code int, _ string) error {
			// The read ends with the peer's code, whatever becomes of the reply.
			_ = c.WriteControl(CloseMessage, FormatCloseMessage(code, ""), time.Now().Add(replyWait))
			return nil
		}
	}
	c.stateMu.Lock()
	c.closeHandler = h
	c.stateMu.Unlock()
}

// handleControl runs the handler of a control frame. The caller holds readMu,
// which is released meanwhile: a handler may do anything, reading included.
func (c *Conn) handleControl(opcode byte, payload string) error {
	switch opcode {
	case wire.Ping:
		h := c.PingHandler()
		return c.unlocked(func() error { return h(payload) })
	case wire.Pong:
		h := c.PongHandler()
		return c.unlocked(func() error { return h(payload) })
	}

	e := &CloseError{Code: CloseNoStatusReceived}
	if len(payload) >= 2 {
		e.Code = int(binary.BigEndian.Uint16([]byte(payload)))
		e.Text = payload[2:]
		if !validCloseCode(e.Code) {
			return c.protocolError("bad close code " + strconv.Itoa(e.Code))
		}
		if !utf8.ValidString(e.Text) {
			return c.protocolError("invalid utf8 payload in close frame")
		}
	}
	h := c.CloseHandler()
	if err := c.unlocked(func() error { return h(e.Code, e.Text) }); err != nil {
		return err
	}
	return e
}

func (c *Conn) unlocked(f func() error) error {
	c.readMu.Unlock()
	defer c.readMu.Lock()
	return f()
}

// protocolError tells the peer what was wrong and returns it as an error.
func (c *Conn) protocolError(msg string) error {
	_ = c.WriteControl(CloseMessage, FormatCloseMessage(CloseProtocolError, msg), time.Now().Add(replyWait))
	return errors.New("websocket: " + msg)
}

// tooBig tells the peer that its message is beyond the read limit.
func (c *Conn) tooBig() error {
	_ = c.WriteControl(CloseMessage, FormatCloseMessage(CloseMessageTooBig, ""), time.Now().Add(replyWait))
	return ErrReadLimit
}
