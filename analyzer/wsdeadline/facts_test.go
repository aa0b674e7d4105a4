package wsdeadline_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	nhooyr "nhooyr.io/websocket"
)

// TestFacts holds what the rule says about the libraries against them.
func TestFacts(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		for { // it echoes, and answers pings
			kind, p, err := conn.ReadMessage()
			if err != nil || conn.WriteMessage(kind, p) != nil {
				return
			}
		}
	}))
	defer srv.Close()
	url := "ws" + strings.TrimPrefix(srv.URL, "http")

	t.Run("no read succeeds after a timeout", func(t *testing.T) {
		conn, _, err := websocket.DefaultDialer.Dial(url, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetReadDeadline(time.Now())
		_, _, first := conn.ReadMessage()
		conn.SetReadDeadline(time.Time{})
		if err := conn.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := conn.ReadMessage(); first == nil || err != first {
			t.Errorf("first %v, then %v", first, err)
		}
	})

	t.Run("Ping without a reader fails", func(t *testing.T) {
		for _, reads := range []bool{false, true} {
			conn, _, err := nhooyr.Dial(context.Background(), url, nil)
			if err != nil {
				t.Fatal(err)
			}
			// Without a reader, the context decides how long it takes.
			ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
			if reads {
				cancel()
				ctx, cancel = context.WithCancel(context.Background())
				conn.CloseRead(ctx)
			}
			if err := conn.Ping(ctx); (err == nil) != reads {
				t.Errorf("with a reader %t: %v", reads, err)
			}
			cancel()
			conn.CloseNow()
		}
	})
}
