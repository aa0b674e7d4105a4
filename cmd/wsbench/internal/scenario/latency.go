package scenario

import (
	"context"
	"math"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/load"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/shard"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/stats"
)

// percentiles are those that are reported.
var percentiles = []struct {
	name    string
	percent float64
}{{"P50", 50}, {"P99", 99}, {"P99.9", 99.9}}

// latency measures an open loop.
func (f *farm) latency(ctx context.Context) ([]report.Metric, error) {
	loops := make([]load.OpenLoop, len(f.clients))
	args := f.openLoop()
	err := each(f.clients, func(i int, w *shard.Worker) error { return w.Call(ctx, load.OpOpenLoop, args, &loops[i]) })
	if err != nil {
		return nil, err
	}
	latency, lateness := stats.NewHistogram(), stats.NewHistogram()
	raised := true
	for _, l := range loops {
		for _, h := range []struct {
			into *stats.Histogram
			data []byte
		}{{latency, l.Latency}, {lateness, l.Lateness}} {
			d, err := stats.Decode(h.data)
			if err != nil {
				return nil, err
			}
			h.into.Merge(d)
		}
		raised = raised && l.Raised
		if l.Failed > 0 {
			f.failed += l.Failed
			f.failure = "replies did not come"
		}
	}
	if raised {
		f.e.note("the threads that send at fixed times had a raised priority, so that they are on time")
	}
	return percentileMetrics(latency, lateness), nil
}

// openLoop is the part of the load that falls to one process of clients.
func (f *farm) openLoop() load.OpenLoopArgs {
	return load.OpenLoopArgs{Rate: f.e.Rate / float64(len(f.clients)), Seconds: f.e.Duration.Seconds()}
}

// percentileMetrics are the percentiles, each with the lateness of the load
// generator at the same percentile, or withheld because of that.
func percentileMetrics(latency, lateness *stats.Histogram) []report.Metric {
	var all []report.Metric
	for _, p := range percentiles {
		v, late := math.NaN(), lateness.Percentile(p.percent).Seconds()
		if latency.Count() > 0 {
			v = latency.Percentile(p.percent).Seconds()
		}
		m := report.Metric{Name: p.name, Unit: report.Seconds, Lateness: []float64{late}}
		if m.Withheld = stats.Withhold(v, late); m.Withheld == "" {
			m.Values = []float64{v}
		}
		all = append(all, m)
	}
	return all
}
