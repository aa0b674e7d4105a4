package conformance

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// TestFaultSilentPeer has the peer fall silent, as a host does that is gone. The
// read deadline ends the read, wherever it is, and Close closes the socket.
func TestFaultSilentPeer(t *testing.T) {
	packed := deflated("several words, several words").payload
	for _, tt := range []struct {
		name string
		o    options
		in   frame
		lost int // bytes at the end of the frame that do not come
	}{
		{"between messages", options{}, text("x"), 0},
		{"in the first two bytes", options{}, text("x"), 6},
		{"in a length", options{}, frame{b0: 0x81, payload: "x", wide: 8}, 6},
		{"in a payload", options{}, text("payload"), 2},
		{"between fragments", options{}, begin("part"), 0},
		{"in a ping", options{}, ping("payload"), 2},
		{"in a compressed message", options{compress: true}, frame{b0: 0x41, payload: packed}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			both(t, tt.name, tt.o, func(t *testing.T, l *line) {
				sent := tt.in.encode(l.role == server)
				sent = sent[:max(1, len(sent)-tt.lost)]
				done := make(chan struct{})
				go func() {
					defer close(done)
					l.playReads()
				}()
				l.sendAndWait(t, sent)
				if err := l.c.SetReadDeadline(time.Now()); err != nil {
					t.Error(err)
				}
				<-done
				peer := newRun(l.library, t)
				peer.received(l.peerIn)
				l.lines = append(l.lines, peer.lines...)
			})
		})
	}
}

// TestFaultHeartbeat has a peer that answers pings stop doing so: the idiom of
// pings, and of a read deadline that the pong handler moves, notices.
func TestFaultHeartbeat(t *testing.T) {
	both(t, "heartbeat", options{}, func(t *testing.T, l *line) {
		const answered = 5
		pongs := 0
		l.c.SetPongHandler(func(s string) error {
			pongs++
			l.note("pong %q", s)
			if pongs < answered {
				return l.c.SetReadDeadline(time.Now().Add(time.Hour))
			}
			return l.c.SetReadDeadline(time.Now().Add(time.Millisecond))
		})
		if err := l.c.SetReadDeadline(time.Now().Add(time.Hour)); err != nil {
			t.Error(err)
		}
		for i := 0; i < answered; i++ {
			l.note("ping: %s", l.describe(l.c.WriteControl(pingMessage, []byte(fmt.Sprint(i)), time.Now().Add(time.Hour))))
			if _, err := l.peer.Write(pong(fmt.Sprint(i)).encode(l.role == server)); err != nil {
				t.Error(err)
			}
		}
		l.playReads()
	})
}

// TestFaultSilentPeersLeaveNothing has many peers fall silent at once. When
// their connections are closed, nothing is left of them.
func TestFaultSilentPeersLeaveNothing(t *testing.T) {
	for _, as := range []role{server, client} {
		before := openFiles(t)
		var ended sync.WaitGroup
		for i := 0; i < 50; i++ {
			l := connect(t, shim, as, options{compress: i%2 == 0})
			ended.Add(1)
			go func() {
				defer ended.Done()
				_, _, err := l.c.ReadMessage()
				if e, ok := err.(net.Error); !ok || !e.Timeout() {
					t.Errorf("read: %v, want a timeout", err)
				}
				if err := l.c.Close(); err != nil {
					t.Error(err)
				}
				// The socket is closed, although the peer does nothing.
				if _, err := l.peerIn.ReadByte(); err != io.EOF {
					t.Errorf("peer: %v, want the end of the stream", err)
				}
				l.close()
			}()
			l.sendAndWait(t, text("cut short").encode(as == server)[:i%10])
			if err := l.c.SetReadDeadline(time.Now()); err != nil {
				t.Error(err)
			}
		}
		ended.Wait()
		if after := openFiles(t); after > before {
			t.Errorf("%s: %d files are open, %d were before", as, after, before)
		}
	}
}

// deaf makes the peer one that does not read, and both buffers between small.
func deaf(t *testing.T, l *line) {
	t.Helper()
	if err := l.peer.SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	if err := l.watched.Conn.(*net.TCPConn).SetWriteBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
}

// TestFaultDeafPeer has a peer that does not read. A write then waits for its
// deadline or for Close, and nothing else waits for it.
func TestFaultDeafPeer(t *testing.T) {
	big := bytes.Repeat([]byte("x"), 2<<20)   // more than goes into the buffers between the peers
	oneFrame := options{writeBuffer: 3 << 20} // between frames other writes have their turn
	write := func(l *line) <-chan error {
		done, from := make(chan error, 1), l.watched.written()
		go func() { done <- l.c.WriteMessage(binaryMessage, big) }()
		l.watched.waitWrite(from)
		return done
	}
	// meanwhile does all that must not wait for a write.
	meanwhile := func(t *testing.T, l *line, writing <-chan error) {
		t.Helper()
		within(t, func() {
			l.note("set read deadline: %s", l.describe(l.c.SetReadDeadline(time.Now().Add(time.Hour))))
			l.c.SetReadLimit(1 << 20)
			l.c.SetPingHandler(func(s string) error { l.note("ping %q", s); return nil })
			l.c.SetPongHandler(nil)
			l.c.SetCloseHandler(nil)
			l.c.EnableWriteCompression(false)
			l.note("set level: %s", l.describe(l.c.SetCompressionLevel(3)))
			l.note("ping: %s", l.describe(l.c.WriteControl(pingMessage, nil, time.Now().Add(time.Millisecond))))
			l.note("late ping: %s", l.describe(l.c.WriteControl(pingMessage, nil, time.Now().Add(-time.Hour))))
			// Reading goes on.
			l.send(ping("p"), text("read"))
			mt, p, err := l.c.ReadMessage()
			l.note("read: %d %s %s", mt, digest(p), l.describe(err))
		})
		select {
		case err := <-writing:
			t.Errorf("%s: the write has ended: %v", l.name, err)
		default:
		}
	}
	t.Run("close", func(t *testing.T) {
		both(t, "close", oneFrame, func(t *testing.T, l *line) {
			deaf(t, l)
			l.c.SetWriteDeadline(time.Now().Add(time.Hour))
			writing := write(l)
			meanwhile(t, l, writing)
			within(t, func() {
				l.c.SetWriteDeadline(time.Time{}) // of later frames
				l.note("close: %s", l.describe(l.c.Close()))
				l.note("write: %s", l.describe(<-writing))
				l.note("write again: %s", l.describe(l.c.WriteMessage(textMessage, nil)))
			})
		})
	})
	t.Run("deadline", func(t *testing.T) {
		both(t, "deadline", oneFrame, func(t *testing.T, l *line) {
			deaf(t, l)
			l.c.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
			within(t, func() {
				l.note("write: %s", l.describe(<-write(l)))
				l.c.SetWriteDeadline(time.Time{})
				l.note("write again: %s", l.describe(l.c.WriteMessage(textMessage, nil)))
				l.note("ping: %s", l.describe(l.c.WriteControl(pingMessage, nil, time.Time{})))
				w, err := l.c.NextWriter(textMessage)
				l.note("next writer: %v %s", w != nil, l.describe(err))
				l.send(text("read"))
				mt, p, err := l.c.ReadMessage()
				l.note("read: %d %s %s", mt, digest(p), l.describe(err))
				l.note("close: %s", l.describe(l.c.Close()))
			})
			// The peer gets the start of the message, if anything.
			head := make([]byte, 1)
			if _, err := io.ReadFull(l.peerIn, head); err == nil && head[0] != 0x80|binaryMessage {
				t.Errorf("the peer got %x", head)
			}
		})
	})
}

// send has the peer send frames. The library need not have them yet.
func (l *line) send(frames ...frame) {
	for _, f := range frames {
		_, _ = l.peer.Write(f.encode(l.role == server))
	}
}

// within fails the test if f waits for something that does not happen.
func within(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("blocked")
	}
}

// TestFaultDeafPeerBesideOthers has connections of a server whose peers do not
// read, with a writer blocked on each. Another connection goes on.
func TestFaultDeafPeerBesideOthers(t *testing.T) {
	h := newBadHost(t, shim)
	defer h.close()
	var writers sync.WaitGroup
	var lines []*line
	for i := 0; i < 4; i++ {
		l := connect(t, shim, server, options{compress: i%2 == 0})
		deaf(t, l)
		lines = append(lines, l)
		writers.Add(1)
		from := l.watched.written()
		go func() {
			defer writers.Done()
			big := make([]byte, 2<<20)
			l.c.EnableWriteCompression(false)
			if err := l.c.WriteMessage(binaryMessage, big); err == nil {
				t.Error("the write has not failed")
			}
		}()
		l.watched.waitWrite(from)
	}
	stop := make(chan struct{})
	close(stop)
	h.echoUntil(t, stop, true)
	h.echoUntil(t, stop, false)
	for _, l := range lines {
		l.close()
	}
	writers.Wait()
}
