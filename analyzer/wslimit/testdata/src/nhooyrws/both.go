package nhooyrws

import (
	"context"
	"net/http"

	"nhooyr.io/websocket"
)

type link struct{ conn *websocket.Conn }

func (l *link) read(ctx context.Context) error {
	_, _, err := l.conn.Read(ctx)
	return err
}

// Both ends are read by the same code: each is named.
func connect(ctx context.Context, url string) (*link, error) {
	conn, _, err := websocket.Dial(ctx, url, nil) // want `Read at both.go:13`
	if err != nil {
		return nil, err
	}
	return &link{conn}, nil
}

func accept(w http.ResponseWriter, r *http.Request) (*link, error) {
	conn, err := websocket.Accept(w, r, nil) // want `Read at both.go:13`
	if err != nil {
		return nil, err
	}
	return &link{conn}, nil
}
