package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"github.com/gobwas/ws"

	"example.com/systems/internal/proc"
	"example.com/systems/internal/threeway"
	"example.com/systems/internal/wire"
)

func TestSession(t *testing.T) {
	threeway.Run(t, "session", func(t *testing.T, v *threeway.Version) {
		t.Run("resume", func(t *testing.T) { resume(t, v) })
		t.Run("client", func(t *testing.T) { converse(t, v) })
		t.Run("100 forced disconnects", func(t *testing.T) { disconnects(t, v) })
		t.Run("dead peers", func(t *testing.T) { deadPeers(t, v) })
	})
}

// post changes the document of the session 1.
func post(t *testing.T, addr, key, value string) {
	t.Helper()
	resp, err := http.PostForm("http://"+addr+"/document?id=1", url.Values{"key": {key}, "value": {value}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

// values returns the document of the session 1.
func values(t *testing.T, addr string) map[string]string {
	t.Helper()
	resp, err := http.Get("http://" + addr + "/document?id=1")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var m downstream
	if err := json.NewDecoder(resp.Body).Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m.Values
}

// resume comes back after few changes, after too many, and with a number that
// the server never gave out.
func resume(t *testing.T, v *threeway.Version) {
	server, addr := v.Start(t, "-keep", "10")
	proxy := wire.NewProxy(t, addr)
	for i := range 30 {
		post(t, addr, fmt.Sprint("k", i%3), fmt.Sprint(i+1))
	}
	c := wire.Dial(t, proxy.URL("/session?id=1&last_seq_id=25"), nil)
	for seq := int64(26); seq <= 30; seq++ {
		got := wire.JSON[downstream](c)
		if got.Type != "change" || got.Seq != seq || got.Value != fmt.Sprint(seq) {
			t.Fatalf("got %+v, want change %d", got, seq)
		}
	}
	post(t, addr, "k0", "31")
	if got := wire.JSON[downstream](c); got.Seq != 31 || got.Key != "k0" {
		t.Errorf("got %+v, want change 31", got)
	}
	c.Close(1000)

	for _, last := range []int{19, 99} {
		c := wire.Dial(t, proxy.URL(fmt.Sprintf("/session?id=1&last_seq_id=%d", last)), nil)
		got := wire.JSON[downstream](c)
		want := map[string]string{"k0": "31", "k1": "29", "k2": "30"}
		if got.Type != "sync" || got.Seq != 31 || !maps.Equal(got.Values, want) {
			t.Errorf("back with %d: got %+v, want a sync", last, got)
		}
		c.Close(1000)
	}

	c = wire.Dial(t, proxy.URL("/session?id=1&last_seq_id=31"), nil)
	for _, id := range []int{1, 1, 2, 1} { // sent again, as after a broken connection
		c.Text(`{"id":%d,"key":"mine","value":"%d"}`, id, id)
		for acked := false; !acked; {
			got := wire.JSON[downstream](c)
			acked = got.Type == "ack" && got.Ack == int64(id)
		}
	}
	if got := values(t, addr)["mine"]; got != "2" {
		t.Errorf("a change that was sent again was made again: %q", got)
	}
	c.Close(1000)

	c = wire.Dial(t, proxy.URL("/session?id=2&last_seq_id=0"), nil)
	server.Signal(syscall.SIGTERM)
	if code, reason := c.Closed(); code != 1012 || reason != "come back soon" {
		t.Errorf("at the end: close code %d %q", code, reason)
	}
	if status := server.Wait(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	v.Record(t, "resume", proxy)
}

// owner is the client program.
type owner struct {
	*proc.Process
	stdin io.Writer
}

func startClient(t *testing.T, v *threeway.Version, url string, args ...string) *owner {
	t.Helper()
	cmd := v.Command(append([]string{"client", "-url", url, "-backoff-min", "1ms", "-backoff-max", "10ms"}, args...)...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	return &owner{proc.Start(t, cmd), stdin}
}

func converse(t *testing.T, v *threeway.Version) {
	server, addr := v.Start(t)
	proxy := wire.NewProxy(t, addr)
	c := startClient(t, v, proxy.URL("/session"))
	c.Await("connected true")
	post(t, addr, "a", "1")
	c.Await("change 1 a=1")
	fmt.Fprintln(c.stdin, "b 2")
	c.Await("change 2 b=2")
	c.Await("arrived 1")
	if status := c.Stop(); status != 0 {
		t.Errorf("exit status of the client: %d", status)
	}
	server.Stop()
	v.Record(t, "client", proxy)
}

// disconnects cuts the connection 100 times, with changes under way in both
// directions.
func disconnects(t *testing.T, v *threeway.Version) {
	const cuts, down, up = 100, 5, 5
	_, addr := v.Start(t)
	proxy := wire.NewProxy(t, addr)
	c := startClient(t, v, proxy.URL("/session"))
	for cut := range cuts {
		c.AwaitNth("connected true", cut+1)
		for i := range down {
			post(t, addr, fmt.Sprint("down", cut*down+i), "x")
		}
		for i := range up {
			fmt.Fprintln(c.stdin, fmt.Sprint("up", cut*up+i), "x")
		}
		proxy.Cut()
	}
	fmt.Fprintln(c.stdin, "the end")
	c.Await(fmt.Sprintf("change %d the=end", cuts*(down+up)+1))

	// Every change once, and each side's in order.
	seq, next := 0, map[string]int{}
	for line := range strings.Lines(c.Output()) {
		var n, number int
		if strings.HasPrefix(line, "sync") {
			t.Errorf("a sync where nothing is too old: %s", line)
		}
		if _, err := fmt.Sscanf(line, "change %d", &n); err != nil {
			continue
		}
		if seq++; n != seq {
			t.Fatalf("change %d comes where %d is due", n, seq)
		}
		for _, side := range []string{"down", "up"} {
			_, key, _ := strings.Cut(strings.TrimSpace(line), " "+side)
			if _, err := fmt.Sscanf(key, "%d=x", &number); err != nil {
				continue
			}
			if number != next[side] {
				t.Fatalf("%s%d comes where %s%d is due", side, number, side, next[side])
			}
			next[side]++
		}
	}
	if next["down"] != cuts*down || next["up"] != cuts*up {
		t.Errorf("got %v, want %d and %d", next, cuts*down, cuts*up)
	}
	t.Logf("%d forced disconnects, %d changes down and %d up: none lost, none twice", cuts, next["down"], next["up"])
}

// deadPeers lets each side notice that the other says nothing.
func deadPeers(t *testing.T, v *threeway.Version) {
	_, addr := v.Start(t, "-ping", "20ms", "-dead", "1s")
	silent := wire.Dial(t, "ws://"+addr+"/session?id=1&last_seq_id=0", nil)
	silent.Until(ws.OpPing)
	silent.Ended()

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := startClient(t, v, "ws://"+l.Addr().String()+"/", "-dead", "200ms")
	for range 3 { // a server that never says a word
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := ws.Upgrade(conn); err != nil {
			t.Fatal(err)
		}
	}
	c.AwaitNth("connected false", 2)
	c.Kill()

	alive := startClient(t, v, "ws://"+addr+"/session", "-dead", "2s")
	alive.Await("connected true")
	proxyless := wire.Dial(t, "ws://"+addr+"/session?id=1&last_seq_id=0", nil)
	for range 60 { // pings in which nothing else happens
		proxyless.Send(ws.OpPong, proxyless.Until(ws.OpPing))
	}
	post(t, addr, "still", "here")
	alive.Await("change 1 still=here")
	if n := strings.Count(alive.Output(), "connected"); n != 1 {
		t.Errorf("a client that answers pings was cut off:\n%s", alive.Output())
	}
}
