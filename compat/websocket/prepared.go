package websocket

import (
	"sync"
	"time"

	"github.com/wsmigrate/wsmigrate/compat/internal/wire"
)

// PreparedMessage is a message to be written to many connections, which is cut
// into frames and compressed only once for each way of doing so.
type PreparedMessage struct {
	messageType int
	data        []byte

	mu    sync.Mutex
	forms map[preparedKey]*preparedForm
}

// preparedKey is what the frames of a message depend on.
type preparedKey struct {
	server   bool
	compress bool
	level    int // 0 without compression
}

// preparedForm is a message as frames. For servers these are the bytes on the
// wire, the same for each connection. For clients the engine of each connection
// codes and masks them.
type preparedForm struct {
	once   sync.Once
	wire   []byte
	frames []preparedFrame
	err    error
}

type preparedFrame struct {
	first   byte
	payload []byte
}

// NewPreparedMessage prepares a message of any type. It keeps no reference to data.
func NewPreparedMessage(messageType int, data []byte) (*PreparedMessage, error) {
	pm := &PreparedMessage{
		messageType: messageType,
		data:        data,
		forms:       make(map[preparedKey]*preparedForm),
	}
	if form := pm.form(preparedKey{server: true}); form.err != nil {
		return nil, form.err
	}
	return pm, nil
}

func (pm *PreparedMessage) form(key preparedKey) *preparedForm {
	pm.mu.Lock()
	form, ok := pm.forms[key]
	if !ok {
		form = new(preparedForm)
		pm.forms[key] = form
	}
	pm.mu.Unlock()
	form.once.Do(func() { form.err = form.make(pm, key) })
	return form
}

// make cuts the message as a connection with the default write buffer would.
func (f *preparedForm) make(pm *PreparedMessage, key preparedKey) error {
	if !isControl(pm.messageType) && !isData(pm.messageType) {
		return errBadWriteOpCode
	}
	w := &messageWriter{sink: frameRecorder{f, key.server}, server: key.server, opcode: byte(pm.messageType), size: defaultWriteBufferSize}
	if key.server && !key.compress {
		if err := w.flush(true, pm.data); err != nil {
			return err
		}
		pm.data = f.wire[len(f.wire)-len(pm.data):] // made first, by NewPreparedMessage: the copy
		return nil
	}
	if key.compress {
		w.compress(key.level)
	}
	if _, err := w.put(pm.data); err != nil {
		return err
	}
	return w.finish()
}

// frameRecorder keeps the frames of a message for f.
type frameRecorder struct {
	f      *preparedForm
	server bool
}

// writeFrame implements frameSink.
func (r frameRecorder) writeFrame(first byte, p []byte) error {
	if r.server {
		h := wire.Header{First: first, Length: int64(len(p))}
		r.f.wire = append(h.Append(r.f.wire), p...)
		return nil
	}
	r.f.frames = append(r.f.frames, preparedFrame{first, append([]byte(nil), p...)})
	return nil
}

// WritePreparedMessage writes a prepared message. Its frames are not
// interleaved with others: a data message first ends a message that a writer
// has sent in part, as NextWriter does.
func (c *Conn) WritePreparedMessage(pm *PreparedMessage) error {
	if n := c.native.Load(); n != nil {
		return n.writeMessage(pm.messageType, pm.data)
	}
	key := preparedKey{server: c.server}
	if c.compressing() && isData(pm.messageType) {
		key.compress = true
		key.level = int(c.writeLevel.Load())
	}
	form := pm.form(key)
	if form.err != nil {
		return form.err
	}

	if isData(pm.messageType) {
		c.msgMu.Lock()
		defer c.msgMu.Unlock()
		if c.writer != nil && c.writer.begun() {
			c.closeWriter()
		}
	}
	c.stateMu.Lock()
	deadline := c.writeDeadline
	c.stateMu.Unlock()
	c.lockFrame()
	defer c.unlockFrame()
	if c.server {
		return c.putWire(byte(pm.messageType), form.wire, deadline)
	}
	for _, f := range form.frames {
		if err := c.putFrame(f.first, f.payload, deadline); err != nil {
			return err
		}
	}
	return nil
}

// putWire writes frames that are coded. The caller holds frameMu.
func (c *Conn) putWire(opcode byte, frames []byte, deadline time.Time) error {
	if err := c.stickyWriteErr(); err != nil {
		return err
	}
	_ = c.netConn.SetWriteDeadline(deadline) // a connection without deadlines is still written to
	if _, err := c.netConn.Write(frames); err != nil {
		return c.failWrites(err)
	}
	if opcode == wire.Close {
		_ = c.failWrites(ErrCloseSent)
	}
	return nil
}
