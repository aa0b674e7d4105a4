package shard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
)

// workerVariable marks the environment of a worker.
const workerVariable = "WSBENCH_WORKER"

// Pool starts workers and ends all of them.
type Pool struct {
	mu      sync.Mutex
	workers []*Worker
}

// Worker is a process that does what it is asked, one request at a time.
type Worker struct {
	name  string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	enc   *json.Encoder
	dec   *json.Decoder
	errs  strings.Builder // its standard error, complete when it has ended

	mu   sync.Mutex // held during a call
	once sync.Once
	done chan struct{} // closed when the process has been waited for
}

// request and reply are the lines between a parent and its worker.
type request struct {
	Op   string          `json:"op"`
	Args json.RawMessage `json:"args"`
}

type reply struct {
	Result json.RawMessage `json:"result,omitempty"`
	Error  string          `json:"error,omitempty"`
}

// Start starts this program again as a worker, with more environment. The name
// is for messages.
func (p *Pool) Start(name string, env ...string) (*Worker, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program to start a worker: %w", err)
	}
	w := &Worker{name: name, cmd: exec.Command(self), done: make(chan struct{})}
	w.cmd.Env = append(append(os.Environ(), workerVariable+"=1"), env...)
	w.cmd.Stderr = &w.errs
	dieWithParent(w.cmd)
	stdout, err := w.cmd.StdoutPipe()
	if err == nil {
		w.stdin, err = w.cmd.StdinPipe()
	}
	if err == nil {
		err = w.cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("start a worker for %s: %w", name, err)
	}
	w.enc, w.dec = json.NewEncoder(w.stdin), json.NewDecoder(stdout)
	p.mu.Lock()
	p.workers = append(p.workers, w)
	p.mu.Unlock()
	return w, nil
}

// Close ends all workers and waits for them.
func (p *Pool) Close() {
	p.mu.Lock()
	workers := p.workers
	p.workers = nil
	p.mu.Unlock()
	for _, w := range workers {
		w.Kill()
	}
}

// Kill ends the worker at once and waits for it.
func (w *Worker) Kill() {
	_ = w.cmd.Process.Kill() // it may have ended
	w.wait()
}

func (w *Worker) wait() {
	w.once.Do(func() {
		_ = w.cmd.Wait() // ProcessState says how it ended
		close(w.done)
	})
	<-w.done
}

// Pid returns the number of the process.
func (w *Worker) Pid() int { return w.cmd.Process.Pid }

// RemoteError is an error that a worker reports. The worker itself is well.
type RemoteError struct {
	Worker, Text string
}

// Error implements error.
func (e *RemoteError) Error() string { return e.Worker + ": " + e.Text }

// Call asks the worker for op and decodes its answer into result, which may be
// nil. When ctx ends, the worker is killed.
func (w *Worker) Call(ctx context.Context, op string, args, result any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = w.cmd.Process.Kill() })
	defer stop()
	answer, err := w.exchange(op, args)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return w.died(op, err)
	case answer.Error != "":
		return &RemoteError{w.name, answer.Error}
	case result == nil:
		return nil
	}
	if err := json.Unmarshal(answer.Result, result); err != nil {
		return fmt.Errorf("%s: answer to %s: %w", w.name, op, err)
	}
	return nil
}

func (w *Worker) exchange(op string, args any) (answer reply, err error) {
	raw, err := json.Marshal(args)
	if err != nil {
		return answer, err
	}
	if err := w.enc.Encode(request{op, raw}); err != nil {
		return answer, err
	}
	return answer, w.dec.Decode(&answer)
}

// died says how the worker ended that broke off amid a request.
func (w *Worker) died(op string, err error) error {
	w.Kill()
	how := w.cmd.ProcessState.String()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, os.ErrClosed) {
		err = nil
	}
	text := fmt.Sprintf("the worker for %s (process %d) ended during %q: %s", w.name, w.Pid(), op, how)
	if err != nil {
		text += ": " + err.Error()
	}
	if said := firstLines(w.errs.String(), 12); said != "" {
		text += "\n" + said
	}
	return errors.New(text)
}

// firstLines returns the beginning of what a process had to say: of a panic,
// that is the reason.
func firstLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[:min(n, len(lines))], "\n")
}
