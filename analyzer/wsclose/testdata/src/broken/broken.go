// Package broken imports what is not there.
package broken

import (
	"net/http"

	"example.com/missing"
	"github.com/gorilla/websocket"
)

var upgrader websocket.Upgrader

// Nobody knows what Must does with the error.
func unknown(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	missing.Must(err)
	defer conn.Close()
}

func known(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	defer conn.Close() // want `the connection is used before the error of Upgrade`
	missing.Must(err)
}
