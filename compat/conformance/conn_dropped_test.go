package conformance_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"
	"time"
)

// TestConnDropped drops connections without closing them, with a handler that
// refers to the connection. The engine must not keep the socket open.
func TestConnDropped(t *testing.T) {
	const dropped = 10
	for _, server := range []bool{true, false} {
		ended := make(chan error, dropped)
		for i := 0; i < dropped; i++ {
			drop(t, server, ended)
		}
		for n := 0; n < dropped; {
			select {
			case err := <-ended:
				if err != nil {
					t.Error(err)
				}
				n++
			default:
				runtime.GC()
			}
		}
	}
}

// drop makes a connection, uses it and forgets it. The end of what its peer
// reads goes to ended.
func drop(t *testing.T, server bool, ended chan<- error) {
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
	go func() {
		defer peer.Close()
		br := bufio.NewReader(peer)
		if !server {
			r, err := http.ReadRequest(br)
			if err == nil {
				_, err = peer.Write(switchingProtocols(r.Header.Get("Sec-WebSocket-Key"), false))
			}
			if err != nil {
				ended <- err
				return
			}
		}
		_, err := io.Copy(io.Discard, br)
		ended <- err
	}()

	var c conn
	if server {
		brw := bufio.NewReadWriter(bufio.NewReader(nc), bufio.NewWriter(nc))
		c = compatLibrary.acceptRequest(t, onceHijacked{nc, brw}, upgradeRequest(), connOptions{})
	} else {
		c = compatLibrary.dial(t, nc, connOptions{})
	}
	c.SetPongHandler(func(string) error { return c.SetReadDeadline(time.Time{}) })
	if err := c.WriteMessage(1, []byte("then dropped")); err != nil {
		t.Fatal(err)
	}
}
