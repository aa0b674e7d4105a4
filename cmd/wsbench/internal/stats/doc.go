// Package stats is the arithmetic of wsbench: medians and ranges of rounds,
// geometric means, slopes, percentiles, and when a percentile is not valid.
package stats
