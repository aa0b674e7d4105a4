// Package exported holds uses whose goroutines other packages decide on.
package exported

import (
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// A goroutine of its own, and whoever calls Send.
type Client struct {
	conn *websocket.Conn
}

func (c *Client) Start() { go c.ping() } // want Start:"go writes WriteMessage"

func (c *Client) ping() {
	for range time.Tick(time.Second) {
		c.conn.WriteMessage(websocket.PingMessage, nil) // want `concurrent writes to one connection \(Client.conn\): WriteMessage at exported.go:\d+ by the goroutine of Client.ping started at exported.go:\d+, and WriteJSON at exported.go:\d+ by callers of Client.Send`
	}
}

func (c *Client) Send(v any) error { return c.conn.WriteJSON(v) } // want Send:"^writes WriteJSON$"

// A lock in one method, and none in another.
type Half struct {
	mu   sync.Mutex
	conn *websocket.Conn
}

func (h *Half) Send(v any) error { // want Send:"^writes WriteJSON"
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.conn.WriteJSON(v)
}

func (h *Half) Close() error { // want Close:"^writes WriteMessage$"
	h.conn.WriteMessage(websocket.CloseMessage, nil) // want `concurrent writes to one connection \(Half.conn\)`
	return h.conn.Close()
}

// Locked throughout.
type Locked struct {
	mu   sync.Mutex
	conn *websocket.Conn
}

func (l *Locked) Start() { // want Start:"^go writes WriteJSON$"
	go func() {
		for range time.Tick(time.Second) {
			l.Send(nil)
		}
	}()
}

func (l *Locked) Send(v any) error { // want Send:"^writes WriteJSON"
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conn.WriteJSON(v)
}

// The greeting comes before anybody can know the connection.
func Dial(url string) (*Locked, error) { // want Dial:"returns"
	conn, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		return nil, err
	}
	if err := conn.WriteJSON("hello"); err != nil {
		return nil, err
	}
	l := &Locked{conn: conn}
	l.Start()
	return l, nil
}

// Methods of the reading side alone.
type Reader struct{ conn *websocket.Conn }

func (r *Reader) Next() ([]byte, error) { // want Next:"reads ReadMessage"
	_, p, err := r.conn.ReadMessage()
	return p, err
}
