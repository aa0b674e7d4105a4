package main

import (
	"net/http"
	"sync"
	"time"

	"example.com/peer"
	"github.com/gorilla/websocket"
)

// Control frames and one writer.
func pings() {
	c := peer.Dial("ws://localhost")
	go func() {
		for range time.Tick(time.Second) {
			c.Ping()
		}
	}()
	c.Send(nil)
}

// The other package's lock on both sides.
func locked() {
	c := peer.Dial("ws://localhost")
	go c.SafeSend(nil)
	c.SafeSend(nil)
}

// The same lock, taken here.
func lockedHere() {
	c := peer.Dial("ws://localhost")
	go c.SafeSend(nil)
	c.Lock()
	defer c.Unlock()
	c.Conn().WriteMessage(websocket.TextMessage, nil)
}

// A shared lock on one side.
func exclusive(s *peer.Shared) {
	go s.Send(1)
	s.SendAlone(2)
}

// What runs under the other package's lock.
func under(c *peer.Client) {
	go c.SafeSend(nil)
	c.With(func(conn *websocket.Conn) {
		conn.WriteMessage(websocket.TextMessage, nil)
	})
}

// The message within the lock.
func whole(c *peer.Client) {
	go one(c)
	one(c)
}

func one(c *peer.Client) {
	c.Lock()
	defer c.Unlock()
	w, err := c.Writer()
	if err != nil {
		return
	}
	w.Write(nil)
	w.Close()
}

// Before the goroutine starts, and after it ended.
func feedAlone(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	conn.WriteMessage(websocket.TextMessage, nil)
	f := peer.NewFeed(conn)
	f.Start()
	conn.ReadMessage()
}

// Two connections.
func two() {
	a, b := peer.Dial("ws://localhost/a"), peer.Dial("ws://localhost/b")
	go a.Send(nil)
	b.Send(nil)
}

// A connection for each goroutine.
func each() {
	for range 4 {
		c := peer.Dial("ws://localhost")
		go c.Send(nil)
	}
}

// One generic helper, two connections.
func genericTwo(a, b *websocket.Conn) {
	go peer.Send(a, 1)
	peer.Send(b, 2)
}

// One writer, one reader.
func duplex(c *peer.Client) {
	go func() {
		for {
			if _, err := c.Next(); err != nil {
				return
			}
		}
	}()
	c.Send(nil)
}

// The callback's goroutine is the only writer.
func answers(conn *websocket.Conn) {
	peer.AnswerPings(conn)
	for {
		kind, p, err := conn.ReadMessage()
		if err != nil {
			return
		}
		conn.WriteMessage(kind, p)
	}
}

// Before others can know the connection.
func greeted(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	peer.Send(conn, "welcome")
	feedLater(conn)
}

func feedLater(conn *websocket.Conn) { peer.NewFeed(conn).Start() }

// What the goroutines of another package do with the connections that it holds
// is its own affair.
func rooms(s *peer.Session, first, second *websocket.Conn) {
	s.Join("a", first)
	s.Join("b", second)
	s.Renew("a", second)
}

// What the other package is given decides whether, and how, it writes.
func notified(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	var mu sync.Mutex
	go peer.Notify(&mu, conn, false)
	mu.Lock()
	conn.WriteMessage(websocket.TextMessage, nil)
	mu.Unlock()
}

func quiet(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	go peer.Notify(nil, conn, true)
	conn.WriteMessage(websocket.TextMessage, nil)
}
