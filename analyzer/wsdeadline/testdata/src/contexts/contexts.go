package contexts

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
	old "nhooyr.io/websocket"
	"nhooyr.io/websocket/wsjson"
)

func silent(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil) // want `nothing finds out when the peer of this connection is gone: Read at`
	if err != nil {
		return
	}
	for {
		if _, _, err := conn.Read(r.Context()); err != nil {
			return
		}
	}
}

func silentJSON(ctx context.Context, url string) error {
	conn, _, err := old.Dial(ctx, url, nil) // want `nothing finds out`
	if err != nil {
		return err
	}
	for {
		var v any
		if err := wsjson.Read(ctx, conn, &v); err != nil {
			return err
		}
	}
}

func deaf(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	for range time.Tick(time.Second) {
		if err := conn.Ping(ctx); err != nil { // want `Ping waits for a pong, and nothing reads from this connection`
			return
		}
		conn.Write(ctx, websocket.MessageText, nil)
	}
}

func oldDeaf(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	conn, err := old.Accept(w, r, nil)
	if err != nil {
		return
	}
	conn.Ping(ctx) // want `Ping waits for a pong`
}

func writeOnly(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	for range time.Tick(time.Second) {
		if err := conn.Write(r.Context(), websocket.MessageText, nil); err != nil { // want `coder asks for a reader at all times`
			return
		}
	}
}

func writeOnlyJSON(w http.ResponseWriter, r *http.Request) {
	conn, err := old.Accept(w, r, nil)
	if err != nil {
		return
	}
	for range time.Tick(time.Second) {
		if err := wsjson.Write(r.Context(), conn, 1); err != nil { // want `nhooyr asks for a reader at all times`
			return
		}
	}
}

type hub struct {
	mu    sync.Mutex
	conns map[string]*websocket.Conn
}

func (h *hub) join(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	h.mu.Lock()
	h.conns[r.RemoteAddr] = conn
	h.mu.Unlock()
	<-conn.CloseRead(r.Context()).Done()
}

func (h *hub) broadcast(p []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.conns {
		c.Write(context.Background(), websocket.MessageText, p) // want `this write has no deadline, and the lock taken at`
	}
}

// From here on, all is well.

type bounded struct {
	mu    sync.Mutex
	conns map[string]*websocket.Conn
}

func (h *bounded) join(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	h.mu.Lock()
	h.conns[r.RemoteAddr] = conn
	h.mu.Unlock()
	<-conn.CloseRead(r.Context()).Done()
}

func (h *bounded) broadcast(p []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.conns {
		c.Write(ctx, websocket.MessageText, p)
	}
}

func timed(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	for {
		ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
		_, _, err := conn.Read(ctx)
		cancel()
		if err != nil {
			return
		}
	}
}

func pinged(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	go func() {
		for range time.Tick(time.Second) {
			if conn.Ping(r.Context()) != nil {
				conn.CloseNow()
				return
			}
		}
	}()
	for {
		if _, _, err := conn.Read(r.Context()); err != nil {
			return
		}
	}
}

func closeRead(w http.ResponseWriter, r *http.Request) {
	conn, err := old.Accept(w, r, nil)
	if err != nil {
		return
	}
	ctx := conn.CloseRead(r.Context())
	for range time.Tick(time.Second) {
		if err := conn.Write(ctx, old.MessageText, nil); err != nil {
			return
		}
	}
}

func once(ctx context.Context, url string) error {
	conn, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		return err
	}
	conn.Write(ctx, websocket.MessageText, nil)
	return conn.Close(websocket.StatusNormalClosure, "")
}
