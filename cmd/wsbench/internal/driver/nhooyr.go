package driver

import (
	"context"
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
		opts := &websocket.DialOptions{HTTPClient: dial.client(), CompressionMode: nhooyrCompression(o)}
		c, _, err := websocket.Dial(ctx, "ws://"+host+path, opts)
		return newNhooyrConn(c, o), err
	},
}

func nhooyrCompression(o Options) websocket.CompressionMode {
	if o.Compress {
		return websocket.CompressionNoContextTakeover
	}
	return websocket.CompressionDisabled
}

func newNhooyrConn(c *websocket.Conn, o Options) Conn {
	if c != nil {
		c.SetReadLimit(-1)
	}
	return contextualConn[*websocket.Conn, websocket.MessageType]{c, o.API, wsjson.Read, wsjson.Write}
}
