package others

import (
	"net"
	"net/http"

	fast "github.com/fasthttp/websocket"
	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"github.com/valyala/fasthttp"
	xnet "golang.org/x/net/websocket"
)

var upgrader fast.FastHTTPUpgrader

func fastBad(ctx *fasthttp.RequestCtx) {
	upgrader.Upgrade(ctx, func(conn *fast.Conn) { // want `ReadMessage at others.go:18 holds a message of any size`
		conn.ReadMessage()
	})
}

func fastGood(ctx *fasthttp.RequestCtx) {
	upgrader.Upgrade(ctx, func(conn *fast.Conn) {
		conn.SetReadLimit(1 << 16)
		conn.ReadMessage()
	})
}

func gobwasBad(w http.ResponseWriter, r *http.Request) {
	conn, _, _, err := ws.UpgradeHTTP(r, w) // want `ReadClientData at others.go:34 holds a message of any size in memory, and the peer chooses the size; use a Reader with MaxFrameSize`
	if err != nil {
		return
	}
	wsutil.ReadClientData(conn)
}

func gobwasListener(ln net.Listener) {
	conn, err := ln.Accept()
	if err != nil {
		return
	}
	if _, err := ws.Upgrade(conn); err != nil { // want `ReadClientText at others.go:45 holds`
		return
	}
	wsutil.ReadClientText(conn)
}

func gobwasGood(w http.ResponseWriter, r *http.Request) {
	conn, _, _, err := ws.UpgradeHTTP(r, w)
	if err != nil {
		return
	}
	defer conn.Close()
	wsutil.WriteServerText(conn, nil)
}

// x/net reads 32 MiB at most.
var handler = xnet.Handler(func(conn *xnet.Conn) {
	var s string
	xnet.JSON.Receive(conn, &s)
})
