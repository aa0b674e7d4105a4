package conformance_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"

	compat "github.com/wsmigrate/wsmigrate/compat/websocket"
)

// TestSoakShared has connections of both roles, with and without compression,
// write at the same time from one pool of write buffers, and the same prepared
// messages. What arrives is what that connection wrote.
func TestSoakShared(t *testing.T) {
	const connections, messages, lengths = 8, 60, 4
	var prepared [lengths]*compat.PreparedMessage
	for i := range prepared {
		data := []byte(sharedText(i))
		pm, err := compat.NewPreparedMessage(compat.TextMessage, data)
		if err != nil {
			t.Fatal(err)
		}
		clear(data) // it has been copied
		prepared[i] = pm
	}
	pool := &stack{t: t}
	l := sharing(pool)
	var wg sync.WaitGroup
	for n := range connections {
		a, b := connectOver(t, l, gorillaLibrary, n%2 == 0, connOptions{compress: n/2%2 == 0})
		ours, theirs := a.(*compat.Conn), b.(*gorilla.Conn)
		text := func(i int) string { return fmt.Sprintf("%d %d %s", n, i, letters[i:i+i*373%9000]) }
		wg.Go(func() {
			for i := range messages {
				_ = ours.SetCompressionLevel(1 + i%3)
				if err := writeInPieces(ours, text(i)); err != nil {
					t.Error(err)
				}
				if err := ours.WritePreparedMessage(prepared[i%lengths]); err != nil {
					t.Error(err)
				}
			}
			if err := ours.WriteControl(compat.CloseMessage, nil, time.Time{}); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			for i := range messages {
				for _, want := range []string{text(i), sharedText(i % lengths)} {
					if _, p, err := theirs.ReadMessage(); string(p) != want || err != nil {
						t.Errorf("connection %d, message %d: %d bytes %.40q, want %d %.40q, %v", n, i, len(p), p, len(want), want, err)
						return
					}
				}
			}
			if _, _, err := theirs.ReadMessage(); !gorilla.IsCloseError(err, gorilla.CloseNoStatusReceived) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if pool.lent != 0 || len(pool.list) > connections {
		t.Errorf("%d buffers lent and %d in the pool at the end", pool.lent, len(pool.list))
	}
}

// stack is a pool that lends what came back last, to whomever asks next.
type stack struct {
	t    *testing.T
	mu   sync.Mutex
	list []interface{}
	lent int
}

// Get implements compat.BufferPool.
func (s *stack) Get() interface{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lent++
	if len(s.list) == 0 {
		return nil
	}
	v := s.list[len(s.list)-1]
	s.list = s.list[:len(s.list)-1]
	return v
}

// Put implements compat.BufferPool.
func (s *stack) Put(v interface{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lent--
	for _, other := range s.list {
		if other == v {
			s.t.Error("a buffer was put back twice")
		}
	}
	s.list = append(s.list, v)
}

// sharing is compat with this pool for all connections.
func sharing(pool compat.BufferPool) library {
	l := compatLibrary
	l.acceptRequest = func(t testing.TB, w http.ResponseWriter, r *http.Request, o connOptions) conn {
		c, err := (&compat.Upgrader{WriteBufferPool: pool, EnableCompression: o.compress}).Upgrade(w, r, nil)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	l.dial = func(t testing.TB, nc net.Conn, o connOptions) conn {
		d := compat.Dialer{WriteBufferPool: pool, EnableCompression: o.compress,
			NetDial: func(string, string) (net.Conn, error) { return nc, nil }}
		c, _, err := d.Dial("ws://memory/", nil)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	return l
}

func writeInPieces(c *compat.Conn, text string) error {
	w, err := c.NextWriter(compat.TextMessage)
	if err != nil {
		return err
	}
	if _, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{strings.NewReader(text)}, make([]byte, 700)); err != nil {
		return err
	}
	return w.Close()
}
