// Package good holds loops that end after a failed read, or may.
package good

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"os"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func leaves(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage()
		if err != nil {
			if websocket.IsUnexpectedCloseError(err, websocket.CloseGoingAway) {
				log.Println(err)
			}
			return
		}
		handle(p)
	}
}

func fails(tb testing.TB, conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage()
		if err != nil {
			tb.Fatal(err)
		}
		handle(p)
	}
}

func breaks(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage()
		if err != nil {
			break
		}
		handle(p)
	}
	conn.Close()
}

func labelled(conn *websocket.Conn, done chan bool) {
loop:
	for {
		select {
		case <-done:
			return
		default:
			_, p, err := conn.ReadMessage()
			if err != nil {
				break loop
			}
			handle(p)
		}
	}
}

func condition(conn *websocket.Conn) error {
	var err error
	for err == nil {
		var p []byte
		if _, p, err = conn.ReadMessage(); err != nil {
			log.Println(err)
			continue
		}
		handle(p)
	}
	return err
}

func flag(conn *websocket.Conn) {
	open := true
	for open {
		_, p, err := conn.ReadMessage()
		if err != nil {
			open = false
			continue
		}
		handle(p)
	}
}

func panics(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage()
		if err != nil {
			panic(err)
		}
		handle(p)
	}
}

func exits(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage()
		if err != nil {
			log.Fatal(err)
		}
		handle(p)
	}
}

func die(err error) {
	log.Println(err)
	os.Exit(1)
}

func exitsInHelper(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage()
		if err != nil {
			die(err)
		}
		handle(p)
	}
}

// The message did not decode; the connection is as before.
func badMessage(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage()
		if err != nil {
			return
		}
		var v any
		if err := json.Unmarshal(p, &v); err != nil {
			log.Println(err)
			continue
		}
	}
}

func badReader(conn *websocket.Conn) {
	for {
		_, r, err := conn.NextReader()
		if err != nil {
			return
		}
		if _, err := io.ReadAll(r); err != nil {
			continue
		}
	}
}

func decodeErrors(conn *websocket.Conn) {
	for {
		var v any
		if err := conn.ReadJSON(&v); err != nil {
			if _, ok := err.(*json.SyntaxError); ok {
				continue
			}
			var typ *json.UnmarshalTypeError
			if errors.As(err, &typ) {
				continue
			}
			return
		}
	}
}

func decodeErrorsOfType(conn *websocket.Conn) error {
	for {
		var v any
		if err := conn.ReadJSON(&v); err != nil {
			_, syntax := errors.AsType[*json.SyntaxError](err)
			_, typ := errors.AsType[*json.UnmarshalTypeError](err)
			if syntax || typ {
				continue
			}
			return err
		}
	}
}

// Every kind of error ends it, one after the other.
func cascade(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage()
		if err != nil {
			if _, ok := err.(*websocket.CloseError); ok {
				return
			}
			if err == io.EOF {
				return
			}
			break
		}
		handle(p)
	}
}

// A new connection after each error.
func redial() {
	conn, _, err := websocket.DefaultDialer.Dial("ws://example.com", nil)
	if err != nil {
		return
	}
	for {
		_, p, err := conn.ReadMessage()
		if err != nil {
			if conn, _, err = websocket.DefaultDialer.Dial("ws://example.com", nil); err != nil {
				return
			}
			continue
		}
		handle(p)
	}
}

func outer() {
	for {
		conn, _, err := websocket.DefaultDialer.Dial("ws://example.com", nil)
		if err != nil {
			continue
		}
		for {
			_, p, err := conn.ReadMessage()
			if err != nil {
				break
			}
			handle(p)
		}
	}
}

type client struct {
	conn   *websocket.Conn
	closed bool
	done   chan struct{}
}

func (c *client) connect() error {
	conn, _, err := websocket.DefaultDialer.Dial("ws://example.com", nil)
	c.conn = conn
	return err
}

func (c *client) reconnects() {
	for {
		_, p, err := c.conn.ReadMessage()
		if err != nil {
			log.Println(err)
			c.connect()
			continue
		}
		handle(p)
	}
}

func (c *client) recovers(err error) bool {
	log.Println(err)
	return c.connect() == nil
}

func (c *client) reconnectsInTest() {
	for {
		_, p, err := c.conn.ReadMessage()
		if err != nil {
			if !c.recovers(err) {
				return
			}
			continue
		}
		handle(p)
	}
}

// A predicate that lets nothing through.
func over(err error) bool {
	var ce *websocket.CloseError
	if errors.As(err, &ce) {
		return true
	}
	return err != nil
}

func predicate(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage()
		if over(err) {
			return
		}
		handle(p)
	}
}

// Another connection on each turn.
func all(conns []*websocket.Conn) {
	for _, conn := range conns {
		_, p, err := conn.ReadMessage()
		if err != nil {
			continue
		}
		handle(p)
	}
}

func queue(conns chan *websocket.Conn) {
	for conn := range conns {
		_, p, err := conn.ReadMessage()
		if err != nil {
			log.Println(err)
			continue
		}
		handle(p)
	}
}

// A few attempts, and an hour of them.
func attempts(conn *websocket.Conn) {
	for i := 0; i < 3; i++ {
		if _, _, err := conn.ReadMessage(); err != nil {
			continue
		}
	}
}

func failures(conn *websocket.Conn) {
	n := 0
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			if n++; n > 5 {
				return
			}
			continue
		}
		n = 0
	}
}

func while(conn *websocket.Conn) {
	start := time.Now()
	for {
		if time.Since(start) > time.Hour {
			return
		}
		if _, _, err := conn.ReadMessage(); err != nil {
			continue
		}
	}
}

// Helpers that say how it went, and callers that listen.
func (c *client) next() ([]byte, error) {
	_, p, err := c.conn.ReadMessage()
	return p, err
}

func useNext(c *client) {
	for {
		p, err := c.next()
		if err != nil {
			return
		}
		handle(p)
	}
}

func tryRead(conn *websocket.Conn) bool {
	_, p, err := conn.ReadMessage()
	if err != nil {
		log.Println(err)
		return false
	}
	handle(p)
	return true
}

func useTryRead(conn *websocket.Conn) {
	for tryRead(conn) {
	}
}

// The helper reconnects before it returns.
func (c *client) steady() []byte {
	for {
		_, p, err := c.conn.ReadMessage()
		if err == nil {
			return p
		}
		c.connect()
	}
}

func useSteady(c *client) {
	for {
		handle(c.steady())
	}
}

// One read, outside any loop.
func once(conn *websocket.Conn) {
	_, p, _ := conn.ReadMessage()
	handle(p)
	for range 3 {
		conn.WriteMessage(websocket.TextMessage, p)
	}
}

// Not a failure of the connection's.
func plainConn(conn net.Conn) {
	for {
		if _, err := conn.Read(nil); err != nil {
			continue
		}
	}
}

// The timeout ends it, whatever else does not.
func timeouts(conn *websocket.Conn) {
	for {
		conn.SetReadDeadline(time.Now().Add(time.Second))
		_, p, err := conn.ReadMessage()
		if err != nil {
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				log.Println("too slow")
			}
			return
		}
		handle(p)
	}
}

func goodbye(conn *websocket.Conn, p []byte) {
	for err := error(nil); err == nil; _, p, err = conn.ReadMessage() {
		handle(p)
	}
}

func handle([]byte) {}

// A method that makes the connection anew.
type agent struct {
	url  string
	conn *websocket.Conn
}

func (a *agent) connect() (err error) {
	a.conn, _, err = websocket.DefaultDialer.Dial(a.url, nil)
	return err
}

func (a *agent) run() {
	for {
		a.conn.SetReadDeadline(time.Now().Add(time.Second))
		_, _, err := a.conn.ReadMessage()
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			a.connect()
			continue
		}
		if err != nil {
			return
		}
	}
}

// There is no kind of a message that could not be read.
func kinds(conn *websocket.Conn) {
	for {
		kind, _, err := conn.ReadMessage()
		if err != nil {
			if kind == -1 && websocket.IsCloseError(err, websocket.CloseGoingAway) {
				log.Print("gone")
				return
			} else if kind != websocket.PingMessage {
				return
			}
		}
	}
}

func none(conn *websocket.Conn) {
	for {
		kind, _, _ := conn.ReadMessage()
		if kind < 0 {
			return
		}
	}
}
