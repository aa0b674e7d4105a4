// Package semaphores has channels for locks, and channels that are none.
package semaphores

import (
	"context"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

var upgrader websocket.Upgrader

// sender takes its semaphore with a send.
type sender struct {
	sem  chan struct{}
	conn *websocket.Conn
}

func serveSender(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	s := &sender{sem: make(chan struct{}, 1), conn: conn}
	go s.ping()
	s.send(r.Context(), nil)
}

func (s *sender) ping() {
	for range time.Tick(time.Second) {
		s.sem <- struct{}{}
		s.conn.WriteMessage(websocket.PingMessage, nil)
		<-s.sem
	}
}

func (s *sender) send(ctx context.Context, p []byte) error {
	select {
	case s.sem <- struct{}{}:
		defer func() { <-s.sem }()
		s.conn.SetWriteDeadline(time.Now().Add(time.Second))
		return s.conn.WriteMessage(websocket.TextMessage, p)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// filled takes its semaphore with a receive: it starts full.
type filled struct {
	sem  chan bool
	conn *websocket.Conn
}

func serveFilled(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	f := &filled{sem: make(chan bool, 1), conn: conn}
	f.sem <- true
	go f.write()
	f.write()
}

func (f *filled) write() {
	<-f.sem
	f.conn.WriteMessage(websocket.TextMessage, nil)
	f.sem <- true
}

// half does not take it everywhere.
type half struct {
	sem  chan struct{}
	conn *websocket.Conn
}

func serveHalf(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	h := &half{sem: make(chan struct{}, 1), conn: conn}
	go func() {
		h.sem <- struct{}{}
		h.conn.WriteMessage(websocket.TextMessage, nil)
		<-h.sem
	}()
	h.conn.WriteMessage(websocket.TextMessage, nil) // want `concurrent writes to one connection`
}

// wide has room for two.
type wide struct {
	sem  chan struct{}
	conn *websocket.Conn
}

func serveWide(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	x := &wide{sem: make(chan struct{}, 2), conn: conn}
	go x.write()
	x.write()
}

func (x *wide) write() {
	x.sem <- struct{}{}
	x.conn.WriteMessage(websocket.TextMessage, nil) // want `concurrent writes to one connection`
	<-x.sem
}

// signal tells another goroutine something with its channel.
type signal struct {
	ready chan struct{}
	conn  *websocket.Conn
}

func serveSignal(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	s := &signal{ready: make(chan struct{}, 1), conn: conn}
	go s.first()
	go s.second()
}

func (s *signal) first() {
	s.conn.WriteMessage(websocket.TextMessage, nil)
	s.ready <- struct{}{}
	s.conn.WriteMessage(websocket.TextMessage, nil)
}

func (s *signal) second() {
	<-s.ready
	s.conn.WriteMessage(websocket.TextMessage, nil) // want `concurrent writes to one connection`
}

// early gives it back before it writes.
type early struct {
	sem  chan struct{}
	conn *websocket.Conn
}

func serveEarly(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	e := &early{sem: make(chan struct{}, 1), conn: conn}
	go e.write()
	e.write()
}

func (e *early) write() {
	select {
	case e.sem <- struct{}{}:
	case <-time.After(time.Second):
		return
	}
	<-e.sem
	e.conn.WriteMessage(websocket.TextMessage, nil) // want `concurrent writes to one connection`
}
