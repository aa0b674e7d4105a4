// Package main uses connections that other packages made, wrapped or stored.
package main

import (
	"net/http"
	"sync"
	"time"

	"example.com/peer"
	"github.com/gorilla/websocket"
)

var upgrader websocket.Upgrader

func accept(w http.ResponseWriter, r *http.Request) *websocket.Conn {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		panic(err)
	}
	return conn
}

// A literal and the body.
func literal() {
	c := peer.Dial("ws://localhost")
	go func() {
		c.Send(nil) // want `concurrent writes to one connection \(Client.conn\): Client.Send at bad.go:\d+ \(WriteMessage at peer.go:29\) by the goroutine started at bad.go:\d+, and Client.Send at bad.go:\d+ \(WriteMessage at peer.go:29\) by`
	}()
	c.Send(nil)
}

// Methods of a struct that has a wrapper.
type session struct {
	peer *peer.Client
}

func (s *session) serve() {
	go s.pings()
	for {
		p, err := s.peer.Next()
		if err != nil {
			return
		}
		s.peer.Send(p)
	}
}

func (s *session) pings() {
	for range time.Tick(time.Second) {
		s.peer.Send(nil) // want `concurrent writes to one connection`
	}
}

// One wrapper for two goroutines.
func arguments() {
	c := peer.Dial("ws://localhost")
	go write(c)
	go write(c)
}

func write(c *peer.Client) {
	c.Send(nil) // want `concurrent writes`
}

// A goroutine that the other package starts.
func feed(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	f := peer.NewFeed(conn)
	f.Start() // want `Feed.Start at bad.go:\d+ \(WriteMessage at peer.go:\d+\) by the goroutine of Feed.run started at peer.go:\d+, and WriteMessage at bad.go:\d+`
	conn.WriteMessage(websocket.TextMessage, nil)
}

// A registry of the other package.
func registered(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	peer.Default.Add(r.RemoteAddr, conn)
	for {
		_, p, err := conn.ReadMessage()
		if err != nil {
			return
		}
		peer.Broadcast(p) // want `concurrent writes to one connection \(Hub.conns\[…\]\): Broadcast at bad.go`
	}
}

// A lock that one side takes.
func oneSide() {
	c := peer.Dial("ws://localhost")
	go c.SafeSend(nil)
	c.Conn().WriteMessage(websocket.TextMessage, nil) // want `concurrent writes`
}

// A shared lock on both sides.
func shared(s *peer.Shared) {
	go s.Send(1) // want `concurrent writes`
	s.Send(2)
}

// The message goes on behind the lock.
func span(c *peer.Client) {
	go message(c)
	message(c)
}

func message(c *peer.Client) {
	c.Lock()
	w, err := c.Writer()
	c.Unlock()
	if err != nil {
		return
	}
	w.Write(nil) // want `concurrent writes`
	w.Close()
}

// A goroutine for each message.
func perMessage() {
	c := peer.Dial("ws://localhost")
	for {
		p, err := c.Next()
		if err != nil {
			return
		}
		go c.Send(p) // want `of which there can be several at once`
	}
}

// Generic functions and types.
func generic(conn *websocket.Conn) {
	go peer.Send(conn, 1) // want `concurrent writes to one connection \(conn\): Send at bad.go:\d+ \(WriteJSON at peer.go:\d+\)`
	peer.Send(conn, "two")
}

func box(conn *websocket.Conn) {
	b := peer.NewBox[int](conn)
	go b.Put(1) // want `concurrent writes`
	b.Put(2)
}

// The other package starts what it is given.
func safely() {
	c := peer.Dial("ws://localhost")
	peer.Safely(func() {
		c.Send(nil) // want `concurrent writes`
	})
	c.Send(nil)
}

// The other package installs a callback.
func callback(conn *websocket.Conn) {
	peer.AnswerPings(conn) // want `concurrent writes`
	go func() {
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	}()
	for range time.Tick(time.Second) {
		conn.WriteMessage(websocket.TextMessage, nil)
	}
}

// Two readers.
func readers(c *peer.Client) {
	go c.Next() // want `concurrent reads`
	c.Next()
}

// Behind an interface of this package.
type sender interface{ Send([]byte) error }

// Behind an embedded wrapper.
type wrapped struct{ *peer.Client }

func embedded(w wrapped) {
	go w.Send(nil) // want `concurrent writes`
	w.Send(nil)
}

func main() {
	http.HandleFunc("/feed", feed)
	http.HandleFunc("/registered", registered)
}

// Without a lock the other package takes none.
func notifiedBare(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	var mu sync.Mutex
	go peer.Notify(nil, conn, false) // want `concurrent writes to one connection`
	mu.Lock()
	conn.WriteMessage(websocket.TextMessage, nil)
	mu.Unlock()
}
