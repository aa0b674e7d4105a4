// Package fixes holds what is repaired, and what is not.
package fixes

import (
	"log"

	"github.com/gorilla/websocket"
)

func void(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage() // want `the loop goes on`
		if err != nil {
			log.Println(err)
			continue
		}
		log.Println(p)
	}
}

func result(conn *websocket.Conn) error {
	for {
		if _, _, err := conn.ReadMessage(); err != nil { // want `the loop goes on`
			continue
		}
	}
}

func literal(conn *websocket.Conn, done chan bool) {
	go func() {
		for {
			select {
			case <-done:
				return
			default:
				_, p, err := conn.ReadMessage() // want `the loop goes on`
				if err != nil {
					continue
				}
				log.Println(p)
			}
		}
	}()
}

// There is more to do after the loop.
func after(conn *websocket.Conn, done chan bool) {
	for {
		_, p, err := conn.ReadMessage() // want `the loop goes on`
		if err != nil {
			continue
		}
		if len(p) == 0 {
			break
		}
	}
	close(done)
}

// What to return is not certain.
func values(conn *websocket.Conn) ([]byte, error) {
	for {
		_, p, err := conn.ReadMessage() // want `the loop goes on`
		if err != nil {
			continue
		}
		return p, nil
	}
}

// The error may be that of a message that is no JSON.
func decodes(conn *websocket.Conn, v any) {
	for {
		if err := conn.ReadJSON(v); err != nil { // want `the loop goes on`
			continue
		}
	}
}

// The author has thoughts about errors that a return would undo.
func some(conn *websocket.Conn) {
	for {
		_, _, err := conn.ReadMessage() // want `the loop goes on`
		if err != nil {
			if websocket.IsUnexpectedCloseError(err) {
				return
			}
			continue
		}
	}
}
