package load

import (
	"runtime"
	"runtime/metrics"
	"time"
)

// Usage is what a process has used between two moments.
type Usage struct {
	Wall, CPU float64 // seconds
	Mallocs   uint64
	Bytes     uint64 // allocated
	GC        GC
}

// GC is what the garbage collector has done.
type GC struct {
	Cycles   uint32
	Forced   uint32  // cycles among them that a call of runtime.GC asked for
	Pause    float64 // seconds in all
	MaxPause float64 // seconds, as the bucket's upper bound says
	Bytes    uint64  // allocated
}

// meter measures a Usage.
type meter struct {
	wall   time.Time
	cpu    float64
	memory runtime.MemStats
	pauses []uint64
}

func startMeter() (*meter, error) {
	m := new(meter)
	runtime.ReadMemStats(&m.memory)
	m.pauses = pauses().Counts
	var err error
	m.cpu, err = cpuTime()
	m.wall = time.Now()
	return m, err
}

func (m *meter) stop() (Usage, error) {
	wall := time.Since(m.wall)
	cpu, err := cpuTime()
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	return Usage{
		Wall:    wall.Seconds(),
		CPU:     cpu - m.cpu,
		Mallocs: now.Mallocs - m.memory.Mallocs,
		Bytes:   now.TotalAlloc - m.memory.TotalAlloc,
		GC: GC{
			Cycles:   now.NumGC - m.memory.NumGC,
			Forced:   now.NumForcedGC - m.memory.NumForcedGC,
			Pause:    time.Duration(now.PauseTotalNs - m.memory.PauseTotalNs).Seconds(),
			MaxPause: maxPause(m.pauses),
			Bytes:    now.TotalAlloc - m.memory.TotalAlloc,
		},
	}, err
}

// readGC returns what the garbage collector has done since the process began.
func readGC() GC {
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	return GC{
		Cycles:   now.NumGC,
		Forced:   now.NumForcedGC,
		Pause:    time.Duration(now.PauseTotalNs).Seconds(),
		MaxPause: maxPause(nil),
		Bytes:    now.TotalAlloc,
	}
}

func pauses() *metrics.Float64Histogram {
	s := []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}}
	metrics.Read(s)
	return s[0].Value.Float64Histogram()
}

// maxPause returns the longest pause since the counts were before.
func maxPause(before []uint64) float64 {
	h := pauses()
	for i := len(h.Counts) - 1; i >= 0; i-- {
		n := h.Counts[i]
		if i < len(before) {
			n -= before[i]
		}
		if n > 0 {
			// The last bucket has no end.
			return h.Buckets[min(i+1, len(h.Buckets)-2)]
		}
	}
	return 0
}
