package conformance_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gorilla "github.com/gorilla/websocket"

	compat "github.com/wsmigrate/wsmigrate/compat/websocket"
)

// writeWays are the ways to write one message that does not fit the write buffer.
var writeWays = []struct {
	name  string
	write func(c *compat.Conn, text string) error
}{
	{"WriteMessage", func(c *compat.Conn, text string) error { return c.WriteMessage(compat.TextMessage, []byte(text)) }},
	{"WriteJSON", func(c *compat.Conn, text string) error { return c.WriteJSON(text) }},
	{"WritePreparedMessage", func(c *compat.Conn, text string) error {
		return compatLibrary.writePrepared(c, compat.TextMessage, []byte(text))
	}},
	{"Write", func(c *compat.Conn, text string) error {
		w, err := c.NextWriter(compat.TextMessage)
		if err != nil {
			return err
		}
		if _, err := w.Write([]byte(text)); err != nil {
			return err
		}
		return w.Close()
	}},
	{"ReadFrom", func(c *compat.Conn, text string) error {
		w, err := c.NextWriter(compat.TextMessage)
		if err != nil {
			return err
		}
		if _, err := io.Copy(w, struct{ io.Reader }{strings.NewReader(text)}); err != nil {
			return err
		}
		return w.Close()
	}},
}

// inBubble runs f with each way, role and compression, in a synctest bubble:
// time passes there when all goroutines wait. The peer reads when f makes it.
func inBubble(t *testing.T, f func(t *testing.T, write func(*compat.Conn, string) error, ours *compat.Conn, theirs *gorilla.Conn)) {
	for _, server := range []bool{true, false} {
		for _, compress := range []bool{true, false} {
			for _, way := range writeWays {
				t.Run(fmt.Sprintf("server=%v,compress=%v,%s", server, compress, way.name), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						o := connOptions{compress: compress, writeBuffer: 500}
						a, b := net.Pipe()
						dialer, dials, accepter := gorillaLibrary, b, compatLibrary
						if !server {
							dialer, accepter = compatLibrary, gorillaLibrary
						}
						dialled := make(chan conn)
						go func() { dialled <- dialer.dial(t, dials, o) }()
						ours, theirs := acceptOver(t, accepter, a, o), <-dialled
						if !server {
							ours, theirs = theirs, ours
						}
						f(t, way.write, ours.(*compat.Conn), theirs.(*gorilla.Conn))
						ours.Close()
						theirs.Close()
					})
				})
			}
		}
	}
}

// incompressible is longer than write buffers are, compressed as well.
var incompressible = func() string {
	b := make([]byte, 6000)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = ' ' + byte(x>>24)%94
	}
	return strings.NewReplacer(`"`, "'", `\`, "/", "<", "(", ">", ")", "&", "+").Replace(string(b))
}()

// TestSoakStuckWriter has a peer that does not read. The writer waits; nobody
// else does, with a deadline not beyond it.
func TestSoakStuckWriter(t *testing.T) {
	inBubble(t, func(t *testing.T, write func(*compat.Conn, string) error, ours *compat.Conn, theirs *gorilla.Conn) {
		done := make(chan error, 1)
		go func() { done <- write(ours, incompressible) }()
		synctest.Wait()

		ours.EnableWriteCompression(false)
		_ = ours.SetCompressionLevel(9)
		_ = ours.SetWriteDeadline(time.Now().Add(time.Hour))
		_ = ours.SetReadDeadline(time.Now().Add(time.Hour))
		ours.SetReadLimit(1000)
		ours.SetPongHandler(ours.PongHandler())
		ours.SetCloseHandler(ours.CloseHandler())
		ours.SetPingHandler(nil)
		_ = ours.LocalAddr().String() + ours.RemoteAddr().String() + ours.Subprotocol() + ours.NetConn().LocalAddr().Network()

		start := time.Now()
		err := ours.WriteControl(compat.PingMessage, nil, start.Add(time.Minute))
		if e, ok := err.(net.Error); !ok || !e.Timeout() || time.Since(start) != time.Minute {
			t.Errorf("WriteControl: %v after %v", err, time.Since(start))
		}

		// A ping cannot be answered, which does not end reading.
		go func() {
			if err := theirs.WriteControl(gorilla.PingMessage, nil, time.Time{}); err != nil {
				t.Error(err)
			}
			if err := theirs.WriteMessage(gorilla.TextMessage, []byte("hello")); err != nil {
				t.Error(err)
			}
		}()
		if _, p, err := ours.ReadMessage(); string(p) != "hello" || err != nil {
			t.Errorf("read %q, %v", p, err)
		}

		select {
		case err := <-done:
			t.Fatalf("the writer did not wait: %v", err)
		default:
		}
		if err := ours.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := <-done; err == nil {
			t.Error("the writer has written everything")
		}
	})
}

// TestSoakWriteTimeout has a peer that does not read, and a write deadline. The
// write fails at it, and each one after that; reads go on.
func TestSoakWriteTimeout(t *testing.T) {
	inBubble(t, func(t *testing.T, write func(*compat.Conn, string) error, ours *compat.Conn, theirs *gorilla.Conn) {
		start := time.Now()
		_ = ours.SetWriteDeadline(start.Add(time.Minute))
		// While it compresses, gorilla has an error of its own first.
		if err := write(ours, incompressible); err == nil || time.Since(start) != time.Minute {
			t.Errorf("write: %v after %v", err, time.Since(start))
		}
		_ = ours.SetWriteDeadline(time.Time{})
		failed := write(ours, "")
		if e, ok := failed.(net.Error); !ok || !e.Timeout() {
			t.Errorf("next write: %v", failed)
		}
		if err := ours.WriteControl(compat.PingMessage, nil, time.Time{}); err != failed {
			t.Errorf("next control frame: %v", err)
		}
		go theirs.WriteMessage(gorilla.TextMessage, []byte("hello"))
		if _, p, err := ours.ReadMessage(); string(p) != "hello" || err != nil {
			t.Errorf("read %q, %v", p, err)
		}
	})
}

// TestSoakControlOvertakes writes a ping while a message is being written. It is
// sent behind the frames on their way, and not behind the message; except that
// the frames of a prepared message, and a server's message that is one frame,
// are sent together.
func TestSoakControlOvertakes(t *testing.T) {
	// A client sends up to 64 KiB of a message at a time.
	long := strings.Repeat(incompressible, 12)
	inBubble(t, func(t *testing.T, write func(*compat.Conn, string) error, ours *compat.Conn, theirs *gorilla.Conn) {
		wrote := make(chan error, 2)
		go func() { wrote <- write(ours, long) }()
		synctest.Wait() // in the first frames
		go func() { wrote <- ours.WriteControl(compat.PingMessage, nil, time.Time{}) }()
		synctest.Wait() // for that

		reading, where := false, "nowhere"
		theirs.SetPingHandler(func(string) error {
			where = "behind the message"
			if reading {
				where = "between its fragments"
			}
			return nil
		})
		_, r, err := theirs.NextReader()
		if err != nil {
			t.Fatal(err)
		}
		reading = true
		p, err := io.ReadAll(r)
		reading = false
		if text := strings.Trim(string(p), "\"\n"); text != long || err != nil {
			t.Errorf("%d bytes, %v", len(p), err)
		}
		go func() {
			// The ping is read on the way to this.
			if err := ours.WriteMessage(compat.TextMessage, []byte("next")); err != nil {
				t.Error(err)
			}
		}()
		if _, p, err := theirs.ReadMessage(); string(p) != "next" || err != nil {
			t.Errorf("%q, %v", p, err)
		}
		for range 2 {
			if err := <-wrote; err != nil {
				t.Error(err)
			}
		}
		want := "between its fragments"
		if strings.HasSuffix(t.Name(), ",WritePreparedMessage") || strings.HasSuffix(t.Name(), "server=true,compress=false,WriteMessage") {
			want = "behind the message"
		}
		if where != want {
			t.Errorf("the ping is %s, want it %s", where, want)
		}
	})
}

// TestSoakOpenWriters leaves messages open, one for ever within io.Copy. Nothing
// waits for them.
func TestSoakOpenWriters(t *testing.T) {
	const goroutines = 16
	for _, server := range []bool{true, false} {
		for _, compress := range []bool{true, false} {
			a, b := connectOver(t, compatLibrary, gorillaLibrary, server, connOptions{compress: compress, writeBuffer: 500})
			ours, theirs := a.(*compat.Conn), b.(*gorilla.Conn)
			source, end := io.Pipe()
			copied := make(chan error, 1)
			w, err := ours.NextWriter(compat.TextMessage)
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				_, err := io.Copy(w, source)
				copied <- err
			}()
			if _, err := end.Write([]byte("copied")); err != nil { // it was read
				t.Fatal(err)
			}
			if _, err := end.Write([]byte("!")); err != nil { // what came before was written
				t.Fatal(err)
			}

			var wg sync.WaitGroup
			for g := range goroutines {
				wg.Go(func() {
					w, err := ours.NextWriter(compat.BinaryMessage)
					if err != nil {
						t.Error(err)
						return
					}
					_, _ = w.Write(bytes.Repeat([]byte{byte(g)}, 2000)) // and no more, ended or not
					if err := ours.WriteControl(compat.PingMessage, nil, time.Time{}); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if err := ours.WriteControl(compat.CloseMessage, nil, time.Time{}); err != nil {
				t.Error(err)
			}
			// The message that was open last has no end.
			var got []string
			for {
				_, p, err := theirs.ReadMessage()
				if gorilla.IsCloseError(err, gorilla.CloseNoStatusReceived) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(p))
			}
			ours.Close()
			go end.Write([]byte("late")) // of which the copy may not know any more
			if err := <-copied; err == nil || err.Error() != "websocket: write closed" {
				t.Errorf("copy: %v", err)
			}
			source.Close()
			if len(got) != goroutines || !strings.HasPrefix(got[0], "copied") {
				t.Errorf("server %v, compress %v: %d messages %.20q", server, compress, len(got), got)
			}
		}
	}
}
