package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/driver"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/load"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/shard"
)

// profileOptions is what the flags of profile say.
type profileOptions struct {
	kind        string
	size, conns int
	compress    bool
	api         string
	duration    time.Duration
	file        string
}

func (o *profileOptions) flags(f *flag.FlagSet) {
	f.StringVar(&o.kind, "kind", string(load.Echo), "`what` the connections do: echo, stream or broadcast")
	f.IntVar(&o.size, "size", 64, "size of messages in `bytes`")
	f.IntVar(&o.conns, "conns", 1, "`number` of connections")
	f.BoolVar(&o.compress, "compress", false, "use permessage-deflate")
	f.StringVar(&o.api, "api", "", "the `calls` to use: stream, json, or those for whole messages")
	f.DurationVar(&o.duration, "duration", 3*time.Second, "`how long` to measure")
	f.StringVar(&o.file, "o", "cpu.pprof", "the `file` to write, for go tool pprof")
}

func runProfile(ctx context.Context, inv *invocation) (int, error) {
	if len(inv.libraries) != 1 {
		return 0, fmt.Errorf("profile takes one library: -libs NAME")
	}
	l, o := inv.libraries[0], inv.profile
	pool := new(shard.Pool)
	defer pool.Close()
	w, err := pool.Start(l.Name, l.Env...)
	if err != nil {
		return 0, err
	}
	args := load.PairArgs{
		Library: l.Name, Kind: load.Kind(o.kind), Conns: o.conns, Size: o.size,
		Options: driver.Options{Compress: o.compress, API: driver.API(o.api)},
	}
	if err := w.Call(ctx, load.OpOpenPair, args, nil); err != nil {
		return 0, err
	}
	var r load.Round
	if err := w.Call(ctx, load.OpProfile, load.ProfileArgs{Seconds: o.duration.Seconds(), File: o.file}, &r); err != nil {
		return 0, err
	}
	n := float64(max(r.Messages, 1))
	fmt.Fprintf(inv.stdout, "%s: %d messages, %.2f us CPU and %.1f allocations each; profile in %s\n",
		l.Title, r.Messages, 1e6*r.CPU/n, float64(r.Mallocs)/n, o.file)
	return statusFine, nil
}
