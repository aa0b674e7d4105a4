package h1lessnew

import (
	"net/http"
	"time"

	"github.com/coder/websocket"
)

func handler(w http.ResponseWriter, r *http.Request) { websocket.Accept(w, r, nil) }

func run() {
	srv := &http.Server{ReadHeaderTimeout: time.Second}
	srv.Handler = http.HandlerFunc(handler)
	srv.Protocols = new(http.Protocols) // want `these Protocols lack HTTP/1`
	srv.Protocols.SetHTTP2(true)
	srv.Protocols.SetHTTP1(false)
	srv.ListenAndServe()
}
