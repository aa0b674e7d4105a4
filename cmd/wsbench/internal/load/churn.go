package load

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/driver"
)

// churning is how many connections of a churn are open at a time.
const churning = 16

// ChurnArgs asks for connections that are made, used for one message and ended.
type ChurnArgs struct {
	Library string
	Options driver.Options
	Cycles  int
	Conns   int // in each cycle
	Size    int
}

// ChurnResult is the state of the process after each cycle.
type ChurnResult struct{ After []Memory }

func churn(a ChurnArgs) (ChurnResult, error) {
	var r ChurnResult
	lib, err := find(a.Library, a.Options)
	if err != nil {
		return r, err
	}
	ln, err := net.Listen("tcp", loopback)
	if err != nil {
		return r, err
	}
	var serving atomic.Int64
	srv := lib.Serve(ln, a.Options, func(c driver.Conn) {
		serving.Add(1)
		defer serving.Add(-1)
		_ = c.Loop(c.Write) // the client tells when it misses something
		_ = c.Close()
	})
	defer srv.Close()
	ch := &churner{lib: lib, args: a, host: ln.Addr().String(), payload: Payload(a.Size)}
	for range a.Cycles {
		if err := ch.cycle(); err != nil {
			return r, err
		}
		if err := settle(&serving); err != nil {
			return r, err
		}
		m, err := readMemory()
		if err != nil {
			return r, err
		}
		r.After = append(r.After, m)
	}
	return r, nil
}

type churner struct {
	lib     *driver.Library
	args    ChurnArgs
	host    string
	payload []byte
}

// cycle makes and ends all connections of a cycle.
func (ch *churner) cycle() error {
	var wg sync.WaitGroup
	errs := make(chan error, churning)
	var next atomic.Int64
	for range churning {
		wg.Go(func() {
			for next.Add(1) <= int64(ch.args.Conns) {
				if err := ch.once(); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	return <-errs
}

// once is the life of one connection.
func (ch *churner) once() error {
	ctx, cancel := context.WithTimeout(context.Background(), stuck)
	defer cancel()
	dial := func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "tcp", ch.host) }
	c, err := ch.lib.Connect(ctx, ch.host, dial, ch.args.Options)
	if err != nil {
		return err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	if err := c.Write(ch.payload); err != nil {
		return err
	}
	got := false
	err = c.Loop(func(p []byte) error {
		got = true
		if err := checkSize(p, ch.args.Size); err != nil {
			return err
		}
		return errHungUp
	})
	if !got {
		return fmt.Errorf("no reply: %w", err)
	}
	return nil
}

// settle waits until the server has noticed that all connections have ended,
// and the number of goroutines stays as it is.
func settle(serving *atomic.Int64) error {
	end := time.Now().Add(stuck)
	for same, last := 0, -1; same < 5; time.Sleep(10 * time.Millisecond) {
		n := runtime.NumGoroutine()
		if same++; n != last || serving.Load() > 0 {
			same = 0
		}
		last = n
		if time.Now().After(end) {
			return fmt.Errorf("%d connections have not ended at the server", serving.Load())
		}
	}
	return nil
}
