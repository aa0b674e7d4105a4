// Package daemons starts the servers of other people that the tests of the
// systems need, each with a configuration of its own and on free ports of the
// loopback interface.
package daemons

import (
	"os/exec"
	"testing"

	"example.com/systems/internal/proc"
)

// Redis is a server that keeps what it was told when it is killed.
type Redis struct {
	t          testing.TB
	bin        string
	port, data string
	running    *proc.Process
}

// StartRedis starts a server.
func StartRedis(t testing.TB) *Redis {
	t.Helper()
	r := &Redis{
		t:    t,
		bin:  proc.Need(t, "redis-server", "redis-server"),
		port: proc.FreePort(t),
		data: t.TempDir(),
	}
	r.Start()
	return r
}

// Addr is where it listens.
func (r *Redis) Addr() string { return "127.0.0.1:" + r.port }

// Start starts it again, where it listened before and with what it had.
func (r *Redis) Start() {
	r.t.Helper()
	r.running = proc.Start(r.t, exec.Command(r.bin, "--bind", "127.0.0.1", "--port", r.port,
		"--dir", r.data, "--save", "", "--appendonly", "yes", "--appendfsync", "always"))
	r.running.Await("Ready to accept connections")
}

// Kill ends it as a crash does.
func (r *Redis) Kill() { r.running.Kill() }
