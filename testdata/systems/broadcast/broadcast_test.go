package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/gobwas/ws"

	"example.com/systems/internal/daemons"
	"example.com/systems/internal/proc"
	"example.com/systems/internal/threeway"
	"example.com/systems/internal/wire"
)

func TestBroadcast(t *testing.T) {
	proc.Need(t, "redis-server", "redis-server")
	threeway.Run(t, "broadcast", func(t *testing.T, v *threeway.Version) {
		t.Run("conversation", func(t *testing.T) { converse(t, v) })
		t.Run("several processes", func(t *testing.T) { processes(t, v) })
		t.Run("redis is killed", func(t *testing.T) { killRedis(t, v) })
		t.Run("100 forced disconnects", func(t *testing.T) { disconnects(t, v) })
		t.Run("slow listener", func(t *testing.T) { slowListener(t, v) })
	})
}

// start starts n servers with one Redis and returns their addresses.
func start(t *testing.T, v *threeway.Version, n int) (servers []*proc.Process, addrs []string, redis *daemons.Redis) {
	t.Helper()
	redis = daemons.StartRedis(t)
	for range n {
		server, addr := v.Start(t, "-redis", redis.Addr())
		server.Await("subscribed, ")
		servers, addrs = append(servers, server), append(addrs, addr)
	}
	return servers, addrs, redis
}

func feed(t *testing.T, addr, last string) *wire.Client {
	t.Helper()
	return wire.Dial(t, "ws://"+addr+"/feed?last="+last, nil)
}

// send sends a publication and returns the receipt.
func send(t *testing.T, c *wire.Client, id string) receipt {
	t.Helper()
	c.Text(`{"id":%q,"text":"hello"}`, id)
	r := wire.JSON[receipt](c)
	if r.ID != id {
		t.Fatalf("the receipt is for %q, not %q", r.ID, id)
	}
	return r
}

// ids returns the IDs of the next n messages, which have to be in order.
func ids(t *testing.T, c *wire.Client, n int) []string {
	t.Helper()
	var all []string
	last := "0-0"
	for range n {
		m := wire.JSON[message](c)
		if !after(m.Seq, last) {
			t.Errorf("%s comes after %s", m.Seq, last)
		}
		all, last = append(all, m.ID), m.Seq
	}
	return all
}

func converse(t *testing.T, v *threeway.Version) {
	servers, addrs, _ := start(t, v, 1)
	proxy := wire.NewProxy(t, addrs[0])
	listener := wire.Dial(t, proxy.URL("/feed?last=0"), nil)
	publisher := wire.Dial(t, proxy.URL("/publish"), nil)
	if r := send(t, publisher, "a"); !r.New {
		t.Errorf("the first message: %+v", r)
	}
	if r := send(t, publisher, "a"); r.New || r.Error != "" {
		t.Errorf("the same message: %+v", r)
	}
	send(t, publisher, "b")
	first := wire.JSON[message](listener)
	if second := wire.JSON[message](listener); first.ID != "a" || second.ID != "b" {
		t.Errorf("got %v and %v", first, second)
	}

	late := wire.Dial(t, proxy.URL("/feed?last="+first.Seq), nil)
	if got := ids(t, late, 1); got[0] != "b" {
		t.Errorf("behind a comes %s", got[0])
	}
	if code := late.Close(1000); code != 1000 {
		t.Errorf("the close frame is answered with %d", code)
	}
	publisher.Send(ws.OpText, make([]byte, maxMessageSize+1))
	if code, _ := publisher.Closed(); code != 1009 {
		t.Errorf("a message over the limit: close code %d", code)
	}
	publisher = wire.Dial(t, proxy.URL("/publish"), nil)
	send(t, publisher, "c")
	ids(t, listener, 1)
	servers[0].Signal(syscall.SIGTERM)
	for name, c := range map[string]*wire.Client{"listener": listener, "publisher": publisher} {
		if code, _ := c.Closed(); code != 1001 {
			t.Errorf("at the end, %s: close code %d", name, code)
		}
	}
	if status := servers[0].Wait(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	v.Record(t, "conversation", proxy)
}

// processes publishes each message at two of three processes at once, and
// listens at all of them.
func processes(t *testing.T, v *threeway.Version) {
	const listeners, messages = 60, 300
	_, addrs, _ := start(t, v, 3)
	var clients []*wire.Client
	for i := range listeners {
		clients = append(clients, feed(t, addrs[i%3], "0"))
	}
	accepted := make([]int, 3)
	var wg sync.WaitGroup
	for p, addr := range addrs {
		c := wire.Dial(t, "ws://"+addr+"/publish", nil)
		wg.Go(func() {
			for i := range messages {
				if i%3 != p && send(t, c, fmt.Sprint("m", i)).New {
					accepted[p]++
				}
			}
		})
	}
	wg.Wait()
	if n := accepted[0] + accepted[1] + accepted[2]; n != messages {
		t.Errorf("%d receipts say that a message is new, want %d", n, messages)
	}
	want := ids(t, clients[0], messages)
	if n := distinct(want); n != messages {
		t.Errorf("got %d different messages, want %d", n, messages)
	}
	for _, c := range clients[1:] {
		if got := ids(t, c, messages); !slices.Equal(got, want) {
			t.Error("another listener gets something else, or in another order")
		}
		quiet(t, c)
	}
	t.Logf("3 processes, %d messages published at two of them each: each of %d listeners got each once, all in one order", messages, listeners)
}

func distinct(ids []string) int {
	return len(slices.Compact(slices.Sorted(slices.Values(ids))))
}

// quiet ends the connection from this side, and no message may come before the
// answer.
func quiet(t *testing.T, c *wire.Client) {
	t.Helper()
	c.Send(ws.OpClose, ws.NewCloseFrameBody(1000, ""))
	m, err := c.Next()
	if err != nil || m.Op != ws.OpClose {
		t.Errorf("got %v, %v in answer to a close frame", m, err)
	}
}

// killRedis kills Redis while publishers send, and starts it again. They send
// again what they have no receipt for.
func killRedis(t *testing.T, v *threeway.Version) {
	const publishers, messages, kills = 3, 100, 2
	_, addrs, redis := start(t, v, 2)
	clients := []*wire.Client{feed(t, addrs[0], "0"), feed(t, addrs[1], "0")}
	progress := make(chan struct{}, publishers*messages)
	refusals := make(chan struct{}, 1)
	var refused atomic.Int64
	var wg sync.WaitGroup
	for p := range publishers {
		c := wire.Dial(t, "ws://"+addrs[p%2]+"/publish", nil)
		wg.Go(func() {
			for i := range messages {
				id := fmt.Sprintf("p%d-%d", p, i)
				err := proc.Eventually(func() error {
					r := send(t, c, id)
					if r.Error == "" {
						return nil
					}
					refused.Add(1)
					select {
					case refusals <- struct{}{}:
					default:
					}
					return errors.New(r.Error)
				})
				if err != nil {
					t.Errorf("publish %s: %v", id, err)
				}
				progress <- struct{}{}
			}
		})
	}
	for range kills {
		for range publishers * messages / (kills + 1) {
			<-progress
		}
		redis.Kill()
		<-refusals
		redis.Start()
	}
	wg.Wait()
	for _, c := range clients {
		if n := distinct(ids(t, c, publishers*messages)); n != publishers*messages {
			t.Errorf("got %d different messages, want %d", n, publishers*messages)
		}
		quiet(t, c)
	}
	t.Logf("Redis killed %d times under %d publishers, %d publications refused and sent again: %d messages, none lost, none twice",
		kills, publishers, refused.Load(), publishers*messages)
}

// disconnects cuts a listener's connection 100 times while messages are
// published. It comes back to the other process.
func disconnects(t *testing.T, v *threeway.Version) {
	const cuts, each = 100, 5
	_, addrs, _ := start(t, v, 2)
	proxies := []*wire.Proxy{wire.NewProxy(t, addrs[0]), wire.NewProxy(t, addrs[1])}
	publisher := wire.Dial(t, "ws://"+addrs[0]+"/publish", nil)
	last := "0-0"
	var got []string
	for cut := range cuts + 1 {
		c := wire.Dial(t, proxies[cut%2].URL("/feed?last="+last), nil)
		if cut < cuts {
			for i := range each {
				send(t, publisher, fmt.Sprint("m", cut*each+i))
			}
			proxies[cut%2].Cut()
		}
		for cut < cuts || len(got) < cuts*each {
			m, err := c.Next()
			if err != nil {
				break
			}
			if m.Op == ws.OpText {
				decoded := decode(t, m)
				got, last = append(got, decoded.ID), decoded.Seq
			}
		}
	}
	for i := range cuts * each {
		if i >= len(got) || got[i] != fmt.Sprint("m", i) {
			t.Fatalf("at place %d of %d: %v", i, cuts*each, got[max(0, i-3):min(len(got), i+3)])
		}
	}
	t.Logf("%d forced disconnects, coming back to another process each time: %d messages, none lost, none twice", cuts, len(got))
}

// slowListener does not read until it is sent away. Another one does not wait
// for it, and it catches up later.
func slowListener(t *testing.T, v *threeway.Version) {
	servers, addrs, _ := start(t, v, 1)
	slow, err := wire.Try(t, ws.Dialer{NetDial: wire.Narrow}, "ws://"+addrs[0]+"/feed?last=0")
	if err != nil {
		t.Fatal(err)
	}
	fast := feed(t, addrs[0], "0")
	publisher := wire.Dial(t, "ws://"+addrs[0]+"/publish", nil)
	text := strings.Repeat("x", maxMessageSize-100)
	sent := 0
	for !strings.Contains(servers[0].Output(), "too slow") {
		for range 50 { // fewer than may wait for one listener
			publisher.Text(`{"id":"m%d","text":%q}`, sent, text)
			wire.JSON[receipt](publisher)
			sent++
		}
		ids(t, fast, 50)
	}
	var got []string
	last := "0-0"
	for {
		m, err := slow.Next()
		if err != nil {
			t.Fatal(err)
		}
		if m.Op == ws.OpClose {
			if code, _ := ws.ParseCloseFrameData(m.Data); code != 1013 {
				t.Errorf("close code %d", code)
			}
			break
		}
		decoded := decode(t, m)
		got, last = append(got, decoded.ID), decoded.Seq
	}
	before := len(got)
	back := feed(t, addrs[0], last)
	got = append(got, ids(t, back, sent-before)...)
	if n := distinct(got); n != sent {
		t.Errorf("got %d different messages, want %d", n, sent)
	}
	quiet(t, back)
	t.Logf("%d messages; a slow listener was sent away after %d and caught up with the rest", sent, before)
}

func decode(t *testing.T, m wire.Message) message {
	t.Helper()
	var decoded message
	if err := json.Unmarshal(m.Data, &decoded); err != nil {
		t.Fatal(err)
	}
	return decoded
}
