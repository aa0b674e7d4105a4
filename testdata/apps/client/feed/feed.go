// Package feed is the client of an event feed over WebSocket.
//
// The client says which topics it wants and which event it saw last; the
// server sends events, and the client acknowledges each. All messages are
// JSON. A connection that is lost is opened again.
package feed

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// Event is one event of the feed. IDs grow.
type Event struct {
	ID    uint64          `json:"id"`
	Topic string          `json:"topic"`
	Data  json.RawMessage `json:"data,omitempty"`
}

// Config says where the feed is and how to reach it. URL and Token are
// required.
type Config struct {
	URL    string
	Token  string
	Topics []string // all if empty

	TLS              *tls.Config
	HandshakeTimeout time.Duration // 10 s if zero
	MaxEvent         int64         // longest event in bytes; 1 MiB if zero

	// Backoff returns the time to wait before the n-th attempt in a row to
	// connect again, from 1. The default doubles it from 1/2 s to 30 s.
	Backoff func(n int) time.Duration

	// Sleep waits for d, or until ctx is done. An error makes Run give up.
	Sleep func(ctx context.Context, d time.Duration) error

	Log *slog.Logger // no log if nil
}

// Client follows one feed.
type Client struct {
	cfg  Config
	last uint64 // newest event handled
}

// New returns a client that is not connected yet.
func New(cfg Config) *Client {
	if cfg.HandshakeTimeout == 0 {
		cfg.HandshakeTimeout = 10 * time.Second
	}
	if cfg.MaxEvent == 0 {
		cfg.MaxEvent = 1 << 20
	}
	if cfg.Backoff == nil {
		cfg.Backoff = Exponential(500*time.Millisecond, 30*time.Second)
	}
	if cfg.Sleep == nil {
		cfg.Sleep = sleep
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Client{cfg: cfg}
}

// Run hands each event to handle, in order, and returns
//   - nil when ctx is done or the server has ended the feed,
//   - the error of handle, if there is one,
//   - ErrRevoked or a *StatusError when another attempt would be in vain,
//   - the error of the last attempt when Config.Sleep gives up.
func (c *Client) Run(ctx context.Context, handle func(Event) error) error {
	for n := 1; ; n++ {
		before := c.last
		err := c.session(ctx, handle)
		switch {
		case err == nil || ctx.Err() != nil:
			return nil
		case final(err):
			return err
		case c.last > before:
			n = 1 // this connection was of use
		}
		wait := c.cfg.Backoff(n)
		c.cfg.Log.Info("connection lost", "err", err, "attempt", n, "wait", wait)
		if c.cfg.Sleep(ctx, wait) != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
}

// final reports whether there is no use in connecting again.
func final(err error) bool {
	var handler *handlerError
	if errors.Is(err, ErrRevoked) || errors.As(err, &handler) {
		return true
	}
	var status *StatusError
	if !errors.As(err, &status) {
		return false
	}
	switch status.Code {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return true
	}
	return false
}

// Exponential returns a backoff that starts at first and doubles up to limit.
func Exponential(first, limit time.Duration) func(n int) time.Duration {
	return func(n int) time.Duration {
		d := first
		for range n - 1 {
			if d >= limit/2 {
				return limit
			}
			d *= 2
		}
		return d
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
