package rewrite

import "net/http"

// upgraderProbes answer handshakes by settings that only the running program
// knows.
var upgraderProbes = []probe{
	{"a check of the origin in a structure", upgradeProbeOf(`
type server struct {
	friends  map[string]bool
	upgrader websocket.Upgrader
}

func newServer(friends ...string) *server {
	s := &server{friends: map[string]bool{}}
	for _, f := range friends {
		s.friends[f] = true
	}
	s.upgrader = websocket.Upgrader{CheckOrigin: s.allowed, Subprotocols: []string{"chat"}}
	return s
}

func (s *server) allowed(r *http.Request) bool { return s.friends[r.Header.Get("Origin")] }

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, err := s.upgrader.Upgrade(w, r, http.Header{"X-Server": {"1"}})
	if err != nil {
		fmt.Println("refused")
		return
	}
	c.Close()
}

func main() {
	probe(newServer("https://friend.example"), "https://friend.example")
}
`), http.NotFound},
	{"a check of the origin that may be nil", upgradeProbeOf(`
func handler(check func(*http.Request) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u := websocket.Upgrader{CheckOrigin: check}
		c, err := u.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		c.Close()
	})
}

func main() {
	probe(handler(nil), "") // pages of the same host
	probe(handler(func(r *http.Request) bool { return r.Header.Get("Origin") == "https://friend.example" }), "https://friend.example")
}
`), http.NotFound},
	{"a function that answers refused handshakes", upgradeProbeOf(`
var upgrader = websocket.Upgrader{
	Error: func(w http.ResponseWriter, r *http.Request, status int, reason error) {
		fmt.Println(status, reason != nil)
		w.Header().Set("X-Server", "hook")
		http.Error(w, "no", http.StatusTeapot)
	},
	EnableCompression: true,
}

func serve(w http.ResponseWriter, r *http.Request) {
	c, err := upgrader.Upgrade(w, r, nil)
	if _, ok := err.(websocket.HandshakeError); ok {
		fmt.Println("refused")
		return
	} else if err != nil {
		panic(err)
	}
	c.Close()
}

func main() { probe(http.HandlerFunc(serve), "") }
`), http.NotFound},
	{"compression of a server by a setting", upgradeProbeOf(`
var upgrader websocket.Upgrader

func serve(w http.ResponseWriter, r *http.Request) {
	upgrader.EnableCompression = r.Header.Get("Origin") == ""
	c, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	c.Close()
}

func main() { probe(http.HandlerFunc(serve), "") }
`), http.NotFound},
	{"settings that options make", upgradeProbeOf(`
type option func(*websocket.Upgrader)

func checkOrigin(f func(*http.Request) bool) option {
	return func(u *websocket.Upgrader) { u.CheckOrigin = f }
}

func compress(u *websocket.Upgrader) { u.EnableCompression = true }

func handler(opts ...option) http.Handler {
	u := &websocket.Upgrader{Subprotocols: []string{"chat"}}
	for _, o := range opts {
		o(u)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := u.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		c.Close()
	})
}

func main() {
	probe(handler(), "")
	probe(handler(checkOrigin(func(*http.Request) bool { return true }), compress), "")
}
`), http.NotFound},
}

// upgradeProbeOf makes a program of body and a function that asks a handler to
// upgrade in several ways.
func upgradeProbeOf(body string) string {
	return `package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/gorilla/websocket"
)

var _ = strings.Cut
` + body + `
// The friend is the origin that is let in; without one it is the host itself.
func probe(h http.Handler, friend string) {
	served := make(chan bool, 1) // a handler goes on behind its answer
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		served <- true
	}))
	defer srv.Close()
	if friend == "" {
		friend = srv.URL
	}
	ask := func(method string, change func(http.Header)) {
		req, err := http.NewRequest(method, srv.URL, nil)
		if err != nil {
			panic(err)
		}
		for k, v := range map[string]string{
			"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
			"Sec-WebSocket-Protocol": "chat", "Sec-WebSocket-Extensions": "permessage-deflate",
		} {
			req.Header.Set(k, v)
		}
		change(req.Header)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			panic(err)
		}
		resp.Body.Close()
		<-served
		if resp.StatusCode == http.StatusBadRequest || resp.StatusCode == http.StatusMethodNotAllowed {
			resp.Header.Del("X-Server")
		}
		fmt.Println(resp.StatusCode, resp.Header["X-Server"], resp.Header["Sec-Websocket-Protocol"], len(resp.Header["Sec-Websocket-Extensions"]))
	}
	for _, origin := range []string{"https://friend.example", "https://foe.example", srv.URL, ""} {
		ask("GET", func(h http.Header) {
			if origin != "" {
				h.Set("Origin", origin)
			}
		})
	}
	bad := func(method, name, value string) {
		ask(method, func(h http.Header) {
			h.Set("Origin", friend)
			h.Set(name, value)
		})
	}
	bad("POST", "X-Test", "1")
	bad("GET", "Sec-WebSocket-Key", "short")
	bad("GET", "Sec-WebSocket-Version", "12")
}
`
}
