package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Commands are short.
const maxCommandSize = 512

var upgrader = websocket.Upgrader{
	ReadBufferSize:  1024,
	WriteBufferSize: 4096,
	// The page is served from another port during development.
	CheckOrigin: func(r *http.Request) bool { return true },
}

// dashboard reads the gauges and pushes them to its viewers.
type dashboard struct {
	gauges []gauge
	log    *slog.Logger

	mu      sync.Mutex
	seq     int
	viewers map[*viewer]struct{}
}

func newDashboard(gauges []gauge, log *slog.Logger) *dashboard {
	return &dashboard{
		gauges:  gauges,
		log:     log,
		viewers: make(map[*viewer]struct{}),
	}
}

func (d *dashboard) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/live", d.serveLive)
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	return mux
}

// run pushes a sample at each tick, until ticks is closed.
func (d *dashboard) run(ticks <-chan time.Time) {
	for range ticks {
		d.push()
	}
}

// push takes a sample and sends it to all viewers.
func (d *dashboard) push() {
	values := read(d.gauges)

	d.mu.Lock()
	defer d.mu.Unlock()
	d.seq++
	s := sample{Type: "sample", Seq: d.seq, Values: values}
	for v := range d.viewers {
		if err := v.send(s); err != nil {
			d.log.Warn("push", "viewer", v.addr, "err", err)
			v.conn.Close()
			delete(d.viewers, v)
		}
	}
}

// hello is the first message a viewer gets.
type hello struct {
	Type    string   `json:"type"` // always "hello"
	Metrics []string `json:"metrics"`
}

// add greets v and puts it on the list. The lock keeps samples from getting
// in front of the greeting.
func (d *dashboard) add(v *viewer) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := v.send(hello{Type: "hello", Metrics: names(d.gauges)}); err != nil {
		return err
	}
	d.viewers[v] = struct{}{}
	return nil
}

func (d *dashboard) remove(v *viewer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.viewers, v)
}

// hangUp ends all connections.
func (d *dashboard) hangUp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for v := range d.viewers {
		v.conn.Close()
	}
}

// serveLive is the life of one viewer.
func (d *dashboard) serveLive(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		d.log.Warn("upgrade", "viewer", r.RemoteAddr, "err", err)
		return
	}
	defer conn.Close()

	v := &viewer{conn: conn, addr: r.RemoteAddr, gauges: d.gauges}
	if err := d.add(v); err != nil {
		d.log.Warn("greet", "viewer", v.addr, "err", err)
		return
	}
	defer d.remove(v)
	d.log.Info("viewer joined", "viewer", v.addr)
	err = v.serveCommands()
	d.log.Info("viewer left", "viewer", v.addr, "err", err)
}

// viewer is one browser.
type viewer struct {
	conn   *websocket.Conn
	addr   string
	gauges []gauge
}

// command is what a viewer may ask for.
type command struct {
	Cmd string `json:"cmd"`
}

// reply answers a command.
type reply struct {
	Type   string             `json:"type"` // "pong", "reading" or "error"
	Values map[string]float64 `json:"values,omitempty"`
	Error  string             `json:"error,omitempty"`
}

// send writes one message.
func (v *viewer) send(msg any) error {
	return v.conn.WriteJSON(msg)
}

// serveCommands answers commands until the connection ends.
func (v *viewer) serveCommands() error {
	v.conn.SetReadLimit(maxCommandSize)
	for {
		_, data, err := v.conn.ReadMessage()
		if err != nil {
			return err
		}
		if err := v.conn.WriteJSON(v.execute(data)); err != nil {
			return err
		}
	}
}

func (v *viewer) execute(data []byte) reply {
	var c command
	if err := json.Unmarshal(data, &c); err != nil {
		return reply{Type: "error", Error: "not a command"}
	}
	switch c.Cmd {
	case "ping":
		return reply{Type: "pong"}
	case "read":
		return reply{Type: "reading", Values: read(v.gauges)}
	default:
		return reply{Type: "error", Error: fmt.Sprintf("unknown command %q", c.Cmd)}
	}
}
