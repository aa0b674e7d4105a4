package locks

import (
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

var upgrader websocket.Upgrader

type hub struct {
	mu    sync.Mutex
	conns map[*websocket.Conn]bool
}

func (h *hub) join(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil) // want `nothing finds out`
	if err != nil {
		return
	}
	h.mu.Lock()
	h.conns[conn] = true
	h.mu.Unlock()
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			return
		}
	}
}

func (h *hub) broadcast(p []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.conns {
		c.WriteMessage(websocket.TextMessage, p) // want `this write has no deadline, and the lock taken at locks.go:\d+ is held: one peer that does not read stops everything that goes to the other connections`
	}
}

type member struct {
	mu   sync.Mutex
	conn *websocket.Conn
}

type room struct {
	sync.RWMutex
	members []*member
}

func (r *room) enter(w http.ResponseWriter, req *http.Request) {
	conn, err := upgrader.Upgrade(w, req, nil) // want `nothing finds out`
	if err != nil {
		return
	}
	m := &member{conn: conn}
	r.Lock()
	r.members = append(r.members, m)
	r.Unlock()
	for {
		if _, _, err := m.conn.ReadMessage(); err != nil {
			return
		}
	}
}

// Two calls away, under a read lock, beside the lock of the member itself.
func (r *room) say(p []byte) {
	r.RLock()
	for _, m := range r.members {
		m.send(p) // want `the write at locks.go:\d+, which this leads to, has no deadline, and the lock taken at locks.go:69 is held: one peer .* other connections`
	}
	r.RUnlock()
}

func (m *member) send(p []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.conn.WriteMessage(websocket.TextMessage, p)
}

type single struct {
	mu   sync.Mutex
	conn *websocket.Conn
}

func (s *single) serve(w http.ResponseWriter, req *http.Request) {
	conn, err := upgrader.Upgrade(w, req, nil) // want `nothing finds out`
	if err != nil {
		return
	}
	s.conn = conn
	for {
		if _, _, err := s.conn.ReadMessage(); err != nil {
			return
		}
	}
}

// The connection's own lock.
func (s *single) send(p []byte) {
	s.mu.Lock()
	s.conn.WriteMessage(websocket.TextMessage, p) // want `whoever else wants the lock`
	s.mu.Unlock()
}

// With a deadline the lock is given back in time.
type patient struct {
	mu    sync.Mutex
	conns []*websocket.Conn
}

func (h *patient) join(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	h.mu.Lock()
	h.conns = append(h.conns, conn)
	h.mu.Unlock()
	conn.ReadMessage()
}

func (h *patient) broadcast(p []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.conns {
		c.SetWriteDeadline(time.Now().Add(time.Second))
		c.WriteMessage(websocket.TextMessage, p)
	}
}

// A copy of the list, and no lock.
type copied struct {
	mu    sync.Mutex
	conns []*websocket.Conn
}

func (h *copied) join(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conns = append(h.conns, conn)
	conn.ReadMessage()
}

func (h *copied) broadcast(p []byte) {
	h.mu.Lock()
	list := append([]*websocket.Conn(nil), h.conns...)
	h.mu.Unlock()
	for _, c := range list {
		c.WriteMessage(websocket.TextMessage, p)
	}
}
