// Package proc starts the programs that the tests of the systems need, their
// own servers and those of Debian's packages, and ends them.
package proc

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Patience bounds each wait for something that happens at once on a machine
// with nothing else to do, so that a test fails instead of hanging.
const Patience = 60 * time.Second

// Need returns the path of a program. Where it is missing, the test is skipped
// with the line that installs it; under WSMIGRATE_REQUIRE_ALL it fails.
func Need(t testing.TB, program, debianPackage string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin"} { // not in everybody's PATH
		if err != nil {
			path, err = exec.LookPath(filepath.Join(dir, program))
		}
	}
	if err == nil {
		return path
	}
	complain := t.Skipf
	if os.Getenv("WSMIGRATE_REQUIRE_ALL") != "" {
		complain = t.Fatalf
	}
	complain("%s is not here: apt-get install --no-install-recommends %s", program, debianPackage)
	return ""
}

// A Process is a program that runs until the test ends.
type Process struct {
	t    testing.TB
	cmd  *exec.Cmd
	said *output
	done chan struct{} // closed when it has ended
}

// Start starts cmd. Its output is shown when the test fails, and a report of
// the race detector in it fails the test.
func Start(t testing.TB, cmd *exec.Cmd) *Process {
	t.Helper()
	p := &Process{t: t, cmd: cmd, said: newOutput(), done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.said, p.said
	cmd.WaitDelay = 10 * time.Second // for children that outlive it
	// What a test starts ends with it, also where the test is killed.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", cmd.Path, err)
	}
	go func() {
		defer close(p.done)
		cmd.Wait()
		p.said.end()
	}()
	t.Cleanup(func() {
		p.Kill()
		if strings.Contains(p.Output(), "WARNING: DATA RACE") {
			t.Errorf("%s has a data race", filepath.Base(cmd.Path))
		}
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(cmd.Path), p.Output())
		}
	})
	return p
}

// Await returns what follows prefix in the first line with it that the
// process has written or writes.
func (p *Process) Await(prefix string) string {
	p.t.Helper()
	return p.AwaitNth(prefix, 1)
}

// AwaitNth is Await for the nth such line.
func (p *Process) AwaitNth(prefix string, n int) string {
	p.t.Helper()
	late := time.AfterFunc(Patience, p.said.end)
	defer late.Stop()
	rest, ok := p.said.await(prefix, n)
	if !ok {
		p.t.Fatalf("%s has not said %q %d times:\n%s", filepath.Base(p.cmd.Path), prefix, n, p.Output())
	}
	return rest
}

// Output is all that the process has written.
func (p *Process) Output() string { return p.said.String() }

// Signal sends sig.
func (p *Process) Signal(sig os.Signal) { p.cmd.Process.Signal(sig) }

// Wait waits for the end and returns the exit status.
func (p *Process) Wait() int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(Patience):
		p.t.Fatalf("%s does not end:\n%s", filepath.Base(p.cmd.Path), p.Output())
	}
	return p.cmd.ProcessState.ExitCode()
}

// Stop asks the process to end, as an operator does, and returns the exit
// status.
func (p *Process) Stop() int {
	p.t.Helper()
	p.Signal(syscall.SIGTERM)
	return p.Wait()
}

// Kill ends the process as a crash does, and returns when it has ended.
func (p *Process) Kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Reach returns when something takes connections at addr.
func (p *Process) Reach(addr string) {
	p.t.Helper()
	err := Eventually(func() error {
		select {
		case <-p.done:
			p.t.Fatalf("%s has ended:\n%s", filepath.Base(p.cmd.Path), p.Output())
		default:
		}
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// Eventually calls try until it succeeds, and returns its last error when it
// has not for too long. It is for what can only be asked for: another
// program's state.
func Eventually(try func() error) error {
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	late := time.After(Patience)
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-late:
			return errors.Join(errors.New("patience is at its end"), err)
		}
	}
}

// FreePort returns a port of 127.0.0.1 that nobody listens on.
func FreePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// output collects lines, which others wait for.
type output struct {
	mu      sync.Mutex
	changed *sync.Cond
	text    strings.Builder
	ended   bool
}

func newOutput() *output {
	o := new(output)
	o.changed = sync.NewCond(&o.mu)
	return o
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(p)
	o.changed.Broadcast()
	return len(p), nil
}

func (o *output) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
	o.changed.Broadcast()
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func (o *output) await(prefix string, n int) (string, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for {
		rest, found := "", 0
		for line := range strings.Lines(o.text.String()) {
			_, after, ok := strings.Cut(line, prefix)
			if !ok || line[len(line)-1] != '\n' {
				continue
			}
			if found++; found == n {
				rest = strings.TrimSuffix(after, "\n")
				return rest, true
			}
		}
		if o.ended {
			return "", false
		}
		o.changed.Wait()
	}
}
