package main

import (
	"log"
	"time"

	"github.com/gorilla/websocket"
)

// listener is one connection of a client that gets messages.
type listener struct {
	hub   *hub
	conn  *websocket.Conn
	last  string // the last message that was sent
	queue chan queuedMessage
	gone  chan struct{} // closed when nothing more is read
}

// readPump reads for the sake of control frames: listeners say nothing.
func (l *listener) readPump() {
	defer close(l.gone)
	l.conn.SetReadLimit(maxMessageSize)
	l.conn.SetReadDeadline(time.Now().Add(pongWait))
	l.conn.SetPongHandler(func(string) error {
		l.conn.SetReadDeadline(time.Now().Add(pongWait))
		return nil
	})
	for {
		if _, _, err := l.conn.ReadMessage(); err != nil {
			return
		}
	}
}

func (l *listener) writePump(missed []message) {
	defer l.conn.Close()
	for _, m := range missed {
		q, err := encode(m)
		if err != nil {
			log.Printf("encode: %v", err)
			continue
		}
		if l.send(q) != nil {
			return
		}
	}
	ping := time.NewTicker(pingPeriod)
	defer ping.Stop()
	for {
		select {
		case q, ok := <-l.queue:
			if !ok {
				l.bye(websocket.CloseTryAgainLater, "too slow")
				return
			}
			if l.send(q) != nil {
				return
			}
		case <-ping.C:
			l.conn.SetWriteDeadline(time.Now().Add(writeWait))
			if err := l.conn.WriteMessage(websocket.PingMessage, nil); err != nil {
				return
			}
		case <-l.hub.stop:
			l.bye(websocket.CloseGoingAway, "")
			return
		case <-l.gone:
			return
		}
	}
}

// send sends a message, unless the client has it already.
func (l *listener) send(q queuedMessage) error {
	if !after(q.seq, l.last) {
		return nil
	}
	l.last = q.seq
	l.conn.SetWriteDeadline(time.Now().Add(writeWait))
	return l.conn.WritePreparedMessage(q.encoded)
}

// bye sends a close frame and waits a moment for the answer.
func (l *listener) bye(code int, reason string) {
	l.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(writeWait))
	select {
	case <-l.gone:
	case <-time.After(time.Second):
	}
}
