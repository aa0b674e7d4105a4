package scenario

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/driver"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/load"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/shard"
)

// Settings says how much is to be measured.
type Settings struct {
	Rounds   int
	Passes   int           // of scenarios that take a process for each library
	Round    time.Duration // of round trips, streams and broadcasts
	Sizes    []int         // of messages
	Conns    []int         // connections of round trips
	Many     int           // connections of idle, latency and reconnect
	Audience int           // connections of a broadcast
	Rate     float64       // messages a second of latency and reconnect
	Duration time.Duration // of a window of latency
	Cycles   int           // of churn
	PerCycle int           // connections in each of them
}

// Env is what scenarios work with.
type Env struct {
	Settings
	Libraries []*driver.Library
	Pool      *shard.Pool
	FileLimit uint64
	Listen    string // where servers of many connections listen
	Step      func(what string)

	workers map[string]*shard.Worker
	notes   []string
}

// Scenario is one measurement.
type Scenario struct {
	Name  string
	Steps func(e *Env) int   // how often Run calls Env.Step
	Check func(e *Env) error // whether this machine can do it
	Run   func(ctx context.Context, e *Env) ([]report.Result, error)
}

// All returns the scenarios in the order of reports.
func All() []Scenario {
	return []Scenario{
		{"echo", stepsOf(echoCells), checkPairs(echoCells), pairs(echoCells)},
		{"stream", stepsOf(streamCells), checkPairs(streamCells), pairs(streamCells)},
		{"broadcast", stepsOf(broadcastCells), checkPairs(broadcastCells), pairs(broadcastCells)},
		{"deflate", stepsOf(deflateCells), checkPairs(deflateCells), pairs(deflateCells)},
		{"api", stepsOf(apiCells), checkPairs(apiCells), pairs(apiCells)},
		{"gc", stepsOf(gcCells), checkPairs(gcCells), pairs(gcCells)},
		{"churn", perLibrary, checkNothing, runChurn},
		{"idle", manySteps, checkMany, runIdle},
		{"latency", manySteps, checkMany, runLatency},
		{"reconnect", manySteps, checkMany, runReconnect},
	}
}

func perLibrary(e *Env) int { return len(e.Libraries) }

func checkNothing(*Env) error { return nil }

// Find returns the scenario of that name.
func Find(name string) (Scenario, error) {
	var names []string
	for _, s := range All() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Scenario{}, fmt.Errorf("unknown scenario %q; there are %s", name, strings.Join(names, ", "))
}

// Notes returns what has to be said of the runs so far.
func (e *Env) Notes() []string { return e.notes }

// note adds a sentence to the report, once.
func (e *Env) note(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	for _, n := range e.notes {
		if n == s {
			return
		}
	}
	e.notes = append(e.notes, s)
}

// worker returns the process in which pairs of the library run.
func (e *Env) worker(l *driver.Library) (*shard.Worker, error) {
	if w := e.workers[l.Name]; w != nil {
		return w, nil
	}
	w, err := e.Pool.Start(l.Name, l.Env...)
	if err != nil {
		return nil, err
	}
	if e.workers == nil {
		e.workers = make(map[string]*shard.Worker)
	}
	e.workers[l.Name] = w
	return w, nil
}

// failure makes a result of what a worker reports as an error of the library.
// Any other error ends the run: then nothing is known of what it would have
// measured.
func failure(r report.Result, err error) (report.Result, error) {
	var remote *shard.RemoteError
	if !errors.As(err, &remote) {
		return r, err
	}
	r.Failed++
	r.Failure = remote.Text
	r.Metrics = nil
	return r, nil
}

// conns writes a number of connections.
func conns(n int) string {
	if n == 1 {
		return "1 connection"
	}
	return fmt.Sprintf("%d connections", n)
}

// size writes a number of bytes.
func size(n int) string {
	if n >= 1024 && n%1024 == 0 {
		return fmt.Sprintf("%d KiB", n/1024)
	}
	return fmt.Sprintf("%d B", n)
}

var none = load.None{}
