package websocket

import (
	"io"

	"github.com/wsmigrate/wsmigrate/compat/internal/wire"
)

// frameSink is where a message's frames go.
type frameSink interface {
	// writeFrame writes the frame that starts with the byte first and has the payload p.
	writeFrame(first byte, p []byte) error
}

// messageWriter cuts a message into frames. Its exported methods are for the
// user and lock; the others are for callers that hold msgMu.
type messageWriter struct {
	c      *Conn // nil for a prepared message
	sink   frameSink
	server bool
	z      *deflater // compresses into this writer; nil without compression
	single bool      // a message that is known whole goes into one frame

	opcode byte // of the next frame
	rsv1   bool // whether the next frame is the first of a compressed message
	size   int  // payload bytes of a full frame
	buf    []byte
	lent   *[]byte // what buf is of, if from writeBuffers
	n      int     // payload bytes in buf
	err    error   // why nothing can be written any more
}

func (w *messageWriter) compress(level int) {
	w.rsv1 = true
	w.z = newDeflater(w, level)
}

// put writes message data, compressed where that is wanted.
func (w *messageWriter) put(p []byte) (int, error) {
	if w.z != nil {
		return w.z.write(p)
	}
	return w.write(p)
}

// finish ends the message, compressed or not.
func (w *messageWriter) finish() error {
	if w.z != nil {
		return w.z.close()
	}
	return w.close()
}

// begun reports whether a frame of the message has been sent.
func (w *messageWriter) begun() bool { return w.opcode == wire.Continuation }

// end makes all later calls fail with err, which it returns.
func (w *messageWriter) end(err error) error {
	if w.err != nil {
		return err
	}
	w.err = err
	if w.c != nil {
		w.c.writer = nil
		w.c.putBuffer(w)
	}
	w.buf = nil
	return err
}

// flush sends what is buffered, and extra behind it, as one frame.
func (w *messageWriter) flush(final bool, extra []byte) error {
	length := w.n + len(extra)
	if w.opcode >= wire.Close && (!final || length > wire.MaxControlPayload) {
		return w.end(errInvalidControlFrame)
	}
	first := w.first()
	if final {
		first |= wire.Fin
	}

	p := extra
	if w.n > 0 {
		p = w.buf[:w.n]
		if len(extra) > 0 {
			p = append(append(make([]byte, 0, length), p...), extra...)
		}
	}
	if err := w.sink.writeFrame(first, p); err != nil {
		return w.end(err)
	}
	if final {
		_ = w.end(errWriteClosed)
		return nil
	}
	w.n = 0
	w.opcode = wire.Continuation
	return nil
}

// write adds p to the message.
func (w *messageWriter) write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	// A large piece is not worth copying. A client's is: it has to be masked.
	if w.server && len(p) > 2*(w.size+wire.MaxHeader) {
		if err := w.flush(false, p); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	size := len(p)
	for len(p) > 0 {
		room, err := w.room()
		if err != nil {
			return 0, err
		}
		if n := w.full(len(p)); n > 0 {
			if err := w.flushFull(p[:n]); err != nil {
				return 0, err
			}
			p = p[n:]
			continue
		}
		n := copy(room, p)
		w.n += n
		p = p[n:]
	}
	return size, nil
}

// full returns how many of n bytes a client sends in full frames, of which none
// is the last of the message, without having gathered them.
func (w *messageWriter) full(n int) int {
	if w.server || w.c == nil || w.n > 0 || n <= w.size || w.opcode >= wire.Close {
		return 0
	}
	return (n - 1) / w.size * w.size
}

// flushFull sends p in full frames.
func (w *messageWriter) flushFull(p []byte) error {
	if err := w.c.writeBatches(w.first(), p, w.size); err != nil {
		return w.end(err)
	}
	w.opcode = wire.Continuation
	return nil
}

// first returns the first byte of the next frame, without FIN.
func (w *messageWriter) first() byte {
	first := w.opcode
	if w.rsv1 {
		first |= wire.RSV1
		w.rsv1 = false
	}
	return first
}

// writeString is write without a copy of a string that is larger than the
// buffer.
func (w *messageWriter) writeString(s string) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	size := len(s)
	for len(s) > 0 {
		room, err := w.room()
		if err != nil {
			return 0, err
		}
		n := copy(room, s)
		w.n += n
		s = s[n:]
	}
	return size, nil
}

// room returns the free part of the buffer, after sending it if there is none.
func (w *messageWriter) room() ([]byte, error) {
	if w.buf == nil {
		w.takeOwn()
	}
	if w.n == len(w.buf) {
		if err := w.flush(false, nil); err != nil {
			return nil, err
		}
	}
	return w.buf[w.n:], nil
}

// close sends the last frame.
func (w *messageWriter) close() error {
	if w.err != nil {
		return w.err
	}
	return w.flush(true, nil)
}

// Write implements io.Writer.
func (w *messageWriter) Write(p []byte) (int, error) {
	w.c.msgMu.Lock()
	defer w.c.msgMu.Unlock()
	return w.write(p)
}

// WriteString implements io.StringWriter.
func (w *messageWriter) WriteString(s string) (int, error) {
	w.c.msgMu.Lock()
	defer w.c.msgMu.Unlock()
	return w.writeString(s)
}

// ReadFrom implements io.ReaderFrom. It reads into a buffer of its own: while r
// is waited for, other goroutines write, and one may end this message.
func (w *messageWriter) ReadFrom(r io.Reader) (total int64, err error) {
	var scratch []byte
	for {
		room, err := w.prepareRead()
		if err != nil {
			return total, err
		}
		if scratch == nil {
			scratch = make([]byte, w.size)
		}
		n, err := r.Read(scratch[:room])
		if err1 := w.appendRead(scratch[:n]); err1 != nil {
			return total, err1
		}
		total += int64(n)
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

// prepareRead returns how much may be read before the buffer is full.
func (w *messageWriter) prepareRead() (int, error) {
	w.c.msgMu.Lock()
	defer w.c.msgMu.Unlock()
	if w.err != nil {
		return 0, w.err
	}
	room, err := w.room()
	return len(room), err
}

func (w *messageWriter) appendRead(p []byte) error {
	w.c.msgMu.Lock()
	defer w.c.msgMu.Unlock()
	_, err := w.write(p)
	return err
}

// Close implements io.Closer.
func (w *messageWriter) Close() error {
	w.c.msgMu.Lock()
	defer w.c.msgMu.Unlock()
	return w.close()
}

// compressedWriter is what the user gets for a compressed message.
type compressedWriter struct{ w *messageWriter }

// Write implements io.Writer.
func (z compressedWriter) Write(p []byte) (int, error) {
	z.w.c.msgMu.Lock()
	defer z.w.c.msgMu.Unlock()
	return z.w.z.write(p)
}

// Close implements io.Closer.
func (z compressedWriter) Close() error {
	z.w.c.msgMu.Lock()
	defer z.w.c.msgMu.Unlock()
	return z.w.z.close()
}
