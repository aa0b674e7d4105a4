package websocket

import (
	"errors"
	"io"
	"sync"
	"time"

	"github.com/wsmigrate/wsmigrate/compat/internal/wire"
)

var (
	errWriteTimeout        = &netError{msg: "websocket: write timeout", timeout: true, temporary: true}
	errBadWriteOpCode      = errors.New("websocket: bad write message type")
	errWriteClosed         = errors.New("websocket: write closed")
	errInvalidControlFrame = errors.New("websocket: invalid control frame")
)

func isControl(messageType int) bool {
	return messageType == CloseMessage || messageType == PingMessage || messageType == PongMessage
}

func isData(messageType int) bool {
	return messageType == TextMessage || messageType == BinaryMessage
}

// WriteControl sends a control frame: a close, ping or pong message. It waits
// until the deadline for the frame that is being written, not for a message;
// the zero deadline means no limit. After a close frame all writes fail with
// [ErrCloseSent].
func (c *Conn) WriteControl(messageType int, data []byte, deadline time.Time) error {
	if !isControl(messageType) {
		return errBadWriteOpCode
	}
	if len(data) > wire.MaxControlPayload {
		return errInvalidControlFrame
	}
	if n := c.native.Load(); n != nil {
		return n.writeControl(messageType, data, deadline)
	}
	if !c.lockFrameUntil(deadline) {
		return errWriteTimeout
	}
	defer c.unlockFrame()
	return c.putFrame(wire.Fin|byte(messageType), data, deadline)
}

func (c *Conn) lockFrame() { c.frameMu <- struct{}{} }

func (c *Conn) unlockFrame() { <-c.frameMu }

func (c *Conn) lockFrameUntil(deadline time.Time) bool {
	if deadline.IsZero() {
		c.lockFrame()
		return true
	}
	d := time.Until(deadline)
	if d < 0 {
		return false
	}
	select {
	case c.frameMu <- struct{}{}:
		return true
	default:
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case c.frameMu <- struct{}{}:
		return true
	case <-t.C:
		return false
	}
}

// putFrame writes one frame. The caller holds frameMu.
func (c *Conn) putFrame(first byte, p []byte, deadline time.Time) error {
	if err := c.stickyWriteErr(); err != nil {
		return err
	}
	_ = c.netConn.SetWriteDeadline(deadline) // a connection without deadlines is still written to
	if err := c.link.WriteFrame(first, p); err != nil {
		return c.failWrites(err)
	}
	if first&wire.OpcodeMask == wire.Close {
		_ = c.failWrites(ErrCloseSent)
	}
	return nil
}

// writeFrame implements frameSink.
func (c *Conn) writeFrame(first byte, p []byte) error {
	c.stateMu.Lock()
	deadline := c.writeDeadline
	c.stateMu.Unlock()
	c.lockFrame()
	defer c.unlockFrame()
	return c.putFrame(first, p, deadline)
}

func (c *Conn) stickyWriteErr() error {
	c.stateMu.Lock()
	defer c.stateMu.Unlock()
	return c.writeErr
}

// failWrites makes all later writes fail with err, unless they do already.
func (c *Conn) failWrites(err error) error {
	err = permanent(err)
	c.stateMu.Lock()
	if c.writeErr == nil {
		c.writeErr = err
	}
	c.stateMu.Unlock()
	return err
}

// WriteMessage writes data as one message of any type.
func (c *Conn) WriteMessage(messageType int, data []byte) error {
	if n := c.native.Load(); n != nil {
		return n.writeMessage(messageType, data)
	}
	c.msgMu.Lock()
	defer c.msgMu.Unlock()
	if isData(messageType) && c.plain() {
		c.closeWriter()
		return c.writeWhole(byte(messageType), data)
	}
	w, err := c.begin(messageType)
	if err != nil {
		return err
	}
	if w.single {
		return w.flush(true, data)
	}
	if _, err := w.put(data); err != nil {
		return err
	}
	return w.finish()
}

// maxBatch is how much of a message is written before control frames may get
// in.
const maxBatch = 64 << 10

// writeWhole writes a data message without a buffer of the connection: the
// frames are those that a full buffer at a time would make. The caller holds
// msgMu.
func (c *Conn) writeWhole(opcode byte, data []byte) error {
	if c.server {
		return c.writeFrames(wire.Fin|opcode, data, len(data))
	}
	return c.writeBatches(wire.Fin|opcode, data, c.frameSize())
}

// writeBatches writes frames of size bytes each, see engine.Link.WriteFrames,
// and lets control frames get in.
func (c *Conn) writeBatches(first byte, data []byte, size int) error {
	batch := size
	if size < maxBatch {
		batch = maxBatch - maxBatch%size
	}
	for len(data) > batch {
		if err := c.writeFrames(first&^wire.Fin, data[:batch], size); err != nil {
			return err
		}
		data, first = data[batch:], first&wire.Fin|wire.Continuation
	}
	return c.writeFrames(first, data, size)
}

// frameSize is how much payload a full buffer holds.
func (c *Conn) frameSize() int {
	if c.writeBuf != nil {
		return len(c.writeBuf)
	}
	return c.writeBufSize
}

// writeFrames writes frames of one message of size bytes each.
func (c *Conn) writeFrames(first byte, p []byte, size int) error {
	c.stateMu.Lock()
	deadline := c.writeDeadline
	c.stateMu.Unlock()
	c.lockFrame()
	defer c.unlockFrame()
	if err := c.stickyWriteErr(); err != nil {
		return err
	}
	_ = c.netConn.SetWriteDeadline(deadline) // a connection without deadlines is still written to
	if err := c.link.WriteFrames(first, p, size); err != nil {
		return c.failWrites(err)
	}
	return nil
}

// NextWriter returns a writer of the next message, of any type. A message that
// does not fit the write buffer is sent in frames as the buffer fills; Close
// sends the rest. A writer that is still open is closed first, which ends its
// message.
func (c *Conn) NextWriter(messageType int) (io.WriteCloser, error) {
	if n := c.native.Load(); n != nil {
		return n.nextWriter(messageType)
	}
	c.msgMu.Lock()
	defer c.msgMu.Unlock()
	w, err := c.begin(messageType)
	if err != nil {
		return nil, err
	}
	if w.z != nil {
		return compressedWriter{w}, nil
	}
	return w, nil
}

// begin starts a message. The caller holds msgMu.
func (c *Conn) begin(messageType int) (*messageWriter, error) {
	c.closeWriter()
	if !isControl(messageType) && !isData(messageType) {
		return nil, errBadWriteOpCode
	}
	if err := c.stickyWriteErr(); err != nil {
		return nil, err
	}
	w := &messageWriter{c: c, sink: c, server: c.server, opcode: byte(messageType), size: c.writeBufSize}
	c.takeBuffer(w)
	compress := c.compressing()
	if compress && isData(messageType) {
		w.compress(int(c.writeLevel.Load()))
	}
	w.single = c.server && !compress
	c.writer = w
	return w, nil
}

// plain reports whether data messages are written as they are, and without a
// buffer of the user's pool.
func (c *Conn) plain() bool { return c.writePool == nil && !c.compressing() }

// compressing reports whether data messages are to be compressed.
func (c *Conn) compressing() bool { return c.compress && c.writeCompress.Load() }

// closeWriter ends the message that is open, if any. Its error, if it matters,
// is sticky and met by the next write. The caller holds msgMu.
func (c *Conn) closeWriter() {
	if c.writer != nil {
		_ = c.writer.finish()
		c.writer = nil
	}
}

// takeBuffer lends w the connection's buffer, or one of the pool. Without
// either, w takes one when it needs it.
func (c *Conn) takeBuffer(w *messageWriter) {
	if c.writeBuf == nil && c.writePool != nil {
		b, ok := c.writePool.Get().(*pooledBuffer)
		if !ok {
			b = &pooledBuffer{make([]byte, c.writeBufSize)}
		}
		c.pooled = b
		c.writeBuf = b.buf
	}
	if c.writeBuf != nil {
		w.buf = c.writeBuf
		w.size = len(w.buf)
	}
}

// writeBuffers has write buffers of messages in pieces. A connection keeps none
// between messages, unless it is larger than these.
var writeBuffers = sync.Pool{New: func() interface{} {
	b := make([]byte, defaultWriteBufferSize)
	return &b
}}

// takeOwn gives w a buffer, which goes back to the pool or to the connection
// when the message has ended.
func (w *messageWriter) takeOwn() {
	if w.size > defaultWriteBufferSize {
		w.buf = make([]byte, w.size)
		return
	}
	w.lent = writeBuffers.Get().(*[]byte)
	w.buf = (*w.lent)[:w.size]
}

// putBuffer takes the buffer of w back.
func (c *Conn) putBuffer(w *messageWriter) {
	if c.pooled != nil {
		c.writePool.Put(c.pooled)
		c.pooled, c.writeBuf = nil, nil
		return
	}
	if w.lent != nil {
		writeBuffers.Put(w.lent)
		w.lent = nil
		return
	}
	c.writeBuf = w.buf
}
