package wslimit_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	coder "github.com/coder/websocket"
	"github.com/gorilla/websocket"
	nhooyr "nhooyr.io/websocket"
)

// TestFacts holds what the rule says about the libraries' limits against the
// libraries.
func TestFacts(t *testing.T) {
	const unset = -100
	type reader func(w http.ResponseWriter, r *http.Request, limit int64) error
	libraries := map[string]reader{
		"gorilla": func(w http.ResponseWriter, r *http.Request, limit int64) error {
			conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
			if err != nil {
				return err
			}
			defer conn.Close()
			if limit != unset {
				conn.SetReadLimit(limit)
			}
			_, _, err = conn.ReadMessage()
			return err
		},
		"nhooyr": func(w http.ResponseWriter, r *http.Request, limit int64) error {
			conn, err := nhooyr.Accept(w, r, nil)
			if err != nil {
				return err
			}
			defer conn.CloseNow()
			if limit != unset {
				conn.SetReadLimit(limit)
			}
			_, _, err = conn.Read(context.Background())
			return err
		},
		"coder": func(w http.ResponseWriter, r *http.Request, limit int64) error {
			conn, err := coder.Accept(w, r, nil)
			if err != nil {
				return err
			}
			defer conn.CloseNow()
			if limit != unset {
				conn.SetReadLimit(limit)
			}
			_, _, err = conn.Read(context.Background())
			return err
		},
	}
	for _, test := range []struct {
		libraries string
		limit     int64
		size      int
		ok        bool
	}{
		{"nhooyr coder", unset, 32768, true},
		{"nhooyr coder", unset, 32769, false},
		{"nhooyr coder", -1, 1 << 20, true},
		{"nhooyr coder", 0, 0, true},
		{"nhooyr coder", 0, 1, false},
		{"gorilla", unset, 1 << 20, true},
		{"gorilla", 0, 1 << 20, true},
		{"gorilla", -1, 1 << 20, true},
		{"gorilla", 1000, 1001, false},
	} {
		for _, name := range strings.Fields(test.libraries) {
			result := make(chan error, 1)
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				result <- libraries[name](w, r, test.limit)
			}))
			conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(srv.URL, "http"), nil)
			if err != nil {
				t.Fatal(err)
			}
			// The server may close before all of it is written.
			_ = conn.WriteMessage(websocket.BinaryMessage, make([]byte, test.size))
			if err := <-result; (err == nil) != test.ok {
				t.Errorf("%s, limit %d, %d bytes: %v; want success %t", name, test.limit, test.size, err, test.ok)
			}
			conn.Close()
			srv.Close()
		}
	}
}
