package driver

import (
	"context"
	"net"

	"github.com/fasthttp/websocket"
	"github.com/valyala/fasthttp"
)

type fasthttpConn = classicConn[*websocket.Conn]

var fasthttpLibrary = &Library{
	Name:   "fasthttp",
	Title:  "fasthttp/websocket",
	Module: "github.com/fasthttp/websocket",

	Serve: func(ln net.Listener, o Options, handle func(Conn)) Server {
		u := websocket.FastHTTPUpgrader{EnableCompression: o.Compress}
		s := &fasthttp.Server{
			NoDefaultServerHeader: true,
			ReadTimeout:           patience,
			Handler: func(ctx *fasthttp.RequestCtx) {
				// An error is answered by Upgrade.
				_ = u.Upgrade(ctx, func(c *websocket.Conn) { handle(fasthttpConn{c, o.API}) })
			},
		}
		go func() { _ = s.Serve(ln) }() // returns when ln is closed
		return ln
	},

	Connect: func(ctx context.Context, host string, dial Dial, o Options) (Conn, error) {
		d := websocket.Dialer{
			EnableCompression: o.Compress,
			NetDialContext:    func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		}
		c, _, err := d.DialContext(ctx, "ws://"+host+path, nil)
		return fasthttpConn{c, o.API}, err
	},

	Prepare: func(p []byte) (func(Conn) error, error) {
		pm, err := websocket.NewPreparedMessage(websocket.BinaryMessage, p)
		return func(c Conn) error { return c.(fasthttpConn).c.WritePreparedMessage(pm) }, err
	},
}
