package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"runtime/trace"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	writeWait      = 10 * time.Second
	pongWait       = 60 * time.Second
	pingPeriod     = pongWait * 9 / 10
	maxMessageSize = 4096
)

// request asks for something. Query and Render say how long the two steps of
// the work take, and Size how much comes of it.
type request struct {
	ID     int    `json:"id"`
	Query  string `json:"query,omitempty"`
	Render string `json:"render,omitempty"`
	Size   int    `json:"size,omitempty"`
}

type response struct {
	ID   int    `json:"id"`
	Page string `json:"page"`
}

type server struct {
	rec      *recorder
	upgrader websocket.Upgrader

	mu      sync.Mutex
	closing bool
	stop    chan struct{}
	wg      sync.WaitGroup
}

func newServer(rec *recorder) *server {
	return &server{rec: rec, stop: make(chan struct{})}
}

func (s *server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.wg.Add(1)
	}
	return !s.closing
}

// ServeHTTP serves one connection, which is a task of the trace. Its regions
// are accept, close, and for each message read, handle and write.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.begin() {
		http.Error(w, "shutting down", http.StatusServiceUnavailable)
		return
	}
	defer s.wg.Done()
	ctx, task := trace.NewTask(r.Context(), "connection")
	defer task.End()

	accept := trace.StartRegion(ctx, "accept")
	conn, err := s.upgrader.Upgrade(w, r, nil)
	accept.End()
	if err != nil {
		log.Printf("upgrade: %v", err)
		return
	}
	defer func() {
		defer trace.StartRegion(ctx, "close").End()
		conn.Close()
	}()
	done := make(chan struct{})
	defer close(done)
	go s.attend(conn, done)

	conn.SetReadLimit(maxMessageSize)
	conn.SetReadDeadline(time.Now().Add(pongWait))
	conn.SetPongHandler(func(string) error {
		conn.SetReadDeadline(time.Now().Add(pongWait))
		return nil
	})
	for s.message(ctx, conn) == nil {
	}
}

// attend sends pings, and goodbye when the server goes.
func (s *server) attend(conn *websocket.Conn, done <-chan struct{}) {
	ping := time.NewTicker(pingPeriod)
	defer ping.Stop()
	for {
		select {
		case <-ping.C:
			if err := conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeWait)); err != nil {
				return
			}
		case <-s.stop:
			bye := websocket.FormatCloseMessage(websocket.CloseGoingAway, "")
			conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(writeWait))
			select {
			case <-done:
			case <-time.After(time.Second):
				conn.Close()
			}
			return
		case <-done:
			return
		}
	}
}

// message serves one message. From the moment it has come it is a task of its
// own.
func (s *server) message(ctx context.Context, conn *websocket.Conn) error {
	read := trace.StartRegion(ctx, "read")
	_, data, err := conn.ReadMessage()
	read.End()
	if err != nil {
		return err
	}
	began := time.Now()
	ctx, task := trace.NewTask(ctx, "message")
	defer task.End()
	res := handle(ctx, data)

	write := trace.StartRegion(ctx, "write")
	conn.SetWriteDeadline(time.Now().Add(writeWait))
	err = conn.WriteJSON(res)
	write.End()
	s.rec.took(ctx, time.Since(began))
	return err
}

func handle(ctx context.Context, data []byte) response {
	defer trace.StartRegion(ctx, "handle").End()
	var req request
	if err := json.Unmarshal(data, &req); err != nil {
		return response{Page: "not a request"}
	}
	step(ctx, "query", req.Query)
	step(ctx, "render", req.Render)
	return response{req.ID, "page " + strings.Repeat("x", min(req.Size, 1<<24))}
}

// step stands for work that takes its time.
func step(ctx context.Context, name, duration string) {
	defer trace.StartRegion(ctx, name).End()
	d, _ := time.ParseDuration(duration)
	time.Sleep(min(d, 10*time.Second))
}

func (s *server) shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	close(s.stop)
	done := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
