package scenario

import (
	"context"
	"fmt"
	"slices"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/driver"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/load"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/shard"
)

// cell is one case of a scenario in which server and clients are in one
// process.
type cell struct {
	scenario, kase string
	pair           load.PairArgs // Library is left open
	metrics        func(load.Round) []report.Metric
}

func stepsOf(cells func(*Env) []cell) func(*Env) int {
	return func(e *Env) int { return len(cells(e)) * e.Rounds }
}

// checkPairs returns an error if a process cannot hold both ends of a cell's
// connections.
func checkPairs(cells func(*Env) []cell) func(*Env) error {
	return func(e *Env) error {
		for _, c := range cells(e) {
			if most := shard.Capacity(e.FileLimit, 2); c.pair.Conns > most {
				return fmt.Errorf("%s: a process may have %d open files, which is enough for both ends of %d connections",
					c.kase, e.FileLimit, most)
			}
		}
		return nil
	}
}

// pairs runs cells one after the other.
func pairs(cells func(*Env) []cell) func(context.Context, *Env) ([]report.Result, error) {
	return func(ctx context.Context, e *Env) ([]report.Result, error) {
		var all []report.Result
		for _, c := range cells(e) {
			results, err := runCell(ctx, e, c)
			if err != nil {
				return nil, err
			}
			all = append(all, results...)
		}
		return all, nil
	}
}

// runCell measures all libraries that can do it in one case. All pairs stay
// open; the libraries take turns in each round, and each round begins with the
// next one.
func runCell(ctx context.Context, e *Env, c cell) ([]report.Result, error) {
	var results []report.Result
	var libraries []*driver.Library
	for _, l := range e.Libraries {
		if l.Check(c.pair.Options) != nil {
			continue
		}
		r := report.Result{Scenario: c.scenario, Case: c.kase, Library: l.Name}
		if err := warm(ctx, e, l, c); err != nil {
			if r, err = failure(r, err); err != nil {
				return nil, err
			}
		}
		results, libraries = append(results, r), append(libraries, l)
	}
	for round := range e.Rounds {
		for i := range libraries {
			k := (i + round) % len(libraries)
			if results[k].Failed > 0 {
				continue
			}
			m, err := measure(ctx, e, libraries[k], c)
			if err != nil {
				if results[k], err = failure(results[k], err); err != nil {
					return nil, err
				}
				continue
			}
			results[k].Metrics = appendValues(results[k].Metrics, m)
		}
		e.Step(c.scenario + ", " + c.kase)
	}
	for _, l := range libraries {
		w, err := e.worker(l)
		if err == nil {
			err = w.Call(ctx, load.OpClosePair, none, nil)
		}
		if err != nil {
			return nil, err
		}
	}
	return results, nil
}

// warm opens the pair of a library and lets it run for a while.
func warm(ctx context.Context, e *Env, l *driver.Library, c cell) error {
	w, err := e.worker(l)
	if err != nil {
		return err
	}
	args := c.pair
	args.Library = l.Name
	if err := w.Call(ctx, load.OpOpenPair, args, nil); err != nil {
		return err
	}
	_, err = measure(ctx, e, l, c)
	return err
}

// measure runs one round of a library.
func measure(ctx context.Context, e *Env, l *driver.Library, c cell) ([]report.Metric, error) {
	w, err := e.worker(l)
	if err != nil {
		return nil, err
	}
	var r load.Round
	if err := w.Call(ctx, load.OpRound, load.RoundArgs{Seconds: e.Round.Seconds()}, &r); err != nil {
		return nil, err
	}
	return c.metrics(r), nil
}

// appendValues adds the values of one round to those of the rounds before.
func appendValues(all, round []report.Metric) []report.Metric {
	if all == nil {
		return slices.Clone(round)
	}
	for i, m := range round {
		all[i].Values = append(all[i].Values, m.Values...)
	}
	return all
}

// value is a metric of one round.
func value(name string, unit report.Unit, ratio bool, v float64) report.Metric {
	return report.Metric{Name: name, Unit: unit, Ratio: ratio, Values: []float64{v}}
}

// Names of metrics that are asked for later.
const (
	CPU    = "CPU"
	Allocs = "allocations"
	RSS    = "RSS"
)

// perMessage is what one message costs.
func perMessage(r load.Round) []report.Metric {
	n := float64(max(r.Messages, 1))
	return []report.Metric{
		value(CPU, report.Seconds, true, r.CPU/n),
		value("wall", report.Seconds, true, r.Wall/n),
		value(Allocs, report.Count, false, float64(r.Mallocs)/n),
		value("garbage", report.Bytes, false, float64(r.Bytes)/n),
	}
}

// perDelivery is perMessage with the time that a broadcast takes.
func perDelivery(r load.Round) []report.Metric {
	return append(perMessage(r)[:1:1],
		value("until the last has it", report.Seconds, true, r.Last),
		value(Allocs, report.Count, false, float64(r.Mallocs)/float64(max(r.Messages, 1))))
}

// collections is what the garbage collector did in a round.
func collections(r load.Round) []report.Metric {
	million := float64(max(r.Messages, 1)) / 1e6
	return []report.Metric{
		value("cycles for a million messages", report.Count, false, float64(r.GC.Cycles-r.GC.Forced)/million),
		value("forced cycles", report.Count, false, float64(r.GC.Forced)),
		value("pause for a million messages", report.Seconds, false, r.GC.Pause/million),
		value("longest pause", report.Seconds, false, r.GC.MaxPause),
		value("garbage", report.Bytes, true, float64(r.Bytes)/float64(max(r.Messages, 1))),
	}
}
