// Package others holds handshakes of libraries without a check of their own.
package others

import (
	"net"
	"net/http"

	fastws "github.com/fasthttp/websocket"
	"github.com/gobwas/ws"
	fiberws "github.com/gofiber/contrib/websocket"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
	"golang.org/x/net/websocket"
)

func plain(w http.ResponseWriter, r *http.Request) {
	ws.UpgradeHTTP(r, w) // want `gobwas does not look at the Origin header`
	var u ws.HTTPUpgrader
	u.Upgrade(r, w) // want `gobwas does not look at the Origin header`
}

func zeroCopy(conn net.Conn) {
	ws.Upgrade(conn)                 // want `gobwas does not look at the Origin header`
	ws.DefaultUpgrader.Upgrade(conn) // want `gobwas does not look at the Origin header`
	u := ws.Upgrader{OnHost: func([]byte) error { return nil }}
	u.Upgrade(conn)                                                    // want `gobwas does not look at the Origin header`
	v := ws.Upgrader{OnHeader: func(k, v []byte) error { return nil }} // want `OnHeader accepts every Origin`
	v.Upgrade(conn)
}

func echo(c *websocket.Conn) {}

func xnet() {
	http.Handle("/a", websocket.Server{Handler: echo}) // want `Server without Handshake accepts every Origin`
	http.Handle("/b", websocket.Server{
		Handler:   echo,
		Handshake: func(*websocket.Config, *http.Request) error { return nil }, // want `Handshake accepts every Origin`
	})
	http.Handle("/c", &websocket.Server{Handshake: nil, Handler: echo}) // want `Server without Handshake accepts every Origin`
	http.Handle("/d", websocket.Handler(echo))                          // want `Handler asks for an Origin and compares it with nothing`
}

var fast = fastws.FastHTTPUpgrader{
	CheckOrigin: func(ctx *fasthttp.RequestCtx) bool { return true }, // want `CheckOrigin accepts every Origin`
}

func fastDeprecated(w http.ResponseWriter, r *http.Request) {
	fastws.Upgrade(w, r, nil, 0, 0) // want `fasthttp does not look at the Origin header`
}

func fiberEcho(c *fiberws.Conn) {}

func fiberHandlers() []fiber.Handler {
	config := fiberws.Config{Subprotocols: []string{"chat"}}
	return []fiber.Handler{
		fiberws.New(fiberEcho),                                         // want `gofiber accepts every Origin while Config.Origins is empty`
		fiberws.New(fiberEcho, config),                                 // want `gofiber accepts every Origin while Config.Origins is empty`
		fiberws.New(fiberEcho, fiberws.Config{Origins: nil}),           // want `gofiber accepts every Origin while Config.Origins is empty`
		fiberws.New(fiberEcho, fiberws.Config{Origins: []string{"*"}}), // want `this entry lets every Origin in`
	}
}
