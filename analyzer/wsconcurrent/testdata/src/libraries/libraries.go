// Package main holds the contracts of the libraries besides gorilla's.
package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"

	fastws "github.com/fasthttp/websocket"
	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	fiberws "github.com/gofiber/contrib/websocket"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
	"golang.org/x/net/websocket"
	"nhooyr.io/websocket/wsjson"

	coder "github.com/coder/websocket"
	nhooyr "nhooyr.io/websocket"
)

// Reading with gobwas answers pings: a second writer.
func gobwasReads(conn net.Conn) {
	go func() {
		for {
			if _, _, err := wsutil.ReadClientData(conn); err != nil { // want `concurrent writes to one connection \(conn\): ReadClientData at libraries.go:\d+ by the goroutine started at libraries.go:\d+, and WriteServerText at libraries.go:\d+ by the goroutine that runs gobwasReads; gobwas allows one concurrent writer`
				return
			}
		}
	}()
	for {
		if wsutil.WriteServerText(conn, nil) != nil {
			return
		}
	}
}

// Reading messages without answers is reading alone.
func gobwasMessages(conn net.Conn) {
	go func() {
		wsutil.ReadClientMessage(conn, nil)
	}()
	wsutil.WriteServerText(conn, nil)
}

func gobwasWriters(r *http.Request, w http.ResponseWriter) {
	conn, _, _, err := ws.UpgradeHTTP(r, w)
	if err != nil {
		return
	}
	go ws.WriteFrame(conn, ws.NewTextFrame(nil)) // want `concurrent writes`
	wsutil.WriteServerMessage(conn, ws.OpText, nil)
}

// A buffered writer of gobwas.
func gobwasStream(conn net.Conn) {
	go func() {
		out := wsutil.NewWriter(conn, ws.StateServerSide, ws.OpText)
		out.Write(nil) // want `concurrent writes`
		out.Flush()
	}()
	wsutil.WriteServerText(conn, nil)
}

func gobwasLocked(conn net.Conn) {
	var mu sync.Mutex
	go func() {
		mu.Lock()
		defer mu.Unlock()
		wsutil.WriteServerText(conn, nil)
	}()
	mu.Lock()
	wsutil.ReadClientData(conn)
	mu.Unlock()
}

// nhooyr and coder allow several writers.
func manyWriters(ctx context.Context, a *nhooyr.Conn, b *coder.Conn) {
	go a.Write(ctx, nhooyr.MessageText, nil)
	go wsjson.Write(ctx, a, 1)
	a.Write(ctx, nhooyr.MessageText, nil)
	go b.Write(ctx, coder.MessageText, nil)
	b.Write(ctx, coder.MessageText, nil)
}

// They do not allow several readers.
func nhooyrReaders(ctx context.Context, c *nhooyr.Conn) {
	go c.Read(ctx) // want `concurrent reads from one connection`
	var v any
	wsjson.Read(ctx, c, &v)
}

// CloseRead reads on a goroutine of its own.
func closeRead(ctx context.Context, c *coder.Conn) {
	ctx = c.CloseRead(ctx) // want `concurrent reads from one connection`
	c.Read(ctx)
}

func closeReadAlone(ctx context.Context, c *coder.Conn) {
	ctx = c.CloseRead(ctx)
	c.Write(ctx, coder.MessageText, nil)
}

// The reader of a message is part of the read.
func streams(ctx context.Context, c *coder.Conn) {
	_, r, err := c.Reader(ctx)
	if err != nil {
		return
	}
	go io.Copy(io.Discard, r) // want `concurrent reads`
	c.Read(ctx)
}

// x/net serialises both.
func xnet(c *websocket.Conn) {
	go websocket.JSON.Send(c, 1)
	go c.Write(nil)
	c.Write(nil)
}

// Its frame writers take none of its locks.
func frames(c *websocket.Conn) {
	go func() {
		w, err := c.NewFrameWriter(websocket.PingFrame)
		if err != nil {
			return
		}
		w.Write(nil) // want `concurrent writes to one connection \(c\): Write at libraries.go:\d+ by the goroutine started at libraries.go:\d+, and Send at libraries.go:\d+ by the goroutine that runs frames; xnet takes no lock for a frame writer`
	}()
	websocket.JSON.Send(c, 1)
}

type framer struct {
	mu   sync.Mutex
	conn *websocket.Conn
}

func (f *framer) run() {
	go f.frame(websocket.PingFrame)
	f.frame(websocket.BinaryFrame)
}

func (f *framer) frame(kind byte) {
	w, err := f.conn.NewFrameWriter(kind)
	if err != nil {
		return
	}
	w.Write(nil) // want `concurrent writes to one connection \(framer.conn\)`
}

// A lock around all that writes with one.
type framed struct {
	mu   sync.Mutex
	conn *websocket.Conn
}

func (f *framed) run() {
	go f.frame(websocket.PingFrame)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conn.Write(nil)
}

func (f *framed) frame(kind byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w, err := f.conn.NewFrameWriter(kind)
	if err != nil {
		return
	}
	w.Write(nil)
	w.Close()
}

func fast(ctx *fasthttp.RequestCtx) {
	var up fastws.FastHTTPUpgrader
	up.Upgrade(ctx, func(conn *fastws.Conn) {
		go conn.WriteJSON(1) // want `concurrent writes`
		conn.WriteJSON(2)
	})
}

// Fiber hands its connections to a handler and wraps those of fasthttp.
func fiberHandler() fiber.Handler {
	return fiberws.New(func(c *fiberws.Conn) {
		go func() {
			c.WriteJSON(1) // want `concurrent writes`
		}()
		c.Conn.WriteJSON(2)
	})
}

type fiberClient struct {
	mu   sync.Mutex
	conn *fiberws.Conn
}

// Each client has a connection of its own.
type fiberOther struct{ conn *fiberws.Conn }

func (f *fiberOther) only() { f.conn.WriteMessage(fiberws.TextMessage, nil) }

func serveFiber(c *fiberws.Conn) {
	o := &fiberOther{conn: c}
	o.only()
}

func serveFiberClient(c *fiberws.Conn) {
	f := &fiberClient{conn: c}
	go f.ping()
	for {
		if _, _, err := c.ReadMessage(); err != nil {
			return
		}
		f.send(nil)
	}
}

func (f *fiberClient) send(p []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conn.WriteMessage(fiberws.TextMessage, p)
}

func (f *fiberClient) ping() {
	f.conn.WriteMessage(fiberws.PingMessage, nil) // want `concurrent writes to one connection`
}

// Broadcasts from several requests meet under a read lock.
var (
	fiberMu    sync.RWMutex
	fiberConns = make(map[string]*fiberws.Conn)
)

func fiberBroadcast(v any) {
	fiberMu.RLock()
	defer fiberMu.RUnlock()
	for _, c := range fiberConns {
		c.WriteJSON(v) // want `concurrent writes`
	}
}

func serveFiberRoom(c *fiberws.Conn) {
	fiberMu.Lock()
	fiberConns[c.Params("id")] = c
	fiberMu.Unlock()
	for {
		var v any
		if c.ReadJSON(&v) != nil {
			return
		}
		fiberBroadcast(v)
	}
}

func routes() []fiber.Handler {
	return []fiber.Handler{fiberws.New(serveFiber), fiberws.New(serveFiberClient), fiberws.New(serveFiberRoom)}
}
