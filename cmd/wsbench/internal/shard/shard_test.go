package shard

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestMain(m *testing.M) {
	if !IsWorker() {
		os.Exit(m.Run())
	}
	err := Serve(os.Stdin, os.Stdout, map[string]Handler{
		"add":   Handle(func(n []int) (any, error) { return n[0] + n[1], nil }),
		"fail":  Handle(func(struct{}) (any, error) { return nil, errors.New("cannot") }),
		"panic": Handle(func(struct{}) (any, error) { panic("out of order") }),
		"wait":  Handle(func(struct{}) (any, error) { select {} }),
		"env":   Handle(func(name string) (any, error) { return os.Getenv(name), nil }),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func TestCapacity(t *testing.T) {
	for _, test := range []struct {
		limit uint64
		each  int
		want  int
	}{
		{20000, 1, 19800},
		{20000, 2, 9900},
		{1024, 2, 412},
		{200, 1, 0},
		{100, 1, 0},
		{1 << 62, 1, 1<<31 - 1},
	} {
		if got := Capacity(test.limit, test.each); got != test.want {
			t.Errorf("Capacity(%d, %d) = %d, want %d", test.limit, test.each, got, test.want)
		}
	}
}

func TestSplit(t *testing.T) {
	for _, test := range []struct {
		conns, capacity int
		want            []int
	}{
		{1, 1, []int{1}},
		{19800, 19800, []int{19800}},
		{19801, 19800, []int{9901, 9900}},
		{102400, 19800, []int{17067, 17067, 17067, 17067, 17066, 17066}},
		{5, 2, []int{2, 2, 1}},
	} {
		got, err := Split(test.conns, test.capacity)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("Split(%d, %d) = %v, %v, want %v", test.conns, test.capacity, got, err, test.want)
		}
	}
	for _, test := range []struct {
		conns, capacity int
		want            string
	}{{10, 0, "ulimit -n"}, {0, 10, "at least one"}} {
		if _, err := Split(test.conns, test.capacity); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Split(%d, %d): %v, want %q in it", test.conns, test.capacity, err, test.want)
		}
	}
}

func start(t *testing.T, env ...string) *Worker {
	t.Helper()
	pool := new(Pool)
	t.Cleanup(pool.Close)
	w, err := pool.Start("the test", env...)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestCall(t *testing.T) {
	w := start(t, "BENCH_TEST=set")
	ctx := context.Background()
	for i := range 3 {
		var sum int
		if err := w.Call(ctx, "add", []int{i, 2}, &sum); err != nil || sum != i+2 {
			t.Fatalf("%d, %v, want %d", sum, err, i+2)
		}
		var remote *RemoteError
		if err := w.Call(ctx, "fail", struct{}{}, nil); !errors.As(err, &remote) || remote.Text != "cannot" {
			t.Fatalf("%v, want the worker's own words", err)
		}
	}
	if err := w.Call(ctx, "no such thing", nil, nil); err == nil || !strings.Contains(err.Error(), "no such thing") {
		t.Errorf("%v, want the name of the operation", err)
	}
	if err := w.Call(ctx, "add", "nonsense", nil); err == nil {
		t.Error("nonsense was accepted as arguments")
	}
	var value string
	if err := w.Call(ctx, "env", "BENCH_TEST", &value); err != nil || value != "set" {
		t.Errorf("environment: %q, %v", value, err)
	}
}

// A worker that ends amid its work is an error that says how, and no answer.
func TestWorkerEnds(t *testing.T) {
	ctx := context.Background()
	t.Run("by a panic", func(t *testing.T) {
		err := start(t).Call(ctx, "panic", struct{}{}, nil)
		if err == nil || !strings.Contains(err.Error(), "out of order") || !strings.Contains(err.Error(), "the test") {
			t.Errorf("%v, want the panic and the worker's name", err)
		}
		var remote *RemoteError
		if errors.As(err, &remote) {
			t.Error("taken for an error that the worker reports")
		}
	})
	t.Run("by a signal", func(t *testing.T) {
		w := start(t)
		if err := w.Call(ctx, "add", []int{1, 2}, new(int)); err != nil { // it is up
			t.Fatal(err)
		}
		if err := syscall.Kill(w.Pid(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		err := w.Call(ctx, "wait", struct{}{}, nil)
		if err == nil || !strings.Contains(err.Error(), "killed") {
			t.Errorf("%v, want that it was killed", err)
		}
	})
	t.Run("by the context", func(t *testing.T) {
		w := start(t)
		ctx, cancel := context.WithCancel(ctx)
		done := make(chan error)
		go func() { done <- w.Call(ctx, "wait", struct{}{}, nil) }()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want %v", err, context.Canceled)
		}
		w.Kill()
		if w.cmd.ProcessState == nil {
			t.Error("the worker was not waited for")
		}
	})
}

// A worker ends by itself when its parent is gone.
func TestParentGone(t *testing.T) {
	w := start(t)
	if err := w.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	w.wait()
	if !w.cmd.ProcessState.Success() {
		t.Errorf("the worker ended with %v", w.cmd.ProcessState)
	}
}
