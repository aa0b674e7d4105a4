package main

import (
	"context"
	"log"
	"os"
	"runtime/trace"
	"sync/atomic"
	"time"
)

// recorder keeps the trace of the last seconds, and writes it to a file when a
// message was slow.
type recorder struct {
	flight *trace.FlightRecorder
	dir    string
	slow   time.Duration
	busy   atomic.Bool
}

func newRecorder(dir string, slow time.Duration) (*recorder, error) {
	flight := trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: 10 * time.Second, MaxBytes: 16 << 20})
	return &recorder{flight: flight, dir: dir, slow: slow}, flight.Start()
}

func (r *recorder) stop() { r.flight.Stop() }

// took judges how long the message of ctx's task took. The log entry in the
// trace says which task it was.
func (r *recorder) took(ctx context.Context, d time.Duration) {
	if d < r.slow || !r.busy.CompareAndSwap(false, true) {
		return
	}
	trace.Log(ctx, "slow", d.String())
	go func() {
		defer r.busy.Store(false)
		name, err := r.dump()
		if err != nil {
			log.Printf("dump: %v", err)
			return
		}
		log.Printf("a message took %v, see go tool trace %s", d, name)
	}()
}

func (r *recorder) dump() (name string, err error) {
	f, err := os.CreateTemp(r.dir, "slow-*.trace")
	if err != nil {
		return "", err
	}
	if _, err := r.flight.WriteTo(f); err != nil {
		f.Close()
		return "", err
	}
	return f.Name(), f.Close()
}
