package daemons

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"example.com/systems/internal/proc"
)

const prometheusConfig = `global:
  scrape_interval: 200ms
scrape_configs:
  - job_name: websocket
    static_configs:
      - targets: [%q]
`

// Prometheus is a server that scrapes one target.
type Prometheus struct {
	url string
}

// StartPrometheus starts a server that scrapes the /metrics of target.
func StartPrometheus(t testing.TB, target string) *Prometheus {
	t.Helper()
	bin := proc.Need(t, "prometheus", "prometheus")
	dir, addr := t.TempDir(), "127.0.0.1:"+proc.FreePort(t)
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, fmt.Appendf(nil, prometheusConfig, target), 0o666); err != nil {
		t.Fatal(err)
	}
	server := proc.Start(t, exec.Command(bin, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+addr))
	server.Reach(addr)
	return &Prometheus{"http://" + addr}
}

// A Sample is one element of what a query returns.
type Sample struct {
	Metric map[string]string
	Value  string
}

// Query returns what an expression is at present.
func (p *Prometheus) Query(expr string) ([]Sample, error) {
	resp, err := http.Get(p.url + "/api/v1/query?" + url.Values{"query": {expr}}.Encode())
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var answer struct {
		Error string
		Data  struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return nil, fmt.Errorf("query %s: %w", expr, err)
	}
	if answer.Error != "" {
		return nil, errors.New(answer.Error)
	}
	var samples []Sample
	for _, r := range answer.Data.Result {
		value, _ := r.Value[1].(string)
		samples = append(samples, Sample{r.Metric, value})
	}
	return samples, nil
}
