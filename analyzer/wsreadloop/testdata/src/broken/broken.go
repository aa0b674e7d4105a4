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

// What a function that is not understood says of the error may end the loop.
func decided(conn *websocket.Conn) {
	for {
		_, _, err := conn.ReadMessage()
		if undefined(err) {
			return
		}
	}
}

// The same with its value in a variable.
func held(conn *websocket.Conn) {
	for {
		_, _, err := conn.ReadMessage()
		var end bool = undefined(err)
		if end {
			return
		}
	}
}

// So may what it is given to.
func exits(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage()
		undefined(err)
		_ = p
	}
}

func wrapped(conn *websocket.Conn, must func(...any)) {
	for {
		_, _, err := conn.ReadMessage()
		must(undefined(err))
	}
}

func logged(conn *websocket.Conn, log func(...any)) {
	for {
		_, p, err := conn.ReadMessage() // want `the loop goes on`
		if err != nil {
			log(undefined(p), err)
		}
	}
}
