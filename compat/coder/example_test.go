package coder_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/coder/websocket"

	"github.com/wsmigrate/wsmigrate/compat/coder"
	compat "github.com/wsmigrate/wsmigrate/compat/websocket"
)

// With this package in the program, compat runs on coder/websocket, and hands
// out its connections.
func Example() {
	fmt.Println("engine:", compat.Engine())

	var upgrader compat.Upgrader
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		_ = coder.Unwrap(c).Write(r.Context(), websocket.MessageText, []byte("hello"))
	}))
	defer s.Close()
	native, _, err := websocket.Dial(context.Background(), "ws"+strings.TrimPrefix(s.URL, "http"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	c := coder.Wrap(native)
	defer c.Close()
	_, p, err := c.ReadMessage()
	fmt.Println(string(p), err)
	// Output:
	// engine: coder
	// hello <nil>
}
