package scenario

import (
	"context"
	"fmt"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/driver"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/load"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/shard"
)

// Table returns the scenario that measures what the article's table claims. It
// is not among All.
func Table() Scenario {
	return Scenario{Name: report.Table, Steps: func(e *Env) int { return 5 * len(e.Libraries) }, Check: checkMany, Run: runTable}
}

// runTable measures one library after the other, since they do not fit side by
// side.
func runTable(ctx context.Context, e *Env) ([]report.Result, error) {
	leaks, err := runChurn(ctx, e)
	if err != nil {
		return nil, err
	}
	var results []report.Result
	for i, l := range e.Libraries {
		r := report.Result{Scenario: report.Table, Case: conns(e.Many), Library: l.Name}
		err := onFarm(ctx, e, l, e.Many, &r, func(f *farm, ctx context.Context) ([]report.Metric, error) {
			return f.table(ctx, e, l, leaks[i].Metric(report.Leak))
		})
		if err != nil {
			return nil, err
		}
		if leaks[i].Failed > 0 {
			r.Failed += leaks[i].Failed
			r.Failure = leaks[i].Failure
		}
		results = append(results, r)
	}
	return results, nil
}

// table measures one library.
func (f *farm) table(ctx context.Context, e *Env, l *driver.Library, leak *report.Metric) ([]report.Metric, error) {
	e.Step(fmt.Sprintf("table, %s: connected", l.Title))
	var row []report.Metric
	if leak != nil {
		row = append(row, *leak)
	}
	memory, err := f.memory(ctx)
	if err != nil {
		return nil, err
	}
	e.Step(fmt.Sprintf("table, %s: memory", l.Title))
	before, err := f.gc(ctx)
	if err != nil {
		return nil, err
	}
	latency, err := f.latency(ctx)
	if err != nil {
		return nil, err
	}
	after, err := f.gc(ctx)
	if err != nil {
		return nil, err
	}
	e.Step(fmt.Sprintf("table, %s: latency", l.Title))
	recovery, err := f.reconnect(ctx)
	if err != nil {
		return nil, err
	}
	e.Step(fmt.Sprintf("table, %s: reconnected", l.Title))
	row = append(row, latency...)
	row = append(row, value("GC cycles a minute and server", report.Count, false,
		float64(after.Cycles-before.Cycles)/e.Duration.Minutes()/float64(len(f.parts))))
	row = append(row, recovery[:3]...)
	return append(row, memory[0]), nil
}

// gc sums up what the collectors of the servers have done by themselves.
func (f *farm) gc(ctx context.Context) (load.GC, error) {
	gcs := make([]load.GC, len(f.servers))
	err := each(f.servers, func(i int, w *shard.Worker) error { return w.Call(ctx, load.OpGC, none, &gcs[i]) })
	var sum load.GC
	for _, g := range gcs {
		sum.Cycles += g.Cycles - g.Forced
	}
	return sum, err
}
