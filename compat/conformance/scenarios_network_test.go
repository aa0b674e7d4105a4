package conformance

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// networkScenarios are about what blocks and about how connections end.
func networkScenarios() []netScenario {
	over := func(name string, play func(r *run, peer *net.TCPConn)) netScenario {
		return netScenario{"network: " + name, func(t *testing.T, l *library) []string {
			local, peer := tcpPair(t)
			defer local.Close()
			defer peer.Close()
			r := newRun(l, t)
			c, err := l.upgrade(scriptHijacker{httptest.NewRecorder(), local}, handshakeRequest(options{}), options{})
			if err != nil {
				t.Fatal(err)
			}
			br := bufio.NewReader(peer)
			if _, err := http.ReadResponse(br, nil); err != nil || br.Buffered() > 0 {
				t.Fatalf("read the response: %v, %d bytes behind it", err, br.Buffered())
			}
			r.c = c
			r.catch(func() { play(r, peer) })
			c.Close()
			for i := range r.lines {
				r.lines[i] = strings.ReplaceAll(r.lines[i], local.LocalAddr().String(), "LOCAL")
				r.lines[i] = strings.ReplaceAll(r.lines[i], local.RemoteAddr().String(), "PEER")
			}
			return r.lines
		}}
	}
	received := func(r *run, peer net.Conn) {
		peer.SetReadDeadline(time.Now().Add(10 * time.Second))
		p, err := io.ReadAll(peer)
		for _, f := range dumpFrames(p) {
			r.note("received %s", f)
		}
		r.did("peer read", err)
	}
	return []netScenario{
		over("peer closes its half", func(r *run, peer *net.TCPConn) {
			peer.CloseWrite()
			r.read()
			r.write(textMessage, "still")
			r.control(closeMessage, "\x03\xe8")
			r.close()
			received(r, peer)
		}),
		over("close from another goroutine", func(r *run, peer *net.TCPConn) {
			done := make(chan error, 1)
			go func() {
				_, _, err := r.c.ReadMessage()
				done <- err
			}()
			err := r.c.Close()
			r.did("read", <-done)
			r.did("close", err)
			r.close()
			r.read()
			r.write(textMessage, "late")
			received(r, peer)
		}),
		over("deadline from another goroutine", func(r *run, peer *net.TCPConn) {
			done := make(chan error, 1)
			go func() {
				_, _, err := r.c.ReadMessage()
				done <- err
			}()
			err := r.c.SetReadDeadline(time.Now().Add(-time.Hour))
			r.did("read", <-done)
			r.did("set", err)
			r.c.SetReadDeadline(time.Time{})
			peer.Write(text("x").encode(true))
			r.read()
			r.write(textMessage, "still")
			r.close()
			received(r, peer)
		}),
		over("deadline passes while waiting", func(r *run, peer *net.TCPConn) {
			r.c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
			r.read()
			r.read()
			r.write(textMessage, "still")
			r.close()
			received(r, peer)
		}),
		over("peer resets", func(r *run, peer *net.TCPConn) {
			peer.SetLinger(0)
			peer.Close()
			r.read()
			r.read()
		}),
		over("message arrives in pieces", func(r *run, peer *net.TCPConn) {
			go func() {
				for _, f := range []frame{begin("a"), ping("p"), end("b"), closing(1000, "")} {
					for _, b := range f.encode(true) {
						peer.Write([]byte{b})
					}
				}
			}()
			r.logHandlers()
			r.readAll()
			r.close()
			received(r, peer)
		}),
		over("peer does not read and the deadline passes", func(r *run, peer *net.TCPConn) {
			r.c.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
			big := bytes.Repeat([]byte("x"), 1<<20)
			var err error
			for err == nil {
				err = r.c.WriteMessage(binaryMessage, big)
			}
			r.did("write", err)
			r.c.SetWriteDeadline(time.Time{})
			r.write(textMessage, "late")
			r.control(pingMessage, "late")
			peer.Write(text("x").encode(true))
			r.read()
		}),
		over("large message", func(r *run, peer *net.TCPConn) {
			big := strings.Repeat("0123456789", 300000)
			go peer.Write(bin(big).encode(true))
			r.read()
			done := make(chan struct{})
			go func() { defer close(done); received(r, peer) }()
			err := r.c.WriteMessage(binaryMessage, []byte(big))
			r.c.Close()
			<-done
			r.did("write", err)
		}),
	}
}

// tcpPair returns both ends of a connection.
func tcpPair(t *testing.T) (local, peer *net.TCPConn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	dialed, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return accepted.(*net.TCPConn), dialed.(*net.TCPConn)
}
