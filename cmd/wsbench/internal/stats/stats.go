package stats

import (
	"math"
	"slices"
)

// Summary is what is said of the values of several rounds.
type Summary struct {
	Median, Low, High float64
}

// Summarize returns the median and the range of values; all are NaN without
// values.
func Summarize(values []float64) Summary {
	if len(values) == 0 {
		return Summary{math.NaN(), math.NaN(), math.NaN()}
	}
	s := slices.Sorted(slices.Values(values))
	n := len(s)
	return Summary{(s[(n-1)/2] + s[n/2]) / 2, s[0], s[n-1]}
}

// Ratios returns values as ratios to base, round by round. Rounds of which one
// side is missing, and those where base is zero, have no ratio: what was
// measured in other rounds was measured under other conditions.
func Ratios(values, base []float64) []float64 {
	var ratios []float64
	for i := range min(len(values), len(base)) {
		if base[i] != 0 && !math.IsNaN(values[i]) && !math.IsNaN(base[i]) {
			ratios = append(ratios, values[i]/base[i])
		}
	}
	return ratios
}

// GeoMean returns the geometric mean of positive values, and NaN when there
// are none or one is not positive.
func GeoMean(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sum := 0.0
	for _, v := range values {
		if !(v > 0) {
			return math.NaN()
		}
		sum += math.Log(v)
	}
	return math.Exp(sum / float64(len(values)))
}

// Slope returns the slope of the straight line that fits the points best, by
// least squares. It is NaN for fewer than two different x.
func Slope(x, y []float64) float64 {
	n := float64(len(x))
	var sx, sy float64
	for i := range x {
		sx += x[i]
		sy += y[i]
	}
	var sxx, sxy float64
	for i := range x {
		dx := x[i] - sx/n
		sxx += dx * dx
		sxy += dx * (y[i] - sy/n)
	}
	if sxx == 0 {
		return math.NaN()
	}
	return sxy / sxx
}
