package conformance_test

import (
	"errors"
	"io"
	"math/rand"
	"net"
	"reflect"
	"sort"
	"sync"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"

	"github.com/wsmigrate/wsmigrate/compat/coder"
	compat "github.com/wsmigrate/wsmigrate/compat/websocket"
)

// caller is a connection that goroutines share, with a reader and a writer
// that one of them got last.
type caller struct {
	c *compat.Conn

	mu sync.Mutex
	r  io.Reader
	w  io.WriteCloser
}

func (s *caller) got(r io.Reader, w io.WriteCloser) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r != nil {
		s.r = r
	}
	if w != nil {
		s.w = w
	}
}

func (s *caller) last() (io.Reader, io.WriteCloser) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.r, s.w
}

// anyMethod is a call of each method. What ends a connection is rare.
var anyMethod = map[string]func(s *caller, rnd *rand.Rand){
	"Close": func(s *caller, rnd *rand.Rand) {
		if rnd.Intn(40) == 0 {
			s.c.Close()
		}
	},
	"CloseHandler":           func(s *caller, _ *rand.Rand) { s.c.SetCloseHandler(s.c.CloseHandler()) },
	"EnableWriteCompression": func(s *caller, rnd *rand.Rand) { s.c.EnableWriteCompression(rnd.Intn(2) == 0) },
	"LocalAddr":              func(s *caller, _ *rand.Rand) { _ = s.c.LocalAddr().String() },
	"NetConn":                func(s *caller, _ *rand.Rand) { _ = s.c.NetConn().RemoteAddr() },
	"NextReader": func(s *caller, rnd *rand.Rand) {
		if _, r, err := s.c.NextReader(); err == nil {
			s.got(r, nil)
			_, _ = io.CopyN(io.Discard, r, rnd.Int63n(5000))
		}
	},
	"NextWriter": func(s *caller, rnd *rand.Rand) {
		if w, err := s.c.NextWriter(1 + rnd.Intn(2)); err == nil {
			s.got(nil, w) // and is left open
		}
	},
	"PingHandler": func(s *caller, _ *rand.Rand) { s.c.SetPingHandler(s.c.PingHandler()) },
	"PongHandler": func(s *caller, _ *rand.Rand) { s.c.SetPongHandler(s.c.PongHandler()) },
	"ReadJSON":    func(s *caller, _ *rand.Rand) { _ = s.c.ReadJSON(new(interface{})) },
	"ReadMessage": func(s *caller, _ *rand.Rand) { _, _, _ = s.c.ReadMessage() },
	"RemoteAddr":  func(s *caller, _ *rand.Rand) { _ = s.c.RemoteAddr().String() },
	"SetCloseHandler": func(s *caller, _ *rand.Rand) {
		s.c.SetCloseHandler(func(int, string) error { return s.c.WriteMessage(1, []byte("bye")) })
	},
	"SetCompressionLevel": func(s *caller, rnd *rand.Rand) { _ = s.c.SetCompressionLevel(rnd.Intn(12) - 2) },
	"SetPingHandler": func(s *caller, _ *rand.Rand) {
		s.c.SetPingHandler(func(text string) error { return s.c.WriteControl(10, []byte(text), time.Time{}) })
	},
	"SetPongHandler": func(s *caller, _ *rand.Rand) {
		s.c.SetPongHandler(func(string) error { return s.c.SetReadDeadline(time.Now().Add(time.Hour)) })
	},
	"SetReadDeadline": func(s *caller, rnd *rand.Rand) { _ = s.c.SetReadDeadline(soonOrLate(rnd)) },
	"SetReadLimit": func(s *caller, rnd *rand.Rand) {
		limit := int64(1 << 20)
		if rnd.Intn(40) == 0 {
			limit = 2000
		}
		s.c.SetReadLimit(limit)
	},
	"SetWriteDeadline": func(s *caller, rnd *rand.Rand) { _ = s.c.SetWriteDeadline(soonOrLate(rnd)) },
	"Subprotocol":      func(s *caller, _ *rand.Rand) { _ = s.c.Subprotocol() },
	"UnderlyingConn":   func(s *caller, _ *rand.Rand) { _ = s.c.UnderlyingConn().LocalAddr() },
	"Unwrap": func(s *caller, rnd *rand.Rand) {
		if rnd.Intn(40) == 0 {
			s.c.Unwrap()
			coder.Unwrap(s.c)
		}
	},
	"WriteControl": func(s *caller, rnd *rand.Rand) {
		if rnd.Intn(80) == 0 {
			_ = s.c.WriteControl(8, nil, time.Now().Add(10*time.Millisecond))
			return
		}
		_ = s.c.WriteControl(9+rnd.Intn(2), make([]byte, rnd.Intn(126)), time.Now().Add(time.Hour))
	},
	"WriteJSON":    func(s *caller, rnd *rand.Rand) { _ = s.c.WriteJSON(letters[:rnd.Intn(3000)]) },
	"WriteMessage": func(s *caller, rnd *rand.Rand) { _ = s.c.WriteMessage(1+rnd.Intn(2), make([]byte, rnd.Intn(3000))) },
	"WritePreparedMessage": func(s *caller, rnd *rand.Rand) {
		if pm, err := compat.NewPreparedMessage(1+rnd.Intn(2), make([]byte, rnd.Intn(3000))); err == nil {
			_ = s.c.WritePreparedMessage(pm)
		}
	},

	// Methods of what another goroutine got.
	"reader's Read": func(s *caller, rnd *rand.Rand) {
		if r, _ := s.last(); r != nil {
			_, _ = r.Read(make([]byte, rnd.Intn(1000)))
		}
	},
	"writer's Write": func(s *caller, rnd *rand.Rand) {
		if _, w := s.last(); w != nil {
			_, _ = io.WriteString(w, letters[:rnd.Intn(3000)])
		}
	},
	"writer's ReadFrom": func(s *caller, rnd *rand.Rand) {
		if _, w := s.last(); w != nil {
			_, _ = io.Copy(w, io.LimitReader(rnd, rnd.Int63n(3000)))
		}
	},
	"writer's Close": func(s *caller, _ *rand.Rand) {
		if _, w := s.last(); w != nil {
			_ = w.Close()
		}
	},
}

// soonOrLate is a deadline that is rarely met, or none.
func soonOrLate(rnd *rand.Rand) time.Time {
	switch n := rnd.Intn(100); {
	case n == 0:
		return time.Now().Add(-time.Second)
	case n == 1:
		return time.Now().Add(time.Millisecond)
	case n < 50:
		return time.Time{}
	}
	return time.Now().Add(time.Hour)
}

// TestSoakMethods has 16 goroutines call every method of a connection, and of
// its readers and writers, in any order. There is no race, panic or deadlock, and
// what gorilla receives is lawful to the end.
func TestSoakMethods(t *testing.T) {
	var calls []func(*caller, *rand.Rand)
	for _, name := range methodNames(t) {
		calls = append(calls, anyMethod[name])
	}
	end := time.Now().Add(soakTime(t))
	connections := 0
	for seed := int64(0); seed < 8 || time.Now().Before(end); seed++ {
		for _, server := range []bool{true, false} {
			for _, compress := range []bool{true, false} {
				if callAny(t, calls, server, compress, seed); t.Failed() {
					t.Fatalf("server %v, compress %v, seed %d", server, compress, seed)
				}
				connections++
			}
		}
	}
	t.Logf("engine %s: %d connections", compat.Engine(), connections)
}

// methodNames are the names of anyMethod, sorted. It has all methods there are.
func methodNames(t *testing.T) (names []string) {
	typ := reflect.TypeOf((*compat.Conn)(nil))
	for i := range typ.NumMethod() {
		if name := typ.Method(i).Name; anyMethod[name] == nil {
			t.Errorf("Conn.%s is not called", name)
		}
	}
	for name := range anyMethod {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func callAny(t *testing.T, calls []func(*caller, *rand.Rand), server, compress bool, seed int64) {
	const goroutines, each = 16, 100
	ours, theirs := connectOver(t, compatLibrary, gorillaLibrary, server, connOptions{compress: compress, writeBuffer: 300, pool: seed%2 == 0})
	var callers, peer sync.WaitGroup
	peer.Go(func() {
		// Until one side closes, so that no read waits for ever.
		for i := 0; theirs.WriteMessage(1+i%2, []byte(letters[:i%4000])) == nil; i += 77 {
			if theirs.WriteControl(gorilla.PingMessage, nil, time.Time{}) != nil {
				return
			}
		}
	})
	peer.Go(func() {
		defer theirs.Close()
		for {
			if _, _, err := theirs.ReadMessage(); err != nil {
				if !isEnd(err) {
					t.Errorf("gorilla refuses what was sent: %v", err)
				}
				return
			}
		}
	})

	s := &caller{c: ours.(*compat.Conn)}
	for g := range goroutines {
		callers.Go(func() {
			rnd := rand.New(rand.NewSource(seed<<8 + int64(g)))
			for range each {
				calls[rnd.Intn(len(calls))](s, rnd)
			}
		})
	}
	callers.Wait()
	ours.Close()
	peer.Wait()
}

// isEnd reports whether err is the end of a connection, and no fault found in
// what arrived.
func isEnd(err error) bool {
	var closed *gorilla.CloseError
	var failed net.Error
	return errors.As(err, &closed) || errors.As(err, &failed) || errors.Is(err, io.EOF)
}
