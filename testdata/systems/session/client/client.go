// Package client is the other side of a session: it connects again for as long
// as it is wanted, and goes on where the last connection broke.
package client

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Message is what the server sends.
type Message struct {
	Type   string            `json:"type"`
	Seq    int64             `json:"seq"`
	Key    string            `json:"key"`
	Value  string            `json:"value"`
	Values map[string]string `json:"values"`
	Ack    int64             `json:"ack"`
}

type update struct {
	ID    int64  `json:"id"`
	Key   string `json:"key"`
	Value string `json:"value"`
}

const writeWait = 10 * time.Second

// Client is a document as its server has it. Set the fields before Run.
type Client struct {
	URL, ID   string
	Dead      time.Duration // the server is, when it is silent for so long
	Backoff   Backoff
	OnMessage func(Message) // for all that comes, each change once
	OnState   func(connected bool)

	mu      sync.Mutex
	lastID  int64
	pending []update // not acknowledged yet
	wake    chan struct{}

	lastSeq int64
}

// Set changes a value. It returns at once; the change reaches the server as
// soon as there is a connection, and once.
func (c *Client) Set(key, value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastID++
	c.pending = append(c.pending, update{c.lastID, key, value})
	select {
	case c.waker() <- struct{}{}:
	default:
	}
}

// waker has an element when there is something to send. The caller holds mu.
func (c *Client) waker() chan struct{} {
	if c.wake == nil {
		c.wake = make(chan struct{}, 1)
	}
	return c.wake
}

// Run keeps a connection until ctx ends.
func (c *Client) Run(ctx context.Context) error {
	for {
		conn, err := c.connect(ctx)
		if err == nil {
			c.Backoff.Reset()
			c.OnState(true)
			c.use(ctx, conn)
			c.OnState(false)
		}
		timer := time.NewTimer(c.Backoff.Next())
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
	}
}

func (c *Client) connect(ctx context.Context) (*websocket.Conn, error) {
	q := url.Values{"id": {c.ID}, "last_seq_id": {strconv.FormatInt(c.lastSeq, 10)}}
	dialer := websocket.Dialer{HandshakeTimeout: 10 * time.Second}
	conn, resp, err := dialer.DialContext(ctx, c.URL+"?"+q.Encode(), nil)
	if err != nil {
		if errors.Is(err, websocket.ErrBadHandshake) {
			return nil, fmt.Errorf("the server answers %s", resp.Status)
		}
		return nil, err
	}
	return conn, nil
}

// use serves one connection until it breaks.
func (c *Client) use(ctx context.Context, conn *websocket.Conn) {
	defer conn.Close()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		c.read(conn)
	}()
	c.write(ctx, conn, gone)
	select {
	case <-gone:
	case <-time.After(time.Second):
		conn.Close()
		<-gone
	}
}

func (c *Client) read(conn *websocket.Conn) {
	conn.SetReadLimit(1 << 20)
	conn.SetReadDeadline(time.Now().Add(c.Dead))
	conn.SetPingHandler(func(data string) error {
		conn.SetReadDeadline(time.Now().Add(c.Dead))
		return conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(writeWait))
	})
	for {
		var m Message
		if err := conn.ReadJSON(&m); err != nil {
			return
		}
		switch m.Type {
		case "ack":
			c.acknowledge(m.Ack)
		case "change", "sync":
			c.lastSeq = m.Seq
		}
		c.OnMessage(m)
	}
}

func (c *Client) acknowledge(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.pending) > 0 && c.pending[0].ID <= id {
		c.pending = c.pending[1:]
	}
}

// write sends what is not acknowledged, first of all what an earlier
// connection has sent, perhaps in vain.
func (c *Client) write(ctx context.Context, conn *websocket.Conn, gone <-chan struct{}) {
	var sent int64
	for {
		c.mu.Lock()
		pending := append([]update(nil), c.pending...)
		wake := c.waker()
		c.mu.Unlock()
		for _, u := range pending {
			if u.ID <= sent {
				continue
			}
			conn.SetWriteDeadline(time.Now().Add(writeWait))
			if err := conn.WriteJSON(u); err != nil {
				return
			}
			sent = u.ID
		}
		select {
		case <-wake:
		case <-gone:
			return
		case <-ctx.Done():
			msg := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
			conn.WriteControl(websocket.CloseMessage, msg, time.Now().Add(writeWait))
			return
		}
	}
}
