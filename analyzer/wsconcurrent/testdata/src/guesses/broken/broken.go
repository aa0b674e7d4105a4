// Package broken does not compile, and what is not understood decides in it
// what happens.
package broken

import (
	"github.com/gorilla/websocket"
	"nowhere.example/missing"
)

type decided struct {
	conn *websocket.Conn
	lost missing.Type
}

// What decides whether it happens is not understood: it may happen.
func (h *decided) run() {
	if h.lost.Alone() {
		go h.conn.WriteMessage(1, nil) // want `concurrent writes`
	}
	h.conn.WriteMessage(1, nil)
}

type terminal struct {
	conn *websocket.Conn
	lost missing.Type
}

// Most of what happens is not understood, and the writes are all the same.
func (h *terminal) run(kinds chan int) {
	client, err := missing.Dial(h.lost)
	if err != nil {
		h.conn.WriteMessage(1, []byte(err.Error()))
		return
	}
	defer client.Close()
	send := func(p []byte) error { return h.conn.WriteMessage(1, p) } // want `concurrent writes`
	go func() {
		for msg := range client.Messages() {
			switch msg.Kind {
			case missing.Text:
				send(msg.Text) // its argument is anything
			case missing.Done:
				return
			}
		}
	}()
	var size int = missing.Size()
	for {
		select {
		case <-client.Done():
			return
		case kind := <-kinds:
			if kind > size {
				size = missing.Grow(kind)
			}
			h.conn.WriteMessage(kind, nil)
		}
	}
}

type unlocked struct {
	conn *websocket.Conn
	lost missing.Type
}

// A lock in a condition is one too.
func (h *unlocked) run() {
	go func() {
		if h.lost.Lock() {
			h.conn.WriteMessage(1, nil)
		}
	}()
	if err := h.lost.Lock(); err == nil {
		h.conn.WriteMessage(1, nil)
	}
}

type drifted struct{ conn *websocket.Conn }

func log(format string, n int) {}

// Calls that fit another version of what they call.
func (h *drifted) run(kind string) error {
	log("start", 1, 2)
	log("start")
	log(kind, kind)
	var n int = "none"
	defer log("end", n, 3)
	go h.conn.WriteMessage(kind, nil) // want `concurrent writes`
	h.conn.WriteMessage(n, nil)
	h.lost(h.conn, log("none", 1))
}

func (h *drifted) lost(conn *websocket.Conn, x missing.Type) {}
func (h *drifted) lost(conn *websocket.Conn)                 {}
func log(format string)                                      {}
