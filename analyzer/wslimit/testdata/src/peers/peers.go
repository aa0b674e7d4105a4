// Package peers has both ends of a connection, and sends what the other end
// does not take.
package peers

import (
	"context"
	"net/http"
	"strings"

	"nhooyr.io/websocket"
)

var snapshot = make([]byte, 40_000)

func handler(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil) // want `32768`
	if err != nil {
		return
	}
	for {
		typ, _, err := conn.Read(r.Context())
		if err != nil {
			return
		}
		conn.Write(r.Context(), typ, snapshot) // want `Write writes a message of 40000 bytes, and the other end, Read at peers.go:41, has a limit: 1000, set at peers.go:35`
		conn.Write(r.Context(), typ, []byte("small"))
	}
}

func client(ctx context.Context, url string) error {
	conn, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		return err
	}
	conn.SetReadLimit(1000)
	if err := conn.Write(ctx, websocket.MessageText, []byte(strings.Repeat("0123456789", 4000))); err != nil { // want `a message of 40000 bytes, and the other end, Read at peers.go:21, has a limit: the 32768 that nhooyr sets`
		return err
	}
	buf := make([]byte, 1<<16)
	n := copy(buf, url)
	_, _, err = conn.Read(ctx)
	conn.Write(ctx, websocket.MessageBinary, buf[:n]) // want `a message of up to 65536 bytes`
	conn.Write(ctx, websocket.MessageBinary, buf[:100])
	conn.Write(ctx, websocket.MessageBinary, append(buf, 'x')) // want `a message of 65537 bytes`
	w, err := conn.Writer(ctx, websocket.MessageText)          // want `Writer writes a message of 65536 bytes`
	if err != nil {
		return err
	}
	w.Write(buf) // the finding stands at Writer
	return w.Close()
}
