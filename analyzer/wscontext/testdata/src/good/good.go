// Package good holds contexts that last long enough.
package good

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
	nhooyr "nhooyr.io/websocket"
)

func serve(ctx context.Context, conn *websocket.Conn) error {
	for {
		if _, _, err := conn.Read(ctx); err != nil {
			return err
		}
	}
}

func write(ctx context.Context, conn *websocket.Conn) {
	conn.Write(ctx, websocket.MessageText, nil)
}

// The handler stays as long as the connection does.
func stays(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	go write(r.Context(), conn)
	serve(r.Context(), conn)
}

func loops(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	go func() {
		conn.Write(ctx, websocket.MessageText, nil)
	}()
	for {
		if _, _, err := conn.Read(ctx); err != nil {
			return
		}
	}
}

func joins(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		serve(r.Context(), conn)
	}()
	wg.Wait()
}

func joinsLater(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Add(1)
	go func() {
		defer wg.Done()
		write(r.Context(), conn)
	}()
}

func channel(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	done := make(chan error, 1)
	go func() { done <- serve(r.Context(), conn) }()
	log.Println(<-done)
}

func waitsForRequest(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	ctx := conn.CloseRead(r.Context())
	go write(ctx, conn)
	<-ctx.Done()
}

// Contexts of their own.
func background(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	go serve(context.Background(), conn)
}

func without(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	go serve(context.WithoutCancel(r.Context()), conn)
}

func canceledLater(url string) (func(), error) {
	ctx, cancel := context.WithCancel(context.Background())
	conn, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		cancel()
		return nil, err
	}
	go serve(ctx, conn)
	return cancel, nil
}

func dialOnly(ctx context.Context, url string) error {
	dialCtx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(dialCtx, url, nil)
	if err != nil {
		return err
	}
	go serve(ctx, conn)
	return nil
}

// The variable has another context by then.
func replaced(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		return err
	}
	ctx = context.Background()
	go func() { serve(ctx, conn) }()
	return nil
}

// The goroutine cancels, when it is done.
func owns(url string) error {
	ctx, cancel := context.WithCancel(context.Background())
	conn, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		cancel()
		return err
	}
	go func() {
		defer cancel()
		serve(ctx, conn)
	}()
	return nil
}

// A goroutine that has nothing to do with connections.
func unrelated(w http.ResponseWriter, r *http.Request) {
	go record(r.Context())
}

func record(ctx context.Context) { <-ctx.Done() }

func gorillaStays(w http.ResponseWriter, r *http.Request) {
	var upgrader gorilla.Upgrader
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	go record(r.Context())
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			return
		}
	}
}

// The goroutine does not look at the context.
func unused(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	go hold(r.Context(), conn)
}

func hold(_ context.Context, conn *websocket.Conn) { conn.CloseNow() }

// Bound to the caller's context, and to one that the result cancels.
func netConn(ctx context.Context, url string) (net.Conn, error) {
	dialCtx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	conn, _, err := nhooyr.Dial(dialCtx, url, nil)
	if err != nil {
		return nil, err
	}
	return nhooyr.NetConn(ctx, conn, nhooyr.MessageBinary), nil
}

func bound(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, _, err := nhooyr.Dial(ctx, url, nil)
	if err != nil {
		return err
	}
	ctx = conn.CloseRead(ctx)
	return conn.Write(ctx, nhooyr.MessageText, nil)
}

// The loop ends with the context.
func perMessage(conn *websocket.Conn) error {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_, _, err := conn.Read(ctx)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func redials(url string) {
	conn, _, err := websocket.Dial(context.Background(), url, nil)
	if err != nil {
		return
	}
	for {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_, _, err := conn.Read(ctx)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			if conn, _, err = websocket.Dial(context.Background(), url, nil); err != nil {
				return
			}
			continue
		}
		if err != nil {
			return
		}
	}
}

// A ping that gets no answer in time leaves the connection as it is.
func pings(conn *websocket.Conn) {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		err := conn.Ping(ctx)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			continue
		}
		if err != nil {
			return
		}
	}
}

// The limit is one for all messages.
func outside(parent context.Context, conn *websocket.Conn) {
	ctx, cancel := context.WithTimeout(parent, time.Hour)
	defer cancel()
	for ctx.Err() == nil {
		_, _, err := conn.Read(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			continue
		}
		if err != nil {
			return
		}
	}
}
