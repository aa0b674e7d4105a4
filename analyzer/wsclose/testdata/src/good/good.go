// Package good closes what it opens, or gives it away.
package good

import (
	"context"
	"elsewhere"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"

	coder "github.com/coder/websocket"
	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"github.com/gorilla/websocket"
	nhooyr "nhooyr.io/websocket"
)

var upgrader websocket.Upgrader

func deferred(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			return
		}
	}
}

func everyPath(url string, v any) error {
	conn, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		return err
	}
	p, err := json.Marshal(v)
	if err != nil {
		conn.Close()
		return err
	}
	conn.WriteMessage(websocket.TextMessage, p)
	return conn.Close()
}

func literal(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer func() {
		if err := conn.Close(); err != nil {
			log.Println(err)
		}
	}()
	hello(conn)
}

func hello(conn *websocket.Conn) { conn.WriteMessage(websocket.TextMessage, nil) }

// Given away.
func returned(url string) (*websocket.Conn, error) {
	conn, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		return nil, err
	}
	hello(conn)
	return conn, nil
}

type hub struct {
	conns map[*websocket.Conn]bool
	one   *websocket.Conn
	out   chan *websocket.Conn
	mu    sync.Mutex
}

func (h *hub) register(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	h.conns[conn] = true
}

func (h *hub) field(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	h.one = conn
}

func (h *hub) channel(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	h.out <- conn
}

// What is below it goes on living.
func below(w http.ResponseWriter, r *http.Request, out chan net.Conn) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	out <- conn.NetConn()
}

func goroutine(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	go hello(conn)
}

func closing(conn *websocket.Conn) {
	hello(conn)
	conn.Close()
}

func helper(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	closing(conn)
}

func otherPackage(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	elsewhere.Serve(conn)
}

func gobwas(w http.ResponseWriter, r *http.Request) {
	conn, _, _, err := ws.UpgradeHTTP(r, w)
	if err != nil {
		return
	}
	defer conn.Close()
	wsutil.WriteServerText(conn, nil)
}

func gobwasGoroutine(w http.ResponseWriter, r *http.Request) {
	conn, _, _, err := ws.UpgradeHTTP(r, w)
	if err != nil {
		return
	}
	go func() {
		defer conn.Close()
		wsutil.WriteServerText(conn, nil)
	}()
}

// The connection is closed by the error that ends the loop.
func coderLoop(w http.ResponseWriter, r *http.Request) {
	conn, err := coder.Accept(w, r, nil)
	if err != nil {
		return
	}
	for {
		if _, _, err := conn.Read(r.Context()); err != nil {
			return
		}
	}
}

func coderNow(w http.ResponseWriter, r *http.Request) {
	conn, err := coder.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer conn.CloseNow()
	conn.Write(r.Context(), coder.MessageText, nil)
}

// The context closes it.
func closeRead(w http.ResponseWriter, r *http.Request) {
	conn, err := coder.Accept(w, r, nil)
	if err != nil {
		return
	}
	<-conn.CloseRead(r.Context()).Done()
}

func netConn(ctx context.Context, url string) (net.Conn, error) {
	conn, _, err := nhooyr.Dial(ctx, url, nil)
	if err != nil {
		return nil, err
	}
	return nhooyr.NetConn(ctx, conn, nhooyr.MessageBinary), nil
}

// The process ends before the deferred call would run.
func fatal(url string) {
	conn, _, err := websocket.DefaultDialer.Dial(url, nil)
	defer conn.Close()
	if err != nil {
		log.Fatal(err)
	}
	hello(conn)
}

func exit(url string) {
	conn, _, err := websocket.DefaultDialer.Dial(url, nil)
	defer conn.Close()
	if err != nil {
		log.Println(err)
		os.Exit(1)
	}
	hello(conn)
}

// A helper looks at the error.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func checkedElsewhere(url string) {
	conn, _, err := websocket.DefaultDialer.Dial(url, nil)
	must(err)
	defer conn.Close()
	hello(conn)
}

func checkedInDefer(url string) (err error) {
	conn, _, err := websocket.DefaultDialer.Dial(url, nil)
	must(err)
	defer func() { err = conn.Close() }()
	hello(conn)
	return nil
}

func ifNotNil(url string) {
	conn, _, err := websocket.DefaultDialer.Dial(url, nil)
	if conn != nil {
		defer conn.Close()
	}
	if err == nil {
		hello(conn)
	}
}

func retry(url string) *websocket.Conn {
	for {
		conn, _, err := websocket.DefaultDialer.Dial(url, nil)
		if err == nil {
			return conn
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
	}
}

// Writers.
func writer(conn *websocket.Conn, p []byte) error {
	w, err := conn.NextWriter(websocket.TextMessage)
	if err != nil {
		return err
	}
	if _, err := w.Write(p); err != nil {
		return err
	}
	return w.Close()
}

func writerDeferred(ctx context.Context, conn *nhooyr.Conn, v any) error {
	w, err := conn.Writer(ctx, nhooyr.MessageText)
	if err != nil {
		return err
	}
	defer w.Close()
	return json.NewEncoder(w).Encode(v)
}

func writerReturned(conn *websocket.Conn) (io.WriteCloser, error) {
	return conn.NextWriter(websocket.TextMessage)
}

func writerGiven(conn *websocket.Conn) error {
	w, err := conn.NextWriter(websocket.TextMessage)
	if err != nil {
		return err
	}
	return finish(w)
}

func finish(w io.WriteCloser) error { return w.Close() }

// Close comes last, or on another path, or for another connection.
func closeLast(conn *websocket.Conn) {
	conn.WriteMessage(websocket.CloseMessage, nil)
	conn.Close()
}

func closeOnError(conn *websocket.Conn) error {
	if err := conn.WriteMessage(websocket.TextMessage, nil); err != nil {
		conn.Close()
		return err
	}
	return conn.WriteMessage(websocket.TextMessage, nil)
}

func (h *hub) replace(conn *websocket.Conn) {
	h.one.Close()
	h.one = conn
	h.one.WriteMessage(websocket.TextMessage, nil)
}

func (h *hub) set(conn *websocket.Conn) { h.one = conn }

func (h *hub) replaceBySetter(conn *websocket.Conn) {
	h.one.Close()
	h.set(conn)
	h.one.WriteMessage(websocket.TextMessage, nil)
}

func two(a, b *websocket.Conn) {
	a.Close()
	b.WriteMessage(websocket.CloseMessage, nil)
}

func closeTwice(conn *coder.Conn) {
	conn.Close(coder.StatusNormalClosure, "")
	conn.CloseNow()
}

// Locks.
func (h *hub) send(p []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.one.WriteMessage(websocket.TextMessage, p)
}

// The lock is the caller's, which gets it back.
func (h *hub) unlocked(p []byte) {
	h.mu.Unlock()
	defer h.mu.Lock()
	h.one.WriteMessage(websocket.TextMessage, p)
}

func (h *hub) pump(out chan []byte) {
	for p := range out {
		h.mu.Lock()
		err := h.one.WriteMessage(websocket.TextMessage, p)
		h.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (h *hub) pumpLiteral(out chan []byte) {
	for p := range out {
		func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.one.WriteMessage(websocket.TextMessage, p)
		}()
	}
}

func (h *hub) once(out chan []byte) {
	for p := range out {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.one.WriteMessage(websocket.TextMessage, p)
		return
	}
}
