package wrapped

import (
	"net/http"
	"time"

	"github.com/coder/websocket"
	"github.com/gobwas/ws"
	gorilla "github.com/gorilla/websocket"
	xnet "golang.org/x/net/websocket"
)

var upgrader gorilla.Upgrader

func handler(w http.ResponseWriter, r *http.Request) { upgrader.Upgrade(w, r, nil) }

type server struct{}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.accept(w, r) }

func (s *server) accept(w http.ResponseWriter, r *http.Request) { websocket.Accept(w, r, nil) }

func direct() http.Handler {
	return http.TimeoutHandler(http.HandlerFunc(handler), time.Second, "") // want `http.TimeoutHandler gives its handler a ResponseWriter that is no http.Hijacker, so the handshake at wrapped.go:15 fails each time`
}

func method() http.Handler {
	s := &server{}
	return http.TimeoutHandler(s, time.Second, "") // want `the handshake at wrapped.go:21 fails`
}

func literal() http.Handler {
	return http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // want `the handshake at wrapped.go:34 fails`
		ws.UpgradeHTTP(r, w)
	}), time.Second, "")
}

func echo(*xnet.Conn) {}

func library() http.Handler {
	return http.TimeoutHandler(xnet.Handler(echo), time.Second, "") // want `fails each time`
}

func mux() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/health", func(w http.ResponseWriter, r *http.Request) {})
	mux.HandleFunc("/ws", handler)
	return http.TimeoutHandler(mux, time.Second, "") // want `the handshake at wrapped.go:15 fails`
}

// From here on, all is well.

func beside() http.Handler {
	api := http.NewServeMux()
	api.HandleFunc("/health", func(w http.ResponseWriter, r *http.Request) {})
	all := http.NewServeMux()
	all.Handle("/", http.TimeoutHandler(api, time.Second, ""))
	all.HandleFunc("/ws", handler)
	return all
}

func given(h http.Handler) http.Handler { return http.TimeoutHandler(h, time.Second, "") }

// A handler that makes another one for later.
func builds(w http.ResponseWriter, r *http.Request) {
	later = func() { upgrader.Upgrade(w, r, nil) }
}

var later func()

func around() http.Handler {
	return http.TimeoutHandler(http.HandlerFunc(builds), time.Second, "")
}
