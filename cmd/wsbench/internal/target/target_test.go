package target

import (
	"math"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/scenario"
)

func metric(values ...float64) []report.Metric {
	return []report.Metric{{Name: scenario.CPU, Unit: report.Seconds, Values: values}}
}

// TestJudge has compat on coder at half of gorilla's CPU in all cells but one.
func TestJudge(t *testing.T) {
	r := new(report.Report)
	for i, k := range append(echoes(sizes...), streams(sizes...)...) {
		ours := metric(1, 2, 3)
		if i == 0 {
			ours = metric(2.4, 4.8, 7.2)
		}
		r.Results = append(r.Results,
			report.Result{Scenario: k.scenario, Case: k.kase, Library: "gorilla", Metrics: metric(2, 4, 6)},
			report.Result{Scenario: k.scenario, Case: k.kase, Library: "compat-coder", Metrics: ours})
	}
	var b strings.Builder
	if err := Write(&b, Judge(r)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"geometric mean of 12 cells    0.7      0.54      pass", "1.20      falls short", "not measured",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	for _, v := range Judge(r) {
		if math.IsNaN(v.Got) && v.Met() {
			t.Errorf("%s is met without having been measured", v.What)
		}
	}
	r.Results[1].Failed = 1
	if v := Judge(r)[0]; v.Text() != "not measured" {
		t.Errorf("a cell failed, and the mean is %v", v.Got)
	}
}
