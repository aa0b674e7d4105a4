package websocket

import (
	"errors"
	"io"
	"sync"

	"github.com/wsmigrate/wsmigrate/compat/internal/wire"
)

const (
	// noFrame is the message type of a read that failed.
	noFrame = -1

	// maxReadFails is how many failing reads in a row are taken for a loop
	// that does not look at the error.
	maxReadFails = 1000

	// trustedLength is the longest frame that gets its memory at once. A longer
	// one gets half of that before any of its payload has arrived, and then as
	// much again as has.
	trustedLength = 64 << 10
)

// errInterrupted is returned by a read that another overtook: the next message
// was started before this one was at its end, inside a handler or by another
// goroutine.
var errInterrupted = errors.New("websocket: message interrupted by the read of another")

// ErrReadLimit is returned by a read of a message that is larger than the
// limit of [Conn.SetReadLimit].
var ErrReadLimit = errors.New("websocket: read limit exceeded")

// NextReader waits for the next data message and returns its type, TextMessage
// or BinaryMessage, and a reader of it. What was not read of the message before
// is discarded, and its reader is at its end from then on.
//
// An error is permanent: all later calls return the same one. A program that
// goes on calling panics at the 1000th failing call.
func (c *Conn) NextReader() (messageType int, r io.Reader, err error) {
	if n := c.native.Load(); n != nil {
		return n.nextReader()
	}
	c.readMu.Lock()
	defer c.readMu.Unlock()
	messageType, err = c.nextMessage()
	if err != nil {
		return messageType, nil, err
	}
	if c.inflate != nil {
		return messageType, c.inflate, nil
	}
	return messageType, &messageReader{c: c, id: c.open}, nil
}

// nextMessage advances to the next data message. The caller holds readMu.
func (c *Conn) nextMessage() (messageType int, err error) {
	start := c.endMessage()
	for c.readErr == nil {
		opcode, err := c.advanceFrame()
		if err != nil {
			c.readErr = permanent(err)
			break
		}
		if c.started != start {
			// While a handler ran, another read was let in. Perhaps it is in the
			// middle of a message, of which this read may have skipped a part.
			start = c.endMessage()
		}
		if opcode == TextMessage || opcode == BinaryMessage {
			c.open = c.started
			if c.compressed {
				c.inflate = newInflater(&messageReader{c: c, id: c.open})
			}
			return opcode, nil
		}
	}

	c.readFails++
	if c.readFails >= maxReadFails {
		panic("repeated read on failed websocket connection")
	}
	return noFrame, c.readErr
}

// endMessage detaches the reader of the current message. It returns the number
// of calls so far.
func (c *Conn) endMessage() int {
	if c.inflate != nil {
		c.inflate.close()
		c.inflate = nil
	}
	c.open = 0
	c.length = 0
	c.started++
	return c.started
}

// messageReader reads the payload of one message as it is on the wire.
type messageReader struct {
	c     *Conn
	id    int  // see Conn.open
	whole bool // all of it was read
}

// Read implements io.Reader. It returns what has arrived of a frame.
func (r *messageReader) Read(p []byte) (int, error) {
	r.c.readMu.Lock()
	defer r.c.readMu.Unlock()
	return r.read(p)
}

// read is Read for a caller that holds readMu.
func (r *messageReader) read(p []byte) (int, error) {
	c := r.c
	if c.open != r.id {
		return 0, io.EOF
	}
	for c.readErr == nil {
		if c.remaining > 0 {
			return c.readDecoded(p)
		}
		if c.final {
			c.open = 0
			r.whole = true
			return 0, io.EOF
		}
		if err := c.nextFragment(r.id); err != nil {
			return 0, err
		}
	}
	if c.readErr == io.EOF {
		return 0, errUnexpectedEOF
	}
	return 0, c.readErr
}

// readWhole is Read for a caller that needs all of the message: being overtaken is
// not its end.
func (r *messageReader) readWhole(p []byte) (int, error) {
	r.c.readMu.Lock()
	defer r.c.readMu.Unlock()
	n, err := r.read(p)
	if err == io.EOF && !r.whole {
		err = errInterrupted
	}
	return n, err
}

// nextFragment advances to the next data frame inside the message id, or
// handles one control frame. Except for errInterrupted, an error is sticky.
func (c *Conn) nextFragment(id int) error {
	opcode, err := c.advanceFrame()
	if err == nil && (opcode == TextMessage || opcode == BinaryMessage) {
		err = errors.New("websocket: internal error, unexpected text or binary in Reader")
	}
	if err != nil {
		c.readErr = permanent(err)
		if err == io.EOF { // of a handler
			return errUnexpectedEOF
		}
		return c.readErr
	}
	if c.open != id {
		return errInterrupted
	}
	return nil
}

// readPayload reads payload bytes of the current frame into p, once and still
// masked. An error becomes the sticky one.
func (c *Conn) readPayload(p []byte) (int, error) {
	if int64(len(p)) > c.remaining {
		p = p[:c.remaining]
	}
	var r io.Reader = c.br
	if c.br.Buffered() == 0 && (len(c.ahead.rest) > 0 || c.ahead.borrows(len(p))) {
		r = c.ahead // which spares a copy
	}
	n, err := r.Read(p)
	c.remaining -= int64(n)
	if err == io.EOF && (c.remaining > 0 || !c.final) {
		err = errUnexpectedEOF
	}
	c.readErr = permanent(err)
	return n, c.readErr
}

// readDecoded is readPayload with the payload unmasked. What a server sends is
// not masked, and the engine of a client does not see it.
func (c *Conn) readDecoded(p []byte) (int, error) {
	if !c.server {
		return c.readPayload(p)
	}
	key := c.link.Key()
	n, err := c.readMasked(p, wire.Differ(wire.Rotate(c.maskKey, c.maskPos), key))
	c.link.Decode(p[:n], key, 0)
	c.maskPos += int64(n)
	return n, err
}

// ReadMessage reads the next message whole, as NextReader and io.ReadAll would.
func (c *Conn) ReadMessage() (messageType int, p []byte, err error) {
	if n := c.native.Load(); n != nil {
		return n.readMessage()
	}
	c.readMu.Lock()
	defer c.readMu.Unlock()
	messageType, err = c.nextMessage()
	if err != nil {
		return messageType, nil, err
	}
	switch {
	case c.inflate != nil:
		p, err = c.inflate.readAll()
	case c.final:
		p, err = c.readRest(c.open)
	default:
		p, err = c.readFragments(c.open)
	}
	return messageType, p, err
}

// readFunc is an io.Reader that is a function.
type readFunc func(p []byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// readRest reads the message id, of which the current frame is the only one.
func (c *Conn) readRest(id int) ([]byte, error) {
	key := c.link.Key()
	p, err := c.readFrame([]byte{}, key)
	c.decodeAll(p, key)
	if err != nil && (err != io.EOF || c.remaining > 0) {
		return p, err
	}
	c.open = 0
	return p, nil
}

// scratchSize is the size of the message in fragments that is still gathered
// in memory of a pool.
const scratchSize = 64 << 10

var scratches = sync.Pool{New: func() interface{} {
	b := make([]byte, 0, scratchSize)
	return &b
}}

// readFragments reads the message id, of which the current frame is the first
// one. The fragments are gathered as if one key masked all of them, and the
// engine decodes them at once.
func (c *Conn) readFragments(id int) ([]byte, error) {
	s := scratches.Get().(*[]byte)
	defer scratches.Put(s)
	key := c.link.Key()
	p, lent := *s, true
	var err error
	for first := true; ; first = false {
		p, err = c.readFrame(p, key)
		if err != nil && (err != io.EOF || c.remaining > 0) {
			break
		}
		if err = nil; c.final {
			c.open = 0
			break
		}
		if err = c.nextFragment(id); err != nil {
			break
		}
		if first { // not each time: there may be very many, and empty
			if n := c.inSight(); n > 0 {
				p, lent = append(make([]byte, 0, len(p)+n), p...), false
			}
		}
	}
	c.decodeAll(p, key)
	if lent && cap(p) == scratchSize {
		p = append([]byte{}, p...)
	}
	return p, err
}

// inSight returns how much of the message in fragments is to come, if all of it
// has been read ahead, and 0 if not.
func (c *Conn) inSight() int {
	if c.br.Buffered() > 0 {
		return 0
	}
	total, n, final := 0, c.remaining, c.final
	for b := c.ahead.rest; 0 <= n && n <= int64(len(b)); {
		total += int(n)
		if b = b[n:]; final {
			return total
		}
		h, size := wire.Parse(b)
		if size == 0 || h.First&^wire.Fin != wire.Continuation || h.Masked != c.server {
			break
		}
		n, final, b = h.Length, h.First&wire.Fin != 0, b[size:]
	}
	return 0
}

// readFrame appends the current frame, of which nothing has been read, to p. A
// client's payload is masked as if it went on with what key masks from the
// beginning of p on.
func (c *Conn) readFrame(p []byte, key [4]byte) ([]byte, error) {
	var mask [4]byte
	if c.server {
		mask = wire.Differ(c.maskKey, wire.Rotate(key, int64(len(p))))
	}
	var err error
	for c.remaining > 0 && err == nil {
		if len(p) == cap(p) {
			p = c.grow(p)
		}
		var n int
		n, err = c.readMasked(p[len(p):cap(p)], mask)
		p = p[:len(p)+n]
		mask = wire.Rotate(mask, int64(n))
	}
	return p, err
}

// readMasked is readPayload, with mask on top of what comes from the wire.
func (c *Conn) readMasked(p []byte, mask [4]byte) (int, error) {
	if int64(len(p)) > c.remaining {
		p = p[:c.remaining]
	}
	if c.br.Buffered() == 0 && c.ahead.fill(len(p)) {
		rest := c.ahead.take(len(p))
		wire.MaskTo(p, rest, mask)
		c.remaining -= int64(len(rest))
		return len(rest), nil
	}
	n, err := c.readPayload(p)
	wire.Mask(p[:n], mask)
	return n, err
}

// decodeAll unmasks p, which key masks.
func (c *Conn) decodeAll(p []byte, key [4]byte) {
	if c.server {
		c.link.Decode(p, key, 0)
	}
}

// grow makes room behind p for the rest of the frame, or for as much of it as
// the bytes at hand make credible.
func (c *Conn) grow(p []byte) []byte {
	more := int64(len(p))
	if more < trustedLength/2 {
		more = trustedLength / 2
	}
	if more > c.remaining || c.remaining <= trustedLength {
		more = c.remaining
	}
	size := int64(len(p)) + more
	if double := 2 * int64(cap(p)); !c.final && size < double {
		size = double // there will be more fragments
	}
	q := make([]byte, len(p), size)
	copy(q, p)
	return q
}
