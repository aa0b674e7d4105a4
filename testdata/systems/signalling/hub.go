package main

import (
	"context"
	"encoding/json"
	"log"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"
)

type options struct {
	rate      rate.Limit
	burst     int
	writeWait time.Duration
	pongWait  time.Duration
}

// message is what travels: between members, and from the hub to them.
type message struct {
	Type string          `json:"type"`
	From string          `json:"from,omitempty"`
	To   string          `json:"to,omitempty"` // all others if empty
	Data json.RawMessage `json:"data,omitempty"`
}

// hub knows the members of each room.
type hub struct {
	opts     options
	upgrader websocket.Upgrader

	mu    sync.RWMutex
	rooms map[string]map[string]*member
	gone  bool
	wg    sync.WaitGroup
}

func newHub(opts options) *hub {
	return &hub{
		opts:     opts,
		upgrader: websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024, WriteBufferPool: &sync.Pool{}},
		rooms:    make(map[string]map[string]*member),
	}
}

func (h *hub) serve(w http.ResponseWriter, r *http.Request) {
	room, name := r.FormValue("room"), r.FormValue("name")
	if room == "" || name == "" {
		http.Error(w, "who are you, and in which room?", http.StatusBadRequest)
		return
	}
	conn, err := h.upgrader.Upgrade(w, r, nil)
	if err != nil {
		log.Printf("upgrade: %v", err)
		return
	}
	m := &member{
		hub: h, room: room, name: name, conn: conn, out: newOutbox(), done: make(chan struct{}),
		limiter: rate.NewLimiter(h.opts.rate, h.opts.burst),
	}
	if refusal := h.join(m); refusal != "" {
		closeMsg := websocket.FormatCloseMessage(websocket.ClosePolicyViolation, refusal)
		conn.WriteControl(websocket.CloseMessage, closeMsg, time.Now().Add(time.Second))
		conn.Close()
		return
	}
	go m.writePump()
	go m.readPump()
}

// join makes m a member of its room, whose first message says who is there, or
// returns why not.
func (h *hub) join(m *member) (refusal string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	room := h.rooms[m.room]
	if room == nil {
		room = make(map[string]*member)
		h.rooms[m.room] = room
	}
	switch {
	case h.gone:
		return "shutting down"
	case room[m.name] != nil:
		return "the name is taken"
	}
	names, _ := json.Marshal(slices.AppendSeq([]string{}, maps.Keys(room)))
	data, _ := json.Marshal(message{Type: "members", Data: names})
	m.out.put(control, data)
	room[m.name] = m
	h.wg.Add(2)
	return ""
}

func (h *hub) leave(m *member) {
	h.mu.Lock()
	delete(h.rooms[m.room], m.name)
	h.mu.Unlock()
	h.pass(m, message{Type: "left", From: m.name}, critical)
}

// pass puts a message into the outboxes of those it is for, and reports
// whether there was somebody. It does not wait for anybody.
func (h *hub) pass(from *member, msg message, p priority) bool {
	data, err := json.Marshal(msg)
	if err != nil {
		log.Printf("encode: %v", err)
		return false
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	found := false
	for name, m := range h.rooms[from.room] {
		if m == from || msg.To != "" && msg.To != name {
			continue
		}
		found = true
		if !m.out.put(p, data) {
			m.kick(websocket.CloseTryAgainLater, "too slow")
		}
	}
	return found
}

// shed returns how many messages each member of a room has lost.
func (h *hub) shed(room string) map[string]map[string]int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	all := make(map[string]map[string]int)
	for name, m := range h.rooms[room] {
		lost := m.out.lost()
		all[name] = map[string]int{"control": lost[control], "metric": lost[metric]}
	}
	return all
}

func (h *hub) shutdown(ctx context.Context) error {
	h.mu.Lock()
	h.gone = true
	for _, room := range h.rooms {
		for _, m := range room {
			m.kick(websocket.CloseGoingAway, "")
		}
	}
	h.mu.Unlock()
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
