// Package apart has one type for the connections of both sides.
package apart

import (
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
)

type Client struct{ conn *websocket.Conn }

func (c *Client) dial(addr string) (err error) {
	c.conn, _, err = websocket.DefaultDialer.Dial(addr, nil)
	return err
}

func (c *Client) read() {
	for {
		if _, _, err := c.conn.ReadMessage(); err != nil {
			return
		}
	}
}

// run reads what it dialed itself.
func (c *Client) run(addr string) {
	go func() {
		if err := c.dial(addr); err == nil {
			c.read()
		}
	}()
}

type Server struct {
	upgrader websocket.Upgrader
	mu       sync.Mutex
	clients  map[*Client]bool
}

// serve reads what the upgrade has made.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	c := new(Client)
	s.mu.Lock()
	s.clients[c] = true
	s.mu.Unlock()
	var err error
	if c.conn, err = s.upgrader.Upgrade(w, r, nil); err != nil {
		return
	}
	c.read()
}

// Who takes a connection from a channel has it for himself.
var pool = make(chan *websocket.Conn, 8)

func first(w http.ResponseWriter, r *http.Request) {
	conn := <-pool
	conn.WriteMessage(websocket.TextMessage, nil)
}

func second(w http.ResponseWriter, r *http.Request) {
	conn := <-pool
	conn.WriteMessage(websocket.BinaryMessage, nil)
}

var one *websocket.Conn

func third(w http.ResponseWriter, r *http.Request) {
	one.WriteMessage(websocket.TextMessage, nil)
}

func fourth(w http.ResponseWriter, r *http.Request) {
	one.WriteMessage(websocket.BinaryMessage, nil) // want `concurrent writes to one connection`
}

// Drain reads from the same ones a second time.
type Drain struct{ clients map[string]*Tail }

type Tail struct{ conn *websocket.Conn }

var plain websocket.Upgrader

func (d *Drain) serve(w http.ResponseWriter, r *http.Request) {
	t := new(Tail)
	d.clients["one"] = t
	var err error
	if t.conn, err = plain.Upgrade(w, r, nil); err != nil {
		return
	}
	t.conn.WriteMessage(websocket.TextMessage, nil)
}

func (d *Drain) start() {
	go func() {
		for _, t := range d.clients {
			t.conn.WriteMessage(websocket.TextMessage, nil) // want `concurrent writes to one connection`
		}
	}()
}

type queued struct{ ws *websocket.Conn }

type attached struct {
	conn *websocket.Conn
	send chan []byte
}

func (a *attached) text(p []byte) { a.conn.WriteMessage(1, p) }
func (a *attached) end()          { a.conn.WriteMessage(8, nil) }

func (a *attached) write() {
	for p := range a.send {
		if p == nil {
			a.end()
			return
		}
		a.text(p)
	}
}

type worker struct {
	queue   chan queued
	current *attached
}

// Each connection that comes off the queue is put into something of its own.
func (w *worker) attach(ws *websocket.Conn) {
	a := &attached{conn: ws, send: make(chan []byte)}
	w.current = a
	go a.write()
	for range 3 {
		a.send <- nil
	}
}

func (w *worker) run() {
	for job := range w.queue {
		go w.attach(job.ws)
	}
}

// handle queues the connection of a request.
func (w *worker) handle(rw http.ResponseWriter, r *http.Request) {
	ws, err := new(websocket.Upgrader).Upgrade(rw, r, nil)
	if err != nil {
		return
	}
	go w.run()
	w.queue <- queued{ws}
}
