// Package coderws holds options of nhooyr and coder.
package coderws

import (
	"net/http"

	"github.com/coder/websocket"
	nhooyr "nhooyr.io/websocket"
)

var debug bool

const insecure = true

func bad(w http.ResponseWriter, r *http.Request) {
	websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})         // want `InsecureSkipVerify switches the Origin check off`
	nhooyr.Accept(w, r, &nhooyr.AcceptOptions{InsecureSkipVerify: insecure})           // want `InsecureSkipVerify switches the Origin check off`
	websocket.Accept(w, r, &websocket.AcceptOptions{OriginPatterns: []string{"*"}})    // want `this pattern matches every Origin`
	nhooyr.Accept(w, r, &nhooyr.AcceptOptions{OriginPatterns: []string{"a.com", "*"}}) // want `this pattern matches every Origin`

	var opts websocket.AcceptOptions
	opts.InsecureSkipVerify = true    // want `InsecureSkipVerify switches the Origin check off`
	patterns := []string{"https://*"} // want `this pattern matches every Origin`
	opts.OriginPatterns = patterns
	opts.OriginPatterns = append(opts.OriginPatterns, "*:*") // want `this pattern matches every Origin`
	if debug {
		opts.InsecureSkipVerify = true // want `InsecureSkipVerify switches the Origin check off`
	}
	websocket.Accept(w, r, &opts)
}

func good(w http.ResponseWriter, r *http.Request) {
	websocket.Accept(w, r, nil)
	websocket.Accept(w, r, &websocket.AcceptOptions{})
	websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: false})
	websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: debug})
	nhooyr.Accept(w, r, &nhooyr.AcceptOptions{OriginPatterns: []string{"example.com", "*.example.com"}})
	websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"*"}})
}
