// Command proxy is a reverse proxy for WebSocket connections.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"time"

	"example.com/proxy/internal/relay"
)

func main() {
	logger := log.New(os.Stderr, "proxy: ", log.LstdFlags)

	listen := flag.String("listen", ":8082", "address to listen on")
	backend := flag.String("backend", "ws://127.0.0.1:8080", "where connections are relayed to")
	maxMessage := flag.Int64("max-message", 1<<20, "longest message either side may send, in bytes")
	dialTimeout := flag.Duration("dial-timeout", 5*time.Second, "how long the backend's handshake may take")
	flag.Parse()

	target, err := parseBackend(*backend)
	if err != nil {
		logger.Fatal(err)
	}
	srv := newServer(*listen, relay.New(relay.Config{
		Backend:     target,
		DialTimeout: *dialTimeout,
		MaxMessage:  *maxMessage,
		Log:         logger,
	}))

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, func() { srv.Close() })

	logger.Printf("relaying %s to %s", *listen, target)
	if err := srv.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		logger.Fatal(err)
	}
}

func parseBackend(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "ws" && u.Scheme != "wss" || u.Host == "" {
		return nil, fmt.Errorf("backend %q is not a ws:// or wss:// URL", s)
	}
	return u, nil
}

func newServer(addr string, h http.Handler) *http.Server {
	mux := http.NewServeMux()
	mux.Handle("/", h)
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	return &http.Server{
		Addr:              addr,
		Handler:           mux,
		ReadHeaderTimeout: 10 * time.Second,
	}
}
