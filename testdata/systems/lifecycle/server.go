package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

type options struct {
	perMessage time.Duration // deadline of a job
	pingPeriod time.Duration
	pongWait   time.Duration
}

// server upgrades requests and knows the connections that came of them, which
// http.Server.Shutdown does not.
type server struct {
	opts     options
	upgrader websocket.Upgrader

	mu      sync.Mutex
	conns   map[*conn]struct{}
	closing bool
	wg      sync.WaitGroup // of conns

	finished, abandoned atomic.Int64 // jobs
}

func newServer(opts options) *server {
	return &server{
		opts:     opts,
		upgrader: websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024},
		conns:    make(map[*conn]struct{}),
	}
}

type contextKey string

const requestID contextKey = "request id"

// withID gives each request a number, which jobs log.
func withID(next http.Handler) http.Handler {
	var last atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := strconv.FormatInt(last.Add(1), 10)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestID, id)))
	})
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := newConn(s)
	if !s.add(c) {
		http.Error(w, "shutting down", http.StatusServiceUnavailable)
		return
	}
	defer s.remove(c)

	ws, err := s.upgrader.Upgrade(w, r, nil)
	if err != nil {
		log.Printf("upgrade: %v", err)
		return
	}
	c.ws = ws
	// The handler stays until the connection ends, so that its context lives.
	c.serve(r.Context())
}

func (s *server) add(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.conns[c] = struct{}{}
	s.wg.Add(1)
	return true
}

func (s *server) remove(c *conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	s.wg.Done()
}

// shutdown takes no new connections and no new jobs, lets the jobs that have
// begun finish, says goodbye with 1001 and returns when all connections have
// ended. When ctx ends first, the jobs' contexts do too.
func (s *server) shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	for c := range s.conns {
		go c.drain(ctx)
	}
	open := len(s.conns)
	s.mu.Unlock()

	s.wg.Wait()
	log.Printf("%d connections closed, %d jobs finished, %d abandoned", open, s.finished.Load(), s.abandoned.Load())
	if n := s.abandoned.Load(); n > 0 {
		return fmt.Errorf("%d jobs abandoned: %w", n, ctx.Err())
	}
	return nil
}

// do runs a job and returns its answer.
func (s *server) do(ctx context.Context, req request, released <-chan struct{}) response {
	res := response{ID: req.ID, Request: ctx.Value(requestID).(string)}
	timer := new(time.Timer)
	if req.Work != "hold" {
		d, err := time.ParseDuration(req.Work)
		if err != nil {
			res.Error = err.Error()
			return res
		}
		timer = time.NewTimer(d)
		defer timer.Stop()
	}
	select {
	case <-timer.C:
	case <-released:
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			res.Error = "took too long"
		} else {
			s.abandoned.Add(1)
			res.Error = "abandoned"
		}
		return res
	}
	s.finished.Add(1)
	res.Result = "done"
	return res
}
