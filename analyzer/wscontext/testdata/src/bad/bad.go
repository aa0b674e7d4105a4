// Package bad holds contexts that certainly end too early.
package bad

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
	nhooyr "nhooyr.io/websocket"
	"nhooyr.io/websocket/wsjson"
)

// The handler is gone when the goroutine reads.
func handler(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	go serve(r.Context(), conn) // want `the context of this goroutine ends when the function that starts it returns: it is the request's, and the call at bad.go:\d+ goes on using it`
}

func serve(ctx context.Context, conn *websocket.Conn) {
	defer conn.CloseNow()
	for {
		if _, _, err := conn.Read(ctx); err != nil {
			return
		}
	}
}

func literal(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ctx := r.Context()
	go func() { // want `the context of this goroutine ends .* it is the request's`
		conn.Write(ctx, websocket.MessageText, nil)
	}()
	log.Println("started")
}

func inside(w http.ResponseWriter, r *http.Request) {
	conn, err := nhooyr.Accept(w, r, nil)
	if err != nil {
		return
	}
	go func() {
		conn.Write(r.Context(), nhooyr.MessageText, nil) // want `the request's context ends when the handler returns, and the goroutine started at bad.go:\d+ goes on using it`
	}()
}

// A child of the request's context.
func child(w http.ResponseWriter, r *http.Request) {
	conn, err := nhooyr.Accept(w, r, nil)
	if err != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.WithValue(r.Context(), key{}, 1))
	go func() { // want `the context of this goroutine ends .* it is the request's`
		defer cancel()
		var v any
		wsjson.Read(ctx, conn, &v)
	}()
}

type key struct{}

// With the call as the goroutine.
func direct(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	go conn.Write(r.Context(), websocket.MessageText, nil) // want `the context of this goroutine ends .* it is the request's$`
}

// gorilla takes no context; the goroutine ends with it all the same.
func pumps(w http.ResponseWriter, r *http.Request) {
	var upgrader gorilla.Upgrader
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	go pump(r.Context(), conn) // want `the context of this goroutine ends .* it is the request's`
}

func pump(ctx context.Context, conn *gorilla.Conn) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
			conn.WriteMessage(gorilla.PingMessage, nil)
		}
	}
}

type client struct {
	conn *websocket.Conn
	log  *log.Logger
}

// The handshake's context serves the heartbeat too.
func (c *client) connect(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c.log.Printf("connecting to %s", url)
	conn, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		return err
	}
	c.conn = conn
	go c.heartbeat(ctx) // want `the context of this goroutine ends .* its cancel function, made at bad.go:\d+, is deferred, and the call at bad.go:\d+ goes on using it`
	return nil
}

func (c *client) heartbeat(ctx context.Context) {
	for tick := time.Tick(time.Minute); ; {
		select {
		case <-tick:
		case <-ctx.Done():
			return
		}
		c.conn.Ping(context.Background())
	}
}

func deferLiteral(url string) (*nhooyr.Conn, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer func() { cancel() }()
	conn, _, err := nhooyr.Dial(ctx, url, nil)
	if err != nil {
		return nil, err
	}
	go func() { // want `the context of this goroutine ends .* its cancel function, made at bad.go:\d+, is deferred`
		for {
			if _, _, err := conn.Read(ctx); err != nil {
				return
			}
		}
	}()
	return conn, nil
}

// What binds the connection to a context.
func netConn(url string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, _, err := nhooyr.Dial(ctx, url, nil)
	if err != nil {
		return nil, err
	}
	return nhooyr.NetConn(ctx, conn, nhooyr.MessageBinary), nil // want `the connection that the function returns is closed at once: nhooyr closes it when the context of NetConn ends, whose cancel function, made at bad.go:\d+, is deferred`
}

func closeRead(url string) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		return nil, err
	}
	conn.CloseRead(ctx) // want `the connection that the function returns is closed at once: coder closes it when the context of CloseRead ends`
	return conn, nil
}

// The time runs out, and with it the connection.
func perMessage(conn *websocket.Conn) {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_, p, err := conn.Read(ctx) // want `the loop goes on when the context made at bad.go:\d+ ends, but coder closes the connection when the context of Read ends: every later call fails`
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			continue
		}
		if err != nil {
			return
		}
		log.Println(p)
	}
}

func ctxErr(parent context.Context, conn *nhooyr.Conn) error {
	for {
		ctx, cancel := context.WithDeadline(parent, time.Now().Add(time.Second))
		_, p, err := conn.Read(ctx) // want `the loop goes on when the context made`
		if err != nil {
			if ctx.Err() != nil && parent.Err() == nil {
				cancel()
				continue
			}
			cancel()
			return err
		}
		cancel()
		log.Println(p)
	}
}

func netTimeout(parent context.Context, conn *nhooyr.Conn) error {
	for {
		ctx, cancel := context.WithTimeout(parent, time.Second)
		var v any
		err := wsjson.Read(ctx, conn, &v) // want `the loop goes on when the context made`
		cancel()
		var ne net.Error
		if errors.As(err, &ne) && ne.Timeout() {
			continue
		} else if err != nil {
			return err
		}
	}
}

func writes(parent context.Context, conn *websocket.Conn, out chan []byte) error {
	for p := range out {
		ctx, cancel := context.WithTimeout(parent, time.Second)
		err := conn.Write(ctx, websocket.MessageText, p) // want `the loop goes on when the context made`
		cancel()
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
			log.Println("slow")
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// The limit is in a function of its own.
func (c *client) next() ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, p, err := c.conn.Read(ctx)
	return p, err
}

func (c *client) all() {
	for {
		p, err := c.next() // want `the loop goes on when the context made at bad.go:\d+ ends, but coder closes the connection when the context of Read ends`
		if errors.Is(err, context.DeadlineExceeded) {
			continue
		}
		if err != nil {
			return
		}
		log.Println(p)
	}
}
