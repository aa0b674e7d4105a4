package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/wsmigrate/wsmigrate/compat/websocket"
)

// devtools calls methods of a browser over its DevTools protocol: requests and
// responses in JSON, matched by a number. Events are not looked at.
type devtools struct {
	conn *websocket.Conn

	mu      sync.Mutex
	last    int
	waiting map[int]chan<- response
	ended   chan struct{}
}

type response struct {
	ID     int
	Result json.RawMessage
	Error  *struct{ Message string }
}

func newDevtools(conn *websocket.Conn) *devtools {
	d := &devtools{conn: conn, waiting: map[int]chan<- response{}, ended: make(chan struct{})}
	go d.read()
	return d
}

func (d *devtools) read() {
	defer close(d.ended)
	for {
		var r response
		if err := d.conn.ReadJSON(&r); err != nil {
			return
		}
		d.mu.Lock()
		answer := d.waiting[r.ID]
		delete(d.waiting, r.ID)
		d.mu.Unlock()
		if answer != nil {
			answer <- r
		}
	}
}

// call calls a method, of the browser or of a session with a tab, and decodes
// its result.
func (d *devtools) call(ctx context.Context, session, method string, params map[string]any, result any) error {
	answer := make(chan response, 1)
	d.mu.Lock()
	d.last++
	request := map[string]any{"id": d.last, "method": method}
	d.waiting[d.last] = answer
	d.mu.Unlock()
	if session != "" {
		request["sessionId"] = session
	}
	if params != nil {
		request["params"] = params
	}
	if err := d.conn.WriteJSON(request); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	select {
	case r := <-answer:
		if r.Error != nil {
			return fmt.Errorf("%s: %s", method, r.Error.Message)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(r.Result, result)
	case <-d.ended:
		return fmt.Errorf("%s: the browser hung up", method)
	case <-ctx.Done():
		return fmt.Errorf("%s: no answer: %w", method, context.Cause(ctx))
	}
}

func (d *devtools) close() {
	d.conn.Close()
	<-d.ended
}
