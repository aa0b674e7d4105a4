// Package clientonly accepts no WebSockets.
package clientonly

import (
	"net/http"

	"github.com/gorilla/websocket"
)

func run() {
	websocket.DefaultDialer.Dial("wss://example.com", nil)
	http.ListenAndServe(":8080", nil)
	srv := &http.Server{}
	srv.ListenAndServe()
}
