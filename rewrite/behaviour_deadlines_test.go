package rewrite

import "github.com/gorilla/websocket"

// deadlineProbes set deadlines in ways that no context of a call stands for.
var deadlineProbes = []probe{
	{"deadlines by methods of a structure", deadlineProbeOf(`
type client struct{ conn *websocket.Conn }

func (c *client) setReadTimeout(d time.Duration) {
	if d > 0 {
		c.conn.SetReadDeadline(time.Now().Add(d))
	} else {
		c.conn.SetReadDeadline(time.Time{})
	}
}

func (c *client) read() (string, error) {
	_, p, err := c.conn.ReadMessage()
	return string(p), err
}

func main() {
	c := &client{dial()}
	defer c.conn.Close()
	c.setReadTimeout(-1)
	for _, d := range []time.Duration{time.Hour, 0, time.Hour} {
		c.setReadTimeout(d)
		check(c.conn.WriteMessage(websocket.TextMessage, []byte("hello")))
		fmt.Println(c.read())
	}
	c.setReadTimeout(20 * time.Millisecond)
	_, err := c.read()
	ne, ok := err.(net.Error)
	fmt.Println(ok && ne.Timeout())
	_, err = c.read()
	fmt.Println(err != nil)
}
`), echoPeer},
	{"a deadline that is over without a read is moved", deadlineProbeOf(`
func clear(c *websocket.Conn) error { return c.SetReadDeadline(time.Time{}) }

func main() {
	c := dial()
	defer c.Close()
	check(c.SetReadDeadline(time.Now()))
	check(clear(c))
	check(c.WriteMessage(websocket.BinaryMessage, []byte{1, 2}))
	typ, p, err := c.ReadMessage()
	fmt.Println(typ == websocket.BinaryMessage, p, err)
}
`), echoPeer},
	{"a deadline unblocks a reader", deadlineProbeOf(`
func main() {
	c := dial()
	defer c.Close()
	done := make(chan error)
	go func() {
		_, _, err := c.ReadMessage()
		done <- err
	}()
	check(c.SetReadDeadline(time.Now()))
	err := <-done
	var ne net.Error
	fmt.Println(errors.As(err, &ne) && ne.Timeout())
}
`), echoPeer},
	{"a write deadline that is over", deadlineProbeOf(`
type client struct{ *websocket.Conn }

func (c client) expire(t time.Time) { c.SetWriteDeadline(t) }

func main() {
	c := client{dial()}
	defer c.Close()
	c.expire(time.Now().Add(time.Hour))
	check(c.WriteMessage(websocket.TextMessage, []byte("in time")))
	_, p, err := c.ReadMessage()
	fmt.Println(string(p), err)
	c.expire(time.Now())
	err = c.Conn.WriteMessage(websocket.TextMessage, []byte("late"))
	ne, ok := err.(net.Error)
	fmt.Println(ok && ne.Timeout())
}
`), echoPeer},
	{"JSON, readers and writers until a deadline", deadlineProbeOf(`
func bound(c *websocket.Conn, t time.Time) {
	c.SetReadDeadline(t)
	c.SetWriteDeadline(t)
}

func main() {
	c := dial()
	defer c.Close()
	bound(c, time.Now().Add(time.Hour))
	check(c.WriteJSON(map[string]int{"a": 1}))
	var v map[string]int
	fmt.Println(c.ReadJSON(&v), v)
	w, err := c.NextWriter(websocket.TextMessage)
	if err != nil {
		panic(err)
	}
	w.Write([]byte("streamed"))
	w.Close()
	_, r, err := c.NextReader()
	check(err)
	b, err := io.ReadAll(r)
	fmt.Println(string(b), err)
	bound(c, time.Now().Add(20*time.Millisecond))
	err = c.ReadJSON(&v)
	ne, ok := err.(net.Error)
	fmt.Println(ok && ne.Timeout())
}
`), echoPeer},
	{"a timeout that is looked for where a message is read", deadlineProbeOf(`
func read(c *websocket.Conn) {
	c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	_, p, err := c.ReadMessage()
	if err != nil {
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			fmt.Println("timeout")
			return
		}
		fmt.Println("failed")
		return
	}
	fmt.Println(string(p))
}

func main() {
	c := dial()
	defer c.Close()
	read(c)
}
`), echoPeer},
}

// echoPeer sends every message back.
var echoPeer = onGorilla(func(c *websocket.Conn) {
	for {
		typ, p, err := c.ReadMessage()
		if err != nil || c.WriteMessage(typ, p) != nil {
			return
		}
	}
})

// deadlineProbeOf makes a program of body and functions that dial the peer and
// check errors.
func deadlineProbeOf(body string) string {
	return `package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/gorilla/websocket"
)

var (
	_ net.Error
	_ = errors.Is
	_ = io.ReadAll
	_ = time.Now
)
` + body + `
func dial() *websocket.Conn {
	c, _, err := websocket.DefaultDialer.Dial(os.Args[1], nil)
	check(err)
	return c
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
`
}
