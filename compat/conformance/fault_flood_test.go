package conformance

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"sync"
	"testing"
)

// usage is what the process holds and has allocated.
type usage struct{ held, allocated uint64 }

func measure() usage {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // the first one leaves what pools hold
	runtime.ReadMemStats(&m)
	return usage{m.HeapAlloc, m.TotalAlloc}
}

// TestFaultFlood has peers send a million empty fragments, and a hundred
// thousand pings, inside one message. The library holds no more memory for the
// last than for the first, and answers each ping once.
func TestFaultFlood(t *testing.T) {
	for _, tt := range []struct {
		name   string
		n      int
		each   frame
		answer string // to each of them
	}{
		{"empty fragments", 1000000, more(""), ""},
		{"pings", 100000, ping("a payload to send back"), "a payload to send back"},
		{"pongs", 100000, pong("nobody asked"), ""},
	} {
		if raceEnabled {
			tt.n /= 20 // pools forget on purpose then
		}
		for _, as := range []role{server, client} {
			t.Run(fmt.Sprintf("%s to a %s", tt.name, as), func(t *testing.T) {
				l := connect(t, shim, as, options{})
				defer l.close()
				flooded := make(chan struct{})
				go func() {
					defer close(flooded)
					l.send(begin("a"), pong("begin"))
					batch := bytes.Repeat(tt.each.encode(as == server), 1000)
					for i := 0; i < tt.n/1000; i++ {
						if _, err := l.peer.Write(batch); err != nil {
							t.Error(err)
							return
						}
					}
					l.send(pong("end"), end("z"), closing(1000, ""))
				}()
				answers := make(chan int64)
				go func() {
					n, _ := io.Copy(io.Discard, l.peerIn)
					answers <- n
				}()

				var begin usage
				var held, allocated int64
				var goroutines int
				l.c.SetPongHandler(func(s string) error {
					switch s {
					case "begin":
						begin, goroutines = measure(), runtime.NumGoroutine()
					case "end":
						now := measure()
						held, allocated = int64(now.held)-int64(begin.held), int64(now.allocated-begin.allocated)
						goroutines = runtime.NumGoroutine() - goroutines
					}
					return nil
				})
				if mt, p, err := l.c.ReadMessage(); mt != textMessage || string(p) != "az" || err != nil {
					t.Errorf("read: %d %q %v", mt, p, err)
				}
				if _, _, err := l.c.ReadMessage(); l.unexpected(err) {
					t.Errorf("read: %v", err)
				}
				<-flooded
				t.Logf("%d of them: heap %+d bytes, %d bytes allocated, %+d goroutines", tt.n, held, allocated, goroutines)
				if held > 256<<10 {
					t.Errorf("the heap has grown by %d bytes", held)
				}
				if goroutines > 0 {
					t.Errorf("there are %d goroutines more", goroutines)
				}
				if err := l.watched.CloseWrite(); err != nil {
					t.Error(err)
				}
				want := int64(len(closing(1000, "").encode(as == client)))
				if tt.answer != "" {
					want += int64(tt.n * len(pong(tt.answer).encode(as == client)))
				}
				if n := <-answers; n != want {
					t.Errorf("the peer got %d bytes, want %d", n, want)
				}
			})
		}
	}
}

// TestFaultPingsOfDeafPeer has a peer send pings and not read the answers. They
// are not held for it: the reader waits, until the time for an answer is over,
// and ends with an error.
func TestFaultPingsOfDeafPeer(t *testing.T) {
	var players []*line
	for _, as := range []role{server, client} {
		for _, lib := range []*library{gorilla, shim} {
			l := connect(t, lib, as, options{})
			deaf(t, l)
			players = append(players, l)
		}
	}
	before, goroutines := measure(), runtime.NumGoroutine()
	var reading, sending sync.WaitGroup
	for _, p := range players {
		batch := bytes.Repeat(ping("a payload to send back").encode(p.role == server), 1000)
		sending.Add(1)
		go func() {
			defer sending.Done()
			for {
				if _, err := p.peer.Write(batch); err != nil {
					return
				}
			}
		}()
		reading.Add(1)
		go func() {
			defer reading.Done()
			_, _, err := p.c.ReadMessage()
			p.note("read: %s", p.describe(err))
		}()
	}
	within(t, reading.Wait)
	held := int64(measure().held) - int64(before.held)
	t.Logf("heap %+d bytes for %d connections", held, len(players))
	if held > int64(len(players))*(64<<10) {
		t.Errorf("the heap has grown by %d bytes", held)
	}
	if n := runtime.NumGoroutine() - goroutines; n > len(players) { // those that send
		t.Errorf("there are %d goroutines more", n)
	}
	for _, p := range players {
		p.playReads()
		p.close()
	}
	sending.Wait()
	for i := 0; i < len(players); i += 2 {
		tallyOf("TestFault").compare(t, "pings", string(players[i].role), players[i].transcript(), players[i+1].transcript())
	}
}
