// Package tiers holds what the rule is less sure about.
package tiers

import (
	"sync"

	"github.com/gorilla/websocket"
)

type client struct {
	mu   sync.Mutex
	conn *websocket.Conn
}

// Each turn has a mutex of its own, and holds it until the end.
func broadcast(clients []*client, p []byte) {
	for _, c := range clients {
		c.mu.Lock()
		defer c.mu.Unlock() // want `defer Unlock in a loop gives the mutex back when the function returns, not at the end of the turn: every writer of these connections waits that long`
		c.conn.WriteMessage(websocket.TextMessage, p)
	}
}
