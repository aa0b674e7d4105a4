package main

import (
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/gobwas/ws"

	"example.com/systems/internal/threeway"
	"example.com/systems/internal/wire"
)

func TestLifecycle(t *testing.T) {
	threeway.Run(t, "lifecycle", func(t *testing.T, v *threeway.Version) {
		t.Run("conversation", func(t *testing.T) { converse(t, v) })
		t.Run("shutdown under load", func(t *testing.T) { shutDown(t, v) })
		t.Run("shutdown with a job that does not end", func(t *testing.T) { giveUp(t, v) })
		t.Run("dead peers", func(t *testing.T) { deadPeers(t, v) })
	})
}

// ask sends a request and expects the answers.
func ask(t *testing.T, c *wire.Client, req string, want ...response) {
	t.Helper()
	c.Text("%s", req)
	expect(t, c, want...)
}

func expect(t *testing.T, c *wire.Client, want ...response) {
	t.Helper()
	for _, w := range want {
		got := wire.JSON[response](c)
		got.Request = ""
		if got != w {
			t.Fatalf("got %+v, want %+v", got, w)
		}
	}
}

func converse(t *testing.T, v *threeway.Version) {
	server, addr := v.Start(t, "-deadline", "100ms", "-leaks")
	proxy := wire.NewProxy(t, addr)

	c := wire.Dial(t, proxy.URL("/jobs"), nil)
	ask(t, c, `{"id":1,"work":"1ms"}`, response{ID: 1, Started: true}, response{ID: 1, Result: "done"})
	ask(t, c, `{"id":2,"work":"hold"}`, response{ID: 2, Started: true}, response{ID: 2, Error: "took too long"})
	ask(t, c, `work!`, response{Error: "not a request"})
	ask(t, c, `{"id":3,"work":"soon"}`, response{ID: 3, Started: true}, response{ID: 3, Error: `time: invalid duration "soon"`})
	c.Send(ws.OpPing, []byte("are you there"))
	if got := c.Until(ws.OpPong); string(got) != "are you there" {
		t.Errorf("pong carries %q", got)
	}
	if code := c.Close(1000); code != 1000 {
		t.Errorf("the close frame is answered with %d", code)
	}

	c = wire.Dial(t, proxy.URL("/jobs"), nil)
	c.Send(ws.OpText, make([]byte, maxMessageSize+1000))
	if code, _ := c.Closed(); code != 1009 {
		t.Errorf("a message over the limit: close code %d", code)
	}

	c = wire.Dial(t, proxy.URL("/jobs"), nil)
	ask(t, c, `{"id":1,"work":"1ms"}`, response{ID: 1, Started: true}, response{ID: 1, Result: "done"})
	c.Drop()

	if status := wire.Status(t, proxy.URL("/jobs"), http.Header{"Origin": {"https://elsewhere.example"}}); status != http.StatusForbidden {
		t.Errorf("a foreign page: status %d", status)
	}
	if status := server.Stop(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	v.Record(t, "conversation", proxy)
}

// shutDown ends a server on which each of many connections has a job that has
// begun. All are told, finish it, and are told 1001.
func shutDown(t *testing.T, v *threeway.Version) {
	const connections = 100
	server, addr := v.Start(t, "-grace", "60s", "-leaks")
	proxy := wire.NewProxy(t, addr)
	var clients []*wire.Client
	for range connections {
		c := wire.Dial(t, proxy.URL("/jobs"), nil)
		ask(t, c, `{"id":1,"work":"hold"}`, response{ID: 1, Started: true})
		clients = append(clients, c)
	}
	server.Signal(syscall.SIGTERM)
	for _, c := range clients {
		expect(t, c, response{Notice: "shutting down"})
		ask(t, c, `{"id":2,"work":"1ms"}`, response{ID: 2, Error: "shutting down"})
	}
	if status := wire.Status(t, proxy.URL("/jobs"), nil); status != http.StatusServiceUnavailable {
		t.Errorf("a handshake during the shutdown: status %d", status)
	}
	for _, c := range clients {
		ask(t, c, `{"id":1,"release":true}`, response{ID: 1, Result: "done"})
		if code, reason := c.Closed(); code != 1001 || reason != "server is shutting down" {
			t.Errorf("close code %d %q", code, reason)
		}
	}
	if status := server.Wait(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	told := server.Await("connections closed, ")
	if want := fmt.Sprintf("%d jobs finished, 0 abandoned", connections); told != want {
		t.Errorf("the server says %q, want %q", told, want)
	}
	t.Logf("%d connections with a job each: all finished, all told 1001, no goroutine left", connections)
	v.Record(t, "shutdown", proxy)
}

// giveUp ends a server on which a job never ends: the grace decides.
func giveUp(t *testing.T, v *threeway.Version) {
	server, addr := v.Start(t, "-grace", "200ms", "-deadline", "1h")
	proxy := wire.NewProxy(t, addr)
	c := wire.Dial(t, proxy.URL("/jobs"), nil)
	ask(t, c, `{"id":1,"work":"hold"}`, response{ID: 1, Started: true})
	server.Signal(syscall.SIGTERM)
	expect(t, c, response{Notice: "shutting down"}, response{ID: 1, Error: "abandoned"})
	if code, _ := c.Closed(); code != 1001 {
		t.Errorf("close code %d", code)
	}
	if status := server.Wait(); status != 1 {
		t.Errorf("exit status %d", status)
	}
	if !strings.Contains(server.Output(), "1 jobs abandoned") {
		t.Error("the server does not say that a job was abandoned")
	}
	v.Record(t, "a job that does not end", proxy)
}

// deadPeers are noticed by the heartbeat, and those that answer it stay.
func deadPeers(t *testing.T, v *threeway.Version) {
	server, addr := v.Start(t, "-ping", "20ms", "-pong", "1s", "-leaks")
	alive := wire.Dial(t, "ws://"+addr+"/jobs", nil)
	dead := wire.Dial(t, "ws://"+addr+"/jobs", nil)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		for {
			m, err := alive.Next()
			if err != nil || m.Op == ws.OpText {
				return
			}
			alive.TrySend(ws.OpPong, m.Data)
		}
	}()
	dead.Ended()
	alive.Text(`work!`)
	<-answered
	if code := alive.Close(1000); code != 1000 {
		t.Errorf("close code %d", code)
	}
	if status := server.Stop(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}
