package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"syscall"
	"testing"

	"github.com/gobwas/ws"

	"example.com/systems/internal/threeway"
	"example.com/systems/internal/wire"
)

func TestSignalling(t *testing.T) {
	threeway.Run(t, "signalling", func(t *testing.T, v *threeway.Version) {
		t.Run("conversation", func(t *testing.T) { converse(t, v) })
		t.Run("critical overtakes", func(t *testing.T) { overtake(t, v) })
		t.Run("one of 1000 is slow", func(t *testing.T) { slowConsumer(t, v) })
		t.Run("a member that takes nothing", func(t *testing.T) { takesNothing(t, v) })
		t.Run("token bucket", func(t *testing.T) { tokens(t, v) })
	})
}

// expect fails unless the next message is of the type, from and with the data.
func expect(t *testing.T, c *wire.Client, kind, from, data string) {
	t.Helper()
	got := wire.JSON[message](c)
	if got.Type != kind || got.From != from || string(got.Data) != data {
		t.Fatalf("got %s from %q with %s, want %s from %q with %s", got.Type, got.From, got.Data, kind, from, data)
	}
}

// join waits until c is a member of its room.
func join(t *testing.T, c *wire.Client) *wire.Client {
	t.Helper()
	if got := wire.JSON[message](c); got.Type != "members" {
		t.Fatalf("got %s, want members", got.Type)
	}
	return c
}

func converse(t *testing.T, v *threeway.Version) {
	server, addr := v.Start(t)
	proxy := wire.NewProxy(t, addr)
	ann := join(t, wire.Dial(t, proxy.URL("/signal?room=1&name=ann"), nil))
	bob := join(t, wire.Dial(t, proxy.URL("/signal?room=1&name=bob"), nil))

	bob.Text(`{"type":"candidate","to":"eve"}`)
	expect(t, bob, "error", "", `"nobody of that name"`)
	ann.Text(`{"type":"offer","to":"bob","data":1}`)
	for i := range 3 { // in order, as all of one priority
		ann.Text(`{"type":"candidate","to":"bob","data":%d}`, i)
	}
	expect(t, bob, "offer", "ann", "1")
	for i := range 3 {
		expect(t, bob, "candidate", "ann", fmt.Sprint(i))
	}
	bob.Text(`{"type":"answer","to":"ann","data":2}`)
	expect(t, ann, "answer", "bob", "2")
	ann.Text(`{"type":"gossip"}`)
	expect(t, ann, "error", "", `"unknown type"`)

	second := wire.Dial(t, proxy.URL("/signal?room=1&name=bob"), nil)
	if code, reason := second.Closed(); code != 1008 || reason != "the name is taken" {
		t.Errorf("a name that is taken: close code %d %q", code, reason)
	}
	if code := bob.Close(1000); code != 1000 {
		t.Errorf("the close frame is answered with %d", code)
	}
	expect(t, ann, "left", "bob", "")
	if status := wire.Status(t, proxy.URL("/signal?room=1"), nil); status != http.StatusBadRequest {
		t.Errorf("no name: status %d", status)
	}
	server.Signal(syscall.SIGTERM)
	if code, _ := ann.Closed(); code != 1001 {
		t.Errorf("at the end: close code %d", code)
	}
	if status := server.Wait(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	v.Record(t, "conversation", proxy)
}

// narrow connects somebody for whom little fits into the kernel's buffers.
func narrow(t *testing.T, addr, path string) *wire.Client {
	t.Helper()
	c, err := wire.Try(t, ws.Dialer{NetDial: wire.Narrow}, "ws://"+addr+path)
	if err != nil {
		t.Fatal(err)
	}
	return join(t, c)
}

// lost asks the server what a member of room 1 has lost.
func lost(t *testing.T, addr, name string) map[string]int {
	t.Helper()
	resp, err := http.Get("http://" + addr + "/shed?room=1")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var all map[string]map[string]int
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all[name]
}

var padding = bytes.Repeat([]byte("x"), 1000)

// overtake fills the way to somebody with metrics, and sees a critical message
// and a control message pass by those that wait.
func overtake(t *testing.T, v *threeway.Version) {
	_, addr := v.Start(t, "-rate", "0", "-sndbuf", "8192", "-write-wait", "1m")
	ann := join(t, wire.Dial(t, "ws://"+addr+"/signal?room=1&name=ann", nil))
	bob := narrow(t, addr, "/signal?room=1&name=bob")

	sent := 0
	for lost(t, addr, "bob")["metric"] == 0 {
		for range 20 {
			ann.Text(`{"type":"stats","data":["%s",%d]}`, padding, sent)
			sent++
		}
	}
	ann.Text(`{"type":"offer","data":1}`)
	ann.Text(`{"type":"hangup","data":2}`)
	ann.Text(`{"type":"hangup","data":3}`)
	ann.Text(`{"type":"gossip"}`)
	expect(t, ann, "error", "", `"unknown type"`) // all of this has been handled

	var order []string
	metrics, last := 0, -1
	for last < sent-1 {
		m := wire.JSON[message](bob)
		if m.Type != "stats" {
			order = append(order, fmt.Sprintf("%s %s", m.Type, m.Data))
			continue
		}
		var data [2]any
		json.Unmarshal(m.Data, &data)
		n := int(data[1].(float64))
		if n <= last {
			t.Fatalf("metric %d comes after %d", n, last)
		}
		metrics, last = metrics+1, n
	}
	if want := []string{"hangup 2", "hangup 3", "offer 1"}; fmt.Sprint(order) != fmt.Sprint(want) {
		t.Errorf("before the last metric came %q, want %q", order, want)
	}
	if n := lost(t, addr, "bob")["metric"]; n+metrics != sent {
		t.Errorf("%d metrics sent, %d received and %d lost", sent, metrics, n)
	}
	t.Logf("critical before control before the %d metrics that waited; %d of %d metrics shed", limits[metric], sent-metrics, sent)
}

// slowConsumer has one member of a large room that does not read. The others
// get all there is, and nothing of what he loses is critical.
func slowConsumer(t *testing.T, v *threeway.Version) {
	const members, rounds, batch = 1000, 5, 20
	_, addr := v.Start(t, "-rate", "0", "-sndbuf", "8192", "-write-wait", "5m", "-pong", "10m")
	slow := narrow(t, addr, "/signal?room=1&name=slow")
	ann := join(t, wire.Dial(t, "ws://"+addr+"/signal?room=1&name=ann", nil))
	var others []*wire.Client
	for i := range members - 2 {
		others = append(others, join(t, wire.Dial(t, fmt.Sprintf("ws://%s/signal?room=1&name=%d", addr, i), nil)))
	}
	for round := range rounds {
		for i := range batch { // fewer than may wait for one member
			ann.Text(`{"type":"stats","data":["%s",%d]}`, padding, round*batch+i)
		}
		var wg sync.WaitGroup
		for _, c := range others {
			wg.Go(func() {
				for i := range batch {
					want := fmt.Sprintf(`["%s",%d]`, padding, round*batch+i)
					if m := wire.JSON[message](c); m.Type != "stats" || string(m.Data) != want {
						t.Errorf("got %s with %.20s, want metric %d", m.Type, m.Data, round*batch+i)
						return
					}
				}
			})
		}
		wg.Wait()
	}
	ann.Text(`{"type":"hangup"}`)
	for _, c := range others {
		expect(t, c, "hangup", "ann", "")
	}
	shed := lost(t, addr, "slow")
	if shed["metric"] == 0 || shed["control"] != 0 {
		t.Errorf("lost %v, want metrics alone", shed)
	}
	got, hangup := 0, 0
	for got+shed["metric"] < rounds*batch || hangup == 0 {
		if m := wire.JSON[message](slow); m.Type == "hangup" {
			hangup++
		} else {
			got++
		}
	}
	t.Logf("%d members got each of %d metrics; the slow one got %d of them, and the critical message", members-2, rounds*batch, got)
}

// takesNothing has a member that does not even take what is critical: he goes.
func takesNothing(t *testing.T, v *threeway.Version) {
	_, addr := v.Start(t, "-rate", "0", "-sndbuf", "8192", "-write-wait", "1m")
	ann := join(t, wire.Dial(t, "ws://"+addr+"/signal?room=1&name=ann", nil))
	narrow(t, addr, "/signal?room=1&name=slow")
	left := make(chan message, 1)
	go func() { left <- wire.JSON[message](ann) }()
	for {
		select {
		case m := <-left:
			if m.Type != "left" || m.From != "slow" {
				t.Errorf("got %s from %s", m.Type, m.From)
			}
			return
		default:
			ann.Text(`{"type":"mute","data":"%s"}`, padding)
		}
	}
}

// tokens lets a member send faster than he may: metrics beyond that are lost,
// the rest is only delayed.
func tokens(t *testing.T, v *threeway.Version) {
	const sent = 10
	_, addr := v.Start(t, "-rate", "0.001", "-burst", fmt.Sprint(sent))
	ann := join(t, wire.Dial(t, "ws://"+addr+"/signal?room=1&name=ann", nil))
	bob := join(t, wire.Dial(t, "ws://"+addr+"/signal?room=1&name=bob", nil))
	for i := range 2 * sent {
		ann.Text(`{"type":"stats","data":%d}`, i)
	}
	ann.Text(`{"type":"gossip"}`)
	expect(t, ann, "error", "", `"unknown type"`)
	for i := range sent {
		expect(t, bob, "stats", "ann", fmt.Sprint(i))
	}
	bob.Text(`{"type":"offer","to":"ann"}`) // has a bucket of his own
	expect(t, ann, "offer", "bob", "")
	ann.Drop()
	expect(t, bob, "left", "ann", "")
}
