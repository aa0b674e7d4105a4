package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A matrix has everything that runs while cells do.
type matrix struct {
	dir         string // of this run, with certificates and scripts in it
	modules     string // of the npm packages
	fingerprint string // of the servers' key
	say         func(format string, args ...any)

	pages   *http.Server // the page that is of a foreign origin
	foreign string       // its address

	servers map[string]*program // by serverKey
	clients map[string]client   // by clientKey, started when they are needed
	proxies map[string]*proxy   // by route
	nextID  int
}

// serverKey names the server of a cell: one of compat for an engine, or a
// library's.
func (c cell) serverKey() string {
	if c.server {
		return "compat/" + c.engine
	}
	return c.library.name
}

func (c cell) clientKey() string {
	if c.server {
		return c.library.name
	}
	return "compat/" + c.engine
}

// newMatrix starts the servers and proxies for the cells. The caller calls
// stop, also after an error.
func newMatrix(ctx context.Context, cs []cell, modules string, say func(string, ...any)) (*matrix, error) {
	m := &matrix{
		modules: modules, say: say,
		servers: map[string]*program{}, clients: map[string]client{}, proxies: map[string]*proxy{},
	}
	return m, m.start(ctx, cs)
}

func (m *matrix) start(ctx context.Context, cs []cell) (err error) {
	if m.dir, err = os.MkdirTemp("", "interop-"); err != nil {
		return err
	}
	// nginx's workers are not root and have files here.
	if err := os.Chmod(m.dir, 0o711); err != nil {
		return err
	}
	if m.fingerprint, err = writeCertificates(m.dir); err != nil {
		return err
	}
	if err := m.unpack(); err != nil {
		return err
	}
	if err := m.servePage(); err != nil {
		return err
	}

	var backends []int
	for _, c := range cs {
		if key := c.serverKey(); m.servers[key] == nil {
			m.say("start the server %s", key)
			if m.servers[key], err = m.startServer(ctx, c); err != nil {
				delete(m.servers, key)
				return err
			}
			backends = append(backends, m.servers[key].hello.Plain)
		}
	}
	for _, c := range cs {
		kind, ok := proxyKinds[c.route]
		if !ok || m.proxies[c.route] != nil {
			continue
		}
		m.say("start %s", c.route)
		p, err := startProxy(ctx, kind, filepath.Join(m.dir, c.route), m.dir, backends)
		if err != nil {
			return err
		}
		m.proxies[c.route] = p
	}
	return nil
}

// unpack writes the scripts to where node and python find them, with the npm
// packages beside them.
func (m *matrix) unpack() error {
	sub, err := fs.Sub(scripts, "scripts")
	if err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(m.dir, "scripts"), sub); err != nil {
		return err
	}
	return os.Symlink(filepath.Join(m.modules, "node_modules"), filepath.Join(m.dir, "node_modules"))
}

// servePage serves the page for browsers at an address that no server under
// test has.
func (m *matrix) servePage() error {
	sub, err := fs.Sub(scripts, "scripts")
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	m.pages = &http.Server{Handler: http.FileServerFS(sub)}
	go m.pages.Serve(l)
	m.foreign = "http://" + l.Addr().String() + "/page.html"
	return nil
}

func (m *matrix) startServer(ctx context.Context, c cell) (*program, error) {
	if c.server {
		return m.startPeer(ctx, c.engine)
	}
	return m.startLibrary(ctx, c.library, "server")
}

func (m *matrix) startLibrary(ctx context.Context, l *library, role string) (*program, error) {
	cmd := exec.Command(l.argv[0], filepath.Join(m.dir, "scripts", l.argv[1]), role,
		filepath.Join(m.dir, caFile), filepath.Join(m.dir, certFile), filepath.Join(m.dir, keyFile))
	return startProgram(ctx, l.name, cmd)
}

// startPeer starts compat on an engine.
func (m *matrix) startPeer(ctx context.Context, engine string) (*program, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, peerArgument, engine, m.dir)
	// coder is linked in and so the engine, but for this.
	cmd.Env = append(cmd.Environ(), "WSMIGRATE_ENGINE="+engine)
	return startProgram(ctx, "compat on "+engine, cmd)
}

// client returns the client of a cell, and starts it if it is not running.
func (m *matrix) client(ctx context.Context, c cell) (client, error) {
	key := c.clientKey()
	if m.clients[key] != nil {
		return m.clients[key], nil
	}
	m.say("start the client %s", key)
	var started client
	var err error
	switch {
	case !c.server:
		started, err = m.startPeer(ctx, c.engine)
	case c.library.browser():
		var dir string
		if dir, err = os.MkdirTemp(m.dir, "browser-"); err == nil {
			started, err = startChromium(ctx, dir, m.fingerprint, m.foreign)
		}
	default:
		started, err = m.startLibrary(ctx, c.library, "client")
	}
	if err != nil {
		return nil, err
	}
	m.clients[key] = started
	return started, nil
}

// base returns the URL at which the client of a cell finds its server.
func (m *matrix) base(c cell) string {
	at := m.servers[c.serverKey()].hello
	if p := m.proxies[c.route]; p != nil {
		f := p.fronts[at.Plain]
		at = hello{Plain: f.Plain, TLS: f.TLS}
	}
	if c.tls {
		return "wss://127.0.0.1:" + strconv.Itoa(at.TLS)
	}
	return "ws://127.0.0.1:" + strconv.Itoa(at.Plain)
}

// run runs the battery of a cell.
func (m *matrix) run(ctx context.Context, c cell) result {
	res := result{cell: c}
	if !c.supported() {
		return res
	}
	server, client := compatAbilities, c.library.abilities
	if !c.server {
		server, client = client, server
	}
	for _, x := range battery(client, server, c.deflate) {
		checks, ok := m.exchange(ctx, c, x)
		res.checks = append(res.checks, checks...)
		if !ok {
			break // the rest would only take as long
		}
	}
	return res
}

// exchangeTime bounds an exchange.
const exchangeTime = 20 * time.Second

// exchange has both sides do their part, and judges. It reports whether they
// did. A client that may be stuck is ended; the next exchange starts another.
func (m *matrix) exchange(ctx context.Context, c cell, x exchange) (checks []check, ok bool) {
	cl, err := m.client(ctx, c)
	if err != nil {
		return []check{{name: x.name, detail: err.Error()}}, false
	}
	m.nextID++
	id := strconv.Itoa(m.nextID)
	ctx, cancel := context.WithTimeoutCause(ctx, exchangeTime, fmt.Errorf("waited for %v", exchangeTime))
	defer cancel()
	checks, ok = conduct(ctx, x, id, m.base(c), cl, m.servers[c.serverKey()])
	if !ok {
		delete(m.clients, c.clientKey())
		cl.stop()
	}
	return checks, ok
}

// A server has played the scripts in the URLs of its clients.
type server interface {
	served(ctx context.Context, id string) (view, error)
}

// conduct plays an exchange and judges it. It reports whether both sides said
// what they saw.
func conduct(ctx context.Context, x exchange, id, base string, cl client, sv server) (checks []check, ok bool) {
	x.client.ID, x.server.ID = id, id
	x.client.URL = x.server.address(base)
	if x.client.Origin == ownOrigin {
		x.client.Origin = originOf(base)
	}
	j := &judgement{name: x.name}
	var asked, served error
	j.client, asked = cl.ask(ctx, x.client)
	j.server, served = sv.served(ctx, id)
	if err := errors.Join(asked, served); err != nil {
		j.check("both sides report", false, "%s; client: %v; server: %v", strings.ReplaceAll(err.Error(), "\n", "; "), j.client, j.server)
		return j.checks, false
	}
	x.judge(j)
	return j.checks, true
}

// stop ends everything.
func (m *matrix) stop() {
	for _, c := range m.clients {
		c.stop()
	}
	for _, p := range m.proxies {
		p.stop()
	}
	for _, s := range m.servers {
		s.stop()
	}
	if m.pages != nil {
		m.pages.Close()
	}
	if m.dir != "" {
		os.RemoveAll(m.dir)
	}
}
