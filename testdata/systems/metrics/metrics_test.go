package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/gobwas/ws"

	"example.com/systems/internal/daemons"
	"example.com/systems/internal/proc"
	"example.com/systems/internal/threeway"
	"example.com/systems/internal/wire"
)

func TestMetrics(t *testing.T) {
	proc.Need(t, "prometheus", "prometheus")
	threeway.Run(t, "metrics", func(t *testing.T, v *threeway.Version) {
		t.Run("counts", func(t *testing.T) { counts(t, v) })
		t.Run("bounded labels", func(t *testing.T) { bounded(t, v) })
		t.Run("dashboard", func(t *testing.T) { dashboard(t, v) })
	})
}

// scrape returns the lines of /metrics that are no comments.
func scrape(t *testing.T, addr string) []string {
	t.Helper()
	resp, err := http.Get("http://" + addr + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return lines
}

// awaitLines waits until /metrics has the lines. The end of a connection is
// counted when the server has noticed it.
func awaitLines(t *testing.T, addr string, want ...string) {
	t.Helper()
	err := proc.Eventually(func() error {
		have := map[string]bool{}
		for _, line := range scrape(t, addr) {
			have[line] = true
		}
		for _, line := range want {
			if !have[line] {
				return fmt.Errorf("no line %s in\n%s", line, strings.Join(scrape(t, addr), "\n"))
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func counts(t *testing.T, v *threeway.Version) {
	server, addr := v.Start(t)
	proxy := wire.NewProxy(t, addr)
	c := wire.Dial(t, proxy.URL("/echo"), nil)
	for _, text := range []string{"one", "four", ""} {
		c.Text("%s", text)
		if got := string(c.Message()); got != text {
			t.Errorf("the echo of %q is %q", text, got)
		}
	}
	awaitLines(t, addr, "websocket_connections 1")
	c.Close(1000)

	for _, code := range []int{1001, 3999, 4000} {
		c := wire.Dial(t, proxy.URL("/echo"), nil)
		c.Send(ws.OpBinary, []byte("binary"))
		c.Message()
		c.Close(code)
	}
	// Without a close frame.
	c = wire.Dial(t, proxy.URL("/echo"), nil)
	c.Text("whole")
	c.Message()
	c.Drop()
	awaitLines(t, addr, `websocket_closes_total{code="1006"} 1`)

	if status := wire.Status(t, proxy.URL("/echo"), http.Header{"Origin": {"https://elsewhere.example"}}); status != http.StatusForbidden {
		t.Errorf("a foreign page: status %d", status)
	}
	awaitLines(t, addr,
		"websocket_connections 0",
		`websocket_handshakes_total{result="upgraded"} 5`,
		`websocket_handshakes_total{result="refused"} 1`,
		`websocket_messages_total{direction="in"} 7`,
		`websocket_messages_total{direction="out"} 7`,
		`websocket_bytes_total{direction="in"} 30`,
		`websocket_bytes_total{direction="out"} 30`,
		`websocket_closes_total{code="1000"} 1`,
		`websocket_closes_total{code="1001"} 1`,
		`websocket_closes_total{code="application"} 2`,
		"websocket_message_seconds_count 7",
	)

	c = wire.Dial(t, proxy.URL("/echo"), nil)
	c.Text("still here")
	c.Message()
	server.Signal(syscall.SIGTERM)
	if code, _ := c.Closed(); code != 1001 {
		t.Errorf("at the end: close code %d", code)
	}
	if status := server.Wait(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	v.Record(t, "counts", proxy)
}

// bounded has a client choose as many close codes as it can.
func bounded(t *testing.T, v *threeway.Version) {
	const first, last, step = 3000, 4999, 20
	_, addr := v.Start(t)
	n := 0
	for code := first; code <= last; code += step {
		wire.Dial(t, "ws://"+addr+"/echo", nil).Close(code)
		n++
	}
	awaitLines(t, addr, fmt.Sprintf(`websocket_closes_total{code="application"} %d`, n))
	series := 0
	for _, line := range scrape(t, addr) {
		if strings.HasPrefix(line, "websocket_closes_total{") {
			series++
		}
	}
	if series != 1 {
		t.Errorf("%d close codes make %d series", n, series)
	}
}

// expressions returns those of the dashboard, as Grafana sends them.
func expressions(t *testing.T) []string {
	t.Helper()
	var board struct {
		Panels []struct {
			Targets []struct{ Expr string }
		}
	}
	data, err := os.ReadFile("dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &board); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			all = append(all, strings.NewReplacer("$__rate_interval", "5s", "$job", ".*").Replace(target.Expr))
		}
	}
	if len(all) == 0 {
		t.Fatal("the dashboard asks for nothing")
	}
	return all
}

// dashboard asks a Prometheus that scrapes the server for all that the
// dashboard shows, while connections come, talk and go in every way.
func dashboard(t *testing.T, v *threeway.Version) {
	_, addr := v.Start(t)
	prometheus := daemons.StartPrometheus(t, addr)
	stays := wire.Dial(t, "ws://"+addr+"/echo", nil)
	traffic := func() {
		stays.Text("hello")
		stays.Message()
		wire.Dial(t, "ws://"+addr+"/echo", nil).Close(1000)
		wire.Dial(t, "ws://"+addr+"/echo", nil).Drop()
		wire.Status(t, "ws://"+addr+"/echo", http.Header{"Origin": {"https://elsewhere.example"}})
	}
	exprs := expressions(t)
	for _, expr := range exprs {
		err := proc.Eventually(func() error {
			traffic()
			samples, err := prometheus.Query(expr)
			switch {
			case err != nil:
				return err
			case len(samples) == 0:
				return errors.New("no data")
			}
			for _, s := range samples {
				if s.Value == "NaN" {
					return fmt.Errorf("%v is no number", s.Metric)
				}
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", expr, err)
		}
	}
	t.Logf("%d expressions of the dashboard, all with data from Prometheus", len(exprs))
}
