//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/gobwas/ws"

	"example.com/systems/internal/proc"
	"example.com/systems/internal/wire"
)

// start builds and starts the server and returns the addresses of the echo and
// of the stats.
func start(t *testing.T, args ...string) (server *proc.Process, addr, stats string) {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "eventloop")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	server = proc.Start(t, exec.Command(bin, append(args, "-addr", "127.0.0.1:0")...))
	return server, server.Await("listening on "), server.Await("stats on ")
}

func costs(t *testing.T, stats string) cost {
	t.Helper()
	resp, err := http.Get("http://" + stats)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var c cost
	if err := json.NewDecoder(resp.Body).Decode(&c); err != nil {
		t.Fatal(err)
	}
	return c
}

func echo(t *testing.T, c *wire.Client, data []byte) {
	t.Helper()
	c.Send(ws.OpBinary, data)
	if got := c.Message(); !bytes.Equal(got, data) {
		t.Fatalf("the echo of %d bytes has %d", len(data), len(got))
	}
}

func masked(fin bool, op ws.OpCode, payload string) ws.Frame {
	return ws.MaskFrame(ws.NewFrame(op, fin, []byte(payload)))
}

func TestEcho(t *testing.T) {
	server, addr, _ := start(t)
	url := "ws://" + addr
	c := wire.Dial(t, url, nil)
	for _, size := range []int{0, 1, 125, 126, 65535, maxMessageSize} {
		echo(t, c, bytes.Repeat([]byte{'x'}, size))
	}
	// In fragments, with a ping between them.
	c.SendFrame(masked(false, ws.OpText, "one "))
	c.SendFrame(masked(true, ws.OpPing, "ping"))
	c.SendFrame(masked(false, ws.OpContinuation, "two "))
	c.SendFrame(masked(true, ws.OpContinuation, "three"))
	if got := c.Until(ws.OpPong); string(got) != "ping" {
		t.Errorf("pong carries %q", got)
	}
	if got := c.Message(); string(got) != "one two three" {
		t.Errorf("got %q", got)
	}
	// Byte by byte, and several at once.
	frame := ws.MustCompileFrame(masked(true, ws.OpText, "slowly"))
	for i := range frame {
		c.SendBytes(frame[i : i+1])
	}
	c.SendBytes(bytes.Repeat(frame, 3))
	for range 4 {
		if got := c.Message(); string(got) != "slowly" {
			t.Errorf("got %q", got)
		}
	}
	if code := c.Close(4000); code != 4000 {
		t.Errorf("the close frame is answered with %d", code)
	}

	last := wire.Dial(t, url, nil)
	echo(t, last, []byte("here"))
	server.Signal(syscall.SIGTERM)
	if code, _ := last.Closed(); code != 1001 {
		t.Errorf("at the end: close code %d", code)
	}
	if status := server.Wait(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

func TestRefused(t *testing.T) {
	_, addr, _ := start(t)
	url := "ws://" + addr
	for name, tt := range map[string]struct {
		frames []ws.Frame
		code   int
	}{
		"a frame without a mask":              {[]ws.Frame{ws.NewTextFrame([]byte("bare"))}, 1002},
		"a continuation of nothing":           {[]ws.Frame{masked(true, ws.OpContinuation, "more")}, 1002},
		"a message within a message":          {[]ws.Frame{masked(false, ws.OpText, "a"), masked(true, ws.OpText, "b")}, 1002},
		"a ping in fragments":                 {[]ws.Frame{masked(false, ws.OpPing, "a")}, 1002},
		"a close code that must not be sent":  {[]ws.Frame{masked(true, ws.OpClose, "\x03\xee")}, 1002},
		"text that is not UTF-8":              {[]ws.Frame{masked(true, ws.OpText, "\xff")}, 1007},
		"a message over the limit":            {[]ws.Frame{masked(true, ws.OpText, string(make([]byte, maxMessageSize+1)))}, 1009},
		"fragments that are over it together": {[]ws.Frame{masked(false, ws.OpText, string(make([]byte, maxMessageSize))), masked(true, ws.OpContinuation, "x")}, 1009},
	} {
		t.Run(name, func(t *testing.T) {
			c := wire.Dial(t, url, nil)
			for _, f := range tt.frames {
				c.SendFrame(f)
			}
			if code, _ := c.Closed(); code != tt.code {
				t.Errorf("close code %d, want %d", code, tt.code)
			}
		})
	}
	for origin, want := range map[string]int{
		"":                              101,
		"http://" + addr:                101,
		"https://" + addr:               101,
		"https://elsewhere.example":     403,
		"https://" + addr + ".evil.org": 403,
		"null":                          403,
	} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		if got := wire.Status(t, url, header); got != want {
			t.Errorf("Origin %q: status %d, want %d", origin, got, want)
		}
	}
}

// 1,000 connections have no goroutine each, and no buffers while they say
// nothing.
func TestCost(t *testing.T) {
	const connections = 1000
	_, addr, stats := start(t)
	before := costs(t, stats)
	var clients []*wire.Client
	for range connections {
		c := wire.Dial(t, "ws://"+addr, nil)
		echo(t, c, []byte("hello"))
		clients = append(clients, c)
	}
	after := costs(t, stats)
	if after.Connections != connections {
		t.Errorf("%d connections, want %d", after.Connections, connections)
	}
	if more := after.Goroutines - before.Goroutines; more > 10 {
		t.Errorf("%d goroutines more than without connections", more)
	}
	for _, c := range clients {
		echo(t, c, []byte("still here"))
		c.Drop()
	}
	err := proc.Eventually(func() error {
		if n := costs(t, stats).Connections; n != 0 {
			return fmt.Errorf("%d connections are left", n)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	t.Logf("%d connections: %d goroutines, %d before; %d bytes of heap and stacks for each",
		connections, after.Goroutines, before.Goroutines, (int64(after.Bytes)-int64(before.Bytes))/connections)
}

// A peer that does not read holds nobody up, and is dropped when too much
// waits for it.
func TestSlowPeer(t *testing.T) {
	_, addr, _ := start(t)
	slow := wire.Dial(t, "ws://"+addr, nil)
	other := wire.Dial(t, "ws://"+addr, nil)
	payload := make([]byte, maxMessageSize)
	for slow.TrySend(ws.OpBinary, payload) == nil {
		echo(t, other, []byte("beside it"))
	}
	echo(t, other, []byte("still here"))
}

// A peer that answers pings stays, one that does not goes.
func TestSilentPeers(t *testing.T) {
	_, addr, _ := start(t, "-idle", "1s")
	dead := wire.Dial(t, "ws://"+addr, nil)
	alive := wire.Dial(t, "ws://"+addr, nil)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		dead.Until(ws.OpPing)
		dead.Ended()
	}()
	for range 4 {
		alive.Send(ws.OpPong, alive.Until(ws.OpPing))
	}
	<-gone
	echo(t, alive, []byte("still here"))
}
