package load

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/stats"
)

// OpenLoopArgs asks for messages at fixed times, whatever becomes of those
// before: that is what users do. Connections take turns.
type OpenLoopArgs struct {
	Rate    float64 // messages a second
	Seconds float64
}

// OpenLoop is what came of it. Histograms are encoded.
type OpenLoop struct {
	Sent, Received, Failed int64
	Latency                []byte // from when a message was due to its reply
	Lateness               []byte // from when a message was due to when it was sent
	Raised                 bool   // the sender had a raised priority
}

func (cs *clients) openLoop(a OpenLoopArgs) (OpenLoop, error) {
	var mu sync.Mutex
	var received atomic.Int64
	latency, lateness := stats.NewHistogram(), stats.NewHistogram()
	reply := func(_ *client, due time.Time) {
		d := time.Since(due)
		mu.Lock()
		latency.Record(d)
		mu.Unlock()
		received.Add(1)
	}
	cs.onReply.Store(&reply)
	defer cs.onReply.Store(nil)

	var r OpenLoop
	failed := cs.failed.Load()
	r.Raised = cs.pace(a, func(k *client, due time.Time) {
		lateness.Record(time.Since(due))
		if cs.send(k, due) {
			r.Sent++
		}
	})
	for end := time.Now().Add(stuck); received.Load() < r.Sent && cs.failed.Load() == failed && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	r.Received = received.Load()
	r.Failed = cs.failed.Load() - failed
	if r.Received < r.Sent {
		r.Failed = max(r.Failed, r.Sent-r.Received)
	}
	mu.Lock()
	defer mu.Unlock()
	var err error
	if r.Latency, err = latency.Encode(); err == nil {
		r.Lateness, err = lateness.Encode()
	}
	if err != nil {
		err = fmt.Errorf("encode a histogram: %w", err)
	}
	return r, err
}

// pace calls send for one client after the other at the rate's times, from a
// thread of its own. It reports whether that had a raised priority.
func (cs *clients) pace(a OpenLoopArgs, send func(*client, time.Time)) (raised bool) {
	// One thread more, so that the sender takes none away from the receivers.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(runtime.NumCPU() + 1))
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with its priority
		raised = raisePriority()
		interval := float64(time.Second) / a.Rate
		start := time.Now()
		for i := 0; ; i++ {
			at := time.Duration(float64(i) * interval)
			if at.Seconds() >= a.Seconds {
				return
			}
			due := start.Add(at)
			sleepUntil(due)
			send(cs.all[i%len(cs.all)], due)
		}
	}()
	<-done
	return raised
}
