package driver

import (
	"bufio"
	"context"
	"net"
	"net/http"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

var gobwasLibrary = &Library{
	Name:    "gobwas",
	Title:   "gobwas, wsutil",
	Module:  "github.com/gobwas/ws",
	Lacks:   plainOnly,
	Serve:   serveGobwas(func(c gobwasStream) Conn { return gobwasConn{c} }),
	Connect: dialGobwas(func(c gobwasStream) Conn { return gobwasConn{c} }),
}

// gobwasStream is a connection after the handshake.
type gobwasStream struct {
	net.Conn
	br     *bufio.Reader // what the handshake has read; nil when that is nothing
	server bool
}

// Read implements io.Reader.
func (s gobwasStream) Read(p []byte) (int, error) {
	if s.br != nil && s.br.Buffered() > 0 {
		return s.br.Read(p)
	}
	return s.Conn.Read(p)
}

func serveGobwas(wrap func(gobwasStream) Conn) func(net.Listener, Options, func(Conn)) Server {
	return func(ln net.Listener, o Options, handle func(Conn)) Server {
		return serveHTTP(ln, func(w http.ResponseWriter, r *http.Request) (Conn, error) {
			c, _, _, err := ws.UpgradeHTTP(r, w)
			if err != nil {
				return nil, err
			}
			return wrap(gobwasStream{Conn: c, server: true}), nil
		}, handle)
	}
}

func dialGobwas(wrap func(gobwasStream) Conn) func(context.Context, string, Dial, Options) (Conn, error) {
	return func(ctx context.Context, host string, dial Dial, o Options) (Conn, error) {
		d := ws.Dialer{NetDial: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) }}
		c, br, _, err := d.Dial(ctx, "ws://"+host+path)
		if err != nil {
			return nil, err
		}
		return wrap(gobwasStream{Conn: c, br: br}), nil
	}
}

// gobwasConn uses gobwas as its README does.
type gobwasConn struct{ s gobwasStream }

// Loop implements [Conn].
func (k gobwasConn) Loop(on func(p []byte) error) error {
	read := wsutil.ReadServerData
	if k.s.server {
		read = wsutil.ReadClientData
	}
	return loop(func(*[]byte) ([]byte, error) {
		p, _, err := read(k.s)
		return p, err
	}, on)
}

// Write implements [Conn].
func (k gobwasConn) Write(p []byte) error {
	if k.s.server {
		return wsutil.WriteServerMessage(k.s, ws.OpBinary, p)
	}
	return wsutil.WriteClientMessage(k.s, ws.OpBinary, p)
}

// Close implements [Conn].
func (k gobwasConn) Close() error { return k.s.Close() }
