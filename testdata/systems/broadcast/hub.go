package main

import (
	"context"
	"encoding/json"
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
	maxMessageSize = 8192
	queued         = 256 // messages that may wait for one listener
)

// hub has the connections of this process.
type hub struct {
	bus      *bus
	upgrader websocket.Upgrader

	mu        sync.Mutex
	listeners map[*listener]bool
	closing   bool

	stop chan struct{}
	wg   sync.WaitGroup // of the connections
}

func newHub(b *bus) *hub {
	return &hub{
		bus:       b,
		upgrader:  websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024},
		listeners: make(map[*listener]bool),
		stop:      make(chan struct{}),
	}
}

// begin counts a connection, unless none is taken any more.
func (h *hub) begin(w http.ResponseWriter) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing {
		http.Error(w, "shutting down", http.StatusServiceUnavailable)
		return false
	}
	h.wg.Add(1)
	return true
}

// feed sends all messages behind the one that the client has seen last.
func (h *hub) feed(w http.ResponseWriter, r *http.Request) {
	if !h.begin(w) {
		return
	}
	defer h.wg.Done()
	l := &listener{hub: h, last: r.FormValue("last"), queue: make(chan queuedMessage, queued), gone: make(chan struct{})}
	// What is published while the stream is read waits in the queue.
	h.enter(l)
	defer h.leave(l)
	missed, err := h.bus.since(r.Context(), l.last)
	if err != nil {
		http.Error(w, "try again", http.StatusServiceUnavailable)
		return
	}
	if l.conn, err = h.upgrader.Upgrade(w, r, nil); err != nil {
		log.Printf("upgrade: %v", err)
		return
	}
	go l.readPump()
	l.writePump(missed)
}

func (h *hub) enter(l *listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listeners[l] = true
}

func (h *hub) leave(l *listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.listeners, l)
}

// queuedMessage is a message that has been encoded for all listeners.
type queuedMessage struct {
	seq     string
	encoded *websocket.PreparedMessage
}

func encode(m message) (queuedMessage, error) {
	data, err := json.Marshal(m)
	if err != nil {
		return queuedMessage{}, err
	}
	pm, err := websocket.NewPreparedMessage(websocket.TextMessage, data)
	return queuedMessage{m.Seq, pm}, err
}

// deliver gives a message to all listeners of this process. Those that are too
// slow for it are dropped: they can come back and catch up.
func (h *hub) deliver(m message) {
	q, err := encode(m)
	if err != nil {
		log.Printf("encode: %v", err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for l := range h.listeners {
		select {
		case l.queue <- q:
		default:
			log.Print("a listener is too slow")
			delete(h.listeners, l)
			close(l.queue)
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
