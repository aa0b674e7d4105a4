package main

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	writeWait      = 10 * time.Second
	closeWait      = 2 * time.Second // for the peer's close frame
	maxMessageSize = 4096
)

// request begins a job, or releases one whose work is "hold".
type request struct {
	ID      int    `json:"id"`
	Work    string `json:"work,omitempty"`
	Release bool   `json:"release,omitempty"`
}

// response says that a job has begun, what came of it, or, without ID, that
// the server is about to go.
type response struct {
	ID      int    `json:"id,omitempty"`
	Request string `json:"request,omitempty"`
	Started bool   `json:"started,omitempty"`
	Result  string `json:"result,omitempty"`
	Error   string `json:"error,omitempty"`
	Notice  string `json:"notice,omitempty"`
}

// conn is one connection. The handler's goroutine reads from ws, writePump
// alone writes to it, and each job has a goroutine of its own.
type conn struct {
	s  *server
	ws *websocket.Conn

	send     chan response
	draining chan struct{} // closed when no new jobs are taken
	drained  chan struct{} // closed when the jobs that had begun are done
	gone     chan struct{} // closed when nothing more is read
	written  chan struct{} // closed when nothing more is written

	mu   sync.Mutex
	held map[int]chan struct{} // jobs that wait to be released
	jobs sync.WaitGroup
	stop context.CancelFunc // ends the jobs
}

func newConn(s *server) *conn {
	return &conn{
		s:        s,
		send:     make(chan response, 16),
		draining: make(chan struct{}),
		drained:  make(chan struct{}),
		gone:     make(chan struct{}),
		written:  make(chan struct{}),
		held:     make(map[int]chan struct{}),
	}
}

// serve reads until the connection ends, and returns when nothing of it is
// left.
func (c *conn) serve(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	c.mu.Lock()
	c.stop = cancel
	c.mu.Unlock()
	go c.writePump()
	c.readPump(ctx)
	close(c.gone)
	cancel()
	c.jobs.Wait()
	<-c.written
}

func (c *conn) readPump(ctx context.Context) {
	defer c.ws.Close()
	c.ws.SetReadLimit(maxMessageSize)
	c.ws.SetReadDeadline(time.Now().Add(c.s.opts.pongWait))
	c.ws.SetPongHandler(func(string) error {
		c.ws.SetReadDeadline(time.Now().Add(c.s.opts.pongWait))
		return nil
	})
	for {
		_, data, err := c.ws.ReadMessage()
		if err != nil {
			return
		}
		var req request
		if err := json.Unmarshal(data, &req); err != nil {
			c.reply(response{Error: "not a request"})
			continue
		}
		c.begin(ctx, req)
	}
}

// begin starts the job of req, or releases it.
func (c *conn) begin(ctx context.Context, req request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if req.Release {
		if held, ok := c.held[req.ID]; ok {
			delete(c.held, req.ID)
			close(held)
		}
		return
	}
	select {
	case <-c.draining:
		c.reply(response{ID: req.ID, Error: "shutting down"})
		return
	default:
	}
	var released chan struct{}
	if req.Work == "hold" {
		released = make(chan struct{})
		c.held[req.ID] = released
	}
	c.jobs.Add(1)
	c.reply(response{ID: req.ID, Started: true})
	go func() {
		defer c.jobs.Done()
		ctx, cancel := context.WithTimeout(ctx, c.s.opts.perMessage)
		defer cancel()
		c.reply(c.s.do(ctx, req, released))
	}()
}

// drain ends the connection from the server's side: it waits for the jobs as
// long as ctx allows, and then lets writePump say goodbye.
func (c *conn) drain(ctx context.Context) {
	c.mu.Lock()
	close(c.draining)
	stop := c.stop
	c.mu.Unlock()
	c.reply(response{Notice: "shutting down"})
	done := make(chan struct{})
	go func() {
		c.jobs.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		if stop != nil {
			stop()
		}
		<-done
	}
	close(c.drained)
}

func (c *conn) reply(r response) {
	select {
	case c.send <- r:
	case <-c.written:
	}
}

func (c *conn) writePump() {
	defer close(c.written)
	ticker := time.NewTicker(c.s.opts.pingPeriod)
	defer ticker.Stop()
	for {
		select {
		case r := <-c.send:
			if c.write(r) != nil {
				c.ws.Close()
				return
			}
		case <-ticker.C:
			c.ws.SetWriteDeadline(time.Now().Add(writeWait))
			if err := c.ws.WriteMessage(websocket.PingMessage, nil); err != nil {
				c.ws.Close()
				return
			}
		case <-c.drained:
			c.goodbye()
			return
		case <-c.gone:
			return
		}
	}
}

func (c *conn) write(r response) error {
	c.ws.SetWriteDeadline(time.Now().Add(writeWait))
	return c.ws.WriteJSON(r)
}

// goodbye sends what is still queued and a close frame, and gives the peer a
// moment to answer it.
func (c *conn) goodbye() {
	defer c.ws.Close()
	for {
		select {
		case r := <-c.send:
			if c.write(r) != nil {
				return
			}
			continue
		default:
		}
		break
	}
	msg := websocket.FormatCloseMessage(websocket.CloseGoingAway, "server is shutting down")
	if err := c.ws.WriteControl(websocket.CloseMessage, msg, time.Now().Add(writeWait)); err != nil {
		return
	}
	select {
	case <-c.gone:
	case <-time.After(closeWait):
	}
}
