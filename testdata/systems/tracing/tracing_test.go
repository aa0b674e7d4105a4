package main

import (
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/exp/trace"

	"example.com/systems/internal/threeway"
	"example.com/systems/internal/wire"
)

func TestTracing(t *testing.T) {
	threeway.Run(t, "tracing", func(t *testing.T, v *threeway.Version) {
		t.Run("whole trace", func(t *testing.T) { whole(t, v) })
		t.Run("slow query", func(t *testing.T) { slow(t, v, "handle", "query", `{"id":1,"query":"300ms","render":"1ms"}`) })
		t.Run("slow render", func(t *testing.T) { slow(t, v, "handle", "render", `{"id":1,"query":"1ms","render":"300ms"}`) })
		t.Run("slow reader", func(t *testing.T) { slowReader(t, v) })
	})
}

// A span is a region of one task, with how long it took.
type span struct {
	task   trace.TaskID
	region string
	took   time.Duration
}

// recording is what the tests look for in a trace.
type recording struct {
	types   map[trace.TaskID]string // of tasks
	parents map[trace.TaskID]trace.TaskID
	spans   []span
	slow    []trace.TaskID // those whose message was slow
}

func parse(t *testing.T, name string) *recording {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := trace.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rec := &recording{types: map[trace.TaskID]string{}, parents: map[trace.TaskID]trace.TaskID{}}
	type key struct {
		g    trace.GoID
		task trace.TaskID
		name string
	}
	begun := map[key]trace.Time{}
	for {
		e, err := r.ReadEvent()
		if errors.Is(err, io.EOF) {
			return rec
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e.Kind() {
		case trace.EventTaskBegin:
			rec.types[e.Task().ID], rec.parents[e.Task().ID] = e.Task().Type, e.Task().Parent
		case trace.EventRegionBegin:
			begun[key{e.Goroutine(), e.Region().Task, e.Region().Type}] = e.Time()
		case trace.EventRegionEnd:
			k := key{e.Goroutine(), e.Region().Task, e.Region().Type}
			if from, ok := begun[k]; ok {
				rec.spans = append(rec.spans, span{k.task, k.name, e.Time().Sub(from)})
			}
		case trace.EventLog:
			if e.Log().Category == "slow" {
				rec.slow = append(rec.slow, e.Log().Task)
			}
		}
	}
}

// regions returns those of a task, and how often each was passed through.
func (r *recording) regions(task trace.TaskID) map[string]int {
	n := map[string]int{}
	for _, s := range r.spans {
		if s.task == task {
			n[s.region]++
		}
	}
	return n
}

// longest returns the region of the task that took longest, leaving some out.
func (r *recording) longest(task trace.TaskID, without ...string) span {
	var most span
	for _, s := range r.spans {
		if s.task == task && s.took > most.took && !slices.Contains(without, s.region) {
			most = s
		}
	}
	return most
}

// whole has a trace of everything, in which each connection is a task.
func whole(t *testing.T, v *threeway.Version) {
	const connections, messages = 3, 4
	name := filepath.Join(t.TempDir(), "whole.trace")
	server, addr := v.Start(t, "-trace", name, "-slow", "1h")
	proxy := wire.NewProxy(t, addr)
	var last *wire.Client
	for range connections {
		c := wire.Dial(t, proxy.URL("/pages"), nil)
		for id := range messages {
			c.Text(`{"id":%d,"size":10}`, id)
			if got := wire.JSON[response](c); got.ID != id {
				t.Errorf("got %+v, want the answer %d", got, id)
			}
		}
		if last = c; c.Close(1000) != 1000 {
			t.Error("the close frame is answered with another code")
		}
	}
	last = wire.Dial(t, proxy.URL("/pages"), nil)
	last.Text("work!")
	if got := wire.JSON[response](last); got.Page != "not a request" {
		t.Errorf("got %+v", got)
	}
	server.Signal(syscall.SIGTERM)
	if code, _ := last.Closed(); code != 1001 {
		t.Errorf("at the end: close code %d", code)
	}
	if status := server.Wait(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	v.Record(t, "whole trace", proxy)

	rec := parse(t, name)
	var conns, msgs int
	for task, kind := range rec.types {
		switch got := rec.regions(task); {
		case kind == "connection":
			conns++
			reads := got["read"]
			if want := map[string]int{"accept": 1, "read": reads, "close": 1}; !maps.Equal(got, want) || reads < 2 {
				t.Errorf("a connection has the regions %v", got)
			}
		case kind == "message":
			msgs++
			if got["handle"] != 1 || got["write"] != 1 {
				t.Errorf("a message has the regions %v", got)
			}
			if rec.types[rec.parents[task]] != "connection" {
				t.Error("a message belongs to no connection")
			}
		}
	}
	if conns != connections+1 || msgs != connections*messages+1 {
		t.Errorf("the trace has %d connections and %d messages", conns, msgs)
	}
}

// slow injects a delay, and looks for it in what the flight recorder wrote.
func slow(t *testing.T, v *threeway.Version, outer, inner, req string) {
	dir := t.TempDir()
	server, addr := v.Start(t, "-dumps", dir, "-slow", "250ms")
	c := wire.Dial(t, "ws://"+addr+"/pages", nil)
	for range 10 { // none of these is slow
		c.Text(`{"id":0}`)
		wire.JSON[response](c)
	}
	c.Text("%s", req)
	wire.JSON[response](c)
	rec := parse(t, awaitDump(server.Await))
	if len(rec.slow) != 1 {
		t.Fatalf("%d messages were slow", len(rec.slow))
	}
	task := rec.slow[0]
	if got := rec.longest(task); got.region != outer {
		t.Errorf("the time went into %s", got.region)
	}
	if got := rec.longest(task, outer); got.region != inner || got.took < 300*time.Millisecond {
		t.Errorf("the time went into %s, %v", got.region, got.took)
	} else {
		t.Logf("a delay of 300ms in %s is found in the region %s, which took %v", inner, got.region, got.took.Round(time.Millisecond))
	}
}

// awaitDump returns the name of the file that the server wrote.
func awaitDump(await func(string) string) string {
	_, name, _ := strings.Cut(await("a message took "), "see go tool trace ")
	return name
}

// slowReader takes its answer late.
func slowReader(t *testing.T, v *threeway.Version) {
	server, addr := v.Start(t, "-dumps", t.TempDir(), "-slow", "250ms", "-sndbuf", "8192")
	c, err := wire.Try(t, ws.Dialer{NetDial: wire.Narrow}, "ws://"+addr+"/pages")
	if err != nil {
		t.Fatal(err)
	}
	c.Text(`{"id":1,"size":%d}`, 1<<20)
	time.Sleep(300 * time.Millisecond) // the delay that is looked for
	wire.JSON[response](c)
	rec := parse(t, awaitDump(server.Await))
	if len(rec.slow) != 1 {
		t.Fatalf("%d messages were slow", len(rec.slow))
	}
	got := rec.longest(rec.slow[0])
	if got.region != "write" {
		t.Errorf("the time went into %s, %v", got.region, got.took)
	}
	t.Logf("a client that takes its answer 300ms late is found in the region %s, which took %v", got.region, got.took.Round(time.Millisecond))
}
