package driver

import (
	"context"
	"net"
	"net/http"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

var coderLibrary = &Library{
	Name:   "coder",
	Title:  "coder",
	Module: "github.com/coder/websocket",

	Serve: func(ln net.Listener, o Options, handle func(Conn)) Server {
		opts := &websocket.AcceptOptions{CompressionMode: coderCompression(o)}
		return serveHTTP(ln, func(w http.ResponseWriter, r *http.Request) (Conn, error) {
			c, err := websocket.Accept(w, r, opts)
			return newCoderConn(c, o), err
		}, handle)
	},

	Connect: func(ctx context.Context, host string, dial Dial, o Options) (Conn, error) {
		opts := &websocket.DialOptions{HTTPClient: dial.client(), CompressionMode: coderCompression(o)}
		c, _, err := websocket.Dial(ctx, "ws://"+host+path, opts)
		return newCoderConn(c, o), err
	},
}

func coderCompression(o Options) websocket.CompressionMode {
	if o.Compress {
		return websocket.CompressionNoContextTakeover
	}
	return websocket.CompressionDisabled
}

func newCoderConn(c *websocket.Conn, o Options) Conn {
	if c != nil {
		c.SetReadLimit(-1)
	}
	return contextualConn[*websocket.Conn, websocket.MessageType]{c, o.API, wsjson.Read, wsjson.Write}
}
