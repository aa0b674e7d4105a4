package main

import (
	"context"
	"encoding/json"
	"log"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"
)

const maxMessageSize = 16 << 10

// member is one connection in a room.
type member struct {
	hub        *hub
	room, name string
	conn       *websocket.Conn
	out        *outbox
	limiter    *rate.Limiter // of what the member sends

	once sync.Once
	done chan struct{} // closed when the connection is to end
}

func (m *member) readPump() {
	defer m.hub.wg.Done()
	defer m.hub.leave(m)
	defer m.kick(0, "")
	m.conn.SetReadLimit(maxMessageSize)
	m.conn.SetReadDeadline(time.Now().Add(m.hub.opts.pongWait))
	m.conn.SetPongHandler(func(string) error {
		m.conn.SetReadDeadline(time.Now().Add(m.hub.opts.pongWait))
		return nil
	})
	for {
		var msg message
		if err := m.conn.ReadJSON(&msg); err != nil {
			if websocket.IsUnexpectedCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway, websocket.CloseAbnormalClosure) {
				log.Printf("read from %s: %v", m.name, err)
			}
			return
		}
		m.handle(msg)
	}
}

func (m *member) handle(msg message) {
	p, ok := kinds[msg.Type]
	if !ok {
		m.complain("unknown type")
		return
	}
	if p == metric {
		if !m.limiter.Allow() {
			return // there will be another
		}
	} else if m.limiter.Wait(context.Background()) != nil {
		return
	}
	msg.From = m.name
	if !m.hub.pass(m, msg, p) && msg.To != "" {
		m.complain("nobody of that name")
	}
}

// complain tells the member what was wrong with a message.
func (m *member) complain(what string) {
	reason, _ := json.Marshal(what)
	data, _ := json.Marshal(message{Type: "error", Data: reason})
	m.out.put(control, data)
}

func (m *member) writePump() {
	defer m.hub.wg.Done()
	ping := time.NewTicker(m.hub.opts.pongWait * 9 / 10)
	defer ping.Stop()
	for {
		select {
		case <-m.out.ready:
			for data := m.out.take(); data != nil; data = m.out.take() {
				m.conn.SetWriteDeadline(time.Now().Add(m.hub.opts.writeWait))
				if err := m.conn.WriteMessage(websocket.TextMessage, data); err != nil {
					m.kick(0, "")
					return
				}
			}
		case <-ping.C:
			m.conn.SetWriteDeadline(time.Now().Add(m.hub.opts.writeWait))
			if err := m.conn.WriteMessage(websocket.PingMessage, nil); err != nil {
				m.kick(0, "")
				return
			}
		case <-m.done:
			return
		}
	}
}

// kick ends the connection, with a close frame if there is a code and the
// member takes it within a moment. It does not wait.
func (m *member) kick(code int, reason string) {
	m.once.Do(func() {
		close(m.done)
		go func() {
			if code != 0 {
				deadline := time.Now().Add(500 * time.Millisecond)
				m.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), deadline)
			}
			m.conn.Close()
		}()
	})
}
