package main

import (
	"context"
	"log"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	writeWait      = 10 * time.Second
	pongWait       = 60 * time.Second
	pingPeriod     = pongWait * 9 / 10
	maxMessageSize = 4096

	// closeExpired is in the range that applications choose from, and reads
	// like the status of a request.
	closeExpired = 4401
)

// message is what members say. Without a room's permission to publish, Error
// is the answer.
type message struct {
	From  string `json:"from,omitempty"`
	Text  string `json:"text,omitempty"`
	Error string `json:"error,omitempty"`
}

type hub struct {
	policy   policy
	upgrader websocket.Upgrader

	mu      sync.Mutex
	rooms   map[string]map[*member]bool
	closing bool

	stop chan struct{}
	wg   sync.WaitGroup // of the members
}

func newHub(p policy) *hub {
	return &hub{
		policy:   p,
		upgrader: websocket.Upgrader{Subprotocols: []string{bearer}},
		rooms:    make(map[string]map[*member]bool),
		stop:     make(chan struct{}),
	}
}

// ServeHTTP upgrades requests that have come through the checks.
func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.begin() {
		http.Error(w, "shutting down", http.StatusServiceUnavailable)
		return
	}
	defer h.wg.Done()
	ws, err := h.upgrader.Upgrade(w, r, nil)
	if err != nil {
		log.Printf("upgrade: %v", err)
		return
	}
	m := &member{hub: h, user: user(r), room: r.PathValue("room"), ws: ws, send: make(chan message, 64), gone: make(chan struct{})}
	h.enter(m)
	go m.writePump()
	m.readPump()
}

// begin counts a member to be, unless none is taken any more.
func (h *hub) begin() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closing {
		h.wg.Add(1)
	}
	return !h.closing
}

func (h *hub) enter(m *member) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.rooms[m.room] == nil {
		h.rooms[m.room] = make(map[*member]bool)
	}
	h.rooms[m.room][m] = true
}

func (h *hub) leave(m *member) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.rooms[m.room], m)
}

func (h *hub) publish(room string, msg message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for m := range h.rooms[room] {
		select {
		case m.send <- msg:
		default:
			m.ws.Close() // too slow
		}
	}
}

func (h *hub) shutdown(ctx context.Context) error {
	h.mu.Lock()
	h.closing = true
	h.mu.Unlock()
	close(h.stop)
	done := make(chan struct{})
	go func() {
		h.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
