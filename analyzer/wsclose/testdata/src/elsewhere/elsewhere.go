// Package elsewhere is one that the rule does not look into.
package elsewhere

import "github.com/gorilla/websocket"

// Serve does something with a connection.
func Serve(*websocket.Conn) {}
