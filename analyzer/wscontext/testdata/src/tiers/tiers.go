// Package tiers holds contexts about which the rule is less sure.
package tiers

import (
	"context"
	"elsewhere"
	"log"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

// What follows may take as long as the connection.
func mayWait(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	go serve(r.Context(), conn) // want `the context of this goroutine ends`
	elsewhere.Do()
}

func serve(ctx context.Context, conn *websocket.Conn) {
	conn.Read(ctx)
}

// Its caller may wait.
func helper(w http.ResponseWriter, r *http.Request) error {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return err
	}
	go serve(r.Context(), conn) // want `the context of this goroutine ends`
	return nil
}

// Nobody knows what becomes of the context.
func foreign(w http.ResponseWriter, r *http.Request) {
	_, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	go func(ctx context.Context) { // want `the context of this goroutine ends`
		elsewhere.With(ctx)
	}(r.Context())
}

// A write loop that goes on after any error.
func writes(parent context.Context, conn *websocket.Conn, out chan []byte) {
	for p := range out {
		ctx, cancel := context.WithTimeout(parent, time.Second)
		if err := conn.Write(ctx, websocket.MessageText, p); err != nil { // want `the loop goes on when the context made`
			log.Println(err)
		}
		cancel()
	}
}
