// Package main hands connections to the standard library as streams.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

var upgrader websocket.Upgrader

// A terminal is a stream of messages.
type terminal struct{ conn *websocket.Conn }

func (t *terminal) Write(p []byte) (int, error) { // want Write:"writes WriteMessage"
	return len(p), t.conn.WriteMessage(websocket.BinaryMessage, p) // want `concurrent writes to one connection \(terminal.conn\)`
}

func serve(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	t := &terminal{conn}
	go io.Copy(t, os.Stdin)
	go func() {
		for range time.Tick(time.Second) {
			fmt.Fprintf(t, "%s", time.Now())
		}
	}()
}

// A lock around each message.
type locked struct {
	mu   sync.Mutex
	conn *websocket.Conn
}

func (l *locked) Write(p []byte) (int, error) { // want Write:"writes WriteMessage"
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(p), l.conn.WriteMessage(websocket.BinaryMessage, p)
}

func serveLocked(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	l := &locked{conn: conn}
	go io.Copy(l, os.Stdin)
	go fmt.Fprint(l, "hello")
}

// One stream, one goroutine.
type single struct{ conn *websocket.Conn }

func (s *single) Write(p []byte) (int, error) { // want Write:"writes WriteMessage"
	return len(p), s.conn.WriteMessage(websocket.BinaryMessage, p)
}

func (s *single) Read(p []byte) (int, error) { // want Read:"reads ReadMessage"
	_, q, err := s.conn.ReadMessage()
	return copy(p, q), err
}

func serveSingle(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	s := &single{conn}
	go io.Copy(os.Stdout, s)
	io.Copy(s, os.Stdin)
}

func main() {
	http.HandleFunc("/serve", serve)
	http.HandleFunc("/locked", serveLocked)
	http.HandleFunc("/single", serveSingle)
}
