package websocket

import (
	"encoding/binary"
	"io"
	"strconv"
	"strings"

	"github.com/wsmigrate/wsmigrate/compat/internal/wire"
)

// advanceFrame skips what is left of the current frame and parses the next
// one. For a data frame it returns the opcode, with the payload to be read. A
// control frame is handled whole. The caller holds readMu.
func (c *Conn) advanceFrame() (opcode int, err error) {
	if err := c.skipPayload(); err != nil {
		return noFrame, err
	}

	p, err := c.take(2)
	if err != nil {
		return noFrame, err
	}
	first, second := p[0], p[1]
	op := first & wire.OpcodeMask
	c.remaining = int64(second & wire.LengthMask)
	c.compressed = first&wire.RSV1 != 0 && c.compress
	if c.final && (first&^wire.Fin == wire.Text || first&^wire.Fin == wire.Binary) && (second&wire.MaskBit != 0) == c.server {
		c.final = first&wire.Fin != 0 // the usual case, of which nothing is to be checked
	} else if msg := c.violations(first, second); msg != "" {
		return noFrame, c.protocolError(msg)
	}
	c.ahead.more = !c.final
	if err := c.readLength(); err != nil {
		return noFrame, err
	}
	c.maskPos = 0
	if second&wire.MaskBit != 0 {
		if p, err = c.take(4); err != nil {
			return noFrame, err
		}
		copy(c.maskKey[:], p)
	}

	if op < wire.Close {
		c.length += c.remaining
		if c.length < 0 { // overflow
			return noFrame, ErrReadLimit
		}
		if limit := c.readLimit.Load(); limit > 0 && c.length > limit {
			return noFrame, c.tooBig()
		}
		return int(op), nil
	}

	payload, err := c.controlPayload()
	if err != nil {
		return noFrame, err
	}
	return int(op), c.handleControl(op, payload)
}

// violations checks the first two bytes of a header and returns everything
// that is wrong with them. It keeps track of fragmentation.
func (c *Conn) violations(first, second byte) string {
	var wrong []string
	note := func(bad bool, text string) {
		if bad {
			wrong = append(wrong, text)
		}
	}
	final := first&wire.Fin != 0
	note(first&wire.RSV1 != 0 && !c.compress, "RSV1 set")
	note(first&wire.RSV2 != 0, "RSV2 set")
	note(first&wire.RSV3 != 0, "RSV3 set")
	switch op := first & wire.OpcodeMask; op {
	case wire.Close, wire.Ping, wire.Pong:
		note(second&wire.LengthMask > wire.MaxControlPayload, "len > 125 for control")
		note(!final, "FIN not set on control")
	case wire.Text, wire.Binary:
		note(!c.final, "data before FIN")
		c.final = final
	case wire.Continuation:
		note(c.final, "continuation after FIN")
		c.final = final
	default:
		note(true, "bad opcode "+strconv.Itoa(int(op)))
	}
	note((second&wire.MaskBit != 0) != c.server, "bad MASK")
	return strings.Join(wrong, ", ")
}

// readLength reads the extended length that the short one in remaining asks for.
func (c *Conn) readLength() error {
	switch c.remaining {
	case 126:
		p, err := c.take(2)
		if err != nil {
			return err
		}
		c.remaining = int64(binary.BigEndian.Uint16(p))
	case 127:
		p, err := c.take(8)
		if err != nil {
			return err
		}
		n := int64(binary.BigEndian.Uint64(p))
		if n < 0 {
			return ErrReadLimit
		}
		c.remaining = n
	}
	return nil
}

// controlPayload reads the payload of a control frame, which is short enough
// to be in the read buffer.
func (c *Conn) controlPayload() (string, error) {
	if c.remaining == 0 {
		return "", nil
	}
	p, err := c.take(int(c.remaining))
	c.remaining = 0
	if err != nil {
		return "", err
	}
	var buf [wire.MaxControlPayload]byte
	n := copy(buf[:], p)
	if c.server {
		wire.Mask(buf[:n], c.maskKey)
	}
	return string(buf[:n]), nil
}

// take reads n bytes, which stay valid until the next read.
func (c *Conn) take(n int) ([]byte, error) {
	if c.br.Buffered() == 0 && len(c.ahead.rest) >= n {
		return c.ahead.take(n), nil
	}
	p, err := c.br.Peek(n)
	if err == io.EOF {
		err = errUnexpectedEOF
	}
	_, _ = c.br.Discard(len(p)) // they are in the buffer
	return p, err
}

// skipPayload discards what is left of the current frame. The end of the
// stream is io.EOF here: gorilla/websocket returns that from NextReader.
func (c *Conn) skipPayload() error {
	for c.remaining > 0 {
		n := 1 << 30
		if int64(n) > c.remaining {
			n = int(c.remaining)
		}
		k, err := c.br.Discard(n)
		c.remaining -= int64(k)
		if err != nil {
			return err
		}
	}
	return nil
}
