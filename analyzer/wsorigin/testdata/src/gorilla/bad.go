// Package gorilla holds checks that accept every Origin.
package gorilla

import (
	"errors"
	"log"
	"net/http"
	"os"

	"github.com/gorilla/websocket"
)

var inLiteral = websocket.Upgrader{
	ReadBufferSize: 1024,
	CheckOrigin:    func(r *http.Request) bool { return true }, // want `CheckOrigin accepts every Origin`
}

var pointer = &websocket.Upgrader{
	CheckOrigin: func(_ *http.Request) (ok bool) { // want `CheckOrigin accepts every Origin`
		ok = true
		return
	},
}

func allowAll(r *http.Request) bool {
	log.Println("origin", r.Host)
	return true
}

var declared = websocket.Upgrader{CheckOrigin: allowAll} // want `CheckOrigin accepts every Origin`

var check = func(r *http.Request) bool { return !false }

var variable = websocket.Upgrader{CheckOrigin: check} // want `CheckOrigin accepts every Origin`

func accepting() func(*http.Request) bool {
	return func(r *http.Request) bool { return true }
}

var factory = websocket.Upgrader{CheckOrigin: accepting()} // want `CheckOrigin accepts every Origin`

func indirect() func(*http.Request) bool { return accepting() }

var twice = websocket.Upgrader{CheckOrigin: indirect()} // want `CheckOrigin accepts every Origin`

var immediate = websocket.Upgrader{
	CheckOrigin: func() func(*http.Request) bool { return allowAll }(), // want `CheckOrigin accepts every Origin`
}

type policy struct{}

func (policy) check(*http.Request) bool { return true }

var method = websocket.Upgrader{CheckOrigin: policy{}.check} // want `CheckOrigin accepts every Origin`

type predicate func(*http.Request) bool

var converted = websocket.Upgrader{CheckOrigin: predicate(allowAll)} // want `CheckOrigin accepts every Origin`

var unkeyed = websocket.Upgrader{0, 0, 0, nil, nil, allowAll, false} // want `CheckOrigin accepts every Origin`

// Both ways through the function accept.
var branches = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool { // want `CheckOrigin accepts every Origin`
		if r.Host == "" {
			return true
		}
		return true
	},
}

func anything[T any](T) bool { return true }

var generic = websocket.Upgrader{CheckOrigin: anything[*http.Request]} // want `CheckOrigin accepts every Origin`

func handler(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{}
	up.CheckOrigin = func(r *http.Request) bool { return true } // want `CheckOrigin accepts every Origin`
	up.Upgrade(w, r, nil)
}

type server struct {
	up websocket.Upgrader
	p  *websocket.Upgrader
}

type wrapped struct{ Upgrader websocket.Upgrader }

var nested = []wrapped{{Upgrader: websocket.Upgrader{
	CheckOrigin: func(*http.Request) bool { return true }, // want `CheckOrigin accepts every Origin`
}}}

func newServer() *server {
	s := &server{p: new(websocket.Upgrader)}
	s.up.CheckOrigin = allowAll // want `CheckOrigin accepts every Origin`
	s.p.CheckOrigin = allowAll  // want `CheckOrigin accepts every Origin`
	return s
}

// A later assignment, seen as its own place.
func setup() {
	variable.CheckOrigin = allowAll // want `CheckOrigin accepts every Origin`
}

// Set for development alone: a conditional finding, of low confidence.
func debug() {
	if os.Getenv("DEBUG") != "" {
		inLiteral.CheckOrigin = allowAll // want `CheckOrigin accepts every Origin`
	}
}

func local(w http.ResponseWriter, r *http.Request) error {
	ok := true
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return ok }} // want `CheckOrigin accepts every Origin`
	if _, err := up.Upgrade(w, r, nil); err != nil {
		return errors.New("refused")
	}
	return nil
}

// The deprecated function leaves the check to its caller.
func deprecated(w http.ResponseWriter, r *http.Request) {
	websocket.Upgrade(w, r, nil, 0, 0) // want `gorilla does not look at the Origin header`
}
