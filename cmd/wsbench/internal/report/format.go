package report

import (
	"fmt"
	"math"
	"strconv"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/stats"
)

// text returns a value with its unit.
func (u Unit) text(v float64) string {
	switch {
	case math.IsNaN(v):
		return "-"
	case u == Seconds:
		return scaled(v, []step{{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}})
	case u == Bytes:
		return scaled(v, []step{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}, {1, "B"}})
	case u == Share:
		return digits(v) + " %"
	}
	return digits(v)
}

type step struct {
	size float64
	name string
}

func scaled(v float64, steps []step) string {
	for _, s := range steps {
		if math.Abs(v) >= s.size {
			return digits(v/s.size) + " " + s.name
		}
	}
	last := steps[len(steps)-1]
	return digits(v/last.size) + " " + last.name
}

// digits writes v with three digits that count.
func digits(v float64) string {
	switch a := math.Abs(v); {
	case a == 0:
		return "0"
	case a >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case a < 0.005:
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// Cell returns the text of a metric: median and range, or why there is none.
func (m *Metric) Cell() string {
	if m.Withheld != "" {
		return m.Withheld
	}
	s := m.Unit.spread(m.Values)
	if len(m.Lateness) > 0 {
		s += " [lateness " + m.Unit.text(stats.Summarize(m.Lateness).High) + "]"
	}
	return s
}

// spread returns median and range of values.
func (u Unit) spread(values []float64) string {
	s := stats.Summarize(values)
	if len(values) < 2 {
		return u.text(s.Median)
	}
	return fmt.Sprintf("%s (%s to %s)", u.text(s.Median), u.text(s.Low), u.text(s.High))
}

// ratioText returns median and range of ratios.
func ratioText(ratios []float64) string {
	if len(ratios) == 0 {
		return "-"
	}
	s := stats.Summarize(ratios)
	if len(ratios) < 2 {
		return fmt.Sprintf("%.2f", s.Median)
	}
	return fmt.Sprintf("%.2f (%.2f to %.2f)", s.Median, s.Low, s.High)
}
