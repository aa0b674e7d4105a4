// Package server takes its checks from another package.
package server

import (
	"net/http"

	"example.com/policy"
	"github.com/gorilla/websocket"
)

var (
	any     = websocket.Upgrader{CheckOrigin: policy.Any}           // want `CheckOrigin accepts every Origin.*\(policy.Any at policy.go:6 accepts it\)`
	made    = websocket.Upgrader{CheckOrigin: policy.New()}         // want `CheckOrigin accepts every Origin.*\(policy.New at policy.go:24 accepts it\)`
	open    = websocket.Upgrader{CheckOrigin: policy.Policy{}.Open} // want `CheckOrigin accepts every Origin`
	wrapped = websocket.Upgrader{
		CheckOrigin: func(r *http.Request) bool { return policy.Own(r) },
	}
	own    = websocket.Upgrader{CheckOrigin: policy.Own}
	maybe  = websocket.Upgrader{CheckOrigin: policy.Maybe(false)}
	closed = websocket.Upgrader{CheckOrigin: policy.Policy{}.Closed}
)
