package conformance_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	coderws "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
	nhooyrws "nhooyr.io/websocket"

	"github.com/wsmigrate/wsmigrate/compat/coder"
	compat "github.com/wsmigrate/wsmigrate/compat/websocket"
)

// nativeConn is what the connections of both engines can do, as far as tests
// need it.
type nativeConn interface {
	read() (messageType int, p []byte, err error)
	write(messageType int, p []byte) error
	closeNow() error
	same(other nativeConn) bool
}

type nhooyrConn struct{ *nhooyrws.Conn }

func (c nhooyrConn) read() (int, []byte, error) {
	mt, p, err := c.Conn.Read(context.Background())
	return int(mt), p, err
}

func (c nhooyrConn) write(mt int, p []byte) error {
	return c.Conn.Write(context.Background(), nhooyrws.MessageType(mt), p)
}

func (c nhooyrConn) closeNow() error            { return c.Conn.CloseNow() }
func (c nhooyrConn) same(other nativeConn) bool { return other == nativeConn(c) }

type coderConn struct{ *coderws.Conn }

func (c coderConn) read() (int, []byte, error) {
	mt, p, err := c.Conn.Read(context.Background())
	return int(mt), p, err
}

func (c coderConn) write(mt int, p []byte) error {
	return c.Conn.Write(context.Background(), coderws.MessageType(mt), p)
}

func (c coderConn) closeNow() error            { return c.Conn.CloseNow() }
func (c coderConn) same(other nativeConn) bool { return other == nativeConn(c) }

// A nativeLibrary is an engine as its own users know it.
type nativeLibrary struct {
	name   string
	accept func(w http.ResponseWriter, r *http.Request) (nativeConn, error)
	dial   func(url string) (nativeConn, error)
	wrap   func(n nativeConn) *compat.Conn
	unwrap func(c *compat.Conn) nativeConn // nil if the engine is another
}

var nativeLibraries = []nativeLibrary{
	{
		name: "nhooyr",
		accept: func(w http.ResponseWriter, r *http.Request) (nativeConn, error) {
			c, err := nhooyrws.Accept(w, r, &nhooyrws.AcceptOptions{Subprotocols: []string{"chat"}})
			return nhooyrConn{c}, err
		},
		dial: func(url string) (nativeConn, error) {
			c, _, err := nhooyrws.Dial(context.Background(), url, &nhooyrws.DialOptions{Subprotocols: []string{"chat"}})
			return nhooyrConn{c}, err
		},
		wrap: func(n nativeConn) *compat.Conn { return compat.Wrap(n.(nhooyrConn).Conn) },
		unwrap: func(c *compat.Conn) nativeConn {
			if n := c.Unwrap(); n != nil {
				return nhooyrConn{n}
			}
			return nil
		},
	},
	{
		name: "coder",
		accept: func(w http.ResponseWriter, r *http.Request) (nativeConn, error) {
			c, err := coderws.Accept(w, r, &coderws.AcceptOptions{Subprotocols: []string{"chat"}})
			return coderConn{c}, err
		},
		dial: func(url string) (nativeConn, error) {
			c, _, err := coderws.Dial(context.Background(), url, &coderws.DialOptions{Subprotocols: []string{"chat"}})
			return coderConn{c}, err
		},
		wrap: func(n nativeConn) *compat.Conn { return coder.Wrap(n.(coderConn).Conn) },
		unwrap: func(c *compat.Conn) nativeConn {
			if n := coder.Unwrap(c); n != nil {
				return coderConn{n}
			}
			return nil
		},
	},
}

// A passing is a connection of compat in pass-through mode, the native one
// below it, and its peer.
type passing struct {
	name    string
	library nativeLibrary
	server  bool
	wrapped bool         // made by Wrap; otherwise Unwrap has been called
	before  *compat.Conn // if not wrapped: not in pass-through mode yet
	c       *compat.Conn
	native  nativeConn
	peer    *gorilla.Conn
	peerNet net.Conn
}

// enter puts the connection into pass-through mode.
func (p *passing) enter(t *testing.T) {
	t.Helper()
	if p.wrapped {
		p.c = p.library.wrap(p.native)
		return
	}
	if p.native = p.library.unwrap(p.before); p.native == nil {
		t.Fatal("there is no native connection")
	}
	p.c = p.before
}

// eachPassing runs f with connections of both roles, over native ones of both
// engines by Wrap, and over that of the engine in use by Unwrap. With late, f
// calls enter.
func eachPassing(t *testing.T, compress, late bool, f func(t *testing.T, p *passing)) {
	for _, l := range nativeLibraries {
		for _, server := range []bool{true, false} {
			for _, wrapped := range []bool{true, false} {
				if !wrapped && compat.Engine() != l.name {
					continue
				}
				name := l.name + " client"
				if server {
					name = l.name + " server"
				}
				if wrapped {
					name += " wrapped"
				}
				t.Run(name, func(t *testing.T) {
					p := &passing{name: name, library: l, server: server, wrapped: wrapped}
					p.connect(t, compress)
					if !late {
						p.enter(t)
					}
					f(t, p)
				})
			}
		}
	}
}

func (p *passing) connect(t *testing.T, compress bool) {
	t.Helper()
	type side struct {
		native nativeConn
		ours   *compat.Conn
		peer   *gorilla.Conn
		err    error
	}
	accepted := make(chan side, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var s side
		switch {
		case !p.server:
			u := gorilla.Upgrader{Subprotocols: []string{"chat"}, EnableCompression: compress}
			s.peer, s.err = u.Upgrade(w, r, nil)
		case p.wrapped:
			s.native, s.err = p.library.accept(w, r)
		default:
			u := compat.Upgrader{Subprotocols: []string{"chat"}, EnableCompression: compress}
			s.ours, s.err = u.Upgrade(w, r, nil)
		}
		accepted <- s
	}))
	url := "ws" + strings.TrimPrefix(srv.URL, "http")
	var s side
	switch {
	case p.server:
		d := gorilla.Dialer{Subprotocols: []string{"chat"}, EnableCompression: compress}
		s.peer, _, s.err = d.Dial(url, nil)
	case p.wrapped:
		s.native, s.err = p.library.dial(url)
	default:
		d := compat.Dialer{Subprotocols: []string{"chat"}, EnableCompression: compress}
		s.ours, _, s.err = d.Dial(url, nil)
	}
	if s.err != nil {
		t.Fatal(s.err)
	}
	other := <-accepted
	if other.err != nil {
		t.Fatal(other.err)
	}
	if p.server {
		p.native, p.before, p.peer = other.native, other.ours, s.peer
	} else {
		p.native, p.before, p.peer = s.native, s.ours, other.peer
	}
	p.peerNet = p.peer.NetConn()
	t.Cleanup(func() {
		p.peer.Close()
		if p.before != nil {
			p.before.Close()
		}
		if p.native != nil {
			p.native.closeNow()
		}
		srv.Close()
	})
}
