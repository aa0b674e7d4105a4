// Package main holds uses of one connection by two goroutines at once.
package main

import (
	"encoding/json"
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

// A goroutine's literal and the function's body.
func literal(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	go func() {
		for range time.Tick(time.Second) {
			conn.WriteMessage(websocket.PingMessage, nil) // want `concurrent writes to one connection \(conn\): WriteMessage at bad.go:33 by the goroutine started at bad.go:31, and WriteMessage at bad.go:41 by the goroutine (that runs literal|of a request \(literal\)); gorilla allows one concurrent writer`
		}
	}()
	for {
		kind, p, err := conn.ReadMessage()
		if err != nil {
			return
		}
		conn.WriteMessage(kind, p)
	}
}

// The connection goes to two goroutines as an argument.
func arguments(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	go ping(conn)
	go echo(conn)
}

func ping(conn *websocket.Conn) {
	for range time.Tick(time.Second) {
		conn.WriteMessage(websocket.PingMessage, nil)
	}
}

func echo(conn *websocket.Conn) {
	for {
		kind, p, err := conn.ReadMessage()
		if err != nil {
			return
		}
		conn.WriteMessage(kind, p) // want `concurrent writes`
	}
}

// Two methods of one struct on two goroutines.
type client struct {
	conn *websocket.Conn
	send chan []byte
}

func serveClient(w http.ResponseWriter, r *http.Request) {
	c := &client{conn: accept(w, r), send: make(chan []byte)}
	go c.writePump()
	go c.readPump()
}

func (c *client) writePump() {
	for p := range c.send {
		c.conn.WriteMessage(websocket.TextMessage, p)
	}
}

func (c *client) readPump() {
	for {
		_, p, err := c.conn.ReadMessage()
		if err != nil {
			return
		}
		c.reply(p)
	}
}

func (c *client) reply(p []byte) {
	c.conn.WriteJSON(string(p)) // want `concurrent writes to one connection \(client.conn\)`
}

// A mutex on one side only.
type half struct {
	mu   sync.Mutex
	conn *websocket.Conn
}

func serveHalf(w http.ResponseWriter, r *http.Request) {
	h := &half{conn: accept(w, r)}
	go h.ping()
	h.read()
}

func (h *half) ping() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conn.WriteMessage(websocket.PingMessage, nil)
}

func (h *half) read() {
	for {
		if _, _, err := h.conn.ReadMessage(); err != nil {
			h.conn.WriteMessage(websocket.CloseMessage, nil) // want `concurrent writes`
			return
		}
	}
}

// Two locks that have nothing to do with each other.
type twoLocks struct {
	a, b sync.Mutex
	conn *websocket.Conn
}

func (t *twoLocks) run() {
	go func() {
		t.a.Lock()
		t.conn.WriteMessage(websocket.TextMessage, nil) // want `concurrent writes`
		t.a.Unlock()
	}()
	t.b.Lock()
	t.conn.WriteMessage(websocket.TextMessage, nil)
	t.b.Unlock()
}

// A read lock keeps nobody out.
type readLock struct {
	mu   sync.RWMutex
	conn *websocket.Conn
}

func (t *readLock) run() {
	go t.write()
	t.write()
}

func (t *readLock) write() {
	t.mu.RLock()
	defer t.mu.RUnlock()
	t.conn.WriteMessage(websocket.TextMessage, nil) // want `concurrent writes`
}

// The lock ends before the message does.
type span struct {
	mu   sync.Mutex
	conn *websocket.Conn
}

func (s *span) run() {
	go s.write("a")
	s.write("b")
}

func (s *span) write(v any) {
	s.mu.Lock()
	w, err := s.conn.NextWriter(websocket.TextMessage)
	s.mu.Unlock()
	if err != nil {
		return
	}
	json.NewEncoder(w).Encode(v) // want `concurrent writes`
	w.Close()
}

// The close of the writer, deferred, comes after the unlock.
type deferred struct {
	mu   sync.Mutex
	conn *websocket.Conn
}

func (d *deferred) run(r io.Reader) {
	go d.copy(r)
	d.copy(r)
}

func (d *deferred) copy(r io.Reader) {
	w, err := d.next()
	if err != nil {
		return
	}
	defer w.Close() // want `concurrent writes`
	d.mu.Lock()
	defer d.mu.Unlock()
	io.Copy(w, r)
}

func (d *deferred) next() (io.WriteCloser, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.conn.NextWriter(websocket.BinaryMessage)
}

// A goroutine for each message.
func perMessage(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	for {
		_, p, err := conn.ReadMessage()
		if err != nil {
			return
		}
		go answer(conn, p)
	}
}

func answer(conn *websocket.Conn, p []byte) {
	conn.WriteMessage(websocket.TextMessage, p) // want `of which there can be several at once`
}

// One connection for all requests.
var shared *websocket.Conn

func notify(w http.ResponseWriter, r *http.Request) {
	shared.WriteMessage(websocket.TextMessage, nil) // want `concurrent writes to one connection \(shared\): WriteMessage at bad.go:\d+ by the goroutine of a request \(notify\), of which there can be several at once`
}

// The last connection, for every request's goroutine.
var last *websocket.Conn

func replace(w http.ResponseWriter, r *http.Request) {
	last = accept(w, r)
	go func() {
		for range time.Tick(time.Second) {
			last.WriteMessage(websocket.TextMessage, nil) // want `of which there can be several at once`
		}
	}()
}

// A registry: the broadcast goes to a connection whose own goroutine writes.
type hub struct {
	mu      sync.Mutex
	clients map[*websocket.Conn]bool
}

var theHub = &hub{clients: make(map[*websocket.Conn]bool)}

func (h *hub) broadcast(p []byte) {
	for conn := range h.clients {
		conn.WriteMessage(websocket.TextMessage, p) // want `concurrent writes to one connection \(hub.clients\[…\]\)`
	}
}

func serveHub(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	theHub.mu.Lock()
	theHub.clients[conn] = true
	theHub.mu.Unlock()
	for {
		_, p, err := conn.ReadMessage()
		if err != nil {
			return
		}
		theHub.broadcast(p)
	}
}

// A registry of structs, with a ticker that writes to all of them.
type member struct{ conn *websocket.Conn }

type room struct{ members map[string]*member }

func (r *room) tick() {
	for range time.Tick(time.Second) {
		for _, m := range r.members {
			m.conn.WriteMessage(websocket.PingMessage, nil) // want `concurrent writes to one connection \(member.conn\)`
		}
	}
}

func (rm *room) ServeHTTP(w http.ResponseWriter, r *http.Request) { // want ServeHTTP:"reads ReadJSON, writes WriteJSON"
	m := &member{conn: accept(w, r)}
	rm.members[r.RemoteAddr] = m
	for {
		var v any
		if m.conn.ReadJSON(&v) != nil {
			return
		}
		m.conn.WriteJSON(v)
	}
}

func startRoom() {
	r := &room{members: make(map[string]*member)}
	go r.tick()
	http.Handle("/room", r)
}

// A sync.Map for a registry.
var conns sync.Map

func serveSyncMap(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	conns.Store(r.RemoteAddr, conn)
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			return
		}
		conns.Range(func(_, v any) bool {
			v.(*websocket.Conn).WriteMessage(websocket.TextMessage, nil) // want `concurrent writes`
			return true
		})
	}
}

// A callback runs on the goroutine that reads.
func callback(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	conn.SetPingHandler(func(data string) error {
		return conn.WriteMessage(websocket.PongMessage, []byte(data)) // want `concurrent writes`
	})
	go func() {
		for {
			if _, _, err := conn.NextReader(); err != nil {
				return
			}
		}
	}()
	for range time.Tick(time.Second) {
		conn.WriteMessage(websocket.TextMessage, nil)
	}
}

// Functions that start goroutines.
func group(w http.ResponseWriter, r *http.Request) error {
	conn := accept(w, r)
	var g errgroup.Group
	g.Go(func() error { return conn.WriteJSON(1) })
	g.Go(func() error { return conn.WriteJSON(2) }) // want `concurrent writes`
	return g.Wait()
}

func timer(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	time.AfterFunc(time.Second, func() {
		conn.WriteMessage(websocket.CloseMessage, nil) // want `concurrent writes`
	})
	echo(conn)
}

func safely(f func()) {
	go func() {
		defer func() { recover() }()
		f()
	}()
}

func wrapper(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	safely(func() {
		conn.WriteMessage(websocket.TextMessage, nil) // want `concurrent writes`
	})
	conn.WriteMessage(websocket.TextMessage, nil)
}

// An embedded connection, and methods that belong to it.
type embedded struct{ *websocket.Conn }

func (e embedded) run() {
	go e.WriteJSON(1) // want `concurrent writes`
	e.WriteJSON(2)
}

// Two readers.
func readers(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	go func() {
		conn.ReadMessage() // want `concurrent reads from one connection \(conn\)`
	}()
	conn.ReadMessage()
}

// What fails may have started something.
func startThenFail(conn *websocket.Conn, ok bool) error {
	go conn.WriteMessage(websocket.TextMessage, nil) // want `concurrent writes`
	if !ok {
		return io.EOF
	}
	return nil
}

func failedLate(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	if err := startThenFail(conn, r.Host != ""); err != nil {
		conn.WriteMessage(websocket.TextMessage, []byte(err.Error()))
	}
}

// What has succeeded goes on.
func startsFine(conn *websocket.Conn) error {
	go conn.WriteMessage(websocket.TextMessage, nil) // want `WriteMessage at bad.go:\d+ by the goroutine that runs wentOn`
	return nil
}

func wentOn(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	if err := startsFine(conn); err != nil {
		return
	}
	conn.WriteMessage(websocket.TextMessage, nil)
}

// The join comes too late.
func joinedLate(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn.WriteMessage(websocket.TextMessage, nil) // want `concurrent writes`
	}()
	conn.WriteMessage(websocket.TextMessage, nil)
	<-done
}

// A helper that gives the lock back.
type helper struct {
	mu   sync.Mutex
	conn *websocket.Conn
}

func (h *helper) lock()   { h.mu.Lock() }
func (h *helper) unlock() { h.mu.Unlock() }

func (h *helper) run() {
	go func() {
		h.lock()
		h.unlock()
		h.conn.WriteMessage(websocket.TextMessage, nil) // want `concurrent writes`
	}()
	h.lock()
	defer h.unlock()
	h.conn.WriteMessage(websocket.TextMessage, nil)
}

// A lock on one way only is not held.
type branch struct {
	mu   sync.Mutex
	conn *websocket.Conn
}

func (b *branch) run(careful bool) {
	go func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.conn.WriteMessage(websocket.TextMessage, nil)
	}()
	if careful {
		b.mu.Lock()
		defer b.mu.Unlock()
	}
	b.conn.WriteMessage(websocket.TextMessage, nil) // want `concurrent writes`
}

// A goroutine for each element, again and again.
func fanOut(list []*websocket.Conn, messages chan []byte) {
	for p := range messages {
		for _, conn := range list {
			go conn.WriteMessage(websocket.TextMessage, p) // want `of which there can be several at once`
		}
	}
}

// A mutex for each connection that can be replaced meanwhile.
type keyed struct {
	conns map[*websocket.Conn]*sync.Mutex
}

func (k *keyed) serve(w http.ResponseWriter, r *http.Request) {
	conn := accept(w, r)
	own := k.conns[conn]
	own = new(sync.Mutex)
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			return
		}
		k.conns[conn] = nil
		go func() {
			own.Lock()
			defer own.Unlock()
			conn.WriteMessage(websocket.TextMessage, nil) // want `concurrent writes`
		}()
		own = new(sync.Mutex)
	}
}

func (k *keyed) broadcast(w http.ResponseWriter, r *http.Request) {
	for conn, mu := range k.conns {
		mu.Lock()
		conn.WriteMessage(websocket.TextMessage, nil)
		mu.Unlock()
	}
}

func main() {
	http.HandleFunc("/literal", literal)
	http.HandleFunc("/arguments", arguments)
	http.HandleFunc("/notify", notify)
	http.HandleFunc("/replace", replace)
	http.HandleFunc("/hub", serveHub)
	startRoom()
	http.HandleFunc("/map", serveSyncMap)
	var v client
	http.HandleFunc("/client", serveClient)
	http.HandleFunc("/half", serveHalf)
	_ = v
}
