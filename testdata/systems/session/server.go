package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	writeWait      = 10 * time.Second
	maxMessageSize = 64 << 10
)

type options struct {
	keep       int
	ping, dead time.Duration
}

// upstream is what a client sends: a change with its own number.
type upstream struct {
	ID    int64  `json:"id"`
	Key   string `json:"key"`
	Value string `json:"value"`
}

// downstream is what a client gets: a change, all values where too much is
// missing, or that its own changes up to Ack have arrived.
type downstream struct {
	Type   string            `json:"type"` // change, sync or ack
	Seq    int64             `json:"seq,omitempty"`
	Key    string            `json:"key,omitempty"`
	Value  string            `json:"value,omitempty"`
	Values map[string]string `json:"values,omitempty"`
	Ack    int64             `json:"ack,omitempty"`
}

type server struct {
	opts     options
	upgrader websocket.Upgrader

	mu        sync.Mutex
	documents map[string]*document
	closing   bool

	stop chan struct{}
	wg   sync.WaitGroup // of the connections
}

func newServer(opts options) *server {
	return &server{
		opts:      opts,
		upgrader:  websocket.Upgrader{HandshakeTimeout: 10 * time.Second},
		documents: make(map[string]*document),
		stop:      make(chan struct{}),
	}
}

func (s *server) get(id string) *document {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.documents[id]
	if d == nil {
		d = newDocument(s.opts.keep)
		s.documents[id] = d
	}
	return d
}

// document answers with the values of a document, and changes it where the
// request says so.
func (s *server) document(w http.ResponseWriter, r *http.Request) {
	d := s.get(r.FormValue("id"))
	if r.Method == http.MethodPost {
		d.set(0, r.FormValue("key"), r.FormValue("value"))
	}
	_, values, seq := d.since(-1)
	json.NewEncoder(w).Encode(downstream{Type: "sync", Seq: seq, Values: values})
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	last, err := strconv.ParseInt(r.FormValue("last_seq_id"), 10, 64)
	if err != nil {
		http.Error(w, "last_seq_id is no number", http.StatusBadRequest)
		return
	}
	if !s.begin() {
		http.Error(w, "shutting down", http.StatusServiceUnavailable)
		return
	}
	defer s.wg.Done()
	ws, err := s.upgrader.Upgrade(w, r, nil)
	if err != nil {
		log.Printf("upgrade: %v", err)
		return
	}
	c := &conn{ws: ws, opts: s.opts, doc: s.get(r.FormValue("id")), acks: make(chan int64, 16), gone: make(chan struct{})}
	s.wg.Add(2)
	go func() {
		defer s.wg.Done()
		c.read()
	}()
	go func() {
		defer s.wg.Done()
		c.write(last, s.stop)
	}()
}

// begin counts a connection, unless none is taken any more.
func (s *server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.wg.Add(1)
	}
	return !s.closing
}

func (s *server) shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	close(s.stop)
	done := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// conn is one connection of a client that has perhaps had others.
type conn struct {
	ws   *websocket.Conn
	opts options
	doc  *document
	acks chan int64
	gone chan struct{} // closed when nothing more is read
}

func (c *conn) read() {
	defer close(c.gone)
	defer c.ws.Close()
	c.ws.SetReadLimit(maxMessageSize)
	c.ws.SetReadDeadline(time.Now().Add(c.opts.dead))
	c.ws.SetPongHandler(func(string) error {
		return c.ws.SetReadDeadline(time.Now().Add(c.opts.dead))
	})
	for {
		var m upstream
		if err := c.ws.ReadJSON(&m); err != nil {
			return
		}
		c.doc.set(m.ID, m.Key, m.Value)
		select {
		case c.acks <- m.ID:
		case <-time.After(writeWait):
			return // nobody writes
		}
	}
}

// write sends what has changed since last, and goes on with what changes. That
// a change has arrived is said behind the change.
func (c *conn) write(last int64, stop <-chan struct{}) {
	defer c.ws.Close()
	changed, unwatch := c.doc.watch()
	defer unwatch()
	ping := time.NewTicker(c.opts.ping)
	defer ping.Stop()
	var arrived int64
	for {
		changes, values, seq := c.doc.since(last)
		if values != nil {
			if c.send(downstream{Type: "sync", Seq: seq, Values: values}) != nil {
				return
			}
		}
		for _, ch := range changes {
			if c.send(downstream{Type: "change", Seq: ch.Seq, Key: ch.Key, Value: ch.Value}) != nil {
				return
			}
		}
		last = seq
		if arrived != 0 {
			if c.send(downstream{Type: "ack", Ack: arrived}) != nil {
				return
			}
			arrived = 0
		}
		select {
		case <-changed:
		case arrived = <-c.acks:
		case <-ping.C:
			c.ws.SetWriteDeadline(time.Now().Add(writeWait))
			if err := c.ws.WriteMessage(websocket.PingMessage, nil); err != nil {
				return
			}
		case <-stop:
			c.ws.SetWriteDeadline(time.Now().Add(writeWait))
			c.ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseServiceRestart, "come back soon"))
			return
		case <-c.gone:
			return
		}
	}
}

func (c *conn) send(m downstream) error {
	c.ws.SetWriteDeadline(time.Now().Add(writeWait))
	return c.ws.WriteJSON(m)
}
