// Command client prints the events of a feed, a line of JSON each, and stays
// connected until it is interrupted or the feed ends.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"

	"example.com/client/feed"
)

func main() {
	cfg, err := configure(os.Args[1:], os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(2)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	out := json.NewEncoder(os.Stdout)
	err = feed.New(cfg).Run(ctx, func(ev feed.Event) error { return out.Encode(ev) })
	if err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}

// configure reads the command line. The token comes from the environment,
// where ps does not show it.
func configure(args []string, getenv func(string) string) (feed.Config, error) {
	flags := flag.NewFlagSet("client", flag.ContinueOnError)
	url := flags.String("url", "wss://127.0.0.1:8443/events", "the feed")
	topics := flags.String("topics", "", "topics to subscribe to, separated by commas; all if empty")
	ca := flags.String("ca", "", "file with the certificates to trust; the system's if empty")
	verbose := flags.Bool("v", false, "log connections to standard error")
	if err := flags.Parse(args); err != nil {
		return feed.Config{}, err
	}

	cfg := feed.Config{URL: *url, Token: getenv("FEED_TOKEN")}
	if cfg.Token == "" {
		return feed.Config{}, fmt.Errorf("set FEED_TOKEN")
	}
	if *topics != "" {
		cfg.Topics = strings.Split(*topics, ",")
	}
	if *ca != "" {
		pem, err := os.ReadFile(*ca)
		if err != nil {
			return feed.Config{}, fmt.Errorf("read certificates: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return feed.Config{}, fmt.Errorf("read certificates: none in %s", *ca)
		}
		cfg.TLS = &tls.Config{RootCAs: pool}
	}
	if *verbose {
		cfg.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return cfg, nil
}
