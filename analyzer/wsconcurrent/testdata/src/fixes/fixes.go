// Package fixes holds findings with a fix.
package fixes

import (
	"net/http"
	"time"

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

func pings(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	defer conn.Close()
	go func() {
		for range time.Tick(time.Second) {
			// The other side has to answer.
			if err := conn.WriteMessage(websocket.PingMessage, nil /* empty */); err != nil { // want `concurrent writes`
				return
			}
		}
	}()
	for {
		conn.WriteMessage(websocket.TextMessage, nil)
	}
}

func goodbye(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	defer conn.Close()
	go func() {
		<-r.Context().Done()
		conn.WriteMessage( // want `concurrent writes`
			websocket.CloseMessage,
			websocket.FormatCloseMessage(websocket.CloseGoingAway, "bye"),
		)
	}()
	for {
		conn.WriteMessage(websocket.TextMessage, nil)
	}
}

// No fix: the ping would lose its deadline.
func deadline(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	defer conn.Close()
	go func() {
		for range time.Tick(time.Second) {
			conn.SetWriteDeadline(time.Now().Add(time.Second))
			conn.WriteMessage(websocket.PingMessage, nil) // want `concurrent writes`
		}
	}()
	for {
		conn.WriteMessage(websocket.TextMessage, nil)
	}
}

// No fix: there are two other writers.
func three(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	defer conn.Close()
	go conn.WriteMessage(websocket.PingMessage, nil)
	go conn.WriteMessage(websocket.TextMessage, nil) // want `concurrent writes`
	conn.WriteMessage(websocket.BinaryMessage, nil)
}

// No fix: what is sent is known only when it runs.
func variable(w http.ResponseWriter, r *http.Request, kind int) {
	conn := accept(w, r)
	defer conn.Close()
	go conn.WriteMessage(kind, nil) // want `concurrent writes`
	conn.WriteMessage(websocket.TextMessage, nil)
}

// No fix: time is something else here.
func shadowed(w http.ResponseWriter, r *http.Request, time int) {
	conn := accept(w, r)
	defer conn.Close()
	go conn.WriteMessage(websocket.PingMessage, nil) // want `concurrent writes`
	conn.WriteMessage(websocket.TextMessage, nil)
}
