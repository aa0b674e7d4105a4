// Package conditions has writes that depend on what the caller gives.
package conditions

import (
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
)

var upgrader websocket.Upgrader

// Only with a mutex there is a second writer.
func serve(w http.ResponseWriter, r *http.Request) {
	front, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer front.Close()
	back, _, err := websocket.DefaultDialer.Dial("ws://localhost", nil)
	if err != nil {
		return
	}
	defer back.Close()
	var mu sync.Mutex
	go pump(nil, front, back)
	go pump(&mu, back, front)
	mu.Lock()
	back.WriteMessage(websocket.TextMessage, nil)
	mu.Unlock()
}

func pump(mu *sync.Mutex, to, from *websocket.Conn) {
	for {
		kind, p, err := from.ReadMessage()
		if err != nil {
			return
		}
		if mu == nil {
			to.WriteMessage(kind, p)
		} else {
			mu.Lock()
			to.WriteMessage(kind, p)
			mu.Unlock()
		}
	}
}

// Without one there are two.
func serveBare(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	var mu sync.Mutex
	go write(nil, conn)
	mu.Lock()
	conn.WriteMessage(websocket.TextMessage, nil)
	mu.Unlock()
}

func write(mu *sync.Mutex, conn *websocket.Conn) {
	if mu != nil {
		mu.Lock()
		defer mu.Unlock()
		conn.WriteMessage(websocket.TextMessage, nil)
		return
	}
	conn.WriteMessage(websocket.TextMessage, nil) // want `concurrent writes to one connection`
}

// By a flag, and through a function that only hands it on.
type client struct {
	mu   sync.Mutex
	conn *websocket.Conn
}

func serveClient(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	c := &client{conn: conn}
	c.send(true) // nobody else yet
	go c.handOn(false)
	c.handOn(false)
}

func (c *client) handOn(alone bool) { c.send(alone) }

func (c *client) send(alone bool) {
	if alone {
		c.conn.WriteMessage(websocket.TextMessage, nil)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn.WriteMessage(websocket.TextMessage, nil)
}

type other struct {
	mu   sync.Mutex
	conn *websocket.Conn
}

func serveOther(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	o := &other{conn: conn}
	go o.handOn(true)
	o.handOn(false)
}

func (o *other) handOn(alone bool) { o.send(alone) }

func (o *other) send(alone bool) {
	if !alone {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.conn.WriteMessage(websocket.TextMessage, nil)
		return
	}
	o.conn.WriteMessage(websocket.TextMessage, nil) // want `concurrent writes to one connection`
}
