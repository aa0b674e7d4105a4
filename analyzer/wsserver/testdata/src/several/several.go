package several

import (
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

var upgrader websocket.Upgrader

func handler(w http.ResponseWriter, r *http.Request) { upgrader.Upgrade(w, r, nil) }

func run() {
	p := &http.Protocols{}
	p.SetUnencryptedHTTP2(true)
	rpc := &http.Server{ReadHeaderTimeout: time.Second, Protocols: p} // want `these Protocols lack HTTP/1`
	go rpc.ListenAndServe()
	srv := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(handler)}
	srv.ListenAndServe()
}
