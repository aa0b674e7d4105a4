package conformance

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	compat "github.com/wsmigrate/wsmigrate/compat/websocket"
)

// TestConcurrentWriters has many goroutines write to one connection of compat
// in every way at once, while others change its settings. gorilla at the other
// end gets every message whole.
func TestConcurrentWriters(t *testing.T) {
	const writers, each = 8, 50
	for _, deflate := range []bool{false, true} {
		t.Run(fmt.Sprintf("deflate %v", deflate), func(t *testing.T) {
			upgrader := compat.Upgrader{EnableCompression: deflate, WriteBufferSize: 256}
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c, err := upgrader.Upgrade(w, r, nil)
				if err != nil {
					t.Error(err)
					return
				}
				defer c.Close()
				writeConcurrently(t, c, writers, each)
				if err := c.WriteControl(closeMessage, compat.FormatCloseMessage(1000, ""), time.Time{}); err != nil {
					t.Errorf("close: %v", err)
				}
				c.ReadMessage() // the answer, so that Close resets nothing
			}))
			defer srv.Close()
			dialer := websocket.Dialer{EnableCompression: deflate}
			c, _, err := dialer.Dial("ws"+strings.TrimPrefix(srv.URL, "http"), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			pings := 0
			onPing := c.PingHandler()
			c.SetPingHandler(func(s string) error { pings++; return onPing(s) })

			var got []string
			for {
				_, p, err := c.ReadMessage()
				if websocket.IsCloseError(err, 1000) {
					break
				}
				if err != nil {
					t.Fatalf("after %d messages: %v", len(got), err)
				}
				got = append(got, strings.TrimSpace(string(p)))
			}
			var want []string
			for w := 0; w < writers; w++ {
				for i := 0; i < each; i++ {
					want = append(want, body(w, i), fmt.Sprintf("%q", body(w, i)), body(w, i))
				}
			}
			sort.Strings(got)
			sort.Strings(want)
			if len(got) != len(want) {
				t.Fatalf("%d messages, want %d", len(got), len(want))
			}
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("message %q, want %q", got[i], want[i])
				}
			}
			if pings != writers*each {
				t.Errorf("%d pings, want %d", pings, writers*each)
			}
		})
	}
}

// body is the i-th text of a writer; its length is around that of the write
// buffer.
func body(writer, i int) string {
	return strings.Repeat(fmt.Sprintf("%d-%d ", writer, i), 20+i) + "end"
}

func writeConcurrently(t *testing.T, c *compat.Conn, writers, each int) {
	var wg sync.WaitGroup
	for w := 0; w < writers; w++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; i < each; i++ {
				prepared, err := compat.NewPreparedMessage(textMessage, []byte(body(w, i)))
				if err != nil {
					t.Error(err)
					return
				}
				for _, err := range []error{
					c.WriteMessage(textMessage, []byte(body(w, i))),
					c.WriteJSON(body(w, i)),
					c.WritePreparedMessage(prepared),
					c.WriteControl(pingMessage, nil, time.Time{}),
				} {
					if err != nil {
						t.Errorf("writer %d: %v", w, err)
						return
					}
				}
				c.EnableWriteCompression(i%2 == 0)
				c.SetCompressionLevel(1 + i%9)
				c.SetWriteDeadline(time.Now().Add(time.Hour))
			}
		}()
	}
	wg.Wait()
}
