package bad

import (
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

var upgrader websocket.Upgrader

// Nothing finds out that the peer is gone.
func silent(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil) // want `nothing finds out when the peer of this connection is gone: ReadMessage at bad.go:\d+ waits`
	if err != nil {
		return
	}
	defer conn.Close()
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			return
		}
	}
}

type client struct{ conn *websocket.Conn }

func serve(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil) // want `nothing finds out .* ReadJSON`
	if err != nil {
		return
	}
	c := &client{conn}
	for c.one() {
	}
}

// The loop is in the caller.
func (c *client) one() bool {
	var v any
	return c.conn.ReadJSON(&v) == nil
}

// A deadline for the first message alone.
func login(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, _, err := conn.ReadMessage(); err != nil {
		return
	}
	conn.SetReadDeadline(time.Time{}) // want `this takes the read deadline away for good: from here on ReadMessage at bad.go:\d+ waits for ever`
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			return
		}
	}
}

type session struct{ conn *websocket.Conn }

// The loop is in another function, on a goroutine.
func start(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	s := &session{conn}
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, _, err := conn.ReadMessage(); err != nil {
		return
	}
	var never time.Time
	conn.SetReadDeadline(never) // want `away for good`
	go s.pump()
}

func (s *session) pump() {
	for {
		if _, _, err := s.conn.ReadMessage(); err != nil {
			return
		}
	}
}

// No deadline at all, and said so.
func never(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	conn.SetReadDeadline(time.Time{}) // want `away for good`
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			return
		}
	}
}

// A handler that never runs.
func deaf(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	conn.SetPongHandler(func(string) error { return nil })
	for range time.Tick(time.Second) {
		conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second)) // want `this ping is answered, and nothing reads from this connection: SetPongHandler at bad.go:\d+ sets a handler that never runs`
	}
}

func deafer(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	for range time.Tick(time.Second) {
		if err := conn.WriteMessage(websocket.PingMessage, nil); err != nil { // want `this ping is answered, and nothing reads from this connection: pongs`
			return
		}
	}
}

// A stream of events, and nobody who sees the peer close it.
func events(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	for range time.Tick(time.Second) {
		if err := conn.WriteMessage(websocket.TextMessage, nil); err != nil { // want `this writes again and again to a connection that nothing reads from`
			return
		}
	}
}
