package set

import (
	"net/http"
	"time"

	"nhooyr.io/websocket"
)

func handler(w http.ResponseWriter, r *http.Request) {
	websocket.Accept(w, r, nil)
}

const timeout = 5 * time.Second

func literal() {
	srv := &http.Server{Handler: http.HandlerFunc(handler), ReadHeaderTimeout: timeout, WriteTimeout: timeout}
	srv.ListenAndServe()
}

func readTimeout() {
	srv := http.Server{ReadTimeout: timeout}
	srv.ListenAndServe()
}

// What is set later counts.
func later() {
	srv := &http.Server{Addr: ":8080"}
	srv.Handler = http.HandlerFunc(handler)
	srv.ReadHeaderTimeout = timeout
	srv.ListenAndServe()
}

func declared() {
	var srv http.Server
	srv.ReadHeaderTimeout = timeout
	srv.ListenAndServe()
	other := new(http.Server)
	other.ReadHeaderTimeout = timeout
	other.ListenAndServe()
}

type app struct{ srv *http.Server }

func newApp() *app {
	a := &app{srv: &http.Server{Addr: ":8080"}}
	a.srv.ReadTimeout = timeout
	return a
}
