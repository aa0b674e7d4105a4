package websocket_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	nhooyr "nhooyr.io/websocket"

	"github.com/wsmigrate/wsmigrate/compat/websocket"
)

// serve starts a server that calls f with each connection.
func serve(f func(c *websocket.Conn)) (url string, stop func()) {
	var upgrader websocket.Upgrader
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return // the upgrader has answered
		}
		defer c.Close()
		f(c)
	}))
	return "ws" + strings.TrimPrefix(s.URL, "http"), s.Close
}

// echo sends back what it reads, as its gorilla original does.
func echo(c *websocket.Conn) {
	for {
		kind, p, err := c.ReadMessage()
		if err != nil {
			return // every later read fails too
		}
		if err := c.WriteMessage(kind, p); err != nil {
			return
		}
	}
}

// Code for gorilla runs unchanged.
func Example() {
	url, stop := serve(echo)
	defer stop()
	c, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	if err := c.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
		fmt.Println(err)
		return
	}
	kind, p, err := c.ReadMessage()
	fmt.Println(kind == websocket.TextMessage, string(p), err)
	// Output: true hello <nil>
}

// Any number of goroutines may write: each message arrives whole.
func ExampleConn_WriteMessage() {
	url, stop := serve(func(c *websocket.Conn) {
		var wg sync.WaitGroup
		for i := 0; i < 10; i++ {
			wg.Add(1)
			go func() {
				defer wg.Done()
				c.WriteMessage(websocket.TextMessage, []byte("tick"))
			}()
		}
		wg.Wait()
		c.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
	})
	defer stop()
	c, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	n := 0
	for {
		_, p, err := c.ReadMessage()
		if websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			break
		}
		if err != nil || string(p) != "tick" {
			fmt.Println(string(p), err)
			return
		}
		n++
	}
	fmt.Println(n, "messages")
	// Output: 10 messages
}

// A handler that is on the native API already gets its connection from code
// that is not.
func ExampleConn_Unwrap() {
	url, stop := serve(func(c *websocket.Conn) {
		greet(c.Unwrap())
	})
	defer stop()
	c, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	_, p, err := c.ReadMessage()
	fmt.Println(string(p), err)
	// Output: hello from the native API <nil>
}

func greet(c *nhooyr.Conn) {
	_ = c.Write(context.Background(), nhooyr.MessageText, []byte("hello from the native API"))
}

// A function that still wants gorilla's type gets it from code that is native.
func ExampleWrap() {
	url, stop := serve(echo)
	defer stop()
	native, _, err := nhooyr.Dial(context.Background(), url, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	c := websocket.Wrap(native)
	defer c.Close()
	if err := c.WriteJSON(map[string]int{"answer": 42}); err != nil {
		fmt.Println(err)
		return
	}
	var got map[string]int
	err = c.ReadJSON(&got)
	fmt.Println(got["answer"], err)
	// Output: 42 <nil>
}

// What a peer may make the program hold in memory has a limit, which counts
// what a compressed message becomes.
func ExampleConn_SetReadLimit() {
	result := make(chan error)
	url, stop := serve(func(c *websocket.Conn) {
		c.SetReadLimit(16)
		_, _, err := c.ReadMessage()
		result <- err
	})
	defer stop()
	c, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	c.WriteMessage(websocket.TextMessage, []byte("more than sixteen bytes"))
	fmt.Println(errors.Is(<-result, websocket.ErrReadLimit))
	_, _, err = c.ReadMessage()
	fmt.Println(websocket.IsCloseError(err, websocket.CloseMessageTooBig))
	// Output:
	// true
	// true
}

// A log that ends each message with a newline.
func ExampleJoinMessages() {
	url, stop := serve(func(c *websocket.Conn) {
		for _, line := range []string{"one", "two"} {
			c.WriteMessage(websocket.TextMessage, []byte(line))
		}
	})
	defer stop()
	c, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	text, err := io.ReadAll(websocket.JoinMessages(c, "\n"))
	fmt.Print(string(text))
	fmt.Println(websocket.IsUnexpectedCloseError(err, websocket.CloseNormalClosure))
	// Output:
	// one
	// two
	// true
}
