package plain

import (
	"net/http"

	"github.com/gorilla/websocket"
)

var upgrader websocket.Upgrader

func handler(w http.ResponseWriter, r *http.Request) {
	upgrader.Upgrade(w, r, nil)
}

func run() {
	http.HandleFunc("/", handler)
	http.ListenAndServe(":8080", nil)                   // want `http.ListenAndServe sets no timeouts`
	http.ListenAndServeTLS(":8443", "cert", "key", nil) // want `http.ListenAndServeTLS sets no timeouts`
	srv := &http.Server{Addr: ":8080"}                  // want `http.Server without ReadHeaderTimeout`
	srv.WriteTimeout = 0
	srv.ListenAndServe()
}

func zero() {
	srv := http.Server{ReadHeaderTimeout: 0} // want `http.Server without ReadHeaderTimeout`
	srv.ListenAndServe()
}

func empty() {
	var srv http.Server // want `http.Server without ReadHeaderTimeout`
	srv.Addr = ":8080"
	srv.ListenAndServe()
	other := new(http.Server) // want `http.Server without ReadHeaderTimeout`
	other.ListenAndServe()
}
