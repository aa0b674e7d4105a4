package conformance_test

import (
	"fmt"
	"io"
	"math/rand"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"

	compat "github.com/wsmigrate/wsmigrate/compat/websocket"
)

// TestConnWritersInOrder has goroutines write numbered messages in every way.
// Those that were written without an error arrive whole, and in order for each
// goroutine. A message written in pieces may be ended by another goroutine's;
// then its writer is told.
func TestConnWritersInOrder(t *testing.T) {
	const writers, each = 6, 60
	for _, server := range []bool{true, false} {
		for _, compress := range []bool{false, true} {
			o := connOptions{compress: compress, writeBuffer: 300}
			ours, theirs := connectOver(t, compatLibrary, gorillaLibrary, server, o)
			var failed sync.Map // text of a message whose writer got an error
			var wg sync.WaitGroup
			for w := 0; w < writers; w++ {
				wg.Add(1)
				go func(w int) {
					defer wg.Done()
					for i := 0; i < each; i++ {
						text := numbered(w, i)
						if err := writeSomehow(ours, i+w, text); err != nil {
							failed.Store(text, err)
						}
						ours.EnableWriteCompression(i%3 > 0)
						_ = ours.SetCompressionLevel(i%12 - 2)
						_ = ours.SetWriteDeadline(time.Now().Add(time.Hour))
						ours.SetPingHandler(nil)
					}
				}(w)
			}
			go func() {
				wg.Wait()
				_ = ours.WriteControl(gorilla.CloseMessage, nil, time.Time{})
			}()

			next := make([]int, writers)
			arrived := 0
			for {
				_, p, err := theirs.ReadMessage()
				if gorilla.IsCloseError(err, gorilla.CloseNoStatusReceived) {
					break
				}
				if err != nil {
					t.Fatalf("server %v, compress %v: %v", server, compress, err)
				}
				text := string(p)
				if s, err := strconv.Unquote(strings.TrimSpace(text)); err == nil {
					text = s // JSON
				}
				w, i, whole := parseNumbered(text)
				if !whole {
					continue // its writer was told, or it is missed below
				}
				for ; next[w] < i; next[w]++ {
					if _, ok := failed.Load(numbered(w, next[w])); !ok {
						t.Fatalf("message %d of writer %d is lost or out of order", next[w], w)
					}
				}
				next[w] = i + 1
				arrived++
			}
			for w := range next {
				for ; next[w] < each; next[w]++ {
					if _, ok := failed.Load(numbered(w, next[w])); !ok {
						t.Errorf("message %d of writer %d is lost", next[w], w)
					}
				}
			}
			failed.Range(func(text, err interface{}) bool {
				if !strings.Contains(err.(error).Error(), "write closed") {
					t.Errorf("%.20q: %v", text, err)
				}
				return true
			})
			if arrived < writers*each/2 {
				t.Errorf("only %d messages arrived whole", arrived)
			}
		}
	}
}

// numbered is a message whose length goes up and down, around the buffer's.
func numbered(w, i int) string {
	return fmt.Sprintf("%d %d %s.", w, i, strings.Repeat("x", (i*37)%1000))
}

func parseNumbered(s string) (w, i int, whole bool) {
	n, _ := fmt.Sscanf(s, "%d %d", &w, &i)
	return w, i, n == 2 && s == numbered(w, i)
}

func writeSomehow(c conn, how int, text string) error {
	switch how % 6 {
	case 0:
		return c.WriteMessage(gorilla.TextMessage, []byte(text))
	case 1:
		return c.WriteJSON(text)
	case 2:
		return compatLibrary.writePrepared(c, gorilla.BinaryMessage, []byte(text))
	case 3:
		if err := c.WriteControl(gorilla.PongMessage, []byte("p"), time.Time{}); err != nil {
			return err
		}
		return c.WriteMessage(gorilla.BinaryMessage, []byte(text))
	}
	w, err := c.NextWriter(gorilla.TextMessage)
	if err != nil {
		return err
	}
	if how%6 == 4 {
		if _, err := io.Copy(w, strings.NewReader(text)); err != nil {
			return err
		}
		return w.Close()
	}
	for i := 0; i < len(text); i += 100 {
		end := i + 100
		if end > len(text) {
			end = len(text)
		}
		if _, err := io.WriteString(w, text[i:end]); err != nil {
			return err
		}
	}
	return w.Close()
}

// TestConnAllMethods calls everything from many goroutines at once, reads of
// several goroutines included. Nothing panics, and what is sent are frames in
// a lawful order.
func TestConnAllMethods(t *testing.T) {
	for _, server := range []bool{true, false} {
		for _, compress := range []bool{false, true} {
			for seed := int64(0); seed < 8; seed++ {
				callAll(t, server, compress, seed)
			}
		}
	}
}

func callAll(t *testing.T, server, compress bool, seed int64) {
	data := make([]byte, 400)
	rand.New(rand.NewSource(seed)).Read(data)
	choice := &choices{data}
	m := &memoryConn{compress: compress, inErr: io.EOF, limit: -1}
	for i := 0; i < 20; i++ {
		m.in = append(m.in, choice.stream(server, compress))
	}
	c := compatLibrary.connect(t, m, server, connOptions{compress: compress, writeBuffer: 200, pool: seed%2 == 0})
	if err := c.WriteMessage(gorilla.TextMessage, []byte("first")); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for g := int64(0); g < 8; g++ {
		wg.Add(1)
		go func(rnd *rand.Rand) {
			defer wg.Done()
			for i := 0; i < 60; i++ {
				callOne(c, rnd)
			}
		}(rand.New(rand.NewSource(seed*100 + g)))
	}
	wg.Wait()
	c.Close()

	open, closed := false, false
	for _, f := range frames(m.out) {
		var first byte
		var masked bool
		if _, err := fmt.Sscanf(f, "frame 0x%x masked=%t", &first, &masked); err != nil {
			t.Fatal(err)
		}
		data, final := first&8 == 0, first&0x80 != 0
		if closed || masked == server || data && open != (first&0xf == 0) || !data && !final {
			t.Fatalf("server %v, seed %d: %s: open %v, closed %v", server, seed, f, open, closed)
		}
		if data {
			open = !final
		}
		closed = first&0xf == 8
	}
}

func callOne(c conn, rnd *rand.Rand) {
	text := make([]byte, rnd.Intn(600))
	switch rnd.Intn(16) {
	case 0, 1, 2:
		_ = writeSomehow(c, rnd.Intn(6), string(text))
	case 3:
		_ = c.WriteControl(9+rnd.Intn(2), text[:len(text)%126], time.Now().Add(time.Hour))
	case 4:
		_, _ = c.NextWriter(1) // and leave it
	case 5, 6:
		_, _, _ = c.ReadMessage()
	case 7:
		if _, r, err := c.NextReader(); err == nil {
			_, _ = io.CopyN(io.Discard, r, int64(rnd.Intn(1000)))
		}
	case 8:
		_ = c.ReadJSON(new(interface{}))
	case 9:
		c.SetReadLimit(int64(rnd.Intn(3) * 100000))
	case 10:
		_ = c.SetReadDeadline(time.Time{})
		_ = c.SetWriteDeadline(time.Now().Add(time.Hour))
	case 11:
		c.EnableWriteCompression(rnd.Intn(2) == 0)
		_ = c.SetCompressionLevel(rnd.Intn(12) - 2)
	case 12:
		c.SetPingHandler(func(s string) error { return c.WriteControl(10, []byte(s), time.Now().Add(time.Hour)) })
	case 13:
		c.SetCloseHandler(func(int, string) error { return nil })
		c.SetPongHandler(nil)
	case 14:
		if rnd.Intn(200) == 0 {
			_ = c.WriteControl(8, nil, time.Now().Add(time.Hour))
		}
	case 15:
		if rnd.Intn(300) == 0 {
			c.Close()
		}
	}
}

// connectOver connects a server of one library and a client of another over TCP.
// The first result is a's connection.
func connectOver(t *testing.T, a, b library, aIsServer bool, o connOptions) (conn, conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if !aIsServer {
		a, b = b, a
	}
	accepted := make(chan conn, 1)
	go func() {
		nc, err := ln.Accept()
		if err != nil {
			close(accepted)
			return
		}
		accepted <- acceptOver(t, a, nc, o)
	}()
	nc, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	client := b.dial(t, nc, o)
	server, ok := <-accepted
	if !ok {
		t.Fatal("not accepted")
	}
	t.Cleanup(func() { server.Close(); client.Close() })
	if !aIsServer {
		return client, server
	}
	return server, client
}

// TestConnUnwrap has the engine's own connection under that of compat.
func TestConnUnwrap(t *testing.T) {
	ours, theirs := connectOver(t, compatLibrary, gorillaLibrary, true, connOptions{})
	if n := ours.(*compat.Conn).Unwrap(); (n != nil) != (compat.Engine() == "nhooyr") {
		t.Fatalf("engine %s: %v", compat.Engine(), n)
	}
	if err := theirs.WriteMessage(gorilla.TextMessage, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, p, err := ours.ReadMessage(); string(p) != "hello" || err != nil {
		t.Errorf("%q, %v", p, err)
	}
}
