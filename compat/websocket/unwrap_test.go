package websocket

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	nhooyr "nhooyr.io/websocket"
)

// nativeEcho sends every message back, until the peer closes.
func nativeEcho(c *nhooyr.Conn) error {
	ctx := context.Background()
	for {
		mt, p, err := c.Read(ctx)
		if err != nil {
			return err
		}
		if err := c.Write(ctx, mt, p); err != nil {
			return err
		}
	}
}

func TestUnwrap(t *testing.T) {
	for _, compress := range []bool{false, true} {
		for _, unwrapServer := range []bool{true, false} {
			a, b := pipe(t, connConfig{compress: compress, subprotocol: "chat"})
			native, ours := a, b
			if !unwrapServer {
				native, ours = b, a
			}
			// A message is buffered, one is read in part and one is open.
			long := strings.Repeat("message ", 10000)
			for _, text := range []string{"first", "buffered " + long} {
				if err := ours.WriteMessage(TextMessage, []byte(text)); err != nil {
					t.Fatal(err)
				}
			}
			_, r, err := native.NextReader()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(r, make([]byte, 2)); err != nil {
				t.Fatal(err)
			}
			w, err := native.NextWriter(BinaryMessage)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(w, "open")
			native.SetReadLimit(1 << 20)

			n := native.Unwrap()
			if n == nil || native.Unwrap() != n {
				t.Fatal("not one native connection")
			}
			if n.Subprotocol() != "chat" || native.Subprotocol() != "chat" {
				t.Errorf("subprotocol %q", n.Subprotocol())
			}
			if _, err := w.Write([]byte("more")); err == nil {
				t.Error("the open message was not ended")
			}
			done := make(chan error, 1)
			go func() { done <- nativeEcho(n) }()
			wantMessage(t, ours, BinaryMessage, "open")
			wantMessage(t, ours, TextMessage, "buffered "+long)
			if err := ours.WriteMessage(BinaryMessage, []byte("short")); err != nil {
				t.Fatal(err)
			}
			wantMessage(t, ours, BinaryMessage, "short")
			pong := ""
			ours.SetPongHandler(func(s string) error { pong = s; return nil })
			if err := ours.WriteControl(PingMessage, []byte("hello"), time.Time{}); err != nil {
				t.Fatal(err)
			}
			if err := ours.WriteMessage(CloseMessage, FormatCloseMessage(CloseNormalClosure, "bye")); err != nil {
				t.Fatal(err)
			}
			_, _, err = ours.ReadMessage()
			if !IsCloseError(err, CloseNormalClosure) || pong != "hello" {
				t.Errorf("%v, pong %q", err, pong)
			}
			if err := <-done; nhooyr.CloseStatus(err) != nhooyr.StatusNormalClosure {
				t.Errorf("native: %v", err)
			}
		}
	}
}

// TestPassThrough uses a Conn's methods on top of a native connection, by
// Unwrap and by Wrap.
func TestPassThrough(t *testing.T) {
	for _, wrapped := range []bool{false, true} {
		server, client := pipe(t, connConfig{subprotocol: "chat"})
		n := server.Unwrap()
		if wrapped {
			server = Wrap(n)
			if server.Unwrap() != n || server.Subprotocol() != "chat" || server.NetConn() != nil {
				t.Error("not a wrapped connection")
			}
			if server.LocalAddr() == nil || server.RemoteAddr() == nil {
				t.Error("no address")
			}
		} else if server.LocalAddr().String() != client.RemoteAddr().String() {
			t.Error("not the address of the network connection")
		}

		server.SetReadLimit(1000)
		go func() {
			client.WriteMessage(TextMessage, []byte("one"))
			client.WriteMessage(BinaryMessage, []byte("two, read in part"))
			client.WriteJSON(3)
		}()
		wantMessage(t, server, TextMessage, "one")
		_, r, err := server.NextReader()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(r, make([]byte, 3)); err != nil {
			t.Fatal(err)
		}
		var three int
		if err := server.ReadJSON(&three); err != nil || three != 3 {
			t.Errorf("%d, %v", three, err)
		}
		if _, err := r.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("stale reader: %v", err)
		}

		pm, _ := NewPreparedMessage(TextMessage, []byte("prepared"))
		open, err := server.NextWriter(TextMessage)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(open, "open")
		wantError(t, "WriteMessage", server.WriteMessage(BinaryMessage, []byte("message")), nil)
		wantError(t, "WriteJSON", server.WriteJSON(4), nil)
		wantError(t, "WritePreparedMessage", server.WritePreparedMessage(pm), nil)
		_, err = open.Write(nil)
		wantError(t, "closed writer", err, errWriteClosed)
		wantError(t, "bad type", server.WriteMessage(99, nil), errBadWriteOpCode)
		wantMessage(t, client, TextMessage, "open")
		wantMessage(t, client, BinaryMessage, "message")
		wantMessage(t, client, TextMessage, "4\n")
		wantMessage(t, client, TextMessage, "prepared")

		// The heartbeat: a pong handler that extends the deadline.
		ponged := make(chan string, 1)
		server.SetPongHandler(func(s string) error { ponged <- s; return nil })
		read := make(chan error, 2)
		go func() { _, _, err := client.ReadMessage(); read <- err }()
		go func() { _, _, err := server.ReadMessage(); read <- err }()
		wantError(t, "ping", server.WriteControl(PingMessage, []byte("beat"), time.Now().Add(time.Minute)), nil)
		if s := <-ponged; s != "beat" {
			t.Errorf("pong %q", s)
		}
		wantError(t, "close", server.WriteControl(CloseMessage, FormatCloseMessage(CloseGoingAway, "bye"), time.Time{}), nil)
		for i := 0; i < 2; i++ {
			if err := <-read; !IsCloseError(err, CloseGoingAway) {
				t.Errorf("read: %v", err)
			}
		}
		wantError(t, "write", server.WriteMessage(TextMessage, nil), ErrCloseSent)
		server.Close()
	}
}

func TestUnwrapAfterClose(t *testing.T) {
	server, client := pipe(t, connConfig{})
	wantError(t, "close", server.WriteMessage(CloseMessage, nil), nil)
	server.Unwrap()
	wantError(t, "write", server.WriteMessage(TextMessage, nil), ErrCloseSent)
	_, _, err := client.ReadMessage()
	if !IsCloseError(err, CloseNoStatusReceived) {
		t.Error(err)
	}
}

// TestUnwrapFailed has a connection unwrapped that has failed before, within a
// frame perhaps. The native connection fails too: it neither writes behind that
// nor takes for a frame what comes next.
func TestUnwrapFailed(t *testing.T) {
	ctx := context.Background()
	server, client := pipe(t, connConfig{})
	wantError(t, "SetWriteDeadline", server.SetWriteDeadline(time.Unix(1, 0)), nil)
	failed := server.WriteMessage(TextMessage, nil)
	if e, ok := failed.(net.Error); !ok || !e.Timeout() {
		t.Fatalf("%T %v", failed, failed)
	}
	wantError(t, "SetWriteDeadline", server.SetWriteDeadline(time.Time{}), nil)
	n := server.Unwrap()
	wantError(t, "write", server.WriteMessage(TextMessage, nil), failed)
	if err := n.Write(ctx, nhooyr.MessageText, nil); err == nil {
		t.Error("the native connection writes on")
	}
	server.Close()
	_, _, err := client.ReadMessage()
	want1006(t, "read of the peer", err)

	server, _ = serve(t, frame(0xf1, ""), frame(0x81, "next"))
	if _, _, failed = server.ReadMessage(); failed == nil {
		t.Fatal("the frame was lawful")
	}
	n = server.Unwrap()
	_, _, err = server.ReadMessage()
	wantError(t, "read", err, failed)
	if _, p, err := n.Read(ctx); err == nil {
		t.Errorf("the native connection reads %q", p)
	}
	server.Close()
}

// TestPassThroughFailedWriter ends a message that cannot be ended any more.
// Later writes fail and do not wait for it.
func TestPassThroughFailedWriter(t *testing.T) {
	server, _ := pipe(t, connConfig{})
	server.Unwrap()
	wantError(t, "SetWriteDeadline", server.SetWriteDeadline(time.Now().Add(time.Hour)), nil)
	w, err := server.NextWriter(TextMessage)
	if err != nil {
		t.Fatal(err)
	}
	w.(*nativeWriter).cancel() // the deadline passes
	wantError(t, "SetWriteDeadline", server.SetWriteDeadline(time.Time{}), nil)
	failed := w.Close()
	if e, ok := failed.(net.Error); !ok || !e.Timeout() {
		t.Fatalf("%T %v", failed, failed)
	}
	wantError(t, "WriteMessage", server.WriteMessage(TextMessage, nil), failed)
	_, err = server.NextWriter(TextMessage)
	wantError(t, "NextWriter", err, failed)
	server.Close()
}

func TestPassThroughDeadline(t *testing.T) {
	server, client := pipe(t, connConfig{})
	server.Unwrap()
	done := make(chan error)
	first := make(chan struct{})
	go func() {
		_, _, err := server.ReadMessage()
		if err != nil {
			t.Error(err)
		}
		close(first)
		_, _, err = server.ReadMessage()
		done <- err
	}()
	wantError(t, "write", client.WriteMessage(TextMessage, nil), nil)
	<-first
	wantError(t, "SetReadDeadline", server.SetReadDeadline(time.Unix(1, 0)), nil)
	err := <-done
	if e, ok := err.(net.Error); !ok || !e.Timeout() {
		t.Errorf("%T %v", err, err)
	}
	_, _, again := server.ReadMessage()
	wantError(t, "next read", again, err)
	server.Close()
}

func TestPassThroughReadLimit(t *testing.T) {
	server, client := pipe(t, connConfig{})
	server.SetReadLimit(10)
	server.Unwrap()
	go client.WriteMessage(TextMessage, make([]byte, 11))
	_, _, err := server.ReadMessage()
	wantError(t, "read", err, ErrReadLimit)
}

func TestEngine(t *testing.T) {
	if Engine() != "nhooyr" {
		t.Errorf("engine %q", Engine())
	}
}
