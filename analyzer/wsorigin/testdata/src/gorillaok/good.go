// Package gorillaok holds configurations that must stay silent.
package gorillaok

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/gorilla/websocket"
)

// A nil CheckOrigin compares the Origin with the Host.
var unset = websocket.Upgrader{ReadBufferSize: 1024}

var null = websocket.Upgrader{CheckOrigin: nil}

var allowed = map[string]bool{"https://example.com": true}

var compares = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool { return allowed[r.Header.Get("Origin")] },
}

var sameHost = websocket.Upgrader{CheckOrigin: check}

func check(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	return strings.EqualFold(u.Host, r.Host)
}

func list(hosts ...string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		for _, h := range hosts {
			if r.Header.Get("Origin") == h {
				return true
			}
		}
		return false
	}
}

var factory = websocket.Upgrader{CheckOrigin: list("https://example.com")}

// The value may be either, and the package cannot tell which.
var development = os.Getenv("DEV") != ""

var switched = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool { return development || check(r) },
}

var named = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) (ok bool) {
		ok = true
		if r.Header.Get("Origin") == "null" {
			ok = false
		}
		return
	},
}

var negative = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return false }}

var panics = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { panic("not reached") }}

type config struct {
	CheckOrigin        func(*http.Request) bool
	InsecureSkipVerify bool
}

// Fields of other types with the same names.
var other = config{
	CheckOrigin:        func(*http.Request) bool { return true },
	InsecureSkipVerify: true,
}

var dial = tls.Config{InsecureSkipVerify: true}

func parameter(check func(*http.Request) bool) *websocket.Upgrader {
	return &websocket.Upgrader{CheckOrigin: check}
}

func (c config) upgrader() *websocket.Upgrader {
	return &websocket.Upgrader{CheckOrigin: c.CheckOrigin}
}

// The function literal in the check is not its return.
var inner = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool {
		always := func() bool { return true }
		return always() && check(r)
	},
}

// The caller looks at the Origin before the deprecated function.
func deprecated(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Origin") != "https://example.com" {
		http.Error(w, "forbidden", http.StatusForbidden)
		return
	}
	websocket.Upgrade(w, r, nil, 0, 0)
}

func client(w http.ResponseWriter, r *http.Request) {
	//wsmigrate:ignore wsorigin the endpoint carries a token in its first message
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	up.Upgrade(w, r, nil)

	up.CheckOrigin = func(*http.Request) bool { return true } //wsmigrate:ignore wsorigin/always the same endpoint
}

func undirected() {
	//wsmigrate:ignore wsorigin
	unset.CheckOrigin = func(*http.Request) bool { return true } // want `CheckOrigin accepts every Origin`

	//wsmigrate:ignore wsconcurrent another rule's
	unset.CheckOrigin = func(*http.Request) bool { return true } // want `CheckOrigin accepts every Origin`

	//wsmigrate:ignore wsorigin/missing another category // want `reports nothing here that this directive takes back`
	unset.CheckOrigin = func(*http.Request) bool { return true } // want `CheckOrigin accepts every Origin`
}
