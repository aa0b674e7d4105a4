package others

import (
	"net"
	"net/http"
	"time"

	fast "github.com/fasthttp/websocket"
	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"github.com/valyala/fasthttp"
	xnet "golang.org/x/net/websocket"
)

var upgrader fast.FastHTTPUpgrader

func fastSilent(ctx *fasthttp.RequestCtx) {
	upgrader.Upgrade(ctx, func(conn *fast.Conn) { // want `nothing finds out`
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	})
}

func fastGood(ctx *fasthttp.RequestCtx) {
	upgrader.Upgrade(ctx, func(conn *fast.Conn) {
		for {
			conn.SetReadDeadline(time.Now().Add(time.Minute))
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	})
}

func gobwasCleared(w http.ResponseWriter, r *http.Request) {
	conn, _, _, err := ws.UpgradeHTTP(r, w)
	if err != nil {
		return
	}
	conn.SetReadDeadline(time.Now().Add(time.Second))
	wsutil.ReadClientData(conn)
	conn.SetDeadline(time.Time{}) // want `away for good`
	for {
		if _, _, err := wsutil.ReadClientData(conn); err != nil {
			return
		}
	}
}

func gobwasDeaf(w http.ResponseWriter, r *http.Request) {
	conn, _, _, err := ws.UpgradeHTTP(r, w)
	if err != nil {
		return
	}
	for range time.Tick(time.Second) {
		if err := wsutil.WriteServerMessage(conn, ws.OpPing, nil); err != nil { // want `this ping is answered`
			return
		}
	}
}

func gobwasGood(w http.ResponseWriter, r *http.Request) {
	conn, _, _, err := ws.UpgradeHTTP(r, w)
	if err != nil {
		return
	}
	for {
		conn.SetDeadline(time.Now().Add(time.Minute))
		if _, _, err := wsutil.ReadClientData(conn); err != nil {
			return
		}
	}
}

// With gobwas, nothing is lost by a timeout between two frames.
func gobwasAgain(w http.ResponseWriter, r *http.Request) {
	conn, _, _, err := ws.UpgradeHTTP(r, w)
	if err != nil {
		return
	}
	for {
		conn.SetReadDeadline(time.Now().Add(time.Second))
		_, _, err := wsutil.ReadClientData(conn)
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			continue
		}
		if err != nil {
			return
		}
	}
}

var silent = xnet.Handler(func(conn *xnet.Conn) { // want `nothing finds out`
	for {
		var s string
		if xnet.JSON.Receive(conn, &s) != nil {
			return
		}
	}
})

var cleared = xnet.Handler(func(conn *xnet.Conn) {
	var s string
	conn.SetDeadline(time.Now().Add(time.Second))
	xnet.JSON.Receive(conn, &s)
	conn.SetDeadline(time.Time{}) // want `away for good`
	for {
		if xnet.JSON.Receive(conn, &s) != nil {
			return
		}
	}
})

var good = xnet.Handler(func(conn *xnet.Conn) {
	for {
		var s string
		conn.SetReadDeadline(time.Now().Add(time.Minute))
		if xnet.JSON.Receive(conn, &s) != nil {
			return
		}
	}
})
