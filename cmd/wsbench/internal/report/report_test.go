package report

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

// sample has a result of each sort: compared, failed, withheld.
func sample() *Report {
	cpu := func(v ...float64) Metric { return Metric{Name: "CPU", Unit: Seconds, Ratio: true, Values: v} }
	return &Report{
		Command:   "wsbench <x>",
		Libraries: []Library{{Name: "gorilla", Title: "gorilla", Version: "v1.5.3"}, {Name: "gws", Title: "gws"}, {Name: "raw", Title: "raw TCP"}},
		Notes:     []string{"a note"},
		Results: []Result{
			{Scenario: "echo", Case: "64 B", Library: "gorilla", Metrics: []Metric{cpu(2e-6, 4e-6, 8e-6)}},
			{Scenario: "echo", Case: "64 B", Library: "gws", Metrics: []Metric{cpu(1e-6, 3e-6, 2e-6)}},
			{Scenario: "echo", Case: "64 B", Library: "raw", Failed: 3, Failure: "broken <pipe>"},
			{Scenario: Table, Case: "2 connections", Library: "gorilla", Metrics: []Metric{
				{Name: "P50", Unit: Seconds, Values: []float64{0.01}, Lateness: []float64{0.001}},
				{Name: "P99", Unit: Seconds, Withheld: "not valid: lateness 2ms", Lateness: []float64{0.002}},
			}},
		},
	}
}

func TestText(t *testing.T) {
	var b strings.Builder
	if err := sample().WriteText(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"command: wsbench <x>", "gorilla v1.5.3", "note: a note",
		"4.00 us (2.00 us to 8.00 us)  1.00 (1.00 to 1.00)",
		"2.00 us (1.00 us to 3.00 us)  0.50 (0.25 to 0.75)",
		"failed: broken <pipe>",
		"10.0 ms [lateness 1.00 ms]  not valid: lateness 2ms", "8.7 ms", "92.4 %",
		"not whole:", "3 failed: broken <pipe>",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := sample().WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	got, err := ReadJSON(&b)
	if err != nil || !reflect.DeepEqual(got, sample()) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := ReadJSON(strings.NewReader(`{"results":[{"nonsense":1}]}`)); err == nil {
		t.Error("nonsense was read")
	}
}

func TestHTML(t *testing.T) {
	var b strings.Builder
	if err := sample().WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<svg", "wsbench &lt;x&gt;", "broken &lt;pipe&gt;", "not valid: lateness 2ms"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(b.String(), "<?xml") {
		t.Error("a picture has the declaration of a file")
	}
}

// A failed side is no base of a ratio.
func TestRatioOfFailed(t *testing.T) {
	r := sample()
	r.Results[0].Failed = 1
	if got := r.Ratio("echo", "64 B", "CPU", "gws", "gorilla"); got != nil {
		t.Errorf("%v", got)
	}
}
