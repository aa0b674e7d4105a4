package main

import (
	"bytes"
	"log"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// Time a write may take.
	writeWait = 10 * time.Second

	// Time within which the peer has to answer a ping.
	pongWait = 60 * time.Second

	// Pings go out this often; must be less than pongWait.
	pingPeriod = (pongWait * 9) / 10

	// Longest line a peer may send, in bytes.
	maxMessageSize = 512

	// Lines that may wait for a slow reader.
	sendBuffer = 64
)

var (
	newline = []byte{'\n'}
	space   = []byte{' '}
)

// CheckOrigin is left nil: only pages of this host may connect.
var upgrader = websocket.Upgrader{
	ReadBufferSize:  1024,
	WriteBufferSize: 1024,
}

// client stands between one connection and the hub. readPump is the only
// goroutine that reads from conn, writePump the only one that writes to it.
type client struct {
	hub  *hub
	conn *websocket.Conn
	name string

	// Lines on their way out. Closed by the hub.
	send chan []byte

	pongWait   time.Duration
	pingPeriod time.Duration
}

// serveChat upgrades the request and starts the two pumps.
func serveChat(h *hub, w http.ResponseWriter, r *http.Request) {
	name := strings.Join(strings.Fields(r.URL.Query().Get("name")), " ")
	if name == "" {
		name = "somebody"
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		// Upgrade has answered the request.
		log.Printf("upgrade %s: %v", r.RemoteAddr, err)
		return
	}
	c := &client{
		hub:        h,
		conn:       conn,
		name:       name,
		send:       make(chan []byte, sendBuffer),
		pongWait:   h.opts.pongWait,
		pingPeriod: h.opts.pingPeriod,
	}

	if !h.join(c) {
		conn.Close()
		return
	}
	go c.writePump()
	go c.readPump()
}

// readPump hands what the peer types to the hub, until the connection ends.
func (c *client) readPump() {
	defer func() {
		c.hub.leave(c)
		c.conn.Close()
	}()
	c.conn.SetReadLimit(maxMessageSize)
	c.conn.SetReadDeadline(time.Now().Add(c.pongWait))
	c.conn.SetPongHandler(func(string) error {
		c.conn.SetReadDeadline(time.Now().Add(c.pongWait))
		return nil
	})
	for {
		_, text, err := c.conn.ReadMessage()
		if err != nil {
			// A closed tab and a lost network are everyday ends.
			if websocket.IsUnexpectedCloseError(err, websocket.CloseGoingAway, websocket.CloseAbnormalClosure) {
				log.Printf("read from %s: %v", c.name, err)
			}
			return
		}
		text = bytes.TrimSpace(bytes.ReplaceAll(text, newline, space))
		if len(text) == 0 {
			continue
		}
		c.hub.post(c, text)
	}
}

// writePump writes what the hub queued, and the pings that make readPump
// notice a dead peer.
func (c *client) writePump() {
	ticker := time.NewTicker(c.pingPeriod)
	defer func() {
		ticker.Stop()
		c.conn.Close()
		c.hub.writers.Done()
	}()
	for {
		select {
		case line, ok := <-c.send:
			c.conn.SetWriteDeadline(time.Now().Add(writeWait))
			if !ok {
				// The hub let go of this client.
				c.conn.WriteMessage(websocket.CloseMessage, []byte{})
				return
			}

			w, err := c.conn.NextWriter(websocket.TextMessage)
			if err != nil {
				return
			}
			w.Write(line)

			// What else is waiting goes into the same message, a line each.
			for n := len(c.send); n > 0; n-- {
				w.Write(newline)
				w.Write(<-c.send)
			}

			if err := w.Close(); err != nil {
				return
			}
		case <-ticker.C:
			c.conn.SetWriteDeadline(time.Now().Add(writeWait))
			if err := c.conn.WriteMessage(websocket.PingMessage, nil); err != nil {
				return
			}
		}
	}
}
