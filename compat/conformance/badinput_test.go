package conformance

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	compat "github.com/wsmigrate/wsmigrate/compat/websocket"
)

// A badInput is what a broken or hostile peer sends over the network. Zero
// fields stand for a peer that does nothing wrong there.
type badInput struct {
	name string
	like string // the input that the same code refuses, or lets in, for the same reason; this one is not counted then
	only role   // the side that can get it, if not both
	o    options

	limit   int64         // given to SetReadLimit
	request string        // a client's, in which PATH is replaced
	answer  string        // a server's, in which ACCEPT is replaced
	frames  []interface{} // frames, or strings of raw bytes
	end     bool          // nothing follows but the end of the stream; otherwise a close frame does
}

// badInputs lists all of them.
func badInputs(t *testing.T) []badInput {
	list := append(badRequests(), badAnswers()...)
	list = append(append(list, badFrames()...), badMessages()...)
	counted := make(map[string]bool)
	for _, b := range list {
		if _, twice := counted[b.name]; twice {
			t.Fatalf("two inputs are called %q", b.name)
		}
		counted[b.name] = b.like == ""
	}
	for _, b := range list {
		if b.like != "" && !counted[b.like] {
			t.Fatalf("%q is like %q, which does not count", b.name, b.like)
		}
	}
	return list
}

// sent is what the peer sends past the handshake.
func (b *badInput) sent(as role) []byte {
	s := scenario{name: b.name, in: b.frames}
	if b.frames == nil {
		s.in = []interface{}{text("hi")}
	}
	if !b.end {
		s.in = append(s.in[:len(s.in):len(s.in)], closing(1000, ""))
	}
	return bytes.Join(s.encode(as, 0), nil)
}

// roles lists the sides that get the input.
func (b *badInput) roles() []role {
	if b.only != "" {
		return []role{b.only}
	}
	return []role{server, client}
}

// TestBadInput has the application of gorilla's echo example meet each input,
// over TCP and, as a server, behind net/http. What it sees and what the peer
// sees must be the same with compat, or on the list of differences.
func TestBadInput(t *testing.T) {
	seen := tallyOf("TestBadInput")
	names := make(map[string]bool)
	different, played := 0, 0
	theirs, ours := newBadHost(t, gorilla), newBadHost(t, shim)
	defer theirs.close()
	defer ours.close()
	for _, b := range badInputs(t) {
		names[b.name] = true
		if b.like == "" {
			different++
		}
		t.Run(b.name, func(t *testing.T) {
			for _, as := range b.roles() {
				for _, pieces := range []int{0, 1} {
					if pieces == 1 && (b.frames == nil || len(b.sent(as)) > 500) {
						continue
					}
					played++
					seen.compare(t, b.name, fmt.Sprintf("%s, pieces of %d", as, pieces), theirs.play(t, &b, as, pieces), ours.play(t, &b, as, pieces))
				}
			}
		})
	}
	t.Logf("%d raw inputs, each for a reason of its own, and %d variants of them, played in %d ways on engine %s",
		different, len(names)-different, played, compat.Engine())
	seen.checkNeeded(t, names)
}

// TestBadInputBesideOthers has all inputs arrive at about the same time, beside
// connections that do nothing wrong. Those go on, and nobody sees anything else
// than alone.
func TestBadInputBesideOthers(t *testing.T) {
	theirs := playBeside(t, gorilla)
	ours := playBeside(t, shim)
	seen := tallyOf("TestBadInput")
	for _, b := range badInputs(t) {
		for _, as := range b.roles() {
			id := fmt.Sprintf("%s, %s", b.name, as)
			seen.compare(t, b.name, id, theirs[id], ours[id])
		}
	}
}

// playBeside plays all inputs, several at once, while other connections of the
// host echo.
func playBeside(t *testing.T, l *library) map[string][]string {
	h := newBadHost(t, l)
	defer h.close()
	stop := make(chan struct{})
	var others sync.WaitGroup
	for i := 0; i < 3; i++ {
		others.Add(1)
		go func() {
			defer others.Done()
			h.echoUntil(t, stop, i > 0)
		}()
	}

	var mu sync.Mutex
	lines := make(map[string][]string)
	var playing sync.WaitGroup
	free := make(chan struct{}, 8)
	for _, b := range badInputs(t) {
		for _, as := range b.roles() {
			free <- struct{}{}
			playing.Add(1)
			go func() {
				defer playing.Done()
				got := h.play(t, &b, as, 0)
				mu.Lock()
				lines[fmt.Sprintf("%s, %s", b.name, as)] = got
				mu.Unlock()
				<-free
			}()
		}
	}
	playing.Wait()
	close(stop)
	others.Wait()
	return lines
}

// TestHostileOnNhooyr runs the tests of bad input and of faults again in a
// process of the default engine: this one has coder.
func TestHostileOnNhooyr(t *testing.T) {
	if compat.Engine() == "nhooyr" {
		t.Skip("this process is on nhooyr already")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^Test(BadInput|Fault)", "-test.v")
	cmd.Env = append(os.Environ(), "WSMIGRATE_ENGINE=nhooyr")
	out, err := cmd.CombinedOutput()
	if !bytes.Contains(out, []byte("on engine nhooyr")) {
		t.Error("the process was not on nhooyr")
	}
	if err != nil {
		t.Error(err)
	}
	for _, line := range strings.Split(string(out), "\n") {
		if strings.Contains(line, "=== ") || strings.Contains(line, "--- PASS") {
			continue
		}
		if err != nil || strings.Contains(line, "_test.go:") {
			t.Log(strings.TrimSpace(line))
		}
	}
}
