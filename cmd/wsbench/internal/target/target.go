package target

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/driver"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/scenario"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/stats"
)

// Verdict is one target and what was measured.
type Verdict struct {
	What  string
	Limit float64
	Got   float64 // NaN when it was not measured
}

// Met reports whether it was measured and is met.
func (v Verdict) Met() bool { return v.Got <= v.Limit }

// Text says how it stands.
func (v Verdict) Text() string {
	switch {
	case math.IsNaN(v.Got):
		return "not measured"
	case v.Met():
		return "pass"
	}
	return "falls short"
}

// key is a case in which CPU is compared.
type key struct{ scenario, kase string }

var (
	sizes = []int{64, 1 << 10, 16 << 10, 64 << 10}
	many  = 100
)

// echoes and streams are the cases of the geometric means.
func echoes(sizes ...int) []key {
	var all []key
	for _, n := range []int{1, many} {
		for _, s := range sizes {
			all = append(all, key{"echo", scenario.EchoCase(s, n)})
		}
	}
	return all
}

func streams(sizes ...int) []key {
	var all []key
	for _, s := range sizes {
		all = append(all, key{"stream", scenario.StreamCase(s)})
	}
	return all
}

// ratios returns the median ratio of each case; one that was not measured is
// NaN.
func ratios(r *report.Report, cases []key, metric, library, base string) []float64 {
	var all []float64
	for _, k := range cases {
		all = append(all, stats.Summarize(r.Ratio(k.scenario, k.kase, metric, library, base)).Median)
	}
	return all
}

// most returns the largest value, NaN if one is.
func most(values []float64) float64 {
	m := math.Inf(-1)
	for _, v := range values {
		if math.IsNaN(v) {
			return v
		}
		m = max(m, v)
	}
	if math.IsInf(m, -1) {
		return math.NaN()
	}
	return m
}

// Judge returns how the targets stand.
func Judge(r *report.Report) []Verdict {
	const (
		coder, nhooyr = "compat-coder", "compat"
		base, raw     = "gorilla", "nhooyr"
	)
	cells := append(echoes(sizes...), streams(sizes...)...)
	cpu := func(cases []key, library, base string) []float64 {
		return ratios(r, cases, scenario.CPU, library, base)
	}
	of := func(n int) []key { return append(echoes(n), streams(n)...) }
	deflate := []key{
		{"deflate", scenario.EchoCase(1<<10, 1)}, {"deflate", scenario.EchoCase(64<<10, 1)}, {"deflate", scenario.EchoCase(1<<10, many)},
	}
	var api []key
	for _, a := range []driver.API{driver.Stream, driver.JSON} {
		for _, s := range []int{64, 64 << 10} {
			api = append(api, key{"api", scenario.APICase(a, s)})
		}
	}
	idle := []key{{"idle", scenario.IdleCase(10000)}}
	broadcast := []key{{"broadcast", scenario.BroadcastCase(1000)}}
	return []Verdict{
		{"compat on coder to gorilla, CPU, geometric mean of 12 cells", 0.7, stats.GeoMean(cpu(cells, coder, base))},
		{"compat on coder to gorilla, CPU, worst echo", 1.15, most(cpu(echoes(sizes...), coder, base))},
		{"compat on coder to gorilla, CPU, worst cell", 1.5, most(cpu(cells, coder, base))},
		{"compat on coder to gorilla, CPU at 16 KiB, geometric mean", 0.5, stats.GeoMean(cpu(of(16<<10), coder, base))},
		{"compat on coder to gorilla, CPU at 64 KiB, geometric mean", 0.4, stats.GeoMean(cpu(of(64<<10), coder, base))},
		{"compat on coder to gorilla, CPU, other calls, geometric mean", 1, stats.GeoMean(cpu(api, coder, base))},
		{"compat on coder to gorilla, CPU, broadcast", 1, most(cpu(broadcast, coder, base))},
		{"compat on coder to gorilla, CPU, deflate, geometric mean", 0.9, stats.GeoMean(cpu(deflate, coder, base))},
		{"compat on coder, allocations of a 64 B echo", 2.05, allocations(r, echoes(64)[0], coder)},
		{"compat on coder to gorilla, allocations, worst cell", 1.01, // a timer of the load's own shall not count
			most(ratios(r, append(append(cells, deflate...), api...), scenario.Allocs, coder, base))},
		{"compat on nhooyr to gorilla, CPU, geometric mean of 12 cells", 1, stats.GeoMean(cpu(cells, nhooyr, base))},
		{"compat on nhooyr to nhooyr, CPU, geometric mean of 12 cells", 0.7, stats.GeoMean(cpu(cells, nhooyr, raw))},
		{"compat on nhooyr to nhooyr, CPU, worst cell", 1.1, most(cpu(cells, nhooyr, raw))},
		{"compat on coder to gorilla, memory of 10,000 idle connections", 1, most(ratios(r, idle, scenario.RSS, coder, base))},
		{"compat on nhooyr to nhooyr, memory of 10,000 idle connections", 1, most(ratios(r, idle, scenario.RSS, nhooyr, raw))},
		{"102,400 connections, failures", 0, failures(r)},
	}
}

// allocations is how many there are in a case.
func allocations(r *report.Report, k key, library string) float64 {
	x := r.Find(k.scenario, k.kase, library)
	if x == nil || x.Failed > 0 || x.Metric(scenario.Allocs) == nil {
		return math.NaN()
	}
	return stats.Summarize(x.Metric(scenario.Allocs).Values).Median
}

// failures counts what failed of the article's number of connections.
func failures(r *report.Report) float64 {
	const all = 102400
	sum := 0.0
	for _, library := range []string{"gorilla", "nhooyr", "coder", "compat", "compat-coder"} {
		x := r.Find(report.Table, scenario.IdleCase(all), library)
		if x == nil {
			x = r.Find("idle", scenario.IdleCase(all), library)
		}
		if x == nil {
			return math.NaN()
		}
		sum += float64(x.Failed)
	}
	return sum
}

// Write writes verdicts for people.
func Write(w io.Writer, verdicts []Verdict) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "target\tat most\tmeasured\t")
	for _, v := range verdicts {
		got := "-"
		if !math.IsNaN(v.Got) {
			got = fmt.Sprintf("%.2f", v.Got)
		}
		fmt.Fprintf(tw, "%s\t%.4g\t%s\t%s\n", v.What, v.Limit, got, v.Text())
	}
	return tw.Flush()
}
