// Package main holds uses of connections that are in order.
package main

import (
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/errgroup"
)

var upgrader websocket.Upgrader

func accept(w http.ResponseWriter, r *http.Request) *websocket.Conn {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		panic(err)
	}
	return conn
}

// A mutex on both sides.
type locked struct {
	mu   sync.Mutex
	conn *websocket.Conn
}

func (l *locked) run() {
	go l.ping()
	for {
		l.mu.Lock()
		l.conn.WriteMessage(websocket.TextMessage, nil)
		l.mu.Unlock()
	}
}

func (l *locked) ping() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn.WriteMessage(websocket.PingMessage, nil)
}

// An exclusive lock on one side, a shared one on the other.
type exclusive struct {
	sync.RWMutex
	conn *websocket.Conn
}

func (e *exclusive) run() {
	go func() {
		e.RLock()
		defer e.RUnlock()
		e.conn.WriteMessage(websocket.TextMessage, nil)
	}()
	e.Lock()
	e.conn.WriteMessage(websocket.TextMessage, nil)
	e.Unlock()
}

// A local mutex.
func local(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	var mu sync.Mutex
	send := func(p []byte) {
		mu.Lock()
		defer mu.Unlock()
		conn.WriteMessage(websocket.TextMessage, p)
	}
	go send(nil)
	send(nil)
}

// Helpers that lock and unlock.
type helper struct {
	mu   sync.Mutex
	conn *websocket.Conn
}

func (h *helper) lock()   { h.mu.Lock() }
func (h *helper) unlock() { h.mu.Unlock() }

func (h *helper) run() {
	go h.write()
	h.write()
}

func (h *helper) write() {
	h.lock()
	defer h.unlock()
	h.conn.WriteMessage(websocket.TextMessage, nil)
}

// The lock held by the caller, and released by a deferred literal.
type caller struct {
	mu   sync.Mutex
	conn *websocket.Conn
}

func (c *caller) run() {
	go c.send()
	c.send()
}

func (c *caller) send() {
	c.mu.Lock()
	defer func() {
		c.mu.Unlock()
	}()
	c.writeLocked()
}

func (c *caller) writeLocked() { c.conn.WriteMessage(websocket.TextMessage, nil) }

// The message lies within the lock.
type span struct {
	mu   sync.Mutex
	conn *websocket.Conn
}

func (s *span) run(r io.Reader) {
	go s.write(r)
	s.write(r)
}

func (s *span) write(r io.Reader) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, err := s.conn.NextWriter(websocket.TextMessage)
	if err != nil {
		return
	}
	io.Copy(w, r)
	w.Close()
}

// One goroutine writes, fed by channels.
type pump struct {
	conn *websocket.Conn
	send chan []byte
}

func (p *pump) run() {
	go p.write()
	for {
		_, data, err := p.conn.ReadMessage()
		if err != nil {
			close(p.send)
			return
		}
		p.send <- data
	}
}

func (p *pump) write() {
	ticker := time.NewTicker(time.Second)
	defer func() {
		ticker.Stop()
		p.conn.Close()
	}()
	for {
		select {
		case data, ok := <-p.send:
			if !ok {
				p.conn.WriteMessage(websocket.CloseMessage, nil)
				return
			}
			w, err := p.conn.NextWriter(websocket.TextMessage)
			if err != nil {
				return
			}
			w.Write(data)
			for range len(p.send) {
				w.Write(<-p.send)
			}
			w.Close()
		case <-ticker.C:
			p.conn.WriteMessage(websocket.PingMessage, nil)
		}
	}
}

// Before the go statement.
func before(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	conn.WriteMessage(websocket.TextMessage, []byte("hello"))
	go func() {
		for {
			conn.WriteMessage(websocket.TextMessage, nil)
		}
	}()
	conn.ReadMessage()
}

// What fails has started nothing.
func startPings(conn *websocket.Conn, ok bool) error {
	if !ok {
		return io.EOF
	}
	go serve(conn)
	return nil
}

func failed(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	if err := startPings(conn, r.Host != ""); err != nil {
		conn.WriteMessage(websocket.TextMessage, []byte(err.Error()))
		return
	}
	conn.ReadMessage()
}

// After the goroutine's end.
func waitGroup(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		conn.WriteMessage(websocket.TextMessage, nil)
	}()
	wg.Wait()
	conn.WriteMessage(websocket.CloseMessage, nil)
}

func channel(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn.WriteMessage(websocket.TextMessage, nil)
	}()
	<-done
	conn.WriteMessage(websocket.CloseMessage, nil)
}

func group(w http.ResponseWriter, r *http.Request) error {
	conn := accept(w, r)
	var g errgroup.Group
	g.Go(func() error { return conn.WriteJSON(1) })
	if err := g.Wait(); err != nil {
		return err
	}
	return conn.WriteJSON(2)
}

func selected(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	done := make(chan struct{})
	go func() {
		conn.WriteMessage(websocket.TextMessage, nil)
		close(done)
	}()
	select {
	case <-done:
		conn.WriteMessage(websocket.CloseMessage, nil)
	case <-time.After(time.Second):
	}
}

// WriteControl and Close may run beside a writer.
func control(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	go func() {
		for range time.Tick(time.Second) {
			conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second))
		}
		conn.Close()
	}()
	for {
		kind, p, err := conn.ReadMessage()
		if err != nil {
			return
		}
		conn.WriteMessage(kind, p)
	}
}

// Before the connection is known to others.
type registry struct {
	mu    sync.Mutex
	conns map[string]*websocket.Conn
}

var reg = registry{conns: make(map[string]*websocket.Conn)}

func register(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	conn.WriteMessage(websocket.TextMessage, []byte("welcome"))
	reg.mu.Lock()
	reg.conns[r.RemoteAddr] = conn
	reg.mu.Unlock()
	conn.ReadMessage()
}

func (r *registry) broadcast() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, conn := range r.conns {
		conn.WriteMessage(websocket.TextMessage, nil)
	}
}

// Two connections of one struct: a proxy.
type proxy struct{ client, backend *websocket.Conn }

func (p *proxy) run() {
	go copyTo(p.client, p.backend)
	copyTo(p.backend, p.client)
}

func copyTo(dst, src *websocket.Conn) {
	for {
		kind, p, err := src.ReadMessage()
		if err != nil {
			return
		}
		if dst.WriteMessage(kind, p) != nil {
			return
		}
	}
}

// Two wrappers of one type.
type end struct{ conn *websocket.Conn }

func (e *end) send(p []byte) { e.conn.WriteMessage(websocket.TextMessage, p) }

func join(a, b *end) {
	go pipe(a, b)
	pipe(b, a)
}

func pipe(dst, src *end) {
	for {
		_, p, err := src.conn.ReadMessage()
		if err != nil {
			return
		}
		dst.send(p)
	}
}

// A connection for each goroutine of a loop.
func acceptLoop(requests chan *http.Request, w http.ResponseWriter) {
	for r := range requests {
		conn := accept(w, r)
		conn.WriteMessage(websocket.TextMessage, nil)
		go serve(conn)
	}
}

func serve(conn *websocket.Conn) {
	for {
		conn.WriteMessage(websocket.TextMessage, nil)
	}
}

// One goroutine for each element.
func each(list []*websocket.Conn) {
	for _, conn := range list {
		conn.WriteMessage(websocket.TextMessage, nil)
		go serve(conn)
	}
}

// One goroutine for each connection of a request, whatever their number.
func perRequest(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	go serve(conn)
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			return
		}
	}
}

// A callback on the reader's goroutine, which is the only writer too.
func callback(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	conn.SetPingHandler(func(data string) error {
		return conn.WriteMessage(websocket.PongMessage, []byte(data))
	})
	for {
		kind, p, err := conn.ReadMessage()
		if err != nil {
			return
		}
		conn.WriteMessage(kind, p)
	}
}

// One reader and one writer.
func duplex(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	go func() {
		for {
			conn.ReadMessage()
		}
	}()
	serve(conn)
}

// A literal called in place.
func inPlace(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	send := func(p []byte) { conn.WriteMessage(websocket.TextMessage, p) }
	send(nil)
	func() { conn.WriteMessage(websocket.TextMessage, nil) }()
	var once sync.Once
	once.Do(func() { send(nil) })
}

// Either goroutine, not both.
func either(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	if r.Host == "" {
		go serve(conn)
	} else {
		serve(conn)
	}
}

// An acknowledged finding.
func acknowledged(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	go serve2(conn)
	conn.WriteMessage(websocket.TextMessage, nil) //wsmigrate:ignore wsconcurrent the other side waits for this message
}

func serve2(conn *websocket.Conn) {
	conn.WriteMessage(websocket.TextMessage, nil)
}

// A pool of goroutines, each with what it receives.
func worker(jobs chan *websocket.Conn) {
	for range 4 {
		go func() {
			for conn := range jobs {
				conn.WriteMessage(websocket.TextMessage, nil)
				conn.Close()
			}
		}()
	}
}

// A mutex for each connection, in the map of the connections.
type keyed struct {
	mu    sync.Mutex
	conns map[*websocket.Conn]*sync.Mutex
}

func (k *keyed) serve(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	k.mu.Lock()
	k.conns[conn] = new(sync.Mutex)
	own := k.conns[conn]
	k.mu.Unlock()
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			return
		}
		go func() {
			own.Lock()
			defer own.Unlock()
			conn.WriteMessage(websocket.TextMessage, nil)
		}()
	}
}

func (k *keyed) broadcast(w http.ResponseWriter, r *http.Request) {
	for conn, mu := range k.conns {
		go func(conn *websocket.Conn, mu *sync.Mutex) {
			mu.Lock()
			defer mu.Unlock()
			conn.WriteMessage(websocket.TextMessage, nil)
		}(conn, mu)
	}
}

func main() {
	http.HandleFunc("/local", local)
	http.HandleFunc("/register", register)
	http.HandleFunc("/control", control)
	go reg.broadcast()
}

// A deadline that is set beside a writer mixes no frames.
func deadlines(conn *websocket.Conn) {
	go func() {
		for range time.Tick(time.Second) {
			conn.SetWriteDeadline(time.Now().Add(time.Second))
			conn.WriteControl(websocket.PingMessage, nil, time.Time{})
		}
	}()
	conn.WriteMessage(websocket.TextMessage, nil)
}
