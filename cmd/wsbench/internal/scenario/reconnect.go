package scenario

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/load"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/shard"
)

// window is how long a connection that was lost may take to be back.
const window = 2 * time.Minute

// reconnect kills the servers under load and starts others in their places.
func (f *farm) reconnect(ctx context.Context) ([]report.Metric, error) {
	// Processes that are ready make the outage the same for all libraries.
	standby, err := f.startWorkers("second server of "+f.lib.Name, f.lib.Env...)
	first := f.servers
	f.servers = append(append(first[:0:0], first...), standby...)
	if err != nil {
		return nil, err
	}
	args := load.ReconnectArgs{OpenLoopArgs: f.openLoop(), Window: window.Seconds()}
	got := make([]load.Reconnect, len(f.clients))
	var replaced error
	var wg sync.WaitGroup
	wg.Go(func() { replaced = f.replace(ctx, first, standby) })
	err = each(f.clients, func(i int, w *shard.Worker) error { return w.Call(ctx, load.OpReconnect, args, &got[i]) })
	wg.Wait()
	if replaced != nil {
		return nil, replaced
	}
	if err != nil {
		return nil, err
	}
	f.servers = standby
	return f.recovery(got), nil
}

// replace ends servers a third of the way through the load.
func (f *farm) replace(ctx context.Context, first, standby []*shard.Worker) error {
	select {
	case <-time.After(f.e.Duration / 3):
	case <-ctx.Done():
		return ctx.Err()
	}
	return each(first, func(i int, w *shard.Worker) error {
		w.Kill()
		return standby[i].Call(ctx, load.OpServe, load.ServeArgs{Library: f.lib.Name, Listen: f.addrs[i]}, nil)
	})
}

// recovery sums up what the clients saw.
func (f *farm) recovery(got []load.Reconnect) []report.Metric {
	var all load.Reconnect
	for _, g := range got {
		all.Lost += g.Lost
		all.Reconnected += g.Reconnected
		all.Median = max(all.Median, g.Median)
		all.Slowest = max(all.Slowest, g.Slowest)
		all.Sent += g.Sent
		all.Unanswered += g.Unanswered
		all.Unsent += g.Unsent
	}
	if gone := all.Lost - all.Reconnected; gone > 0 {
		f.failed += int64(gone)
		f.failure = fmt.Sprintf("connections were not back within %v", window)
	}
	return []report.Metric{
		value("reconnected", report.Share, false, 100*float64(all.Reconnected)/float64(all.Lost)),
		value("half are back after", report.Seconds, true, all.Median),
		value("all are back after", report.Seconds, true, all.Slowest),
		value("messages sent", report.Count, false, float64(all.Sent)),
		value("sent and lost", report.Count, false, float64(all.Unanswered)),
		value("no connection to send on", report.Count, false, float64(all.Unsent)),
	}
}
