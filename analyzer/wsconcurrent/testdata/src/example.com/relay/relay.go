// Package relay gives wrapped connections to packages that know nothing of
// them.
package relay

import (
	"io"
	"net/http"
	"net/rpc"
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

// The stream's Write takes a lock, and the method of the connection in it does
// not.
func bare(w http.ResponseWriter, r *http.Request) {
	s := peer.NewStream(accept(w, r))
	go func() {
		for range time.Tick(time.Second) {
			s.WriteMessage(websocket.PingMessage, nil) // want `concurrent writes to one connection .*, and Stream.Write at relay.go:\d+ \(WriteMessage at peer.go:\d+\)`
		}
	}()
	rpc.ServeConn(s)
}

// Both take it.
func locked(w http.ResponseWriter, r *http.Request) {
	s := peer.NewStream(accept(w, r))
	go func() {
		for range time.Tick(time.Second) {
			s.Ping(nil)
		}
	}()
	rpc.ServeConn(s)
}

// A control frame needs none.
func control(w http.ResponseWriter, r *http.Request) {
	s := peer.NewStream(accept(w, r))
	go func() {
		for range time.Tick(time.Second) {
			s.WriteControl(websocket.PingMessage, nil, time.Time{})
		}
	}()
	rpc.ServeConn(s)
}

// Who asks for something to read from does not write.
func read(w http.ResponseWriter, r *http.Request) {
	s := peer.NewStream(accept(w, r))
	go s.WriteMessage(websocket.PingMessage, nil)
	io.NewSectionReader(nil, 0, 0)
	http.Post("http://localhost", "", s)
}

// Nothing else writes yet.
func before(w http.ResponseWriter, r *http.Request) {
	s := peer.NewStream(accept(w, r))
	s.WriteMessage(websocket.PingMessage, nil)
	rpc.ServeConn(s)
}
