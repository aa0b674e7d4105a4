package main

import (
	"context"
	"log"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// publication is what a publisher sends. It sends it again, with the same ID,
// until there is a receipt: here or at another process.
type publication struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// receipt says that a message has been published, now or earlier, or that it
// could not be.
type receipt struct {
	ID    string `json:"id"`
	New   bool   `json:"new"`
	Error string `json:"error,omitempty"`
}

const redisWait = 5 * time.Second

// publish publishes what a client sends, one message after another.
func (h *hub) publish(w http.ResponseWriter, r *http.Request) {
	if !h.begin(w) {
		return
	}
	defer h.wg.Done()
	conn, err := h.upgrader.Upgrade(w, r, nil)
	if err != nil {
		log.Printf("upgrade: %v", err)
		return
	}
	defer conn.Close()
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-h.stop:
			bye := websocket.FormatCloseMessage(websocket.CloseGoingAway, "")
			conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(writeWait))
			select {
			case <-done:
			case <-time.After(time.Second):
				conn.Close()
			}
		case <-done:
		}
	}()
	conn.SetReadLimit(maxMessageSize)
	for {
		var p publication
		if err := conn.ReadJSON(&p); err != nil {
			return
		}
		conn.SetWriteDeadline(time.Now().Add(writeWait))
		if err := conn.WriteJSON(h.accept(p)); err != nil {
			return
		}
	}
}

func (h *hub) accept(p publication) receipt {
	ctx, cancel := context.WithTimeout(context.Background(), redisWait)
	defer cancel()
	isNew, err := h.bus.publish(ctx, p.ID, p.Text)
	if err != nil {
		log.Printf("publish: %v", err)
		return receipt{ID: p.ID, Error: "try again"}
	}
	return receipt{ID: p.ID, New: isNew}
}
