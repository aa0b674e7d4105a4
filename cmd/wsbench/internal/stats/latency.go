package stats

import (
	"fmt"
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	longest = int64(10 * time.Minute)
	digits  = 3 // of a duration that are kept
)

// Histogram collects durations. It is for one goroutine at a time.
type Histogram struct{ h *hdrhistogram.Histogram }

// NewHistogram returns an empty histogram.
func NewHistogram() *Histogram {
	return &Histogram{hdrhistogram.New(1, longest, digits)}
}

// Record adds d, which is cut to what the histogram holds.
func (h *Histogram) Record(d time.Duration) {
	// What is inside of the bounds is recorded without an error.
	_ = h.h.RecordValue(min(max(int64(d), 1), longest))
}

// Merge adds what other has.
func (h *Histogram) Merge(other *Histogram) { h.h.Merge(other.h) }

// Count returns how many durations there are.
func (h *Histogram) Count() int64 { return h.h.TotalCount() }

// Percentile returns the duration that the given share, in percent, does not
// exceed.
func (h *Histogram) Percentile(percent float64) time.Duration {
	return time.Duration(h.h.ValueAtPercentile(percent))
}

// Encode returns the histogram in the format of HdrHistogram, compressed.
func (h *Histogram) Encode() ([]byte, error) {
	return h.h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
}

// Decode is the inverse of Encode.
func Decode(data []byte) (*Histogram, error) {
	h, err := hdrhistogram.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("decode a histogram: %w", err)
	}
	return &Histogram{h}, nil
}

// maxLateness is the largest part of a percentile that may be the load
// generator's own.
const maxLateness = 0.1

// Withhold says why a percentile must not be printed, and nothing when it may
// be: the load generator's lateness at the same percentile exceeds a tenth of
// it, so that it is the generator that was measured. Both are in seconds.
func Withhold(percentile, lateness float64) string {
	if math.IsNaN(percentile) {
		return "not valid: nothing was measured"
	}
	if lateness <= maxLateness*percentile {
		return ""
	}
	return "not valid: lateness " + time.Duration(lateness*float64(time.Second)).Round(time.Microsecond).String()
}
