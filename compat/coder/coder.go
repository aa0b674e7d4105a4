package coder

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/coder/websocket"

	"github.com/wsmigrate/wsmigrate/compat/internal/engine"
	compat "github.com/wsmigrate/wsmigrate/compat/websocket"
)

const name = "coder"

func init() { engine.Register(coderEngine{}) }

// Wrap returns a compat connection over a native one. It is in pass-through
// mode, see the Unwrap method of compat/websocket.
func Wrap(conn *websocket.Conn) *compat.Conn {
	return engine.Access.Wrap(coderConn{conn}).(*compat.Conn)
}

// Unwrap returns conn as a native connection, and nil when the engine is
// another. From then on conn is in pass-through mode, see the Unwrap method of
// compat/websocket.
func Unwrap(conn *compat.Conn) *websocket.Conn {
	c, _ := engine.Access.Unwrap(conn, name).(*websocket.Conn)
	return c
}

// coderEngine implements engine.Engine.
type coderEngine struct{}

func (coderEngine) Name() string { return name }

func (coderEngine) Accept(w http.ResponseWriter, r *http.Request, o engine.Options) (engine.Native, error) {
	//wsmigrate:ignore wsorigin/skip this handshake is in memory, and the Origin was checked before it
	opts := &websocket.AcceptOptions{InsecureSkipVerify: true, CompressionMode: compression(o)}
	if o.Subprotocol != "" {
		opts.Subprotocols = []string{o.Subprotocol}
	}
	c, err := websocket.Accept(w, r, opts)
	if err != nil {
		return nil, err
	}
	return coderConn{c}, nil
}

func (coderEngine) Dial(ctx context.Context, url string, hc *http.Client, o engine.Options) (engine.Native, error) {
	opts := &websocket.DialOptions{HTTPClient: hc, CompressionMode: compression(o)}
	if o.Subprotocol != "" {
		opts.Subprotocols = []string{o.Subprotocol}
	}
	c, _, err := websocket.Dial(ctx, url, opts)
	if err != nil {
		return nil, err
	}
	return coderConn{c}, nil
}

func compression(o engine.Options) websocket.CompressionMode {
	if o.Compress {
		return websocket.CompressionNoContextTakeover
	}
	return websocket.CompressionDisabled
}

// coderConn implements engine.Native.
type coderConn struct{ c *websocket.Conn }

func (n coderConn) Reader(ctx context.Context) (int, io.Reader, error) {
	typ, r, err := n.c.Reader(ctx)
	return int(typ), r, err
}

func (n coderConn) Write(ctx context.Context, typ int, p []byte) error {
	return n.c.Write(ctx, websocket.MessageType(typ), p)
}

func (n coderConn) CloseNow() error { return n.c.CloseNow() }

func (n coderConn) Writer(ctx context.Context, typ int) (io.WriteCloser, error) {
	return n.c.Writer(ctx, websocket.MessageType(typ))
}

func (n coderConn) Ping(ctx context.Context) error { return n.c.Ping(ctx) }

func (n coderConn) Close(code int, reason string) error {
	return n.c.Close(websocket.StatusCode(code), reason)
}

func (n coderConn) SetReadLimit(limit int64) { n.c.SetReadLimit(limit) }

func (n coderConn) Subprotocol() string { return n.c.Subprotocol() }

func (n coderConn) CloseStatus(err error) (code int, reason string, ok bool) {
	var ce websocket.CloseError
	if !errors.As(err, &ce) {
		return 0, "", false
	}
	return int(ce.Code), ce.Reason, true
}

func (n coderConn) Unwrap() interface{} { return n.c }
