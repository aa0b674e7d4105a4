package driver

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
)

// contextual is what connections with nhooyr's API have in common. T is the
// library's type of a message type.
type contextual[T ~int] interface {
	Read(context.Context) (T, []byte, error)
	Write(context.Context, T, []byte) error
	Reader(context.Context) (T, io.Reader, error)
	Writer(context.Context, T) (io.WriteCloser, error)
	CloseNow() error
}

// contextualConn is a Conn on nhooyr's API.
type contextualConn[C contextual[T], T ~int] struct {
	c         C
	api       API
	readJSON  func(ctx context.Context, c C, v any) error
	writeJSON func(ctx context.Context, c C, v any) error
}

// Loop implements [Conn].
func (k contextualConn[C, T]) Loop(on func(p []byte) error) error { return loop(k.read, on) }

func (k contextualConn[C, T]) read(buf *[]byte) ([]byte, error) {
	ctx := context.Background()
	switch k.api {
	case Stream:
		_, r, err := k.c.Reader(ctx)
		if err == nil {
			*buf, err = readInto(r, *buf)
		}
		return *buf, err
	case JSON:
		var v json.RawMessage
		err := k.readJSON(ctx, k.c, &v)
		return bytes.TrimSuffix(v, []byte("\n")), err
	}
	_, p, err := k.c.Read(ctx)
	return p, err
}

// Write implements [Conn].
func (k contextualConn[C, T]) Write(p []byte) error {
	ctx := context.Background()
	switch k.api {
	case Stream:
		w, err := k.c.Writer(ctx, binaryMessage)
		return writeOnce(w, err, p)
	case JSON:
		return k.writeJSON(ctx, k.c, json.RawMessage(p))
	}
	return k.c.Write(ctx, binaryMessage, p)
}

// Close implements [Conn].
func (k contextualConn[C, T]) Close() error { return k.c.CloseNow() }
