// Command dashboard pushes the metrics of its own process to every browser
// that looks.
package main

import (
	"context"
	"flag"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"time"
)

type config struct {
	addr     string
	interval time.Duration
}

func main() {
	var cfg config
	flag.StringVar(&cfg.addr, "addr", ":8081", "address to listen on")
	flag.DurationVar(&cfg.interval, "interval", 2*time.Second, "time between two samples")
	flag.Parse()

	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := serve(cfg, log); err != nil {
		log.Error("serve", "err", err)
		os.Exit(1)
	}
}

func serve(cfg config, log *slog.Logger) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	d := newDashboard(runtimeMetrics(time.Now()), log)
	ticker := time.NewTicker(cfg.interval)
	defer ticker.Stop()
	go d.run(ticker.C)

	srv := &http.Server{
		Addr:              cfg.addr,
		Handler:           d.routes(),
		ReadHeaderTimeout: 5 * time.Second,
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.ListenAndServe() }()
	log.Info("listening", "addr", cfg.addr, "interval", cfg.interval)

	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		d.hangUp()
		return srv.Close()
	}
}
