package driver

import (
	"encoding/json"
	"io"
)

// classic is what connections with gorilla's API have in common.
type classic interface {
	ReadMessage() (int, []byte, error)
	WriteMessage(int, []byte) error
	NextReader() (int, io.Reader, error)
	NextWriter(int) (io.WriteCloser, error)
	ReadJSON(any) error
	WriteJSON(any) error
	Close() error
}

// binaryMessage is gorilla's BinaryMessage, which all libraries share: it is the opcode.
const binaryMessage = 2

// classicConn is a Conn on gorilla's API.
type classicConn[C classic] struct {
	c   C
	api API
}

// Loop implements [Conn].
func (k classicConn[C]) Loop(on func(p []byte) error) error { return loop(k.read, on) }

func (k classicConn[C]) read(buf *[]byte) ([]byte, error) {
	switch k.api {
	case Stream:
		_, r, err := k.c.NextReader()
		if err == nil {
			*buf, err = readInto(r, *buf)
		}
		return *buf, err
	case JSON:
		var v json.RawMessage
		err := k.c.ReadJSON(&v)
		return v, err
	}
	_, p, err := k.c.ReadMessage()
	return p, err
}

// Write implements [Conn].
func (k classicConn[C]) Write(p []byte) error {
	switch k.api {
	case Stream:
		w, err := k.c.NextWriter(binaryMessage)
		return writeOnce(w, err, p)
	case JSON:
		return k.c.WriteJSON(json.RawMessage(p))
	}
	return k.c.WriteMessage(binaryMessage, p)
}

// Close implements [Conn].
func (k classicConn[C]) Close() error { return k.c.Close() }
