// Package hidden uses a connection behind an interface.
package hidden

import "github.com/gorilla/websocket"

var _ socket = (*websocket.Conn)(nil)

type socket interface {
	WriteMessage(int, []byte) error
	ReadMessage() (int, []byte, error)
}

func use(s socket) {
	go s.WriteMessage(websocket.TextMessage, nil) // want `concurrent writes`
	s.WriteMessage(websocket.TextMessage, nil)
}
