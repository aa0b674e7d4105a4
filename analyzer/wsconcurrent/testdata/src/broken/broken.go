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

// The statement that is not understood goes, and the others stay.
type trimmed struct {
	conn *websocket.Conn
	lost missing.Type
}

func (h *trimmed) run() {
	h.lost.Method(undefined)
	var x missing.Type
	x.Do()
	go h.conn.WriteMessage(1, nil) // want `concurrent writes`
	h.conn.WriteMessage(1, nil)
}

type qualifier struct{ conn *websocket.Conn }

// Names of packages have no type, and that is no error.
func (h *qualifier) run() {
	go h.conn.WriteMessage(websocket.TextMessage, nil) // want `concurrent writes`
	h.conn.WriteMessage(websocket.TextMessage, nil)
}

type nested struct {
	conn *websocket.Conn
	lost missing.Type
}

func (h *nested) run(ok bool) error {
	switch {
	case ok:
		missing.Do()
	default:
		defer func() { missing.Do() }()
	}
	for range 3 {
		h.lost.Method()
		go func() {
			h.lost.Method()
			h.conn.WriteMessage(1, nil) // want `of which there can be several at once`
		}()
	}
	if ok {
		return missing.Error()
	}
	return nil
}

// What is not understood may be a lock.
func (h *holder) locked() {
	go func() {
		h.lost.Lock()
		h.conn.WriteMessage(1, nil)
	}()
	h.lost.Lock()
	h.conn.WriteMessage(1, nil)
}

// What depends on it goes with it.
func (h *holder) needed() {
	f := missing.New()
	go func() {
		f.Do()
		h.conn.WriteMessage(1, nil) // want `concurrent writes`
	}()
	h.conn.WriteMessage(1, nil)
}

type forwarded struct{ conn *websocket.Conn }

// A parameter of an unknown type, before one that is known.
func (h *forwarded) send(x missing.Type, kind int) {
	x.Do()
	h.conn.WriteMessage(kind, nil) // want `concurrent writes`
}

func (h *forwarded) run(x missing.Type) {
	go h.send(x, 1)
	h.conn.WriteMessage(2, nil)
}
