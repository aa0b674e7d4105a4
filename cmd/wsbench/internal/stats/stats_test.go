package stats

import (
	"math"
	"testing"
	"time"
)

var nan = math.NaN()

func same(a, b float64) bool {
	return math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) < 1e-9
}

func TestSummarize(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   Summary
	}{
		{nil, Summary{nan, nan, nan}},
		{[]float64{3}, Summary{3, 3, 3}},
		{[]float64{4, 1}, Summary{2.5, 1, 4}},
		{[]float64{9, 1, 5}, Summary{5, 1, 9}},
		{[]float64{8, 2, 4, 6}, Summary{5, 2, 8}},
		{[]float64{1, 1, 1, 1, 1000}, Summary{1, 1, 1000}},
	} {
		got := Summarize(test.values)
		if !same(got.Median, test.want.Median) || !same(got.Low, test.want.Low) || !same(got.High, test.want.High) {
			t.Errorf("Summarize(%v) = %v, want %v", test.values, got, test.want)
		}
	}
	values := []float64{3, 1, 2}
	Summarize(values)
	if values[0] != 3 {
		t.Error("the values were sorted in place: rounds would no longer belong together")
	}
}

func TestRatios(t *testing.T) {
	for _, test := range []struct{ values, base, want []float64 }{
		{nil, nil, nil},
		{[]float64{2, 9}, []float64{4, 3}, []float64{0.5, 3}},
		{[]float64{2, 9, 1}, []float64{4}, []float64{0.5}},
		{[]float64{2, 9}, []float64{0, 3}, []float64{3}},
		{[]float64{nan, 9}, []float64{1, 3}, []float64{3}},
		{[]float64{1, 9}, []float64{nan, 3}, []float64{3}},
	} {
		got := Ratios(test.values, test.base)
		if len(got) != len(test.want) {
			t.Errorf("Ratios(%v, %v) = %v, want %v", test.values, test.base, got, test.want)
			continue
		}
		for i := range got {
			if !same(got[i], test.want[i]) {
				t.Errorf("Ratios(%v, %v) = %v, want %v", test.values, test.base, got, test.want)
			}
		}
	}
}

func TestGeoMean(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{
		{nil, nan},
		{[]float64{7}, 7},
		{[]float64{1, 4}, 2},
		{[]float64{0.5, 2}, 1},
		{[]float64{1, 10, 100}, 10},
		{[]float64{1, 0}, nan},
		{[]float64{1, -1}, nan},
		{[]float64{1, nan}, nan},
	} {
		if got := GeoMean(test.values); !same(got, test.want) {
			t.Errorf("GeoMean(%v) = %v, want %v", test.values, got, test.want)
		}
	}
}

func TestSlope(t *testing.T) {
	for _, test := range []struct {
		x, y []float64
		want float64
	}{
		{[]float64{0, 1, 2}, []float64{5, 5, 5}, 0},
		{[]float64{0, 1, 2}, []float64{1, 3, 5}, 2},
		{[]float64{1000, 2000, 3000}, []float64{70, 50, 30}, -0.02},
		{[]float64{0, 1, 2, 3}, []float64{0, 2, 0, 2}, 0.4},
		{[]float64{1}, []float64{1}, nan},
		{[]float64{2, 2}, []float64{1, 3}, nan},
	} {
		if got := Slope(test.x, test.y); !same(got, test.want) {
			t.Errorf("Slope(%v, %v) = %v, want %v", test.x, test.y, got, test.want)
		}
	}
}

func TestPercentile(t *testing.T) {
	h := NewHistogram()
	for i := 1; i <= 1000; i++ {
		h.Record(time.Duration(i) * time.Millisecond)
	}
	h.Record(-time.Second) // a clock that went back is no reason to panic
	other := NewHistogram()
	other.Record(24 * time.Hour)
	data, err := other.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if other, err = Decode(data); err != nil {
		t.Fatal(err)
	}
	h.Merge(other)

	if h.Count() != 1002 {
		t.Errorf("%d durations, want 1002", h.Count())
	}
	for _, test := range []struct {
		percent float64
		want    time.Duration
	}{
		{50, 500 * time.Millisecond},
		{99, 991 * time.Millisecond},
		{100, 10 * time.Minute},
	} {
		got := h.Percentile(test.percent)
		if d := (got - test.want).Abs(); d > test.want/500 {
			t.Errorf("percentile %v is %v, want %v", test.percent, got, test.want)
		}
	}
	if _, err := Decode([]byte("nonsense")); err == nil {
		t.Error("nonsense was decoded")
	}
}

func TestWithhold(t *testing.T) {
	for _, test := range []struct {
		percentile, lateness float64
		want                 string
	}{
		{0.010, 0.0005, ""},
		{0.010, 0.001, ""}, // a tenth is still allowed
		{0.010, 0.0011, "not valid: lateness 1.1ms"},
		{0.0042, 0.050, "not valid: lateness 50ms"},
		{nan, 0, "not valid: nothing was measured"},
		{0, 0, ""},
	} {
		if got := Withhold(test.percentile, test.lateness); got != test.want {
			t.Errorf("Withhold(%v, %v) = %q, want %q", test.percentile, test.lateness, got, test.want)
		}
	}
}
