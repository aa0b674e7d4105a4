package fixes

import (
	"errors"
	"net/http" // for the handler

	fasthttp "github.com/fasthttp/websocket"
	"github.com/gorilla/websocket"
)

var errGone = errors.New("gone")

func without(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	defer conn.Close()
	go conn.WriteMessage(websocket.PongMessage, nil) // want `concurrent writes`
	conn.WriteMessage(websocket.TextMessage, nil)
}

func fork(conn *fasthttp.Conn) {
	go conn.WriteMessage(fasthttp.PingMessage, nil) // want `concurrent writes`
	conn.WriteMessage(fasthttp.TextMessage, nil)
}
