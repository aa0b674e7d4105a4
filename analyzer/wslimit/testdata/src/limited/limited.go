// Package limited sets limits, or hands its connections to somebody who may.
package limited

import (
	"io"
	"net/http"
	"os"

	"github.com/gorilla/websocket"
)

var upgrader websocket.Upgrader

const maxMessageSize = 512

func handler(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	conn.SetReadLimit(maxMessageSize)
	conn.ReadMessage()
}

type client struct{ conn *websocket.Conn }

// The limit is set where the connection is read.
func serve(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	go (&client{conn}).readPump()
}

func (c *client) readPump() {
	c.conn.SetReadLimit(maxMessageSize)
	for {
		if _, _, err := c.conn.ReadMessage(); err != nil {
			return
		}
	}
}

// By a function that it is given to.
func configured(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	limit(conn)
	conn.ReadMessage()
}

func limit(c *websocket.Conn) { c.SetReadLimit(sizeOf("LIMIT")) }

func sizeOf(name string) int64 { return int64(len(os.Getenv(name))) }

// By a function value.
func options(w http.ResponseWriter, r *http.Request, opts ...func(*websocket.Conn)) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	for _, o := range opts {
		o(conn)
	}
	conn.ReadMessage()
}

// By a method value.
func methodValue(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	set := conn.SetReadLimit
	set(maxMessageSize)
	conn.ReadMessage()
}

// By a caller in another package.
func Accept(w http.ResponseWriter, r *http.Request) (*websocket.Conn, error) {
	return upgrader.Upgrade(w, r, nil)
}

func Read(c *websocket.Conn) ([]byte, error) {
	_, p, err := c.ReadMessage()
	return p, err
}

// Through an exported field.
type Session struct{ Conn *websocket.Conn }

func open(w http.ResponseWriter, r *http.Request) *Session {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return nil
	}
	conn.ReadMessage()
	return &Session{Conn: conn}
}

// Streamed, not held.
func stream(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	_, body, err := conn.NextReader()
	if err != nil {
		return
	}
	io.Copy(io.Discard, body)
}

func bounded(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	_, body, err := conn.NextReader()
	if err != nil {
		return
	}
	io.ReadAll(io.LimitReader(body, 1<<20))
}

// Never read.
func push(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	conn.WriteMessage(websocket.TextMessage, []byte("hello"))
}
