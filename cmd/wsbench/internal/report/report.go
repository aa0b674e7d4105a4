package report

import (
	"fmt"
	"time"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/stats"
)

// Report is all that is known of a run. Its JSON form is complete: the other
// forms are made of it.
type Report struct {
	Command   string    `json:"command"`
	Started   time.Time `json:"started"`
	Seconds   float64   `json:"seconds"`
	Machine   Machine   `json:"machine"`
	Libraries []Library `json:"libraries"` // in the order of tables; ratios are to the first
	Notes     []string  `json:"notes"`
	Results   []Result  `json:"results"`
}

// Library is one that was measured.
type Library struct {
	Name    string `json:"name"`
	Title   string `json:"title"`
	Module  string `json:"module,omitempty"`
	Version string `json:"version,omitempty"`
}

// Result is what was measured of a library in one case of a scenario.
type Result struct {
	Scenario string   `json:"scenario"`
	Case     string   `json:"case"`
	Library  string   `json:"library"`
	Failed   int64    `json:"failed"` // connections and messages
	Failure  string   `json:"failure,omitempty"`
	Metrics  []Metric `json:"metrics,omitempty"`
}

// Metric is one quantity, in every round.
type Metric struct {
	Name     string    `json:"name"`
	Unit     Unit      `json:"unit"`
	Ratio    bool      `json:"ratio,omitempty"` // to be compared with the first library
	Values   []float64 `json:"values,omitempty"`
	Lateness []float64 `json:"lateness,omitempty"` // of the load generator, where it matters
	Withheld string    `json:"withheld,omitempty"` // why there are no values
}

// Unit is how a value is printed.
type Unit string

// Units.
const (
	Seconds Unit = "s"
	Bytes   Unit = "B"
	Count   Unit = ""
	Share   Unit = "%"
)

// Metric returns the metric of that name.
func (r *Result) Metric(name string) *Metric {
	for i := range r.Metrics {
		if r.Metrics[i].Name == name {
			return &r.Metrics[i]
		}
	}
	return nil
}

// Find returns the result of a library in a case, or nil.
func (r *Report) Find(scenario, kase, library string) *Result {
	for i := range r.Results {
		if x := &r.Results[i]; x.Scenario == scenario && x.Case == kase && x.Library == library {
			return x
		}
	}
	return nil
}

// Ratio returns the ratios of a metric of one library to that of another,
// round by round. There are none where a side is missing, has failed or was
// withheld.
func (r *Report) Ratio(scenario, kase, metric, library, base string) []float64 {
	a, b := r.Find(scenario, kase, library), r.Find(scenario, kase, base)
	if a == nil || b == nil || a.Failed > 0 || b.Failed > 0 {
		return nil
	}
	ma, mb := a.Metric(metric), b.Metric(metric)
	if ma == nil || mb == nil || ma.Withheld != "" || mb.Withheld != "" {
		return nil
	}
	return stats.Ratios(ma.Values, mb.Values)
}

// Title returns the title of a library.
func (r *Report) Title(name string) string {
	for _, l := range r.Libraries {
		if l.Name == name {
			return l.Title
		}
	}
	return name
}

// Flaws says what keeps the report from being whole: results that failed and
// cells that were withheld.
func (r *Report) Flaws() []string {
	var flaws []string
	for _, x := range r.Results {
		where := fmt.Sprintf("%s, %s, %s", x.Scenario, x.Case, r.Title(x.Library))
		if x.Failed > 0 {
			flaws = append(flaws, fmt.Sprintf("%s: %d failed: %s", where, x.Failed, x.Failure))
		}
		for _, m := range x.Metrics {
			if m.Withheld != "" {
				flaws = append(flaws, fmt.Sprintf("%s, %s: %s", where, m.Name, m.Withheld))
			}
		}
	}
	return flaws
}
