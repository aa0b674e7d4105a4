package conformance_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"

	compat "github.com/wsmigrate/wsmigrate/compat/websocket"
)

func wantRead(t *testing.T, c interface{ ReadMessage() (int, []byte, error) }, mt int, text string) {
	t.Helper()
	if got, p, err := c.ReadMessage(); got != mt || string(p) != text || err != nil {
		t.Fatalf("read %d %.40q %v, want %d %.40q", got, p, err, mt, text)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}

// TestConnPassThroughReads reads in every way.
func TestConnPassThroughReads(t *testing.T) {
	for _, compress := range []bool{false, true} {
		t.Run(fmt.Sprintf("compress %v", compress), func(t *testing.T) {
			eachPassing(t, compress, false, func(t *testing.T, p *passing) {
				long := strings.Repeat("long ", 3000)
				must(t, p.peer.WriteMessage(gorilla.TextMessage, []byte(long)))
				wantRead(t, p.c, compat.TextMessage, long)
				must(t, p.peer.WriteMessage(gorilla.BinaryMessage, []byte("read in part")))
				must(t, p.peer.WriteJSON(map[string]int{"a": 1}))
				mt, r, err := p.c.NextReader()
				if mt != compat.BinaryMessage || err != nil {
					t.Fatal(mt, err)
				}
				if _, err := io.ReadFull(r, make([]byte, 4)); err != nil {
					t.Fatal(err)
				}
				var v map[string]int
				if err := p.c.ReadJSON(&v); err != nil || v["a"] != 1 {
					t.Errorf("JSON %v, %v", v, err)
				}
				if _, err := r.Read(make([]byte, 1)); err != io.EOF {
					t.Errorf("the stale reader: %v, want io.EOF", err)
				}
				must(t, p.peer.WriteMessage(gorilla.TextMessage, nil))
				if err := p.c.ReadJSON(&v); err != io.ErrUnexpectedEOF {
					t.Errorf("JSON of an empty message: %v", err)
				}
				must(t, p.peer.WriteMessage(gorilla.TextMessage, []byte("a")))
				must(t, p.peer.WriteMessage(gorilla.TextMessage, []byte("b")))
				joined := make([]byte, 4)
				if _, err := io.ReadFull(compat.JoinMessages(p.c, "-"), joined); string(joined) != "a-b-" || err != nil {
					t.Errorf("joined %q, %v", joined, err)
				}
				// The native connection reads on where its users are that far.
				must(t, p.peer.WriteMessage(gorilla.BinaryMessage, []byte("native")))
				if mt, text, err := p.native.read(); mt != compat.BinaryMessage || string(text) != "native" || err != nil {
					t.Errorf("native read: %d %q %v", mt, text, err)
				}
			})
		})
	}
}

// TestConnPassThroughWrites writes in every way.
func TestConnPassThroughWrites(t *testing.T) {
	for _, compress := range []bool{false, true} {
		t.Run(fmt.Sprintf("compress %v", compress), func(t *testing.T) {
			eachPassing(t, compress, false, func(t *testing.T, p *passing) {
				long := []byte(strings.Repeat("long ", 3000))
				prepared, err := compat.NewPreparedMessage(compat.TextMessage, []byte("prepared"))
				must(t, err)
				must(t, p.c.WriteMessage(compat.BinaryMessage, long))
				wantRead(t, p.peer, gorilla.BinaryMessage, string(long))
				must(t, p.native.write(compat.TextMessage, []byte("native")))
				wantRead(t, p.peer, gorilla.TextMessage, "native")

				open, err := p.c.NextWriter(compat.TextMessage)
				must(t, err)
				fmt.Fprint(open, "op")
				fmt.Fprint(open, "en")
				must(t, p.c.WritePreparedMessage(prepared)) // ends it
				if _, err := open.Write(nil); err == nil {
					t.Error("the writer was not ended")
				}
				if err := open.Close(); err == nil {
					t.Error("the writer closes twice")
				}
				wantRead(t, p.peer, gorilla.TextMessage, "open")
				wantRead(t, p.peer, gorilla.TextMessage, "prepared")

				// A value that cannot be encoded sends nothing: gorilla sends an
				// empty message.
				if err := p.c.WriteJSON(make(chan int)); err == nil {
					t.Error("a channel was encoded")
				}
				must(t, p.c.WriteJSON("value"))
				wantRead(t, p.peer, gorilla.TextMessage, "\"value\"\n")

				// Compression is the engine's business.
				p.c.EnableWriteCompression(false)
				must(t, p.c.SetCompressionLevel(9))
				if err := p.c.SetCompressionLevel(10); err == nil {
					t.Error("level 10 is taken")
				}
				must(t, p.c.WriteMessage(compat.TextMessage, long))
				wantRead(t, p.peer, gorilla.TextMessage, string(long))

				for _, mt := range []int{-1, 0, 3, 11} {
					if err := p.c.WriteMessage(mt, nil); err == nil || !strings.Contains(err.Error(), "bad write message type") {
						t.Errorf("a message of type %d: %v", mt, err)
					}
					if _, err := p.c.NextWriter(mt); err == nil {
						t.Errorf("a writer of type %d", mt)
					}
				}
			})
		})
	}
}

// TestConnPassThroughPing has pings of both sides: the engine answers those
// of the peer, and a pong handler is for those of this side.
func TestConnPassThroughPing(t *testing.T) {
	eachPassing(t, false, false, func(t *testing.T, p *passing) {
		p.c.SetPingHandler(func(string) error { t.Error("the ping handler is called"); return nil })
		pongs := make(chan string, 10)
		p.peer.SetPongHandler(func(s string) error { pongs <- s; return nil })
		must(t, p.peer.WriteControl(gorilla.PingMessage, []byte("theirs"), time.Time{}))
		must(t, p.peer.WriteMessage(gorilla.TextMessage, []byte("1")))
		wantRead(t, p.c, compat.TextMessage, "1")
		must(t, p.c.WriteControl(compat.PongMessage, []byte("unsent"), time.Time{}))
		must(t, p.c.WriteMessage(compat.PongMessage, []byte("unsent")))
		must(t, p.c.WriteMessage(compat.TextMessage, []byte("2")))
		wantRead(t, p.peer, gorilla.TextMessage, "2")
		if len(pongs) != 1 || <-pongs != "theirs" {
			t.Error("the pongs sent are not the one that answers")
		}

		got := make(chan string, 1)
		p.c.SetPongHandler(func(s string) error { got <- s; return errors.New("ends nothing") })
		must(t, p.c.WriteControl(compat.PingMessage, []byte("ours"), time.Now().Add(time.Hour)))
		// A pong comes while both sides read.
		done := make(chan error, 2)
		go func() { _, _, err := p.peer.ReadMessage(); done <- err }()
		go func() { _, _, err := p.c.ReadMessage(); done <- err }()
		if s := <-got; s != "ours" {
			t.Errorf("the pong handler gets %q, want the payload of the ping", s)
		}
		must(t, p.c.WriteMessage(compat.TextMessage, nil))
		must(t, p.peer.WriteMessage(gorilla.TextMessage, nil))
		must(t, <-done)
		must(t, <-done)

		for _, mt := range []int{compat.PingMessage, compat.PongMessage, compat.CloseMessage} {
			if err := p.c.WriteControl(mt, make([]byte, 126), time.Time{}); err == nil {
				t.Errorf("a control frame of type %d and 126 bytes", mt)
			}
			if err := p.c.WriteControl(mt, nil, time.Now().Add(-time.Hour)); !isTimeout(err) {
				t.Errorf("a control frame of type %d in the past: %v", mt, err)
			}
		}
		if err := p.c.WriteControl(compat.TextMessage, nil, time.Time{}); err == nil {
			t.Error("a text message is a control frame")
		}
	})
}

// TestConnPassThroughCloseFrame closes from this side.
func TestConnPassThroughCloseFrame(t *testing.T) {
	for _, tt := range []struct {
		payload string
		code    int
		reason  string
	}{
		{"\x03\xe9bye", 1001, "bye"},
		{"\x0f\xa0", 4000, ""},
		{"", 1005, ""},
		{"x", 1005, ""},
	} {
		t.Run(fmt.Sprintf("%q", tt.payload), func(t *testing.T) {
			eachPassing(t, false, false, func(t *testing.T, p *passing) {
				p.c.SetCloseHandler(func(int, string) error { t.Error("the close handler is called"); return nil })
				read := make(chan error, 1)
				go func() { _, _, err := p.peer.ReadMessage(); read <- err }()
				must(t, p.c.WriteControl(compat.CloseMessage, []byte(tt.payload), time.Time{}))
				if e, ok := (<-read).(*gorilla.CloseError); !ok || e.Code != tt.code || e.Text != tt.reason {
					t.Errorf("the peer reads %v", e)
				}
				prepared, err := compat.NewPreparedMessage(compat.TextMessage, nil)
				must(t, err)
				_, err = p.c.NextWriter(compat.TextMessage)
				for what, err := range map[string]error{
					"WriteMessage": p.c.WriteMessage(compat.TextMessage, nil), "NextWriter": err,
					"WriteJSON": p.c.WriteJSON(1), "WritePreparedMessage": p.c.WritePreparedMessage(prepared),
					"WriteControl": p.c.WriteControl(compat.PingMessage, nil, time.Time{}),
				} {
					if err != compat.ErrCloseSent {
						t.Errorf("%s: %v, want ErrCloseSent", what, err)
					}
				}
				if _, _, err := p.c.ReadMessage(); err == nil {
					t.Error("a message after the closing handshake")
				}
			})
		})
	}
}

// TestConnPassThroughCloseDeadline has a peer that does not answer a close
// frame: the call ends at its deadline.
func TestConnPassThroughCloseDeadline(t *testing.T) {
	eachPassing(t, false, false, func(t *testing.T, p *passing) {
		must(t, p.c.WriteControl(compat.CloseMessage, nil, time.Now().Add(time.Millisecond)))
		if err := p.c.WriteMessage(compat.TextMessage, nil); err != compat.ErrCloseSent {
			t.Errorf("write: %v, want ErrCloseSent", err)
		}
	})
}

// TestConnPassThroughPeerCloses has the peer close.
func TestConnPassThroughPeerCloses(t *testing.T) {
	eachPassing(t, false, false, func(t *testing.T, p *passing) {
		p.c.SetCloseHandler(func(int, string) error { t.Error("the close handler is called"); return nil })
		must(t, p.peer.WriteMessage(gorilla.CloseMessage, gorilla.FormatCloseMessage(4000, "bye")))
		_, _, err := p.c.ReadMessage()
		if e, ok := err.(*compat.CloseError); !ok || *e != (compat.CloseError{Code: 4000, Text: "bye"}) {
			t.Errorf("read: %T %v", err, err)
		}
		if !compat.IsCloseError(err, 4000) {
			t.Error("IsCloseError is false")
		}
		if _, _, err := p.peer.ReadMessage(); !gorilla.IsCloseError(err, 4000) {
			t.Errorf("the engine answers %v", err)
		}
		if err := p.c.WriteMessage(compat.TextMessage, nil); err != compat.ErrCloseSent {
			t.Errorf("write: %v, want ErrCloseSent", err)
		}
		func() {
			defer func() {
				if fmt.Sprint(recover()) != "repeated read on failed websocket connection" {
					t.Error("reading on does not panic")
				}
			}()
			for i := 0; i < 2000; i++ {
				if _, _, again := p.c.ReadMessage(); again != err {
					t.Fatalf("the next read: %v", again)
				}
			}
		}()
	})
}

// TestConnPassThroughReadDeadline has a deadline pass, before a message is
// read and within one. The latter closes the connection, soon.
func TestConnPassThroughReadDeadline(t *testing.T) {
	for _, during := range []bool{false, true} {
		t.Run(fmt.Sprintf("within a message %v", during), func(t *testing.T) {
			eachPassing(t, false, false, func(t *testing.T, p *passing) {
				must(t, p.c.SetReadDeadline(time.Now().Add(time.Hour)))
				must(t, p.peer.WriteMessage(gorilla.TextMessage, []byte("in time")))
				wantRead(t, p.c, compat.TextMessage, "in time")
				var err error
				if during {
					if _, err := p.peerNet.Write(appendFrame(nil, 0x01, p.server, [4]byte{}, []byte("begun"))); err != nil {
						t.Fatal(err)
					}
					_, r, err1 := p.c.NextReader()
					must(t, err1)
					if _, err := io.ReadFull(r, make([]byte, 5)); err != nil {
						t.Fatal(err)
					}
					must(t, p.c.SetReadDeadline(time.Now().Add(-time.Hour)))
					_, err = r.Read(make([]byte, 1))
				} else {
					must(t, p.c.SetReadDeadline(time.Now().Add(-time.Hour)))
					_, _, err = p.c.ReadMessage()
				}
				if !isTimeout(err) {
					t.Errorf("read: %T %v, want a timeout", err, err)
				}
				must(t, p.c.SetReadDeadline(time.Time{}))
				if _, _, again := p.c.ReadMessage(); again != err {
					t.Errorf("the next read: %v, want the same error", again)
				}
				if during {
					for p.c.WriteMessage(compat.TextMessage, nil) == nil {
					}
					return
				}
				must(t, p.c.WriteMessage(compat.TextMessage, []byte("writes go on")))
				wantRead(t, p.peer, gorilla.TextMessage, "writes go on")
			})
		})
	}
}

// TestConnPassThroughWriteDeadline has a deadline pass before a write, and
// during one, which closes the connection.
func TestConnPassThroughWriteDeadline(t *testing.T) {
	eachPassing(t, false, false, func(t *testing.T, p *passing) {
		must(t, p.c.SetWriteDeadline(time.Now().Add(time.Hour)))
		must(t, p.c.WriteMessage(compat.TextMessage, []byte("in time")))
		wantRead(t, p.peer, gorilla.TextMessage, "in time")
		must(t, p.c.SetWriteDeadline(time.Now().Add(-time.Hour)))
		err := p.c.WriteMessage(compat.TextMessage, []byte("late"))
		if !isTimeout(err) {
			t.Errorf("write: %T %v, want a timeout", err, err)
		}
		must(t, p.c.SetWriteDeadline(time.Time{}))
		if again := p.c.WriteMessage(compat.TextMessage, nil); again != err {
			t.Errorf("the next write: %v, want the same error", again)
		}
		if _, again := p.c.NextWriter(compat.TextMessage); again != err {
			t.Errorf("the next writer: %v, want the same error", again)
		}
		must(t, p.peer.WriteMessage(gorilla.TextMessage, []byte("reads go on")))
		wantRead(t, p.c, compat.TextMessage, "reads go on")
	})
	eachPassing(t, false, false, func(t *testing.T, p *passing) {
		must(t, p.c.SetWriteDeadline(time.Now().Add(20*time.Millisecond)))
		big := make([]byte, 1<<20)
		var err error
		for err == nil { // until the network takes no more, or the deadline is there
			err = p.c.WriteMessage(compat.BinaryMessage, big)
		}
		if !isTimeout(err) {
			t.Errorf("write: %T %v, want a timeout", err, err)
		}
	})
}

// TestConnPassThroughLimit has messages at the read limit and beyond it.
func TestConnPassThroughLimit(t *testing.T) {
	for _, compress := range []bool{false, true} {
		t.Run(fmt.Sprintf("compress %v", compress), func(t *testing.T) {
			eachPassing(t, compress, false, func(t *testing.T, p *passing) {
				text := strings.Repeat("x", 40000)
				p.c.SetReadLimit(-1)
				must(t, p.peer.WriteMessage(gorilla.TextMessage, []byte(text)))
				wantRead(t, p.c, compat.TextMessage, text)
				p.c.SetReadLimit(1000)
				must(t, p.peer.WriteMessage(gorilla.TextMessage, []byte(text[:1000])))
				wantRead(t, p.c, compat.TextMessage, text[:1000])
				must(t, p.peer.WriteMessage(gorilla.TextMessage, []byte(text[:1001])))
				if _, _, err := p.c.ReadMessage(); err != compat.ErrReadLimit {
					t.Errorf("read: %v, want ErrReadLimit", err)
				}
				if _, _, err := p.peer.ReadMessage(); !gorilla.IsCloseError(err, gorilla.CloseMessageTooBig) {
					t.Errorf("the peer reads %v, want code 1009", err)
				}
			})
		})
	}
}

// TestConnPassThroughFirstLimit has the limit that holds before SetReadLimit
// is called: that of compat for Unwrap, and the native one for Wrap.
func TestConnPassThroughFirstLimit(t *testing.T) {
	eachPassing(t, false, true, func(t *testing.T, p *passing) {
		if !p.wrapped {
			p.before.SetReadLimit(50000)
		}
		p.enter(t)
		text := strings.Repeat("x", 40000)
		must(t, p.peer.WriteMessage(gorilla.TextMessage, []byte(text)))
		if p.wrapped {
			if _, _, err := p.c.ReadMessage(); err == nil || !strings.Contains(err.Error(), "32769") {
				t.Errorf("read: %v, want the native limit", err)
			}
			return
		}
		wantRead(t, p.c, compat.TextMessage, text)
		must(t, p.peer.WriteMessage(gorilla.TextMessage, []byte(text+text)))
		if _, _, err := p.c.ReadMessage(); err != compat.ErrReadLimit {
			t.Errorf("read: %v, want ErrReadLimit", err)
		}
	})
}

// TestConnPassThroughClose closes without a close frame, while another
// goroutine reads.
func TestConnPassThroughClose(t *testing.T) {
	eachPassing(t, false, false, func(t *testing.T, p *passing) {
		done := make(chan error, 1)
		go func() { _, _, err := p.c.ReadMessage(); done <- err }()
		must(t, p.c.Close())
		if err := <-done; err == nil {
			t.Error("the read goes on")
		}
		_, _, err := p.peer.ReadMessage()
		if gorilla.IsCloseError(err, 1000, 1001, 1005) || err == nil {
			t.Errorf("the peer reads %v, want no close frame", err)
		}
		if err := p.c.WriteMessage(compat.TextMessage, nil); err == nil {
			t.Error("a write after Close")
		}
		if err := p.c.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a second Close: %v", err)
		}
	})
}

// TestConnPassThroughState looks at what does not go over the network.
func TestConnPassThroughState(t *testing.T) {
	eachPassing(t, false, true, func(t *testing.T, p *passing) {
		var under net.Conn
		if !p.wrapped {
			under = p.before.NetConn()
			must(t, p.before.SetReadDeadline(time.Now().Add(-time.Hour))) // Unwrap clears it
			must(t, p.before.SetWriteDeadline(time.Now().Add(-time.Hour)))
			p.before.SetPongHandler(func(string) error { return errHandler })
		}
		p.enter(t)
		if !p.wrapped && p.c.PongHandler()("") != errHandler {
			t.Error("the pong handler is not the one from before")
		}
		if p.c.NetConn() != under || p.c.UnderlyingConn() != under {
			t.Errorf("the network connection is %v, want %v", p.c.NetConn(), under)
		}
		local, remote := p.peerNet.RemoteAddr().String(), p.peerNet.LocalAddr().String()
		if p.wrapped {
			local, remote = "websocket/unknown-addr", "websocket/unknown-addr"
		}
		if p.c.LocalAddr().String() != local || p.c.RemoteAddr().String() != remote {
			t.Errorf("addresses %v and %v, want %s and %s", p.c.LocalAddr(), p.c.RemoteAddr(), local, remote)
		}
		if p.c.Subprotocol() != "chat" {
			t.Errorf("subprotocol %q", p.c.Subprotocol())
		}
		for _, l := range nativeLibraries {
			n := l.unwrap(p.c)
			if (n != nil) != (l.name == p.library.name) || n != nil && !n.same(p.native) {
				t.Errorf("unwrapped for %s: %v", l.name, n)
			}
		}
		failing := func(string) error { return errHandler }
		p.c.SetPingHandler(failing)
		p.c.SetPongHandler(failing)
		p.c.SetCloseHandler(func(int, string) error { return errHandler })
		if p.c.PingHandler()("") != errHandler || p.c.PongHandler()("") != errHandler || p.c.CloseHandler()(0, "") != errHandler {
			t.Error("a handler is not the one set")
		}
		must(t, p.peer.WriteMessage(gorilla.TextMessage, []byte("no deadline")))
		wantRead(t, p.c, compat.TextMessage, "no deadline")
		if err := p.c.WriteMessage(compat.TextMessage, nil); isTimeout(err) == p.wrapped {
			t.Errorf("a write with the deadline from before: %v", err)
		}
	})
}

// TestConnPassThroughMidway enters the mode in the middle of everything: a
// message read in part with control frames in it, one buffered, one open.
func TestConnPassThroughMidway(t *testing.T) {
	eachPassing(t, false, true, func(t *testing.T, p *passing) {
		if p.wrapped {
			t.Skip("a wrapped connection has no time before")
		}
		var in []byte
		for _, f := range []struct {
			first byte
			text  string
		}{{0x01, "in "}, {0x89, "first"}, {0x00, "three "}, {0x89, "second"}, {0x80, "parts"}, {0x81, "buffered"}} {
			in = appendFrame(in, f.first, p.server, [4]byte{1, 2, 3, 4}, []byte(f.text))
		}
		if _, err := p.peerNet.Write(in); err != nil {
			t.Fatal(err)
		}
		_, r, err := p.before.NextReader()
		must(t, err)
		if _, err := io.ReadFull(r, make([]byte, 2)); err != nil {
			t.Fatal(err)
		}
		w, err := p.before.NextWriter(compat.BinaryMessage)
		must(t, err)
		fmt.Fprint(w, "open")
		p.enter(t)
		if _, err := w.Write(nil); err == nil {
			t.Error("the open message is not ended")
		}
		if _, err := r.Read(make([]byte, 1)); err == nil {
			t.Error("the message read in part goes on")
		}
		if mt, text, err := p.native.read(); mt != compat.TextMessage || string(text) != "buffered" || err != nil {
			t.Errorf("native read: %d %q %v", mt, text, err)
		}
		var pongs []string
		p.peer.SetPongHandler(func(s string) error { pongs = append(pongs, s); return nil })
		wantRead(t, p.peer, gorilla.BinaryMessage, "open")
		must(t, p.c.WriteMessage(compat.TextMessage, []byte("after")))
		wantRead(t, p.peer, gorilla.TextMessage, "after")
		if got := strings.Join(pongs, " "); got != "first second" {
			t.Errorf("the pings amid the message were answered by %q", got)
		}
	})
}

// TestConnPassThroughInHandler enters the mode in a handler: the read that
// called it ends.
func TestConnPassThroughInHandler(t *testing.T) {
	eachPassing(t, false, true, func(t *testing.T, p *passing) {
		if p.wrapped {
			t.Skip("the handlers of a wrapped connection run outside of reads")
		}
		p.before.SetPingHandler(func(string) error { p.enter(t); return nil })
		must(t, p.peer.WriteControl(gorilla.PingMessage, nil, time.Time{}))
		must(t, p.peer.WriteMessage(gorilla.TextMessage, []byte("next")))
		if _, _, err := p.before.ReadMessage(); err == nil || !strings.Contains(err.Error(), "unwrapped during the call") {
			t.Errorf("the read that called the handler: %v", err)
		}
		wantRead(t, p.c, compat.TextMessage, "next")
	})
}

// TestConnPassThroughCut has the network end within a message. After Unwrap no
// call takes it for a whole one. A native connection of its own may.
func TestConnPassThroughCut(t *testing.T) {
	whole := deflated([]byte(strings.Repeat("words and ", 20)))
	for _, compress := range []bool{false, true} {
		for name, build := range map[string]func(b []byte, masked bool) []byte{
			"after a fragment": func(b []byte, masked bool) []byte {
				return appendFrame(b, 0x01, masked, [4]byte{1, 2, 3, 4}, []byte("AB"))
			},
			"after a header": func(b []byte, masked bool) []byte {
				return append(appendFrame(nil, 0x01, masked, [4]byte{1, 2, 3, 4}, []byte("AB")), appendFrame(nil, 0x80, masked, [4]byte{}, []byte("CD"))[:2]...)
			},
			"within a frame": func(b []byte, masked bool) []byte {
				f := appendFrame(b, 0x81, masked, [4]byte{1, 2, 3, 4}, []byte("ABCD"))
				return f[:len(f)-2]
			},
			"within a deflated frame": func(b []byte, masked bool) []byte {
				if !compress {
					return nil
				}
				f := appendFrame(b, 0xc1, masked, [4]byte{1, 2, 3, 4}, whole)
				return f[:len(f)-len(whole)/2]
			},
		} {
			t.Run(fmt.Sprintf("%s, compress %v", name, compress), func(t *testing.T) {
				eachPassing(t, compress, false, func(t *testing.T, p *passing) {
					if p.wrapped {
						t.Skip("it is the library's own reading")
					}
					if _, err := p.peerNet.Write(build(nil, p.server)); err != nil {
						t.Fatal(err)
					}
					must(t, p.peerNet.(*net.TCPConn).CloseWrite())
					_, text, err := p.c.ReadMessage()
					if !compat.IsCloseError(err, compat.CloseAbnormalClosure) || bytes.Contains([]byte("ABCD"), text) == false && !compress {
						t.Errorf("read %q, %v, want code 1006", text, err)
					}
				})
			})
		}
	}
	eachPassing(t, false, false, func(t *testing.T, p *passing) {
		if p.wrapped {
			t.Skip("it is the library's own reading")
		}
		if _, err := p.peerNet.Write(appendFrame(nil, 0x01, p.server, [4]byte{}, []byte("AB"))); err != nil {
			t.Fatal(err)
		}
		must(t, p.peerNet.(*net.TCPConn).CloseWrite())
		if _, text, err := p.native.read(); err == nil {
			t.Errorf("a native read takes %q for a message", text)
		}
	})
}

// TestConnPassThroughWriters has many goroutines write by every method, and
// natively.
func TestConnPassThroughWriters(t *testing.T) {
	const writers, each = 6, 20
	eachPassing(t, false, false, func(t *testing.T, p *passing) {
		prepared, err := compat.NewPreparedMessage(compat.TextMessage, []byte("message"))
		must(t, err)
		var wg sync.WaitGroup
		for w := 0; w < writers; w++ {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for i := 0; i < each; i++ {
					var err error
					switch (w + i) % 4 {
					case 0:
						err = p.c.WriteMessage(compat.TextMessage, []byte("message"))
					case 1:
						err = p.c.WriteJSON("message")
					case 2:
						err = p.c.WritePreparedMessage(prepared)
					case 3:
						err = p.native.write(compat.TextMessage, []byte("message"))
					}
					if err != nil {
						t.Error(err)
					}
				}
			}()
		}
		for n := 0; n < writers*each; n++ {
			_, text, err := p.peer.ReadMessage()
			if err != nil || !strings.Contains(string(text), "message") {
				t.Fatalf("message %d: %q %v", n, text, err)
			}
		}
		wg.Wait()
	})
}

// TestConnPassThroughDocumented holds the rules in the documentation against
// the methods: each one has a row of the table.
func TestConnPassThroughDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/differences.md")
	must(t, err)
	_, section, found := strings.Cut(string(page), "\n## Pass-through mode\n")
	if !found {
		t.Fatal("docs/differences.md has no section on pass-through mode")
	}
	typ := reflect.TypeOf((*compat.Conn)(nil))
	for i := 0; i < typ.NumMethod(); i++ {
		name, row := typ.Method(i).Name, false
		for _, line := range strings.Split(section, "\n") {
			cells := strings.Split(line, "|")
			row = row || len(cells) > 2 && strings.Contains(cells[1], "`"+name+"`")
		}
		if !row {
			t.Errorf("the section on pass-through mode has no row for %s", name)
		}
	}
}
