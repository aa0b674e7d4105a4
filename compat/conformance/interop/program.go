package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"
)

// A client plays scripts.
type client interface {
	// ask plays a script and returns what was seen.
	ask(ctx context.Context, sc script) (view, error)
	stop()
}

// A program is a process that plays scripts: as a client those that it is
// given, as a server those in the URLs of its clients.
type program struct {
	name  string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	hello hello
	said  tail // on its standard error

	mu      sync.Mutex
	reports map[reportKey]chan view
	ended   chan struct{} // closed when the process has ended
}

type reportKey struct {
	id     string
	server bool
}

// startTime bounds how long a program may take to be ready, stopTime to end
// when its input does.
const (
	startTime = 30 * time.Second
	stopTime  = 3 * time.Second
)

// startProgram starts a program and returns when it is ready.
func startProgram(ctx context.Context, name string, cmd *exec.Cmd) (*program, error) {
	p := &program{name: name, cmd: cmd, reports: map[reportKey]chan view{}, ended: make(chan struct{})}
	cmd.Stderr = &p.said
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.stdin = stdin
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	greeting := make(chan hello, 1)
	go p.listen(stdout, greeting)

	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	select {
	case p.hello = <-greeting:
		return p, nil
	case <-p.ended:
	case <-ctx.Done():
		p.stop()
	}
	return nil, fmt.Errorf("start %s: %w", name, p.gone())
}

// listen hands the lines of the process to those who wait for them, until it
// ends.
func (p *program) listen(stdout io.Reader, greeting chan<- hello) {
	defer close(p.ended)
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			fmt.Fprintf(&p.said, "not understood: %s\n", lines.Text())
			continue
		}
		if l.Hello != nil {
			select {
			case greeting <- *l.Hello:
			default:
			}
		}
		if l.Report != nil {
			select {
			case p.mailbox(reportKey{l.Report.ID, l.Report.Server}) <- view(l.Report.Events):
			default: // a second report of the same script
			}
		}
	}
	io.Copy(io.Discard, stdout)
	p.cmd.Wait()
}

func (p *program) mailbox(key reportKey) chan view {
	p.mu.Lock()
	defer p.mu.Unlock()
	box := p.reports[key]
	if box == nil {
		box = make(chan view, 1)
		p.reports[key] = box
	}
	return box
}

// report waits for what became of a script.
func (p *program) report(ctx context.Context, key reportKey) (view, error) {
	box := p.mailbox(key)
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.reports, key)
	}()
	select {
	case v := <-box:
		return v, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: no report: %w", p.name, context.Cause(ctx))
	case <-p.ended:
	}
	select {
	case v := <-box: // the last thing it said
		return v, nil
	default:
		return nil, p.gone()
	}
}

func (p *program) ask(ctx context.Context, sc script) (view, error) {
	data, err := json.Marshal(sc)
	if err != nil {
		return nil, err
	}
	if _, err := p.stdin.Write(append(data, '\n')); err != nil {
		return nil, p.gone()
	}
	return p.report(ctx, reportKey{id: sc.ID})
}

// served waits for what a server has to say of a script.
func (p *program) served(ctx context.Context, id string) (view, error) {
	return p.report(ctx, reportKey{id: id, server: true})
}

// gone is the error of a process that has ended too early.
func (p *program) gone() error {
	said := p.said.String()
	if said == "" {
		return errors.New(p.name + " has ended")
	}
	return fmt.Errorf("%s has ended: %s", p.name, said)
}

// stop ends the process.
func (p *program) stop() {
	p.stdin.Close()
	patience := time.AfterFunc(stopTime, func() { p.cmd.Process.Kill() })
	<-p.ended
	patience.Stop()
}

// tailSize is how much of what a process says is kept.
const tailSize = 4 << 10

// A tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	data []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.data = append(t.data, p...)
	if excess := len(t.data) - tailSize; excess > 0 {
		t.data = append(t.data[:0], t.data[excess:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.data)
}
