package driver

import (
	"context"
	"net"
	"net/http"

	"github.com/gorilla/websocket"
)

type gorillaConn = classicConn[*websocket.Conn]

var gorillaLibrary = &Library{
	Name:   "gorilla",
	Title:  "gorilla",
	Module: "github.com/gorilla/websocket",

	Serve: func(ln net.Listener, o Options, handle func(Conn)) Server {
		u := websocket.Upgrader{EnableCompression: o.Compress}
		return serveHTTP(ln, func(w http.ResponseWriter, r *http.Request) (Conn, error) {
			c, err := u.Upgrade(w, r, nil)
			return gorillaConn{c, o.API}, err
		}, handle)
	},

	Connect: func(ctx context.Context, host string, dial Dial, o Options) (Conn, error) {
		d := websocket.Dialer{
			EnableCompression: o.Compress,
			NetDialContext:    func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		}
		c, _, err := d.DialContext(ctx, "ws://"+host+path, nil)
		return gorillaConn{c, o.API}, err
	},

	Prepare: func(p []byte) (func(Conn) error, error) {
		pm, err := websocket.NewPreparedMessage(websocket.BinaryMessage, p)
		return func(c Conn) error { return c.(gorillaConn).c.WritePreparedMessage(pm) }, err
	},
}
