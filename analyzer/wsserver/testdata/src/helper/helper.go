// Package helper sets the timeouts of its servers in a function.
package helper

import (
	"net/http"
	"time"

	"golang.org/x/net/websocket"
)

var handler = websocket.Handler(func(*websocket.Conn) {})

func run() {
	srv := &http.Server{Handler: handler}
	harden(srv)
	srv.ListenAndServe()
}

func harden(s *http.Server) { s.ReadHeaderTimeout = time.Second }
