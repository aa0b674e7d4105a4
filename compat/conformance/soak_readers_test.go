package conformance_test

import (
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"

	"github.com/wsmigrate/wsmigrate/compat/coder"
	compat "github.com/wsmigrate/wsmigrate/compat/websocket"
)

const overtaken = "websocket: message interrupted by the read of another"

// TestSoakReaders has goroutines read fragmented messages, with pings between the
// fragments, from one connection. A message that one gets is whole, and those
// that nobody gets are as many as the reads that failed: none, where each reads
// by one call and no handler lets another in.
func TestSoakReaders(t *testing.T) {
	for _, server := range []bool{true, false} {
		for _, compress := range []bool{true, false} {
			for _, how := range []reading{{}, {json: true, handler: true}, {unwrap: true}, {json: true, unwrap: true}} {
				t.Run(fmt.Sprintf("server=%v,compress=%v,%+v", server, compress, how), func(t *testing.T) {
					readAtOnce(t, server, compress, how)
				})
			}
		}
	}
}

// reading is how goroutines read.
type reading struct {
	json    bool // by ReadJSON too
	handler bool // with a ping handler
	unwrap  bool // in pass-through mode
}

func readAtOnce(t *testing.T, server, compress bool, how reading) {
	const readers, messages = 8, 200
	a, b := connectOver(t, compatLibrary, gorillaLibrary, server, connOptions{compress: compress, writeBuffer: 1000})
	ours, theirs := a.(*compat.Conn), b.(*gorilla.Conn)
	if how.handler {
		ours.SetPingHandler(func(string) error { return nil })
	}
	if how.unwrap {
		ours.Unwrap()
		coder.Unwrap(ours)
	}

	text := func(i int) string { return fmt.Sprintf("%d %s", i, letters[i:i+i*53%6000]) }
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range messages {
			if err := writeWithPings(theirs, `"`+text(i)+`"`); err != nil {
				t.Error(err)
			}
		}
		if err := theirs.WriteControl(gorilla.CloseMessage, nil, time.Time{}); err != nil {
			t.Error(err)
		}
		// What the other side answers, so that it can write.
		for {
			if _, _, err := theirs.ReadMessage(); err != nil {
				return
			}
		}
	})

	var got [readers][]string
	var failed [readers][]error
	for r := range readers {
		wg.Go(func() {
			for i := r; ; i++ {
				var s string
				var err error
				if how.json && i%2 == 0 {
					err = ours.ReadJSON(&s)
				} else {
					var p []byte
					if _, p, err = ours.ReadMessage(); err == nil {
						s = string(p[1 : len(p)-1])
					}
				}
				switch {
				case compat.IsCloseError(err, compat.CloseNoStatusReceived):
					return
				case err == nil:
					got[r] = append(got[r], s)
				default:
					failed[r] = append(failed[r], err)
				}
			}
		})
	}
	wg.Wait()

	received, failures := make(map[int]bool), 0
	for r := range readers {
		last := -1
		for _, s := range got[r] {
			var i int
			if n, _ := fmt.Sscan(s, &i); n != 1 || i < 0 || i >= messages || s != text(i) {
				t.Errorf("%d bytes that are no message: %.40q", len(s), s)
				continue
			}
			if received[i] || i <= last {
				t.Errorf("message %d after %d, received before: %v", i, last, received[i])
			}
			received[i], last = true, i
		}
		for _, err := range failed[r] {
			if s := err.Error(); s != overtaken && err != io.ErrClosedPipe {
				t.Errorf("%T %v", err, err)
			}
			failures++
		}
	}
	if len(received)+failures != messages {
		t.Errorf("%d messages received and %d reads overtaken, want %d together", len(received), failures, messages)
	}
	if len(received) == 0 || failures > 0 && how == (reading{unwrap: how.unwrap}) {
		t.Errorf("%d messages received", len(received))
	}
	t.Logf("engine %s: %d messages received, %d reads overtaken", compat.Engine(), len(received), failures)
}

// writeWithPings writes text in pieces with a ping behind each.
func writeWithPings(c *gorilla.Conn, text string) error {
	w, err := c.NextWriter(gorilla.TextMessage)
	if err != nil {
		return err
	}
	for len(text) > 0 {
		n := min(len(text), 700)
		if _, err := io.WriteString(w, text[:n]); err != nil {
			return err
		}
		if err := c.WriteControl(gorilla.PingMessage, nil, time.Time{}); err != nil {
			return err
		}
		text = text[n:]
	}
	return w.Close()
}
