package scenario

import (
	"context"
	"fmt"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/load"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/stats"
)

const smallMessage = 64

// runChurn measures what a process keeps of connections that have ended.
func runChurn(ctx context.Context, e *Env) ([]report.Result, error) {
	kase := fmt.Sprintf("%d cycles of %s", e.Cycles, conns(e.PerCycle))
	var results []report.Result
	for _, l := range e.Libraries {
		r := report.Result{Scenario: "churn", Case: kase, Library: l.Name}
		w, err := e.Pool.Start(l.Name, l.Env...) // a process without a past
		if err != nil {
			return nil, err
		}
		// The first cycle fills pools and is left out.
		args := load.ChurnArgs{Library: l.Name, Cycles: e.Cycles + 1, Conns: e.PerCycle, Size: smallMessage}
		var got load.ChurnResult
		if err := w.Call(ctx, load.OpChurn, args, &got); err != nil {
			if r, err = failure(r, err); err != nil {
				return nil, err
			}
		} else {
			r.Metrics = kept(got.After[1:], e.PerCycle)
		}
		w.Kill()
		results = append(results, r)
		e.Step("churn, " + l.Title)
	}
	return results, nil
}

// kept returns slopes over the number of connections made and ended.
func kept(after []load.Memory, perCycle int) []report.Metric {
	slope := func(of func(load.Memory) float64) float64 {
		var x, y []float64
		for i, m := range after {
			x, y = append(x, float64(i*perCycle)), append(y, of(m))
		}
		return stats.Slope(x, y)
	}
	const thousand = 1000
	return []report.Metric{
		value(report.Leak, report.Bytes, false, slope(func(m load.Memory) float64 { return float64(m.Live) })),
		value("RSS a connection", report.Bytes, false, slope(func(m load.Memory) float64 { return float64(m.RSS) })),
		value("goroutines a thousand", report.Count, false, thousand*slope(func(m load.Memory) float64 { return float64(m.Goroutines) })),
		value("files a thousand", report.Count, false, thousand*slope(func(m load.Memory) float64 { return float64(m.Files) })),
	}
}
