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
	own := h == nil
	if own {
		h = c.pong
	}
	c.stateMu.Lock()
	c.pingHandler, c.ownPing = h, own
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
	own := h == nil
	if own {
		h = func(string) error { return nil }
	}
	c.stateMu.Lock()
	c.pongHandler, c.ownPong = h, own
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
	own := h == nil
	if own {
		h = func(code int, _ string) error {
			// The read ends with the peer's code, whatever becomes of the reply.
			_ = c.WriteControl(CloseMessage, FormatCloseMessage(code, ""), time.Now().Add(replyWait))
			return nil
		}
	}
	c.stateMu.Lock()
	c.closeHandler, c.ownClose = h, own
	c.stateMu.Unlock()
}

// handleControl runs the handler of a control frame. The caller holds readMu.
func (c *Conn) handleControl(opcode byte, payload string) error {
	c.stateMu.Lock()
	onPing, onPong, onClose := c.pingHandler, c.pongHandler, c.closeHandler
	ownPing, ownPong, ownClose := c.ownPing, c.ownPong, c.ownClose
	c.stateMu.Unlock()
	switch opcode {
	case wire.Ping:
		return c.handle(ownPing, func() error { return onPing(payload) })
	case wire.Pong:
		return c.handle(ownPong, func() error { return onPong(payload) })
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
	if err := c.handle(ownClose, func() error { return onClose(e.Code, e.Text) }); err != nil {
		return err
	}
	return e
}

// handle runs a handler. The user's may do anything, reading included, so that
// readMu is released meanwhile. A default one needs no other read to get in.
func (c *Conn) handle(own bool, handler func() error) error {
	if !own {
		c.readMu.Unlock()
		defer c.readMu.Lock()
	}
	return handler()
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
