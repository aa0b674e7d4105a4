package conformance_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// dropped is a state in which a connection is dropped.
type dropped struct {
	name    string
	options connOptions
	use     func(c conn) error
}

var droppedStates = []dropped{
	{"idle", connOptions{}, func(c conn) error { return nil }},
	{"used", connOptions{compress: true}, func(c conn) error {
		if err := c.WriteMessage(1, []byte("then dropped")); err != nil {
			return err
		}
		_, _, err := c.ReadMessage()
		return err
	}},
	{"writer open", connOptions{}, leaveOpen},
	{"compressing writer open", connOptions{compress: true}, leaveOpen},
	{"buffer of the pool in use", connOptions{pool: true}, leaveOpen},
	{"message read in part", connOptions{}, readInPart},
	{"compressed message read in part", connOptions{compress: true}, readInPart},
}

func leaveOpen(c conn) error {
	w, err := c.NextWriter(2)
	if err == nil {
		_, err = io.WriteString(w, letters[:10000]) // of which a part is sent
	}
	return err
}

func readInPart(c conn) error {
	_, r, err := c.NextReader()
	if err == nil {
		_, err = io.ReadFull(r, make([]byte, 3))
	}
	return err
}

// TestConnDropped drops connections without closing them, with a handler that
// refers to the connection. Neither a socket stays open nor a goroutine behind.
func TestConnDropped(t *testing.T) {
	for _, server := range []bool{true, false} {
		for _, state := range droppedStates {
			const connections = 5
			before := measure()
			ended := make(chan error, connections)
			for i := 0; i < connections; i++ {
				drop(t, server, state, ended)
			}
			for n := 0; n < connections; {
				select {
				case err := <-ended:
					if err != nil && !errors.Is(err, syscall.ECONNRESET) {
						t.Error(err)
					}
					n++
				default:
					runtime.GC()
				}
			}
			if after := settle(before); after.goroutines > before.goroutines || after.files > before.files {
				t.Errorf("server %v, %s: goroutines %d, then %d; files %d, then %d", server, state.name, before.goroutines, after.goroutines, before.files, after.files)
			}
		}
	}
}

// drop makes a connection, uses it and forgets it. The end of what its peer
// reads goes to ended.
func drop(t *testing.T, server bool, state dropped, ended chan<- error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	nc, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	peer, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	message := appendFrame(nil, 0x82, server, [4]byte{1, 2, 3, 4}, payload(100, 1))
	if state.options.compress {
		message = appendFrame(nil, 0xc2, server, [4]byte{1, 2, 3, 4}, deflated(payload(100, 1)))
	}
	accepted := make(chan struct{}) // by the server that is dropped
	go func() {
		defer peer.Close()
		br := bufio.NewReader(peer)
		if server {
			<-accepted
		} else {
			r, err := http.ReadRequest(br)
			if err == nil {
				_, err = peer.Write(switchingProtocols(r.Header.Get("Sec-WebSocket-Key"), state.options.compress))
			}
			if err != nil {
				ended <- err
				return
			}
		}
		_, err := peer.Write(message)
		if err == nil {
			_, err = io.Copy(io.Discard, br)
		}
		ended <- err
	}()

	var c conn
	if server {
		brw := bufio.NewReadWriter(bufio.NewReader(nc), bufio.NewWriter(nc))
		c = compatLibrary.acceptRequest(t, onceHijacked{nc, brw}, upgradeRequest(), state.options)
		close(accepted)
	} else {
		c = compatLibrary.dial(t, nc, state.options)
	}
	c.SetPongHandler(func(string) error { return c.SetReadDeadline(time.Time{}) })
	if err := state.use(c); err != nil {
		t.Fatalf("%s: %v", state.name, err)
	}
}
