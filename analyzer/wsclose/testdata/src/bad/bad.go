// Package bad holds connections, writers and locks that are not given back.
package bad

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"sync"

	coder "github.com/coder/websocket"
	fasthttp "github.com/fasthttp/websocket"
	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"github.com/gorilla/websocket"
	nhooyr "nhooyr.io/websocket"
)

var upgrader websocket.Upgrader

// Never closed.
func never(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil) // want `the connection of Upgrade is not closed before the function returns( at bad.go:\d+)?, and goes nowhere else`
	if err != nil {
		return
	}
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			return
		}
	}
}

// Closed at the end, but not where something else goes wrong.
func onePath(url string, v any) error {
	conn, _, err := websocket.DefaultDialer.Dial(url, nil) // want `the connection of Dial is not closed before the function returns at bad.go:43`
	if err != nil {
		return err
	}
	p, err := json.Marshal(v)
	if err != nil {
		return err
	}
	conn.WriteMessage(websocket.TextMessage, p)
	return conn.Close()
}

func deferredLate(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil) // want `the connection of Upgrade is not closed before the function returns at bad.go:\d+`
	if err != nil {
		return
	}
	if r.FormValue("token") == "" {
		return
	}
	defer conn.Close()
	conn.WriteMessage(websocket.TextMessage, nil)
}

// A helper that only writes.
func hello(conn *websocket.Conn) error { return conn.WriteMessage(websocket.TextMessage, nil) }

func lent(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil) // want `the connection of Upgrade is not closed before the function returns`
	if err != nil {
		return
	}
	hello(conn)
}

// A literal that writes.
func captured(w http.ResponseWriter, r *http.Request) {
	conn, _, _, err := ws.UpgradeHTTP(r, w) // want `the connection of UpgradeHTTP is not closed before the function returns`
	if err != nil {
		return
	}
	send := func(p []byte) error { return wsutil.WriteServerText(conn, p) }
	if err := send(nil); err != nil {
		return
	}
	for range 3 {
		if err = send([]byte{1}); err != nil {
			break
		}
	}
}

func gobwasDial(url string) error {
	conn, _, _, err := ws.Dial(context.Background(), url) // want `the connection of Dial is not closed before the function returns`
	if err != nil {
		return err
	}
	return wsutil.WriteClientText(conn, nil)
}

// No call on it has failed.
func coderLeft(ctx context.Context, url string) error {
	conn, _, err := coder.Dial(ctx, url, nil) // want `the connection of Dial is not closed before the function returns`
	if err != nil {
		return err
	}
	return conn.Write(ctx, coder.MessageText, nil)
}

func fasthttpLeft(url string) error {
	conn, _, err := fasthttp.DefaultDialer.Dial(url, nil) // want `the connection of Dial is not closed before the function returns`
	if err != nil {
		return err
	}
	return conn.WriteMessage(fasthttp.TextMessage, nil)
}

// Close before the error.
func tooEarly(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	defer conn.Close() // want `the connection is used before the error of Upgrade at bad.go:\d+ is looked at: it is nil when that failed`
	if err != nil {
		log.Println(err)
		return
	}
	conn.WriteMessage(websocket.TextMessage, nil)
}

func dropped(w http.ResponseWriter, r *http.Request) {
	conn, _ := upgrader.Upgrade(w, r, nil)
	conn.SetReadLimit(512) // want `the connection is used before the error of Upgrade at bad.go:\d+ is looked at`
	conn.Close()
}

type client struct {
	conn *nhooyr.Conn
	mu   sync.Mutex
	gor  *websocket.Conn
}

// The connection went to a field, the error to the result.
func (c *client) open(url string) (err error) {
	c.conn, _, err = nhooyr.Dial(context.Background(), url, nil)
	c.conn.SetReadLimit(1 << 20) // want `the connection is used before the error of Dial at bad.go:\d+ is looked at`
	return
}

// Writers.
func (c *client) writeJSON(v any) (err error) {
	var w io.WriteCloser
	w, err = c.conn.Writer(context.Background(), nhooyr.MessageText) // want `the writer of Writer is not closed before the function returns`
	if err != nil {
		return err
	}
	err = json.NewEncoder(w).Encode(v)
	return
}

func nextWriter(conn *websocket.Conn, p []byte) error {
	w, err := conn.NextWriter(websocket.TextMessage) // want `the writer of NextWriter is not closed before the function returns`
	if err != nil {
		return err
	}
	if _, err := w.Write(p); err != nil {
		return err
	}
	return nil
}

func someWriters(conn *websocket.Conn, p []byte) error {
	w, err := conn.NextWriter(websocket.TextMessage) // want `the writer of NextWriter is not closed before the function returns at bad.go:\d+`
	if err != nil {
		return err
	}
	if len(p) == 0 {
		return nil
	}
	w.Write(p)
	return w.Close()
}

func writerEarly(conn *websocket.Conn) error {
	w, err := conn.NextWriter(websocket.TextMessage)
	defer w.Close() // want `the writer is used before the error of NextWriter at bad.go:\d+ is looked at`
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, "x")
	return err
}

// Writes after Close.
func goodbye(conn *websocket.Conn) {
	conn.Close()
	conn.WriteMessage(websocket.CloseMessage, nil) // want `WriteMessage comes after the connection was closed at bad.go:\d+: gorilla returns an error and sends nothing`
}

func (c *client) stop(ctx context.Context) {
	c.conn.Close(nhooyr.StatusNormalClosure, "")
	c.conn.Write(ctx, nhooyr.MessageText, nil) // want `Write comes after the connection was closed at bad.go:\d+: nhooyr`
}

func later(conn *websocket.Conn, more bool) {
	conn.Close()
	if more {
		conn.WriteJSON(more) // want `WriteJSON comes after the connection was closed`
	}
}

// Locks.
func (c *client) send(p []byte) {
	c.mu.Lock()
	defer c.mu.Lock() // want `defer Lock locks the mutex a second time when the function returns`
	c.gor.WriteMessage(websocket.TextMessage, p)
}

func (c *client) pump(out chan []byte) {
	for p := range out {
		c.mu.Lock()
		defer c.mu.Unlock() // want `defer Unlock in a loop gives the mutex back when the function returns, not at the end of the turn: its second turn waits for ever`
		if err := c.gor.WriteMessage(websocket.TextMessage, p); err != nil {
			return
		}
	}
}
