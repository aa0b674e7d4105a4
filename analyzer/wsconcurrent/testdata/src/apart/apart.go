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

// Peers are made in two ways, and either has one goroutine that writes.
type Peer struct {
	conn  *websocket.Conn
	out   chan []byte
	alive bool
}

func dialPeer(url string, beats int) (*Peer, error) {
	conn, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		return nil, err
	}
	return newPeer(conn, beats > 0), nil
}

func newPeer(conn *websocket.Conn, alive bool) *Peer {
	p := &Peer{conn: conn, out: make(chan []byte), alive: alive}
	if alive {
		go p.beat()
	} else {
		go p.send()
	}
	return p
}

func (p *Peer) send() {
	for m := range p.out {
		p.conn.WriteMessage(1, m)
	}
}

func (p *Peer) beat() {
	for m := range p.out {
		p.conn.WriteMessage(1, m)
		p.conn.WriteMessage(9, nil)
	}
}

func connectPeer(w http.ResponseWriter, r *http.Request) {
	conn, err := new(websocket.Upgrader).Upgrade(w, r, nil)
	if err == nil {
		newPeer(conn, false)
	}
}

// A server's connections come from a factory, each for itself.
type Factory struct{ up websocket.Upgrader }

type Served struct {
	conn *websocket.Conn
	out  chan []byte
}

func NewServed(conn *websocket.Conn) *Served { // want NewServed:"go writes"
	c := &Served{conn: conn, out: make(chan []byte)}
	go c.write()
	return c
}

func NewTemporary(conn *websocket.Conn) *Served { // want NewTemporary:"go writes"
	c := &Served{conn: conn, out: make(chan []byte)}
	go c.write()
	return c
}

func (c *Served) write() {
	for m := range c.out {
		if m == nil {
			c.conn.WriteMessage(8, nil)
			return
		}
		c.conn.WriteMessage(1, m)
	}
}

func (f *Factory) served(w http.ResponseWriter, r *http.Request) *Served {
	conn, err := f.up.Upgrade(w, r, nil)
	if err != nil {
		return nil
	}
	return NewServed(conn)
}

func (f *Factory) temporary(w http.ResponseWriter, r *http.Request) *Served {
	conn, err := f.up.Upgrade(w, r, nil)
	if err != nil {
		return nil
	}
	return NewTemporary(conn)
}

// A dialer tries again where it has failed, and only there.
type redialed struct {
	conn *websocket.Conn
	out  chan []byte
}

func (c *redialed) dial() error {
	conn, res, err := websocket.DefaultDialer.Dial("ws://localhost", nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	c.conn = conn
	go c.write()
	return nil
}

func (c *redialed) write() {
	for m := range c.out {
		if m == nil {
			c.conn.WriteMessage(9, nil)
			continue
		}
		c.conn.WriteMessage(1, m)
	}
}

func (c *redialed) connect(again chan int) error {
	if err := c.dial(); err == nil {
		return nil
	}
	for range again {
		if err := c.dial(); err == nil {
			return nil
		}
	}
	return nil
}
