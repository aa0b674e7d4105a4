// Package fixes holds findings with a fix.
package fixes

import (
	"fmt"
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
)

var upgrader websocket.Upgrader

type client struct {
	mu   sync.RWMutex
	conn *websocket.Conn
}

func (c *client) write(p []byte) error {
	c.mu.Lock()
	defer c.mu.Lock() /* at the end */ // want `defer Lock locks the mutex a second time`
	return c.conn.WriteMessage(websocket.TextMessage, p)
}

func (c *client) read() {
	c.mu.RLock()
	defer c.mu.RLock() // want `defer RLock locks the mutex a second time`
	c.conn.ReadMessage()
}

// No fix: it is given back besides.
func (c *client) both(p []byte) {
	c.mu.Lock()
	defer c.mu.Lock() // want `defer Lock locks the mutex a second time`
	c.conn.WriteMessage(websocket.TextMessage, p)
	c.mu.Unlock()
}

func (c *client) inLiteral(p []byte) {
	c.mu.Lock()
	defer c.mu.Lock() // want `defer Lock locks the mutex a second time`
	c.conn.WriteMessage(websocket.TextMessage, p)
	func() { c.mu.Unlock() }()
}

func early(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil) // the handshake
	// Whatever happens.
	defer conn.Close() /* at last */ // want `the connection is used before the error of Upgrade`
	if err != nil {
		fmt.Println(err)
		return
	} // in order
	conn.ReadMessage()
}

func literal(urls []string) {
	for _, url := range urls {
		conn, _, err := websocket.DefaultDialer.Dial(url, nil)

		defer conn.Close() // want `the connection is used before the error of Dial`

		if err != nil {
			continue
		}
		conn.ReadMessage()
	}
}

// No fix: the test is another, or does not leave, or something stands between.
func others(url string) error {
	conn, _, err := websocket.DefaultDialer.Dial(url, nil)
	defer conn.Close() // want `the connection is used before the error of Dial`
	if err != nil && url == "" {
		return err
	}
	return conn.WriteMessage(websocket.TextMessage, nil)
}

func goesOn(url string) error {
	conn, _, err := websocket.DefaultDialer.Dial(url, nil)
	defer conn.Close() // want `the connection is used before the error of Dial`
	if err != nil {
		fmt.Println(err)
	}
	return conn.WriteMessage(websocket.TextMessage, nil)
}

func between(url string) error {
	conn, _, err := websocket.DefaultDialer.Dial(url, nil)
	defer conn.Close() // want `the connection is used before the error of Dial`
	fmt.Println(url)
	if err != nil {
		return err
	}
	return conn.WriteMessage(websocket.TextMessage, nil)
}
