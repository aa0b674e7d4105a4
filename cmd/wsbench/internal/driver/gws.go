package driver

import (
	"context"
	"net"
	"net/http"

	"github.com/lxzan/gws"
)

var gwsLibrary = &Library{
	Name:   "gws",
	Title:  "gws",
	Module: "github.com/lxzan/gws",
	Lacks:  wholeOnly,

	Serve: func(ln net.Listener, o Options, handle func(Conn)) Server {
		u := gws.NewUpgrader(gwsEvents{}, &gws.ServerOption{PermessageDeflate: gwsDeflate(o)})
		return serveHTTP(ln, func(w http.ResponseWriter, r *http.Request) (Conn, error) {
			c, err := u.Upgrade(w, r)
			return gwsConn{c}, err
		}, handle)
	},

	Connect: func(ctx context.Context, host string, dial Dial, o Options) (Conn, error) {
		c, err := dial(ctx)
		if err != nil {
			return nil, err
		}
		k, _, err := gws.NewClientFromConn(gwsEvents{}, &gws.ClientOption{Addr: "ws://" + host + path, PermessageDeflate: gwsDeflate(o)}, c)
		return gwsConn{k}, err
	},

	Prepare: func(p []byte) (func(Conn) error, error) {
		b := gws.NewBroadcaster(gws.OpcodeBinary, p)
		return func(c Conn) error { return b.Broadcast(c.(gwsConn).c) }, nil
	},
}

func gwsDeflate(o Options) gws.PermessageDeflate { return gws.PermessageDeflate{Enabled: o.Compress} }

// gwsConn is a connection of a library that calls its user.
type gwsConn struct{ c *gws.Conn }

// gwsLoop is a call of Loop.
type gwsLoop struct {
	on  func(p []byte) error
	err error
}

const gwsLoopKey = "loop"

// Loop implements [Conn].
func (k gwsConn) Loop(on func(p []byte) error) error {
	l := &gwsLoop{on: on}
	k.c.Session().Store(gwsLoopKey, l)
	k.c.ReadLoop()
	return l.err
}

// Write implements [Conn].
func (k gwsConn) Write(p []byte) error { return k.c.WriteMessage(gws.OpcodeBinary, p) }

// Close implements [Conn].
func (k gwsConn) Close() error { return k.c.NetConn().Close() }

// gwsEvents hands what happens on a connection to its loop.
type gwsEvents struct{ gws.BuiltinEventHandler }

func loopOf(c *gws.Conn) *gwsLoop {
	v, _ := c.Session().Load(gwsLoopKey)
	l, _ := v.(*gwsLoop)
	return l
}

// OnMessage implements gws.Event.
func (gwsEvents) OnMessage(c *gws.Conn, m *gws.Message) {
	l := loopOf(c)
	if err := l.on(m.Bytes()); err != nil {
		l.err = err
		_ = c.NetConn().Close()
	}
	_ = m.Close() // to the pool
}

// OnClose implements gws.Event.
func (gwsEvents) OnClose(c *gws.Conn, err error) {
	if l := loopOf(c); l != nil && l.err == nil {
		l.err = err
	}
}
