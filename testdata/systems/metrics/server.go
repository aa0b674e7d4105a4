package main

import (
	"context"
	"io"
	"log"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	writeWait      = 10 * time.Second
	pongWait       = 60 * time.Second
	pingPeriod     = pongWait * 9 / 10
	maxMessageSize = 1 << 20
)

type server struct {
	m        *metrics
	upgrader websocket.Upgrader

	mu      sync.Mutex
	closing bool
	stop    chan struct{}
	wg      sync.WaitGroup
}

func newServer(m *metrics) *server {
	s := &server{m: m, stop: make(chan struct{})}
	s.upgrader.Error = func(w http.ResponseWriter, r *http.Request, status int, reason error) {
		m.handshakes.WithLabelValues("refused").Inc()
		http.Error(w, http.StatusText(status), status)
	}
	return s
}

func (s *server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.wg.Add(1)
	}
	return !s.closing
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.begin() {
		http.Error(w, "shutting down", http.StatusServiceUnavailable)
		return
	}
	defer s.wg.Done()
	conn, err := s.upgrader.Upgrade(w, r, nil)
	if err != nil {
		log.Printf("upgrade: %v", err)
		return
	}
	s.m.handshakes.WithLabelValues("upgraded").Inc()
	s.m.open.Inc()
	defer s.m.open.Dec()
	done := make(chan struct{})
	go s.attend(conn, done)
	err = s.echo(conn)
	s.m.closes.WithLabelValues(codeOf(err)).Inc()
	close(done)
	conn.Close()
}

// echo sends back what comes, until there is an error.
func (s *server) echo(conn *websocket.Conn) error {
	conn.SetReadLimit(maxMessageSize)
	conn.SetReadDeadline(time.Now().Add(pongWait))
	conn.SetPongHandler(func(string) error {
		return conn.SetReadDeadline(time.Now().Add(pongWait))
	})
	for {
		typ, r, err := conn.NextReader()
		if err != nil {
			return err
		}
		began := time.Now()
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		s.count("in", len(data))
		conn.SetWriteDeadline(time.Now().Add(writeWait))
		if err := conn.WriteMessage(typ, data); err != nil {
			return err
		}
		s.count("out", len(data))
		s.m.latency.Observe(time.Since(began).Seconds())
	}
}

func (s *server) count(direction string, bytes int) {
	s.m.messages.WithLabelValues(direction).Inc()
	s.m.bytes.WithLabelValues(direction).Add(float64(bytes))
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
