package driver

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"

	"nhooyr.io/websocket"
	"nhooyr.io/websocket/wsjson"
)

var nhooyrLibrary = &Library{
	Name:   "nhooyr",
	Title:  "nhooyr",
	Module: "nhooyr.io/websocket",

	Serve: func(ln net.Listener, o Options, handle func(Conn)) Server {
		opts := &websocket.AcceptOptions{CompressionMode: nhooyrCompression(o)}
		return serveHTTP(ln, func(w http.ResponseWriter, r *http.Request) (Conn, error) {
			c, err := websocket.Accept(w, r, opts)
			return newNhooyrConn(c, o), err
		}, handle)
	},

	Connect: func(ctx context.Context, host string, dial Dial, o Options) (Conn, error) {
		hc := &http.Client{Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		}}
		c, _, err := websocket.Dial(ctx, "ws://"+host+path, &websocket.DialOptions{HTTPClient: hc, CompressionMode: nhooyrCompression(o)})
		return newNhooyrConn(c, o), err
	},
}

func nhooyrCompression(o Options) websocket.CompressionMode {
	if o.Compress {
		return websocket.CompressionNoContextTakeover
	}
	return websocket.CompressionDisabled
}

type nhooyrConn struct {
	c   *websocket.Conn
	api API
}

func newNhooyrConn(c *websocket.Conn, o Options) Conn {
	if c != nil {
		c.SetReadLimit(-1)
	}
	return nhooyrConn{c, o.API}
}

// Loop implements [Conn].
func (k nhooyrConn) Loop(on func(p []byte) error) error {
	var buf []byte
	for {
		p, err := k.read(&buf)
		if err != nil {
			return err
		}
		if err := on(p); err != nil {
			return err
		}
	}
}

func (k nhooyrConn) read(buf *[]byte) ([]byte, error) {
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
		err := wsjson.Read(ctx, k.c, &v)
		return bytes.TrimSuffix(v, []byte("\n")), err
	}
	_, p, err := k.c.Read(ctx)
	return p, err
}

// Write implements [Conn].
func (k nhooyrConn) Write(p []byte) error {
	ctx := context.Background()
	switch k.api {
	case Stream:
		w, err := k.c.Writer(ctx, websocket.MessageBinary)
		if err != nil {
			return err
		}
		if _, err := w.Write(p); err != nil {
			return err
		}
		return w.Close()
	case JSON:
		return wsjson.Write(ctx, k.c, json.RawMessage(p))
	}
	return k.c.Write(ctx, websocket.MessageBinary, p)
}

// Close implements [Conn].
func (k nhooyrConn) Close() error { return k.c.CloseNow() }
