// Package peersok has both ends of connections whose messages fit, or that do
// not belong together.
package peersok

import (
	"context"
	"net/http"

	"github.com/coder/websocket"
)

var image = make([]byte, 1<<20)

func handler(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	conn.SetReadLimit(1 << 20)
	for {
		typ, _, err := conn.Read(r.Context())
		if err != nil {
			return
		}
		conn.Write(r.Context(), typ, image[:32768])
	}
}

func client(ctx context.Context) error {
	conn, _, err := websocket.Dial(ctx, "ws://localhost:8080/", nil) // want `32768`
	if err != nil {
		return err
	}
	conn.Write(ctx, websocket.MessageBinary, image)
	_, _, err = conn.Read(ctx)
	return err
}

// Someone else's server has limits of its own.
func upload(ctx context.Context) error {
	conn, _, err := websocket.Dial(ctx, "wss://store.example.com/", nil)
	if err != nil {
		return err
	}
	conn.CloseRead(ctx)
	return conn.Write(ctx, websocket.MessageBinary, append(image, image...))
}
