package conformance_test

import (
	"fmt"
	"io"
	"math/rand"
	"net"
	"sync"
	"testing"

	gorilla "github.com/gorilla/websocket"

	compat "github.com/wsmigrate/wsmigrate/compat/websocket"
)

// TestConnAllMethods calls everything from many goroutines at once, while the
// peer sends what it should not. Nothing panics, and what is sent are frames in a
// lawful order.
func TestConnAllMethods(t *testing.T) {
	var calls []func(*caller, *rand.Rand)
	for _, name := range methodNames(t) {
		if name != "Unwrap" {
			calls = append(calls, anyMethod[name])
		}
	}
	for _, server := range []bool{true, false} {
		for _, compress := range []bool{false, true} {
			for seed := int64(0); seed < 8; seed++ {
				callAll(t, calls, server, compress, seed)
			}
		}
	}
}

func callAll(t *testing.T, calls []func(*caller, *rand.Rand), server, compress bool, seed int64) {
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
	s := &caller{c: c.(*compat.Conn)}
	var wg sync.WaitGroup
	for g := int64(0); g < 8; g++ {
		wg.Add(1)
		go func(rnd *rand.Rand) {
			defer wg.Done()
			for i := 0; i < 60; i++ {
				calls[rnd.Intn(len(calls))](s, rnd)
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
