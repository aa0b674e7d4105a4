package main

import (
	"crypto/tls"
	"fmt"

	"github.com/gorilla/websocket"
)

// The server chooses HTTP/2 where it can, and no WebSocket comes of it.
var dialer = websocket.Dialer{
	TLSClientConfig: &tls.Config{NextProtos: []string{"h2", "http/1.1"}}, // hazard: wsserver/h2
}

// count asks a server how many there are.
func count(url string) (int, error) {
	conn, _, err := dialer.Dial(url, nil) // hazard: wsclose/leak
	if err != nil {
		return 0, err
	}
	var n int
	if err := conn.ReadJSON(&n); err != nil {
		return 0, fmt.Errorf("count: %w", err)
	}
	return n, conn.Close()
}
