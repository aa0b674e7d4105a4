package main

import (
	"log"
	"time"

	"github.com/gorilla/websocket"
)

type member struct {
	hub  *hub
	user *claims
	room string
	ws   *websocket.Conn
	send chan message
	gone chan struct{} // closed when nothing more is read
}

func (m *member) readPump() {
	began := time.Now()
	var err error
	defer func() {
		code := websocket.CloseAbnormalClosure
		if ce, ok := err.(*websocket.CloseError); ok {
			code = ce.Code
		}
		log.Printf("%s was in %s for %v, closed with %d", m.user.Subject, m.room, time.Since(began).Round(time.Millisecond), code)
		close(m.gone)
		m.hub.leave(m)
		m.ws.Close()
	}()
	m.ws.SetReadLimit(maxMessageSize)
	m.ws.SetReadDeadline(time.Now().Add(pongWait))
	m.ws.SetPongHandler(func(string) error { return m.ws.SetReadDeadline(time.Now().Add(pongWait)) })
	for {
		var msg message
		if err = m.ws.ReadJSON(&msg); err != nil {
			return
		}
		if !m.hub.policy.allows(m.user.Role, m.room, "publish") {
			select {
			case m.send <- message{Error: "a " + m.user.Role + " may not publish here"}:
			default: // he has not read the last ones
			}
			continue
		}
		m.hub.publish(m.room, message{From: m.user.Subject, Text: msg.Text})
	}
}

func (m *member) writePump() {
	ping := time.NewTicker(pingPeriod)
	defer ping.Stop()
	expired := time.NewTimer(time.Until(m.user.ExpiresAt.Time))
	defer expired.Stop()
	defer m.ws.Close()
	for {
		select {
		case msg := <-m.send:
			m.ws.SetWriteDeadline(time.Now().Add(writeWait))
			if err := m.ws.WriteJSON(msg); err != nil {
				return
			}
		case <-ping.C:
			m.ws.SetWriteDeadline(time.Now().Add(writeWait))
			if err := m.ws.WriteMessage(websocket.PingMessage, nil); err != nil {
				return
			}
		case <-expired.C:
			m.bye(closeExpired, "the token has expired")
			return
		case <-m.hub.stop:
			m.bye(websocket.CloseGoingAway, "")
			return
		case <-m.gone:
			return
		}
	}
}

// bye sends a close frame and waits a moment for the answer.
func (m *member) bye(code int, reason string) {
	m.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(writeWait))
	select {
	case <-m.gone:
	case <-time.After(time.Second):
	}
}
