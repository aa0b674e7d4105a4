package driver

import (
	"context"
	"net"
	"net/http"

	_ "github.com/wsmigrate/wsmigrate/compat/coder" // the engine, unless the environment asks for nhooyr
	"github.com/wsmigrate/wsmigrate/compat/websocket"
)

const (
	compatModule = "github.com/wsmigrate/wsmigrate/compat"

	// engineVariable chooses between the engines of one binary.
	engineVariable = "WSMIGRATE_ENGINE"
)

var (
	compatLibrary      = compatOn("compat", "compat on nhooyr", engineVariable+"=nhooyr")
	compatCoderLibrary = compatOn("compat-coder", "compat on coder", engineVariable+"=")
)

type compatConn = classicConn[*websocket.Conn]

// compatOn is compat on the engine that env makes a process use.
func compatOn(name, title, env string) *Library {
	return &Library{
		Name:   name,
		Title:  title,
		Module: compatModule,
		Env:    []string{env},

		Serve: func(ln net.Listener, o Options, handle func(Conn)) Server {
			u := websocket.Upgrader{EnableCompression: o.Compress}
			return serveHTTP(ln, func(w http.ResponseWriter, r *http.Request) (Conn, error) {
				c, err := u.Upgrade(w, r, nil)
				return compatConn{c, o.API}, err
			}, handle)
		},

		Connect: func(ctx context.Context, host string, dial Dial, o Options) (Conn, error) {
			d := websocket.Dialer{
				EnableCompression: o.Compress,
				NetDialContext:    func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
			}
			c, _, err := d.DialContext(ctx, "ws://"+host+path, nil)
			return compatConn{c, o.API}, err
		},

		Prepare: func(p []byte) (func(Conn) error, error) {
			pm, err := websocket.NewPreparedMessage(websocket.BinaryMessage, p)
			return func(c Conn) error { return c.(compatConn).c.WritePreparedMessage(pm) }, err
		},
	}
}
