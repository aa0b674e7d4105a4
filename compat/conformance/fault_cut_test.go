package conformance

import (
	"fmt"
	"testing"
)

// faultFrames are frames of about twenty bytes to break off in.
func faultFrames() []struct {
	name string
	o    options
	in   frame
} {
	return []struct {
		name string
		o    options
		in   frame
	}{
		{"text", options{}, text("fourteen bytes")},
		{"long length", options{}, frame{b0: 0x82, payload: "payload", wide: 8}},
		{"fragment", options{}, begin("fourteen bytes")},
		{"ping", options{}, ping("fourteen bytes")},
		{"close frame", options{}, closing(1000, "twelve bytes")},
		{"compressed text", options{compress: true}, deflated("fourteen bytes fourteen bytes")},
	}
}

// cutFrames plays every frame with the peer going away, by cut, after each of
// its bytes. The library has read all that came before that happens. What cut
// returns are lines of the peer.
func cutFrames(t *testing.T, cut func(t *testing.T, l *line) []string) {
	for _, f := range faultFrames() {
		t.Run(f.name, func(t *testing.T) {
			for n := 0; n <= len(f.in.encode(true)); n++ {
				both(t, fmt.Sprintf("%d bytes", n), f.o, func(t *testing.T, l *line) {
					sent := f.in.encode(l.role == server)
					whole := n >= len(sent)
					if !whole {
						sent = sent[:n]
					}
					done := make(chan struct{})
					go func() {
						defer close(done)
						l.playReads()
					}()
					l.sendAndWait(t, sent)
					if whole && f.in.b0&8 != 0 {
						// The reply shall be on its way.
						if _, err := l.peerIn.Peek(1); err != nil {
							t.Error(err)
						}
					}
					lines := cut(t, l)
					<-done
					l.lines = append(l.lines, lines...)
				})
			}
		})
	}
}

// TestFaultReset has the peer reset the connection after every byte of a frame.
func TestFaultReset(t *testing.T) {
	cutFrames(t, func(t *testing.T, l *line) []string {
		if err := l.peer.SetLinger(0); err != nil {
			t.Fatal(err)
		}
		l.peer.Close()
		return nil
	})
}

// TestFaultEnd has the peer end its half of the connection after every byte of
// a frame: the other half still works.
func TestFaultEnd(t *testing.T) {
	cutFrames(t, func(t *testing.T, l *line) []string {
		if err := l.peer.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		peer := newRun(l.library, t)
		peer.received(l.peerIn)
		return peer.lines
	})
}
