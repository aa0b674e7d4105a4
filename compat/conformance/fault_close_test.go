package conformance

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"
)

// checkClosing holds what was sent against RFC 6455, section 5.5.1: there is at
// most one close frame, and nothing behind it.
func checkClosing(t *testing.T, name string, frames []string, want int) {
	t.Helper()
	closed := 0
	for i, f := range frames {
		if strings.HasPrefix(f, "88 ") {
			closed++
			if rest := frames[i+1:]; len(rest) > 0 {
				t.Errorf("%s: sent behind the close frame: %q", name, rest)
			}
		} else if strings.HasPrefix(f, "incomplete") {
			t.Errorf("%s: sent %s", name, f)
		}
	}
	if closed != want {
		t.Errorf("%s: %d close frames, want %d", name, closed, want)
	}
}

// TestFaultClose abuses the closing handshake, from both sides. Everything that
// the peer gets is looked at.
func TestFaultClose(t *testing.T) {
	bye := func(l *line, code int) {
		err := l.c.WriteControl(closeMessage, []byte{byte(code >> 8), byte(code)}, time.Now().Add(time.Hour))
		l.note("close frame %d: %s", code, l.describe(err))
	}
	write := func(l *line) {
		l.note("write: %s", l.describe(l.c.WriteMessage(textMessage, []byte("late"))))
		l.note("write close: %s", l.describe(l.c.WriteMessage(closeMessage, []byte("\x03\xe8"))))
		l.note("write JSON: %s", l.describe(l.c.WriteJSON("late")))
		l.note("ping: %s", l.describe(l.c.WriteControl(pingMessage, nil, time.Now().Add(time.Hour))))
		w, err := l.c.NextWriter(binaryMessage)
		l.note("next writer: %v %s", w != nil, l.describe(err))
		send, err := l.prepare(textMessage, []byte("late"))
		if err != nil {
			t.Fatal(err)
		}
		l.note("prepared: %s", l.describe(send(l.c)))
	}
	read := func(l *line) {
		for i := 0; i < 3; i++ {
			mt, p, err := l.c.ReadMessage()
			l.note("read: %d %s %s", mt, digest(p), l.describe(err))
		}
	}
	finish := func(l *line, w io.WriteCloser) {
		n, err := io.WriteString(w, "late")
		l.note("writer: %d %s", n, l.describe(err))
		l.note("close writer: %s", l.describe(w.Close()))
	}
	begin := func(l *line, data string) io.WriteCloser {
		w, err := l.c.NextWriter(textMessage)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.WriteString(w, data)
		l.note("writer: %d %s", n, l.describe(err))
		return w
	}
	for _, tt := range []struct {
		name string
		o    options
		play func(l *line)
	}{
		{"twice", options{}, func(l *line) { bye(l, 1000); bye(l, 1001) }},
		{"and go on writing", options{}, func(l *line) { bye(l, 1000); write(l) }},
		{"and go on writing compressed", options{compress: true}, func(l *line) { bye(l, 1000); write(l) }},
		{"in a message that is buffered", options{}, func(l *line) { w := begin(l, "buffered"); bye(l, 1000); finish(l, w) }},
		{"in a message that is sent in part", options{writeBuffer: 16}, func(l *line) {
			w := begin(l, strings.Repeat("sent in part ", 10))
			bye(l, 1000)
			finish(l, w)
		}},
		{"in a compressed message", options{compress: true}, func(l *line) { w := begin(l, "compressed"); bye(l, 1000); finish(l, w) }},
		{"and the peer pings", options{}, func(l *line) { bye(l, 1000); l.send(ping("1"), ping("2"), closing(1000, "")); read(l) }},
		{"and the peer closes", options{}, func(l *line) { bye(l, 4000); l.send(closing(1000, "")); read(l); write(l) }},
		{"and the peer sends nonsense", options{}, func(l *line) { bye(l, 1000); l.send(frame{b0: 0xf3}); read(l) }},
		{"and the peer sends too much", options{}, func(l *line) {
			l.c.SetReadLimit(1)
			bye(l, 1000)
			l.send(text("too much"))
			read(l)
		}},
		{"and the peer says nothing", options{}, func(l *line) {
			bye(l, 1000)
			l.note("deadline: %s", l.describe(l.c.SetReadDeadline(time.Now().Add(time.Millisecond))))
			read(l)
			write(l)
		}},
		{"twice by the peer", options{}, func(l *line) { l.send(closing(1000, ""), closing(1001, "")); read(l) }},
		{"by the peer, who goes on writing", options{}, func(l *line) { l.send(closing(1000, ""), text("late"), ping("late")); read(l) }},
		{"by the peer and by us", options{}, func(l *line) { l.send(closing(1000, "")); read(l); bye(l, 1001); write(l) }},
		{"by the peer in our message", options{writeBuffer: 16}, func(l *line) {
			w := begin(l, strings.Repeat("sent in part ", 10))
			l.send(closing(1000, ""))
			read(l)
			finish(l, w)
		}},
		{"behind nonsense of the peer", options{}, func(l *line) { l.send(frame{b0: 0xf3}); read(l); bye(l, 1000); write(l) }},
		{"by a close handler, and again", options{}, func(l *line) {
			l.c.SetCloseHandler(func(code int, text string) error { bye(l, 4001); bye(l, 4002); return nil })
			l.send(closing(1000, ""))
			read(l)
			bye(l, 4003)
		}},
		{"late, as the close handler does not reply", options{}, func(l *line) {
			l.c.SetCloseHandler(func(code int, text string) error { return nil })
			l.send(closing(1000, ""))
			read(l)
			l.note("write: %s", l.describe(l.c.WriteMessage(textMessage, []byte("in time"))))
			bye(l, 1000)
			write(l)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			both(t, tt.name, tt.o, func(t *testing.T, l *line) {
				tt.play(l)
				if err := l.watched.CloseWrite(); err != nil {
					t.Error(err)
				}
				sent, err := io.ReadAll(l.peerIn)
				if err != nil {
					t.Error(err)
				}
				frames := dumpFrames(sent)
				checkClosing(t, l.name, frames, 1)
				for _, f := range frames {
					l.note("received %s", f)
				}
			})
		})
	}
}

// TestFaultCloseAmongWriters has goroutines send messages of every kind, and
// close frames among them.
func TestFaultCloseAmongWriters(t *testing.T) {
	for _, as := range []role{server, client} {
		for _, compress := range []bool{false, true} {
			l := connect(t, shim, as, options{compress: compress, writeBuffer: 64})
			received := make(chan []byte)
			go func() {
				p, _ := io.ReadAll(l.peerIn)
				received <- p
			}()
			var writers sync.WaitGroup
			for g := 0; g < 6; g++ {
				writers.Add(1)
				go func() {
					defer writers.Done()
					for i := 0; i < 60; i++ {
						writeAnything(l.c, g, i)
					}
				}()
			}
			writers.Wait()
			if err := l.watched.CloseWrite(); err != nil {
				t.Error(err)
			}
			checkClosing(t, fmt.Sprintf("%s, compress %v", as, compress), dumpFrames(<-received), 1)
			l.close()
		}
	}
}

// writeAnything writes in the i-th way. The first close frames come after some
// other messages.
func writeAnything(c wsConn, g, i int) {
	body := strings.Repeat("x", 40*(i%5))
	switch (g + i) % 5 {
	case 0:
		_ = c.WriteMessage(textMessage, []byte(body))
	case 1:
		if w, err := c.NextWriter(binaryMessage); err == nil {
			_, _ = io.WriteString(w, body)
			_ = w.Close()
		}
	case 2:
		_ = c.WriteControl(pingMessage, nil, time.Now().Add(time.Hour))
	case 3:
		_ = c.WriteJSON(body)
	case 4:
		if i > 30 {
			_ = c.WriteControl(closeMessage, []byte("\x03\xe8"), time.Now().Add(time.Hour))
		}
	}
}
