package engine

import (
	"context"
	"errors"
	"io"
	"net/http"

	"nhooyr.io/websocket"
)

// Nhooyr is the default engine, nhooyr.io/websocket.
type Nhooyr struct{}

// Name implements [Engine].
func (Nhooyr) Name() string { return "nhooyr" }

// Accept implements [Engine].
func (Nhooyr) Accept(w http.ResponseWriter, r *http.Request, o Options) (Native, error) {
	//wsmigrate:ignore wsorigin/skip this handshake is in memory, and the Origin was checked before it
	opts := &websocket.AcceptOptions{InsecureSkipVerify: true, CompressionMode: nhooyrCompression(o)}
	if o.Subprotocol != "" {
		opts.Subprotocols = []string{o.Subprotocol}
	}
	c, err := websocket.Accept(w, r, opts)
	if err != nil {
		return nil, err
	}
	return NhooyrConn{c}, nil
}

// Dial implements [Engine].
func (Nhooyr) Dial(ctx context.Context, url string, hc *http.Client, o Options) (Native, error) {
	opts := &websocket.DialOptions{HTTPClient: hc, CompressionMode: nhooyrCompression(o)}
	if o.Subprotocol != "" {
		opts.Subprotocols = []string{o.Subprotocol}
	}
	c, _, err := websocket.Dial(ctx, url, opts)
	if err != nil {
		return nil, err
	}
	return NhooyrConn{c}, nil
}

func nhooyrCompression(o Options) websocket.CompressionMode {
	if o.Compress {
		return websocket.CompressionNoContextTakeover
	}
	return websocket.CompressionDisabled
}

// NhooyrConn is an nhooyr connection as a [Native].
type NhooyrConn struct{ C *websocket.Conn }

// Reader implements [Conn].
func (n NhooyrConn) Reader(ctx context.Context) (int, io.Reader, error) {
	typ, r, err := n.C.Reader(ctx)
	return int(typ), r, err
}

// Write implements [Conn].
func (n NhooyrConn) Write(ctx context.Context, typ int, p []byte) error {
	return n.C.Write(ctx, websocket.MessageType(typ), p)
}

// CloseNow implements [Conn].
func (n NhooyrConn) CloseNow() error { return n.C.CloseNow() }

// Writer implements [Native].
func (n NhooyrConn) Writer(ctx context.Context, typ int) (io.WriteCloser, error) {
	return n.C.Writer(ctx, websocket.MessageType(typ))
}

// Ping implements [Native].
func (n NhooyrConn) Ping(ctx context.Context) error { return n.C.Ping(ctx) }

// Close implements [Native].
func (n NhooyrConn) Close(code int, reason string) error {
	return n.C.Close(websocket.StatusCode(code), reason)
}

// SetReadLimit implements [Native].
func (n NhooyrConn) SetReadLimit(limit int64) { n.C.SetReadLimit(limit) }

// Subprotocol implements [Native].
func (n NhooyrConn) Subprotocol() string { return n.C.Subprotocol() }

// CloseStatus implements [Native].
func (n NhooyrConn) CloseStatus(err error) (code int, reason string, ok bool) {
	var ce websocket.CloseError
	if !errors.As(err, &ce) {
		return 0, "", false
	}
	return int(ce.Code), ce.Reason, true
}

// Unwrap implements [Native].
func (n NhooyrConn) Unwrap() interface{} { return n.C }
