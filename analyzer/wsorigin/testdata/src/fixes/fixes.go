// Package fixes holds findings with a fix.
package fixes

import (
	"net/http"

	nhooyr "nhooyr.io/websocket"

	"github.com/gorilla/websocket"
)

var inline = websocket.Upgrader{CheckOrigin: func(r *http.Request) bool { return true }} // want `CheckOrigin accepts`

var first = websocket.Upgrader{CheckOrigin: func(r *http.Request) bool { return true }, ReadBufferSize: 1} // want `CheckOrigin accepts`

var last = websocket.Upgrader{ReadBufferSize: 1, CheckOrigin: func(r *http.Request) bool { return true }} // want `CheckOrigin accepts`

var lines = websocket.Upgrader{
	ReadBufferSize: 1,
	// Anybody may come.
	CheckOrigin: func(r *http.Request) bool { // want `CheckOrigin accepts`
		return true
	},
	WriteBufferSize: 2, // as before
}

var trailing = websocket.Upgrader{
	ReadBufferSize: 1,
	CheckOrigin:    func(r *http.Request) bool { return true }} // want `CheckOrigin accepts`

// No fix: the function does more than accept.
var logs = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool { // want `CheckOrigin accepts`
		println(r.Host)
		return true
	},
}

func accept(w http.ResponseWriter, r *http.Request) {
	nhooyr.Accept(w, r, &nhooyr.AcceptOptions{InsecureSkipVerify: true}) // want `InsecureSkipVerify switches`
}

// No fix: nothing else uses the variable.
func local(w http.ResponseWriter, r *http.Request) {
	open := true
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return open }} // want `CheckOrigin accepts`
	up.Upgrade(w, r, nil)
}
