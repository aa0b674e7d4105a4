// Package tiers holds loops about which the rule is less sure.
package tiers

import (
	"context"
	"elsewhere"
	"log"

	"github.com/gorilla/websocket"
)

type handler interface{ Failed(error) }

// The interface's method may end the context.
func hinted(ctx context.Context, conn *websocket.Conn, h handler) {
	for ctx.Err() == nil {
		if _, _, err := conn.ReadMessage(); err != nil { // want `the loop goes on`
			h.Failed(err)
		}
	}
}

// So does cancel, most likely.
func canceled(ctx context.Context, cancel func(), conn *websocket.Conn) {
	for ctx.Err() == nil {
		if _, _, err := conn.ReadMessage(); err != nil { // want `the loop goes on`
			cancel()
		}
	}
}

type client struct {
	conn   *websocket.Conn
	closed bool
	fail   func(error)
}

func (c *client) marks() {
	for !c.closed {
		if _, _, err := c.conn.ReadMessage(); err != nil { // want `the loop goes on`
			log.Println(err)
			c.shut()
		}
	}
}

func (c *client) shut() { c.closed = true }

// Whoever is called may assign another connection.
func (c *client) called() {
	for {
		if _, _, err := c.conn.ReadMessage(); err != nil { // want `the loop goes on`
			c.fail(err)
		}
	}
}

func (c *client) Set(conn *websocket.Conn) { c.conn = conn }

// What the function of another package makes of the error is not known.
func foreign(conn *websocket.Conn) {
	for {
		if _, _, err := conn.ReadMessage(); err != nil { // want `the loop goes on`
			if elsewhere.Fatal(err) {
				return
			}
		}
	}
}

// An empty message ends it, which a failed read returns too.
func emptyEnds(conn *websocket.Conn) {
	for {
		_, p, _ := conn.ReadMessage()
		if len(p) == 0 {
			return
		}
	}
}

// So does another kind than text: a failed read returns none.
func kindEnds(conn *websocket.Conn) {
	for {
		kind, _, _ := conn.ReadMessage()
		if kind != websocket.TextMessage {
			return
		}
	}
}

// Whether it ends depends on a setting.
type options struct{ retry bool }

func setting(conn *websocket.Conn, o *options) {
	for {
		if _, _, err := conn.ReadMessage(); err != nil { // want `the loop goes on`
			if !o.retry {
				return
			}
		}
	}
}

func (o *options) fatal(err error) bool {
	if o.retry {
		return false
	}
	return err != nil
}

func settingInHelper(conn *websocket.Conn, o *options) {
	for {
		if _, _, err := conn.ReadMessage(); o.fatal(err) { // want `the loop goes on`
			return
		}
	}
}
