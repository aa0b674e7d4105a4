package scenario

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/driver"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/load"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/shard"
)

// memoryEach is how much memory a connection may take, with both ends and what
// the kernel needs: more than any of the libraries was seen to take.
const memoryEach = 64 << 10

// farm is one library's servers, each a process, and the clients of each, a
// process too. The clients are the same for all libraries.
type farm struct {
	e       *Env
	lib     *driver.Library
	parts   []int // connections of each
	servers []*shard.Worker
	clients []*shard.Worker
	addrs   []string
	before  []load.Memory // of the servers without connections
	failed  int64         // connections that could not be made
	failure string
}

// checkFarm returns an error if this machine cannot hold so many connections.
func checkFarm(e *Env, n int) ([]int, error) {
	parts, err := shard.Split(n, shard.Capacity(e.FileLimit, 1))
	if err != nil {
		return nil, err
	}
	if available := report.AvailableMemory(); available > 0 && int64(n)*memoryEach > available {
		return nil, fmt.Errorf("%s may take %d MiB of memory, and %d MiB are available: use fewer",
			conns(n), int64(n)*memoryEach>>20, available>>20)
	}
	if _, port, err := net.SplitHostPort(e.Listen); err != nil {
		return nil, fmt.Errorf("the address to listen on: %w", err)
	} else if port != "0" && len(parts) > 1 {
		return nil, fmt.Errorf("%s need %d servers, because a process may have %d open files: use port 0",
			conns(n), len(parts), e.FileLimit)
	}
	if len(parts) > 1 {
		e.note("%s are spread over %d server and %d client processes, because a process may have %d open files",
			conns(n), len(parts), len(parts), e.FileLimit)
	}
	return parts, nil
}

// startFarm starts servers and connects n clients, of which each has sent and
// received a message when it returns. A connection that fails is counted.
func startFarm(ctx context.Context, e *Env, l *driver.Library, n int) (*farm, error) {
	parts, err := checkFarm(e, n)
	if err != nil {
		return nil, err
	}
	f := &farm{e: e, lib: l, parts: parts, addrs: make([]string, len(parts)), before: make([]load.Memory, len(parts))}
	if err := f.start(ctx); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

func (f *farm) start(ctx context.Context) error {
	var err error
	if f.servers, err = f.startWorkers("server of "+f.lib.Name, f.lib.Env...); err != nil {
		return err
	}
	if f.clients, err = f.startWorkers("clients of " + f.lib.Name); err != nil {
		return err
	}
	err = each(f.servers, func(i int, w *shard.Worker) error {
		var s load.Served
		if err := w.Call(ctx, load.OpServe, load.ServeArgs{Library: f.lib.Name, Listen: f.e.Listen}, &s); err != nil {
			return errors.New(err.Error()) // not the library's failure, but the end of the run
		}
		f.addrs[i] = s.Addr
		return w.Call(ctx, load.OpMemory, none, &f.before[i])
	})
	if err != nil {
		return err
	}
	var mu sync.Mutex
	err = each(f.clients, func(i int, w *shard.Worker) error {
		args := load.DialArgs{Addr: f.addrs[i], Conns: f.parts[i], Size: smallMessage}
		if runtime.GOOS == "linux" { // where 127.0.0.0/8 is this machine
			args.Sources = sources(i, f.parts[i])
		}
		var d load.Dialled
		if err := w.Call(ctx, load.OpDial, args, &d); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		f.failed += int64(d.Failed)
		if d.Failure != "" {
			f.failure = d.Failure
		}
		return nil
	})
	if err != nil || f.failed > 0 {
		return err
	}
	return each(f.clients, func(_ int, w *shard.Worker) error { return w.Call(ctx, load.OpTouch, none, nil) })
}

// connsEach is how many connections share a source address: few enough for the
// system to find a free port at once, of the 28,000 that it has for each.
const connsEach = 4000

// sources returns the addresses of the i-th process of clients. It shares none
// with the others.
func sources(i, n int) []string {
	var all []string
	for k := 0; k*connsEach < n; k++ {
		all = append(all, fmt.Sprintf("127.1.%d.%d", i, k+1))
	}
	return all
}

func (f *farm) startWorkers(name string, env ...string) ([]*shard.Worker, error) {
	var all []*shard.Worker
	for i := range f.parts {
		w, err := f.e.Pool.Start(fmt.Sprintf("%s, %d of %d", name, i+1, len(f.parts)), env...)
		if err != nil {
			return all, err
		}
		all = append(all, w)
	}
	return all, nil
}

// close ends the processes of the farm.
func (f *farm) close() {
	for _, w := range append(f.clients, f.servers...) {
		w.Kill()
	}
}

// total is the number of connections.
func (f *farm) total() int {
	n := 0
	for _, p := range f.parts {
		n += p
	}
	return n
}

// each does the same with all workers at once and returns their errors.
func each(workers []*shard.Worker, do func(i int, w *shard.Worker) error) error {
	errs := make([]error, len(workers))
	var wg sync.WaitGroup
	for i, w := range workers {
		wg.Go(func() { errs[i] = do(i, w) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
