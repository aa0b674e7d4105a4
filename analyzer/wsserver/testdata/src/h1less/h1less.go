package h1less

import (
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

var upgrader websocket.Upgrader

func handler(w http.ResponseWriter, r *http.Request) { upgrader.Upgrade(w, r, nil) }

func run() {
	var p http.Protocols
	p.SetHTTP2(true)
	p.SetUnencryptedHTTP2(true)
	srv := &http.Server{
		Handler:           http.HandlerFunc(handler),
		ReadHeaderTimeout: time.Second,
		Protocols:         &p, // want `these Protocols lack HTTP/1, and a WebSocket begins as a request of HTTP/1.1: every handshake with this server fails, such as the one accepted at h1less.go:12`
	}
	srv.ListenAndServe()
}
