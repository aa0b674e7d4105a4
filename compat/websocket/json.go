package websocket

import (
	"bytes"
	"encoding/json"
	"io"
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
	var b bytes.Buffer
	encodeErr := json.NewEncoder(&b).Encode(v)

	c.msgMu.Lock()
	defer c.msgMu.Unlock()
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
	if whole, ok := r.(wholeReader); ok {
		r = readFunc(whole.readWhole)
	}
	err = json.NewDecoder(r).Decode(v)
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// wholeReader is a reader of a message that tells whether another read has
// overtaken it.
type wholeReader interface {
	readWhole(p []byte) (int, error)
}
