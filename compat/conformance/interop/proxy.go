package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"text/template"
	"time"
)

// A proxy is nginx or haproxy in front of servers. Where a client speaks TLS,
// the proxy is what it speaks it with.
type proxy struct {
	cmd    *exec.Cmd
	said   tail
	ended  chan struct{}
	fronts map[int]front // by the port of the server behind
}

// front is the pair of ports behind which a server is.
type front struct {
	Plain, TLS int
	Backend    int
}

// proxyKind is how a proxy is started.
type proxyKind struct {
	program  string
	template string
	args     func(config, dir string) []string
}

var proxyKinds = map[string]proxyKind{
	"nginx": {
		program: "nginx", template: "nginx.conf.tmpl",
		args: func(config, dir string) []string { return []string{"-c", config, "-p", dir, "-e", "stderr"} },
	},
	"haproxy": {
		program: "haproxy", template: "haproxy.cfg.tmpl",
		args: func(config, dir string) []string { return []string{"-db", "-f", config} },
	},
}

// startProxyTries is how often a proxy is started, each time on other ports:
// ports that were free a moment ago may be taken.
const startProxyTries = 5

// startProxy starts a proxy before the servers on the given ports. dir is its
// alone.
func startProxy(ctx context.Context, kind proxyKind, dir, certificates string, backends []int) (*proxy, error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	var err error
	for range startProxyTries {
		var p *proxy
		if p, err = tryProxy(ctx, kind, dir, certificates, backends); err == nil {
			return p, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, fmt.Errorf("start %s: %w", kind.program, err)
}

func tryProxy(ctx context.Context, kind proxyKind, dir, certificates string, backends []int) (*proxy, error) {
	p := &proxy{ended: make(chan struct{}), fronts: map[int]front{}}
	ports, err := freePorts(2 * len(backends))
	if err != nil {
		return nil, err
	}
	var fronts []front
	for i, backend := range backends {
		f := front{Plain: ports[2*i], TLS: ports[2*i+1], Backend: backend}
		fronts = append(fronts, f)
		p.fronts[backend] = f
	}
	tmpl, err := template.ParseFS(scripts, "scripts/"+kind.template)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := tmpl.Execute(&text, map[string]any{"Dir": dir, "Certificates": certificates, "Fronts": fronts}); err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "config")
	if err := os.WriteFile(config, text.Bytes(), 0o644); err != nil {
		return nil, err
	}
	path, err := findDaemon(kind.program)
	if err != nil {
		return nil, err
	}
	p.cmd = exec.Command(path, kind.args(config, dir)...)
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.ended)
		p.cmd.Wait()
	}()
	if err := p.ready(ctx, ports); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

// ready returns when all ports take connections.
func (p *proxy) ready(ctx context.Context, ports []int) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for len(ports) > 0 {
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[0])))
		if err == nil {
			conn.Close()
			ports = ports[1:]
			continue
		}
		select {
		case <-p.ended:
			return errors.New("it has ended: " + p.said.String())
		case <-ctx.Done():
			return fmt.Errorf("it does not take connections: %w: %s", err, p.said.String())
		case <-again.C:
		}
	}
	select {
	case <-p.ended: // and it was another program that took the connections
		return errors.New("it has ended: " + p.said.String())
	default:
		return nil
	}
}

func (p *proxy) stop() {
	p.cmd.Process.Signal(os.Interrupt)
	patience := time.AfterFunc(stopTime, func() { p.cmd.Process.Kill() })
	<-p.ended
	patience.Stop()
}

// freePorts returns ports that nobody listens on.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports = append(ports, port(l))
	}
	return ports, nil
}

// findDaemon looks for a program where daemons are, too: not every user has
// that in the PATH.
func findDaemon(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", err
}
