// Package broken does not compile as a whole; the rest of it is judged.
package broken

import (
	"github.com/gorilla/websocket"
	"nowhere.example/missing"
)

type holder struct {
	conn *websocket.Conn
	lost missing.Type
}

var global = missing.New()

func (h *holder) lostCause() {
	h.lost.Method(undefined)
	go h.conn.WriteMessage(1, nil)
	h.conn.WriteMessage(1, nil)
}

func (h *holder) run() {
	go h.conn.WriteMessage(1, nil) // want `concurrent writes`
	h.conn.WriteMessage(1, nil)
}
