package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Waits between attempts to reconnect, with chance in them: connections that
// were lost together would come back together.
const (
	firstWait = 10 * time.Millisecond
	lastWait  = time.Second
)

// ReconnectArgs asks for a load during which the server is going to end.
type ReconnectArgs struct {
	OpenLoopArgs
	Window float64 // seconds within which a connection must be back
}

// Reconnect is what came of it.
type Reconnect struct {
	Lost        int // connections
	Reconnected int // within the window
	Median      float64
	Slowest     float64 // seconds from a loss until it was connected again
	Sent        int64
	Unanswered  int64 // messages that were sent on a connection that ended
	Unsent      int64 // messages that found no connection
}

// reconnect keeps the load up and connects again what is lost. None of the
// libraries does that by itself; the clients here do it for all of them.
func (cs *clients) reconnect(a ReconnectArgs) (Reconnect, error) {
	window := time.Duration(a.Window * float64(time.Second))
	var r Reconnect
	var mu sync.Mutex
	var times []float64
	var wg sync.WaitGroup
	var over atomic.Bool
	slots := make(chan struct{}, dialing)
	ended := func(k *client) {
		if over.Load() {
			return
		}
		mu.Lock()
		r.Lost++
		mu.Unlock()
		lost := time.Now()
		wg.Go(func() {
			ctx, cancel := context.WithDeadline(context.Background(), lost.Add(window))
			defer cancel()
			if cs.retry(ctx, k, slots) == nil {
				mu.Lock()
				times = append(times, time.Since(lost).Seconds())
				mu.Unlock()
			}
		})
	}
	for _, k := range cs.all {
		k.mu.Lock()
		k.drops = 0
		k.mu.Unlock()
	}
	cs.onEnd.Store(&ended)
	cs.pace(a.OpenLoopArgs, func(k *client, due time.Time) {
		if cs.send(k, due) {
			r.Sent++
		} else {
			r.Unsent++
		}
	})
	over.Store(true)
	wg.Wait()
	cs.onEnd.Store(nil)

	mu.Lock()
	defer mu.Unlock()
	if r.Lost == 0 {
		return r, fmt.Errorf("no connection was lost")
	}
	r.Reconnected = len(times)
	if len(times) > 0 {
		slices.Sort(times)
		r.Median, r.Slowest = times[len(times)/2], times[len(times)-1]
	}
	for _, k := range cs.all {
		k.mu.Lock()
		r.Unanswered += k.drops
		k.mu.Unlock()
	}
	return r, nil
}

// retry connects k until that succeeds or ctx ends.
func (cs *clients) retry(ctx context.Context, k *client, slots chan struct{}) error {
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		select {
		case <-time.After(rand.N(wait)):
		case <-ctx.Done():
			return ctx.Err()
		}
		slots <- struct{}{}
		err := cs.connect(ctx, k)
		<-slots
		if err == nil {
			return nil
		}
	}
}
