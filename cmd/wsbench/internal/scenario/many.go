package scenario

import (
	"context"
	"fmt"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/driver"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/load"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/shard"
)

// passes measures each library Settings.Passes times on connections of its
// own. Each pass begins with the next library.
func passes(ctx context.Context, e *Env, scenario, kase string, n int, measure func(*farm, context.Context) ([]report.Metric, error)) ([]report.Result, error) {
	results := make([]report.Result, len(e.Libraries))
	for i, l := range e.Libraries {
		results[i] = report.Result{Scenario: scenario, Case: kase, Library: l.Name}
	}
	for pass := range e.Passes {
		for i := range e.Libraries {
			k := (i + pass) % len(e.Libraries)
			if results[k].Failed > 0 {
				continue
			}
			if err := onFarm(ctx, e, e.Libraries[k], n, &results[k], measure); err != nil {
				return nil, err
			}
			e.Step(scenario + ", " + e.Libraries[k].Title)
		}
	}
	return results, nil
}

// onFarm measures one library once and adds that to its result.
func onFarm(ctx context.Context, e *Env, l *driver.Library, n int, r *report.Result, measure func(*farm, context.Context) ([]report.Metric, error)) error {
	f, err := startFarm(ctx, e, l, n)
	if err == nil {
		defer f.close()
		if f.failed > 0 {
			r.Failed, r.Failure, r.Metrics = f.failed, "connect: "+f.failure, nil
			return nil
		}
		var m []report.Metric
		if m, err = measure(f, ctx); err == nil {
			r.Failed, r.Failure = f.failed, f.failure
			r.Metrics = appendPass(r.Metrics, m)
			return nil
		}
	}
	*r, err = failure(*r, err)
	return err
}

// appendPass is appendValues with what was withheld: a cell with a pass that
// is not valid is withheld.
func appendPass(all, pass []report.Metric) []report.Metric {
	if all != nil {
		for i, m := range pass {
			all[i].Lateness = append(all[i].Lateness, m.Lateness...)
			if all[i].Withheld == "" {
				all[i].Withheld = m.Withheld
			}
		}
	}
	all = appendValues(all, pass)
	for i := range all {
		if all[i].Withheld != "" {
			all[i].Values = nil
		}
	}
	return all
}

func checkMany(e *Env) error {
	_, err := checkFarm(e, e.Many)
	return err
}

func manySteps(e *Env) int { return e.Passes * len(e.Libraries) }

func runIdle(ctx context.Context, e *Env) ([]report.Result, error) {
	return passes(ctx, e, "idle", IdleCase(e.Many), e.Many, (*farm).memory)
}

// IdleCase is the case of that many idle connections.
func IdleCase(n int) string { return conns(n) }

// memory measures what a connection takes at the server.
func (f *farm) memory(ctx context.Context) ([]report.Metric, error) {
	after := make([]load.Memory, len(f.servers))
	err := each(f.servers, func(i int, w *shard.Worker) error { return w.Call(ctx, load.OpMemory, none, &after[i]) })
	if err != nil {
		return nil, err
	}
	n := float64(f.total())
	sum := func(of func(load.Memory) int64) float64 {
		var d int64
		for i := range after {
			d += of(after[i]) - of(f.before[i])
		}
		return float64(d) / n
	}
	// The slabs are those of the whole system: one server tells for all.
	kernel := float64(after[0].Kernel-f.before[0].Kernel) / n
	return []report.Metric{
		value(RSS, report.Bytes, true, sum(func(m load.Memory) int64 { return m.RSS })),
		value("heap", report.Bytes, false, sum(func(m load.Memory) int64 { return m.Heap })),
		value("stack", report.Bytes, false, sum(func(m load.Memory) int64 { return m.Stack })),
		value("kernel, both ends", report.Bytes, false, kernel),
		value("goroutines", report.Count, false, sum(func(m load.Memory) int64 { return int64(m.Goroutines) })),
	}, nil
}

func runLatency(ctx context.Context, e *Env) ([]report.Result, error) {
	kase := fmt.Sprintf("%s, %.0f messages a second", conns(e.Many), e.Rate)
	return passes(ctx, e, "latency", kase, e.Many, (*farm).latency)
}

func runReconnect(ctx context.Context, e *Env) ([]report.Result, error) {
	kase := fmt.Sprintf("%s, %.0f messages a second", conns(e.Many), e.Rate)
	return passes(ctx, e, "reconnect", kase, e.Many, (*farm).reconnect)
}
