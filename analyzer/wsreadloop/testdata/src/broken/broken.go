// Package broken does not compile, and is looked at all the same.
package broken

import "github.com/gorilla/websocket"

func ill(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage() // want `the loop goes on`
		if err != nil {
			continue
		}
		undefined(p)
	}
}

func well(conn *websocket.Conn) {
	for {
		if _, _, err := conn.ReadMessage(); err != nil { // want `the loop goes on`
			continue
		}
	}
}
