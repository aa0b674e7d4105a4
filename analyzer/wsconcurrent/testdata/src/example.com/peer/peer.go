// Package peer wraps connections, for packages that never see one.
package peer

import (
	"io"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Client has methods that write and take no lock, and others that do.
type Client struct {
	mu   sync.Mutex
	conn *websocket.Conn
	done chan struct{}
}

func Dial(url string) *Client { // want Dial:"returns"
	conn, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		panic(err)
	}
	conn.WriteMessage(websocket.TextMessage, []byte("hello"))
	return &Client{conn: conn}
}

func (c *Client) Send(p []byte) error { // want Send:"writes WriteMessage"
	return c.conn.WriteMessage(websocket.TextMessage, p) // want `concurrent writes to one connection \(Client.conn\)`
}

func (c *Client) SafeSend(p []byte) error { // want SafeSend:"writes WriteMessage"
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn.WriteMessage(websocket.TextMessage, p)
}

func (c *Client) Ping() error {
	return c.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second))
}

func (c *Client) Next() ([]byte, error) { // want Next:"reads ReadMessage"
	_, p, err := c.conn.ReadMessage()
	return p, err
}

func (c *Client) Conn() *websocket.Conn { return c.conn } // want Conn:"returns"

func (c *Client) Lock()   { c.mu.Lock() }   // want Lock:"locks"
func (c *Client) Unlock() { c.mu.Unlock() } // want Unlock:"unlocks"

// Writer hands out a message writer.
func (c *Client) Writer() (io.WriteCloser, error) { // want Writer:"writes NextWriter.*returns"
	return c.conn.NextWriter(websocket.TextMessage)
}

// A Feed writes on a goroutine of its own, and has no method that writes.
type Feed struct {
	conn *websocket.Conn
	done chan struct{}
}

func NewFeed(conn *websocket.Conn) *Feed { // want NewFeed:"returns"
	return &Feed{conn: conn, done: make(chan struct{})}
}

func (f *Feed) Start() { // want Start:"go writes WriteMessage"
	go f.run()
}

func (f *Feed) run() {
	defer close(f.done)
	for range time.Tick(time.Second) {
		f.conn.WriteMessage(websocket.PingMessage, nil)
	}
}

func (f *Feed) Wait() { <-f.done }

// A Hub is a registry.
type Hub struct {
	mu    sync.RWMutex
	conns map[string]*websocket.Conn
}

// Default is for all.
var Default = &Hub{conns: make(map[string]*websocket.Conn)}

func (h *Hub) Add(name string, conn *websocket.Conn) { // want Add:"stores"
	h.mu.Lock()
	h.conns[name] = conn
	h.mu.Unlock()
}

func (h *Hub) Broadcast(p []byte) { // want Broadcast:"writes WriteMessage"
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, conn := range h.conns {
		conn.WriteMessage(websocket.TextMessage, p) // want `concurrent writes to one connection \(Hub.conns\[…\]\)`
	}
}

func Broadcast(p []byte) { Default.Broadcast(p) } // want Broadcast:"writes WriteMessage"

// Shared is guarded by a lock that only its readers should share.
type Shared struct {
	mu   sync.RWMutex
	Conn *websocket.Conn
}

func (s *Shared) Send(v any) { // want Send:"writes WriteJSON"
	s.mu.RLock()
	defer s.mu.RUnlock()
	s.Conn.WriteJSON(v) // want `concurrent writes to one connection \(Shared.Conn\)`
}

func (s *Shared) SendAlone(v any) { // want SendAlone:"writes WriteJSON"
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Conn.WriteJSON(v)
}

// Send is generic.
func Send[T any](conn *websocket.Conn, v T) error { // want Send:"writes WriteJSON"
	return conn.WriteJSON(v)
}

// A Box is generic too.
type Box[T any] struct{ conn *websocket.Conn }

func NewBox[T any](conn *websocket.Conn) *Box[T] { // want NewBox:"returns"
	return &Box[T]{conn: conn}
}

func (b *Box[T]) Put(v T) error { return b.conn.WriteJSON(v) } // want Put:"writes WriteJSON" `by callers of Box.Put, of which there can be several at once`

// Safely runs f on a goroutine that survives its panics.
func Safely(f func()) { // want Safely:"starts what it is given"
	go func() {
		defer func() { recover() }()
		f()
	}()
}

// With runs f under the client's lock.
func (c *Client) With(f func(*websocket.Conn)) { // want With:"calls what it is given"
	c.mu.Lock()
	defer c.mu.Unlock()
	f(c.conn)
}

// AnswerPings installs a callback that writes on the reader's goroutine.
func AnswerPings(conn *websocket.Conn) { // want AnswerPings:"writes WriteMessage"
	conn.SetPingHandler(func(data string) error {
		return conn.WriteMessage(websocket.PongMessage, []byte(data))
	})
}

// A Session holds a connection for each room.
type Session struct {
	mu    sync.Mutex
	rooms map[string]*room
}

type room struct{ conn *websocket.Conn }

func (r *room) listen() {
	for {
		if _, _, err := r.conn.ReadMessage(); err != nil {
			return
		}
	}
}

// Join makes the connection of a room.
func (s *Session) Join(name string, conn *websocket.Conn) { // want Join:"reads ReadMessage"
	r := &room{conn: conn}
	s.mu.Lock()
	s.rooms[name] = r
	s.mu.Unlock()
	go r.listen()
}

// Renew gives a room another connection.
func (s *Session) Renew(name string, conn *websocket.Conn) { // want Renew:"reads ReadMessage"
	s.mu.Lock()
	r := s.rooms[name]
	s.mu.Unlock()
	r.conn = conn
	go r.listen()
}

// A Stream is a connection as a stream of bytes.
type Stream struct {
	*websocket.Conn
	mu sync.Mutex
}

func NewStream(conn *websocket.Conn) *Stream { return &Stream{Conn: conn} } // want NewStream:"returns"

func (s *Stream) Write(p []byte) (int, error) { // want Write:"writes WriteMessage"
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(p), s.WriteMessage(websocket.BinaryMessage, p)
}

func (s *Stream) Read(p []byte) (int, error) { // want Read:"reads NextReader.*reads Read"
	_, r, err := s.NextReader()
	if err != nil {
		return 0, err
	}
	return r.Read(p)
}

func (s *Stream) Ping(p []byte) error { // want Ping:"writes WriteMessage"
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.WriteMessage(websocket.PingMessage, p)
}

// Notify writes unless it is to be quiet, and takes the lock that it is given.
func Notify(mu *sync.Mutex, conn *websocket.Conn, quiet bool) { // want Notify:"writes WriteMessage, writes WriteMessage"
	if quiet {
		return
	}
	if mu == nil {
		conn.WriteMessage(websocket.TextMessage, nil)
		return
	}
	mu.Lock()
	defer mu.Unlock()
	conn.WriteMessage(websocket.TextMessage, nil)
}
