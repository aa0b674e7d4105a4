package websocket

import (
	"bytes"
	"encoding/json"
	"io"
	"sync"

	"github.com/wsmigrate/wsmigrate/compat/internal/wire"
)

// WriteJSON writes v to c as JSON.
//
// Deprecated: Use [Conn.WriteJSON].
//
//go:fix inline
func WriteJSON(c *Conn, v interface{}) error { return c.WriteJSON(v) }

// WriteJSON writes v as a text message of JSON, with a newline at its end. When
// v cannot be encoded, an empty message is sent and the error returned.
func (c *Conn) WriteJSON(v interface{}) error {
	if n := c.native.Load(); n != nil {
		return n.writeJSON(v)
	}
	if err := c.checkWrite(); err != nil {
		return err
	}
	// Encoding runs the user's code, so before the lock.
	b := encodings.Get().(*bytes.Buffer)
	defer putEncoding(b)
	encodeErr := json.NewEncoder(b).Encode(v)

	c.msgMu.Lock()
	defer c.msgMu.Unlock()
	if size := c.frameSize(); encodeErr == nil && c.plain() && (!c.server || b.Len() <= size) {
		c.closeWriter()
		return c.writeBatches(wire.Fin|TextMessage, b.Bytes(), size) // the same frames
	}
	w, err := c.begin(TextMessage)
	if err != nil {
		return err
	}
	if encodeErr == nil {
		_, encodeErr = w.put(b.Bytes())
	}
	err = w.finish()
	if encodeErr != nil {
		return encodeErr
	}
	return err
}

// encodings has buffers for what is encoded.
var encodings = sync.Pool{New: func() interface{} { return new(bytes.Buffer) }}

// maxEncoding is the size of the largest buffer that is kept.
const maxEncoding = 256 << 10

func putEncoding(b *bytes.Buffer) {
	if b.Cap() <= maxEncoding {
		b.Reset()
		encodings.Put(b)
	}
}

// checkWrite does what starting a message does before anything is written.
func (c *Conn) checkWrite() error {
	c.msgMu.Lock()
	defer c.msgMu.Unlock()
	c.closeWriter()
	return c.stickyWriteErr()
}

// ReadJSON reads a message of c as JSON into v.
//
// Deprecated: Use [Conn.ReadJSON].
//
//go:fix inline
func ReadJSON(c *Conn, v interface{}) error { return c.ReadJSON(v) }

// ReadJSON reads the next message as JSON into v. Only the first value of the
// message is looked at; an empty message is io.ErrUnexpectedEOF.
func (c *Conn) ReadJSON(v interface{}) error {
	_, r, err := c.NextReader()
	if err != nil {
		return err
	}
	switch whole := r.(type) {
	case *messageReader:
		r = (*wholeMessage)(whole)
	case wholeReader:
		r = readFunc(whole.readWhole)
	}
	err = json.NewDecoder(r).Decode(v)
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// wholeMessage is a messageReader that is read by readWhole. It costs no memory.
type wholeMessage messageReader

func (r *wholeMessage) Read(p []byte) (int, error) { return (*messageReader)(r).readWhole(p) }

// wholeReader is a reader of a message that tells whether another read has
// overtaken it.
type wholeReader interface {
	readWhole(p []byte) (int, error)
}
