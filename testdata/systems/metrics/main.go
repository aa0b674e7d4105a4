// Command metrics echoes messages and counts everything for Prometheus.
package main

import (
	"flag"
	"log"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"example.com/systems/internal/serve"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8085", "address to listen on")
	flag.Parse()
	registry := prometheus.NewRegistry()
	s := newServer(newMetrics(registry))
	mux := http.NewServeMux()
	mux.Handle("/", serve.Page("Metrics", "/echo", "hello"))
	mux.Handle("/echo", s)
	mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	if err := serve.Run(&http.Server{Addr: *addr, Handler: mux}, 10*time.Second, s.shutdown); err != nil {
		log.Fatal(err)
	}
}
