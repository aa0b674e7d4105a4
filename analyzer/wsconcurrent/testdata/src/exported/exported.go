// Package exported holds uses whose goroutines other packages decide on.
package exported

import (
	"io"
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

// A wrapper that offers its methods to everybody and takes no lock.
type Wrapper struct{ conn *websocket.Conn }

func (w *Wrapper) SendText(s string) error { // want SendText:"writes WriteMessage"
	return w.conn.WriteMessage(websocket.TextMessage, []byte(s))
}

func (w *Wrapper) SendJSON(v any) error { // want SendJSON:"writes WriteJSON"
	return w.conn.WriteJSON(v) // want `concurrent writes to one connection \(Wrapper.conn\)`
}

// Behind an interface, and alone.
type Peer interface{ Send(p []byte) error }

type peer struct{ conn *websocket.Conn }

func NewPeer(conn *websocket.Conn) Peer { return &peer{conn} } // want NewPeer:"stores"

func (p *peer) Send(b []byte) error { // want Send:"writes WriteMessage"
	return p.conn.WriteMessage(websocket.BinaryMessage, b) // want `by callers of peer.Send, of which there can be several at once`
}

// A writer that is handed out.
type Handing struct{ *websocket.Conn }

func (h Handing) NextWriter(kind int) (io.WriteCloser, error) { // want NextWriter:"returns"
	return h.Conn.NextWriter(kind) // want `by callers of Handing.NextWriter, of which there can be several at once`
}

// A function that is given the connection leaves it to its callers.
func Write(conn *websocket.Conn, p []byte) error { // want Write:"writes WriteMessage"
	return conn.WriteMessage(websocket.TextMessage, p)
}

// Locked alone.
type Alone struct {
	mu   sync.Mutex
	conn *websocket.Conn
}

func (a *Alone) Send(p []byte) error { // want Send:"writes WriteMessage"
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.conn.WriteMessage(websocket.TextMessage, p)
}

// WriteControl is free.
type Pinger struct{ conn *websocket.Conn }

func (p *Pinger) Ping() error {
	return p.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second))
}

// One goroutine writes what the methods give to it.
type Queue struct {
	conn *websocket.Conn
	out  chan []byte
}

func NewQueue(conn *websocket.Conn) *Queue { // want NewQueue:"returns"
	q := &Queue{conn, make(chan []byte)}
	go q.write()
	return q
}

func (q *Queue) Send(p []byte) { q.out <- p } // want Send:"stores"

func (q *Queue) write() {
	for p := range q.out {
		q.conn.WriteMessage(websocket.TextMessage, p)
	}
}

// Who waits for things to write runs once for a connection.
type Pump struct {
	conn *websocket.Conn
	out  chan []byte
}

func (p *Pump) Run(tick <-chan time.Time) { // want Run:"^writes WriteMessage, writes WriteMessage, writes WriteMessage$"
	for {
		select {
		case m, ok := <-p.out:
			if !ok {
				p.conn.WriteMessage(websocket.CloseMessage, nil)
				return
			}
			p.conn.WriteMessage(websocket.TextMessage, m)
		case <-tick:
			p.conn.WriteMessage(websocket.PingMessage, nil)
		}
	}
}

func (p *Pump) Listen() { // want Listen:"^writes WriteMessage$"
	for m := range p.out {
		p.send(m)
	}
}

func (p *Pump) send(m []byte) { p.conn.WriteMessage(websocket.TextMessage, m) } // want `by callers of Pump.Listen, and WriteMessage at exported.go:\d+ by callers of Pump.Run`

// A loop that waits for nothing is one message after another.
type Chunked struct{ conn *websocket.Conn }

func (c *Chunked) Send(p []byte) { // want Send:"^writes WriteMessage$"
	for ; len(p) > 0; p = p[1:] {
		c.conn.WriteMessage(websocket.TextMessage, p[:1]) // want `by callers of Chunked.Send, of which there can be several at once`
	}
}
