// Package othersok holds handshakes of the same libraries with a check.
package othersok

import (
	"bytes"
	"errors"
	"net"
	"net/http"

	fastws "github.com/fasthttp/websocket"
	"github.com/gobwas/ws"
	fiberws "github.com/gofiber/contrib/websocket"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
	"golang.org/x/net/websocket"
)

func checked(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("origin") != "https://example.com" {
		http.Error(w, "forbidden", http.StatusForbidden)
		return
	}
	ws.UpgradeHTTP(r, w)
}

func onHeader(conn net.Conn) {
	u := ws.Upgrader{OnHeader: func(key, value []byte) error {
		if bytes.EqualFold(key, []byte("Origin")) && string(value) != "https://example.com" {
			return ws.RejectConnectionError()
		}
		return nil
	}}
	u.Upgrade(conn)

	var later ws.Upgrader
	later.OnHeader = u.OnHeader
	later.Upgrade(conn)
}

// The Origin is taken down, and judged once the Host is known too.
func beforeUpgrade(conn net.Conn) {
	var o origin
	u := ws.Upgrader{
		OnHeader: o.note,
		OnBeforeUpgrade: func() (ws.HandshakeHeader, error) {
			if o.value != "https://example.com" {
				return nil, ws.RejectConnectionError()
			}
			return nil, nil
		},
	}
	u.Upgrade(conn)

	var value string
	v := ws.Upgrader{OnHeader: func(k, v []byte) error {
		if bytes.EqualFold(k, []byte("origin")) {
			value = string(v)
		}
		return nil
	}}
	if v.Upgrade(conn); value != "https://example.com" {
		conn.Close()
	}
}

type origin struct{ value string }

func (o *origin) note(k, v []byte) error {
	if bytes.EqualFold(k, []byte("Origin")) {
		o.value = string(v)
	}
	return nil
}

func parameter(conn net.Conn, u ws.Upgrader) { u.Upgrade(conn) }

func echo(c *websocket.Conn) {}

func xnet() {
	http.Handle("/a", websocket.Server{Handler: echo, Handshake: compare})
	s := websocket.Server{Handler: echo}
	s.Handshake = compare
	http.Handle("/b", s)
	http.Handle("/c", websocket.Server{Handshake: compare, Handler: websocket.Handler(echo)})
}

func compare(config *websocket.Config, r *http.Request) error {
	origin, err := websocket.Origin(config, r)
	if err != nil || origin == nil || origin.Host != r.Host {
		return errors.New("origin not allowed")
	}
	return nil
}

var fast = fastws.FastHTTPUpgrader{
	CheckOrigin: func(ctx *fasthttp.RequestCtx) bool {
		return string(ctx.Request.Header.Peek("Origin")) == "https://example.com"
	},
}

var unset = fastws.FastHTTPUpgrader{ReadBufferSize: 1}

func fiberEcho(c *fiberws.Conn) {}

func fiberHandlers(given fiberws.Config, origins []string) []fiber.Handler {
	var later fiberws.Config
	later.Origins = []string{"https://example.com"}
	return []fiber.Handler{
		fiberws.New(fiberEcho, fiberws.Config{Origins: []string{"https://example.com"}}),
		fiberws.New(fiberEcho, fiberws.Config{Origins: origins}),
		fiberws.New(fiberEcho, given),
		fiberws.New(fiberEcho, later),
	}
}
