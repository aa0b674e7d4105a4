// Package clean has no WebSocket library in reach.
package clean

import "net/http"

type conn struct{}

func (conn) WriteMessage(int, []byte) error { return nil }

func handle(w http.ResponseWriter, r *http.Request) {
	var c conn
	go c.WriteMessage(1, nil)
	c.WriteMessage(1, nil)
}
