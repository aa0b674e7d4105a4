package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	writeWait      = 10 * time.Second
	maxMessageSize = 1 << 20
)

// greeting is the first message of a connection: how the client has come.
type greeting struct {
	Scheme string `json:"scheme"` // at the edge
	Host   string `json:"host"`
	Via    string `json:"via,omitempty"`
}

type server struct {
	ping, pong time.Duration
	upgrader   websocket.Upgrader

	mu      sync.Mutex
	closing bool
	stop    chan struct{}
	wg      sync.WaitGroup
}

func newServer(ping, pong time.Duration) *server {
	return &server{
		ping: ping, pong: pong, stop: make(chan struct{}),
		upgrader: websocket.Upgrader{HandshakeTimeout: 5 * time.Second, CheckOrigin: fromHere},
	}
}

// fromHere lets pages of the host in that the client knows, which a proxy may
// have replaced in the request.
func fromHere(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, hostOf(r))
}

func hostOf(r *http.Request) string {
	if host := r.Header.Get("X-Forwarded-Host"); host != "" {
		return host
	}
	return r.Host
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
	defer conn.Close()
	g := greeting{Scheme: "http", Host: hostOf(r), Via: r.Header.Get("Via")}
	if scheme := r.Header.Get("X-Forwarded-Proto"); scheme != "" {
		g.Scheme = scheme
	}
	conn.SetWriteDeadline(time.Now().Add(writeWait))
	if err := conn.WriteJSON(g); err != nil {
		return
	}
	done := make(chan struct{})
	defer close(done)
	go s.attend(conn, done)

	conn.SetReadLimit(maxMessageSize)
	conn.SetReadDeadline(time.Now().Add(s.pong))
	conn.SetPongHandler(func(string) error { return conn.SetReadDeadline(time.Now().Add(s.pong)) })
	for {
		typ, data, err := conn.ReadMessage()
		if err != nil {
			code := websocket.CloseAbnormalClosure
			var ce *websocket.CloseError
			if errors.As(err, &ce) {
				code = ce.Code
			}
			log.Printf("closed with %d", code)
			return
		}
		conn.SetWriteDeadline(time.Now().Add(writeWait))
		if err := conn.WriteMessage(typ, data); err != nil {
			log.Printf("write: %v", err)
			return
		}
	}
}

// attend sends pings, and goodbye when the server goes.
func (s *server) attend(conn *websocket.Conn, done <-chan struct{}) {
	ping := time.NewTicker(s.ping)
	defer ping.Stop()
	for {
		select {
		case <-ping.C:
			if err := conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeWait)); err != nil {
				return
			}
		case <-s.stop:
			bye := websocket.FormatCloseMessage(websocket.CloseServiceRestart, "")
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
