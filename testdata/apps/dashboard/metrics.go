package main

import (
	"runtime"
	"time"
)

// sample is what viewers get: one reading of all metrics.
type sample struct {
	Type   string             `json:"type"` // always "sample"
	Seq    int                `json:"seq"`
	Values map[string]float64 `json:"values"`
}

// gauge reads one metric.
type gauge struct {
	name string
	read func() float64
}

// runtimeMetrics are the gauges of this process, which started at start.
func runtimeMetrics(start time.Time) []gauge {
	gauges := []gauge{
		{"uptime_seconds", func() float64 { return time.Since(start).Seconds() }},
		{"goroutines", func() float64 { return float64(runtime.NumGoroutine()) }},
	}

	// Those of runtime.MemStats share one way to be read.
	fields := []struct {
		name string
		of   func(*runtime.MemStats) float64
	}{
		{"heap_bytes", func(m *runtime.MemStats) float64 { return float64(m.HeapAlloc) }},
		{"heap_objects", func(m *runtime.MemStats) float64 { return float64(m.HeapObjects) }},
		{"gc_cycles", func(m *runtime.MemStats) float64 { return float64(m.NumGC) }},
	}
	for _, f := range fields {
		f := f
		gauges = append(gauges, gauge{f.name, func() float64 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return f.of(&m)
		}})
	}
	return gauges
}

// read takes one reading of all gauges.
func read(gauges []gauge) map[string]float64 {
	values := make(map[string]float64, len(gauges))
	for _, g := range gauges {
		values[g.name] = g.read()
	}
	return values
}

func names(gauges []gauge) []string {
	var names []string
	for _, g := range gauges {
		names = append(names, g.name)
	}
	return names
}
