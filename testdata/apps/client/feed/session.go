package feed

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

const (
	subprotocol = "feed.v1"

	// Time a write may take, and the server has to answer our close frame.
	writeWait = 5 * time.Second
	closeWait = 2 * time.Second

	// Close code of the server for a token that is no longer good.
	closeRevoked = 4401
)

// request is what the client sends.
type request struct {
	Op     string   `json:"op"` // "subscribe" or "ack"
	Topics []string `json:"topics,omitempty"`
	After  uint64   `json:"after,omitempty"` // subscribe: events newer than this
	ID     uint64   `json:"id,omitempty"`    // ack: the event handled
}

// session is one connection. Its read method is the only reader, the
// goroutine of Run the only writer.
type session struct {
	conn   *websocket.Conn
	events chan Event
	quit   chan struct{} // closed when nobody takes events any more

	done chan struct{} // closed when read has returned
	err  error         // why; valid once done is closed
}

// dial opens a connection. It returns a *StatusError where the server does
// not want us.
func (c *Client) dial(ctx context.Context) (*websocket.Conn, error) {
	dialer := websocket.Dialer{
		Proxy:            http.ProxyFromEnvironment,
		TLSClientConfig:  c.cfg.TLS,
		HandshakeTimeout: c.cfg.HandshakeTimeout,
		Subprotocols:     []string{subprotocol},
	}
	header := http.Header{}
	header.Set("Authorization", "Bearer "+c.cfg.Token)
	header.Set("User-Agent", "feed-client/1")

	conn, resp, err := dialer.DialContext(ctx, c.cfg.URL, header)
	if resp != nil {
		defer resp.Body.Close()
	}
	if err != nil {
		if errors.Is(err, websocket.ErrBadHandshake) {
			return nil, newStatusError(resp)
		}
		return nil, fmt.Errorf("feed: dial %s: %w", c.cfg.URL, err)
	}
	if got := conn.Subprotocol(); got != subprotocol {
		conn.Close()
		return nil, fmt.Errorf("feed: server speaks %q, not %s", got, subprotocol)
	}
	return conn, nil
}

// session is the life of one connection. It returns nil when there is nothing
// left to do.
func (c *Client) session(ctx context.Context, handle func(Event) error) error {
	conn, err := c.dial(ctx)
	if err != nil {
		return err
	}
	conn.SetReadLimit(c.cfg.MaxEvent)
	s := &session{
		conn:   conn,
		events: make(chan Event),
		quit:   make(chan struct{}),
		done:   make(chan struct{}),
	}
	go s.read()
	c.cfg.Log.Info("connected", "url", c.cfg.URL, "after", c.last)

	err = c.follow(ctx, s, handle)
	close(s.quit)
	var handler *handlerError
	if ctx.Err() != nil || errors.As(err, &handler) {
		s.goodbye()
	}
	conn.Close()
	<-s.done
	return err
}

// follow subscribes and hands events to handle, until the connection ends or
// is no longer wanted.
func (c *Client) follow(ctx context.Context, s *session, handle func(Event) error) error {
	if err := s.send(request{Op: "subscribe", Topics: c.cfg.Topics, After: c.last}); err != nil {
		return err
	}
	for {
		select {
		case ev := <-s.events:
			if err := handle(ev); err != nil {
				return &handlerError{err}
			}
			c.last = ev.ID
			if err := s.send(request{Op: "ack", ID: ev.ID}); err != nil {
				return err
			}
		case <-s.done:
			return ending(s.err)
		case <-ctx.Done():
			return nil
		}
	}
}

// ending says what the end of the reads means for the session.
func ending(err error) error {
	switch {
	case websocket.IsCloseError(err, websocket.CloseNormalClosure):
		return nil // the feed is over
	case websocket.IsCloseError(err, closeRevoked):
		return ErrRevoked
	default:
		return err
	}
}

// read passes events on until the connection ends. After quit it goes on
// reading, so that the answer to our close frame is seen.
func (s *session) read() {
	defer close(s.done)
	defer s.conn.Close()
	for {
		var ev Event
		if err := s.conn.ReadJSON(&ev); err != nil {
			s.err = err
			return
		}
		select {
		case s.events <- ev:
		case <-s.quit:
		}
	}
}

// send writes one request.
func (s *session) send(req request) error {
	s.conn.SetWriteDeadline(time.Now().Add(writeWait))
	return s.conn.WriteJSON(req)
}

// goodbye closes the connection from our side and gives the server the time
// to do the same.
func (s *session) goodbye() {
	err := s.conn.WriteControl(
		websocket.CloseMessage,
		websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""),
		time.Now().Add(writeWait),
	)
	if err != nil {
		return
	}
	select {
	case <-s.done:
	case <-time.After(closeWait):
	}
}
