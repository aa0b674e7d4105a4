// Package bad holds loops that certainly go on after a failed read.
package bad

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

func logAndContinue(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage() // want `the loop goes on when ReadMessage fails; with gorilla every later read then fails at once, so the loop spins: leave it on every error`
		if err != nil {
			log.Println("read:", err)
			continue
		}
		handle(p)
	}
}

// The message is handled in the branch without an error; the loop turns anyway.
func fallThrough(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage() // want `the loop goes on when ReadMessage fails`
		if err == nil {
			handle(p)
		}
	}
}

func logOnly(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage() // want `the loop goes on when ReadMessage fails`
		if err != nil {
			log.Println(err)
		}
		handle(p)
	}
}

func pause(conn *websocket.Conn) {
	for {
		var v any
		if err := conn.ReadJSON(&v); err != nil { // want `the loop goes on when ReadJSON fails`
			time.Sleep(time.Second)
			continue
		}
	}
}

// A context that ends elsewhere is no end of a failed connection.
func untilDone(ctx context.Context, conn *websocket.Conn) {
	for {
		select {
		case <-ctx.Done():
			return
		default:
		}
		_, r, err := conn.NextReader() // want `the loop goes on when NextReader fails`
		if err != nil {
			log.Println(err)
			continue
		}
		io.Copy(io.Discard, r)
	}
}

func whileRunning(conn *websocket.Conn, running *atomic.Bool) {
	for running.Load() {
		if _, _, err := conn.ReadMessage(); err != nil { // want `the loop goes on when ReadMessage fails`
			log.Println(err)
		}
	}
}

// closeTests: false for every error that is no close error.
func unexpected(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage() // want `the loop goes on when ReadMessage fails with a reset connection`
		if err != nil {
			if websocket.IsUnexpectedCloseError(err, websocket.CloseGoingAway) {
				return
			}
			continue
		}
		handle(p)
	}
}

func expected(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage() // want `the loop goes on when ReadMessage fails with a reset connection`
		if websocket.IsCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway) {
			break
		} else if err != nil {
			log.Println(err)
			continue
		}
		handle(p)
	}
}

// The codes decide: what is left is the normal end.
func normalEnd(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage() // want `the loop goes on when ReadMessage fails with a close frame with code 1000`
		if err != nil {
			if !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
				return
			}
			continue
		}
		handle(p)
	}
}

func codes(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage() // want `the loop goes on when ReadMessage fails with a close frame with code 1001`
		if e, ok := err.(*websocket.CloseError); ok {
			switch e.Code {
			case websocket.CloseNormalClosure, websocket.CloseAbnormalClosure:
				return
			}
			continue
		}
		if err != nil {
			return
		}
		handle(p)
	}
}

// io.EOF is nothing that this library returns.
func eof(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage() // want `the loop goes on when ReadMessage fails; with gorilla`
		if err == io.EOF {
			return
		}
		if err != nil {
			log.Println(err)
			continue
		}
		handle(p)
	}
}

func closedHere(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage() // want `the loop goes on when ReadMessage fails with a reset connection`
		if errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) {
			return
		}
		handle(p)
	}
}

func text(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage() // want `the loop goes on when ReadMessage fails with a reset connection`
		if err != nil {
			if strings.Contains(err.Error(), "use of closed network connection") || strings.HasPrefix(err.Error(), "websocket: close") {
				return
			}
			continue
		}
		handle(p)
	}
}

func asClose(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage() // want `the loop goes on when ReadMessage fails with a reset connection`
		var ce *websocket.CloseError
		if errors.As(err, &ce) {
			return
		}
		if err != nil {
			continue
		}
		handle(p)
	}
}

func netErrors(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage() // want `the loop goes on when ReadMessage fails with a frame that breaks the protocol`
		if err != nil {
			if _, ok := err.(net.Error); ok {
				return
			}
			continue
		}
		handle(p)
	}
}

// Only the deadline makes the loop turn.
func timeouts(conn *websocket.Conn) {
	for {
		conn.SetReadDeadline(time.Now().Add(time.Second))
		_, p, err := conn.ReadMessage() // want `the loop goes on when ReadMessage times out`
		if err != nil {
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				continue
			}
			return
		}
		handle(p)
	}
}

func timeoutsAs(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage() // want `the loop goes on when ReadMessage times out`
		if err != nil {
			var ne net.Error
			if !errors.As(err, &ne) || !ne.Timeout() {
				return
			}
			continue
		}
		handle(p)
	}
}

func dropped(conn *websocket.Conn) {
	for {
		_, p, _ := conn.ReadMessage() // want `the loop does not look at the error of ReadMessage`
		handle(p)
	}
}

func discarded(conn *websocket.Conn, v any) {
	for {
		conn.ReadJSON(v) // want `the loop does not look at the error of ReadJSON`
	}
}

// A predicate of the package that says yes to close errors alone.
type client struct {
	conn *websocket.Conn
	done chan struct{}
	last error
}

func (c *client) fatal(err error) bool {
	if errors.Is(err, net.ErrClosed) {
		c.last = err
		return true
	}
	if websocket.IsUnexpectedCloseError(err) {
		c.last = io.ErrClosedPipe
		return true
	}
	log.Println(err)
	return false
}

func (c *client) predicate() {
	for {
		select {
		case <-c.done:
			return
		default:
			_, p, err := c.conn.ReadMessage() // want `the loop goes on when ReadMessage fails with a reset connection`
			if err != nil {
				if c.fatal(err) {
					close(c.done)
					return
				}
				continue
			}
			handle(p)
		}
	}
}

// Helpers that read, and loops around them.
func (c *client) next() ([]byte, error) {
	_, p, err := c.conn.ReadMessage()
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	return p, nil
}

func (c *client) useNext() {
	for {
		p, err := c.next() // want `the loop goes on when next \(which calls ReadMessage at bad.go:\d+\) fails; with gorilla`
		if err != nil {
			log.Println(err)
			continue
		}
		handle(p)
	}
}

func readOne(conn *websocket.Conn) {
	_, p, err := conn.ReadMessage()
	if err != nil {
		log.Println(err)
		return
	}
	handle(p)
}

func useReadOne(conn *websocket.Conn) {
	for {
		readOne(conn) // want `the loop goes on when readOne \(which calls ReadMessage at bad.go:\d+\) fails`
	}
}

func tryRead(conn *websocket.Conn) ([]byte, bool) {
	_, p, err := conn.ReadMessage()
	return p, err == nil
}

func useTryRead(conn *websocket.Conn) {
	for {
		if p, ok := tryRead(conn); ok { // want `the loop goes on when tryRead \(which calls ReadMessage at bad.go:\d+\) fails`
			handle(p)
		}
	}
}

func twice(c *client) ([]byte, error) { return c.next() }

func useTwice(c *client) {
	for {
		if p, err := twice(c); err == nil { // want `the loop goes on when twice \(which calls ReadMessage at bad.go:\d+\) fails`
			handle(p)
		}
	}
}

// A goroutine's literal, with the connection captured.
func captured() {
	conn, _, err := websocket.DefaultDialer.Dial("ws://example.com", nil)
	if err != nil {
		return
	}
	go func() {
		for {
			_, p, err := conn.ReadMessage() // want `the loop goes on when ReadMessage fails`
			if err != nil {
				continue
			}
			handle(p)
		}
	}()
}

// A getter is the field that it returns.
func (c *client) get() *websocket.Conn { return c.conn }

func getter(c *client) {
	for {
		if _, _, err := c.get().ReadMessage(); err != nil { // want `the loop goes on when ReadMessage fails`
			continue
		}
	}
}

// The error goes to a variable of the function, and a stale one is compared.
func prev(conn *websocket.Conn) {
	var before error
	for {
		_, p, err := conn.ReadMessage() // want `the loop goes on when ReadMessage fails`
		if err != nil {
			if err == before {
				return
			}
			continue
		}
		handle(p)
	}
}

// break leaves the select, not the loop.
func breakSelect(conn *websocket.Conn, done chan bool) {
	for {
		select {
		case <-done:
			return
		default:
			_, p, err := conn.ReadMessage() // want `the loop goes on when ReadMessage fails`
			if err != nil {
				break
			}
			handle(p)
		}
	}
}

func closesAndGoesOn(conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage() // want `the loop goes on when ReadMessage fails`
		if err != nil {
			conn.Close()
			continue
		}
		handle(p)
	}
}

// A context that is not over does not end it.
func asksContext(ctx context.Context, conn *websocket.Conn) {
	for {
		_, p, err := conn.ReadMessage() // want `the loop goes on when ReadMessage fails`
		if err != nil {
			select {
			case <-ctx.Done():
				return
			default:
				continue
			}
		}
		handle(p)
	}
}

func handle([]byte) {}

func againIs(conn *websocket.Conn, stop chan bool) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		conn.SetReadDeadline(time.Now().Add(time.Second))
		var v any
		err := conn.ReadJSON(&v) // want `goes on when ReadJSON times out`
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		if err != nil {
			return
		}
	}
}

// The kind of a message that could not be read is none of those.
func kindOf(conn *websocket.Conn) {
	for {
		kind, _, _ := conn.ReadMessage() // want `the loop does not look at the error`
		if kind == websocket.CloseMessage {
			return
		}
	}
}
