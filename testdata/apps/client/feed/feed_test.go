package feed

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// patience bounds each test, so that it fails instead of hanging.
const patience = 20 * time.Second

var errGiveUp = errors.New("give up")

// testConfig trusts srv. It never sleeps: it notes in waits the attempt that
// each wait was for, and gives up at the wait after attempts of them.
func testConfig(url string, srv *httptest.Server, waits *[]int, attempts int) Config {
	cfg := Config{
		URL:   url,
		Token: "secret",
		Backoff: func(n int) time.Duration {
			*waits = append(*waits, n)
			return time.Hour
		},
		Sleep: func(context.Context, time.Duration) error {
			if len(*waits) > attempts {
				return errGiveUp
			}
			return nil
		},
	}
	if srv != nil {
		cfg.TLS = srv.Client().Transport.(*http.Transport).TLSClientConfig
	}
	return cfg
}

// follow runs a client and returns the events it handled.
func follow(t *testing.T, cfg Config) ([]Event, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var events []Event
	err := New(cfg).Run(ctx, func(ev Event) error {
		events = append(events, ev)
		return nil
	})
	if ctx.Err() != nil {
		t.Fatal("the client is still running")
	}
	return events, err
}

func event(id uint64, data string) Event {
	return Event{ID: id, Topic: "news", Data: json.RawMessage(data)}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func await(t *testing.T, codes <-chan int) int {
	t.Helper()
	select {
	case code := <-codes:
		return code
	case <-time.After(patience):
		t.Fatal("the server saw no end")
		return 0
	}
}

func TestEventsUntilTheFeedEnds(t *testing.T) {
	// The last one is longer than what some libraries take by default.
	want := []Event{event(1, `"one"`), event(2, `{"n":2}`), event(5, `"`+strings.Repeat("long ", 20_000)+`"`)}
	var topics []string
	srv := startServer(t, func(v *visit) {
		topics = v.subscribe.Topics
		v.deliver(want...)
		v.end(1000)
	})

	var waits []int
	cfg := srv.config(&waits, 0)
	cfg.Topics = []string{"news", "weather"}
	got, err := follow(t, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %d events, not the %d that were sent", len(got), len(want))
	}
	equal(t, "topics", topics, cfg.Topics)
	equal(t, "waits", len(waits), 0)
}

func TestReconnects(t *testing.T) {
	var after []uint64
	srv := startServer(t,
		func(v *visit) {
			after = append(after, v.subscribe.After)
			v.deliver(event(7, `1`))
			// Returning drops the connection without a close frame.
		},
		nil, nil,
		func(v *visit) {
			after = append(after, v.subscribe.After)
			v.deliver(event(8, `2`))
			v.end(1012) // restart
		},
		func(v *visit) {
			after = append(after, v.subscribe.After)
			v.end(1000)
		},
	)

	var waits []int
	got, err := follow(t, srv.config(&waits, 10))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "events", got, []Event{event(7, `1`), event(8, `2`)})
	equal(t, "subscriptions after", after, []uint64{0, 7, 8})
	equal(t, "waits", waits, []int{1, 2, 3, 1})
}

func TestGivesUp(t *testing.T) {
	srv := startServer(t) // always 503
	var waits []int
	_, err := follow(t, srv.config(&waits, 2))
	var status *StatusError
	if !errors.As(err, &status) || status.Code != http.StatusServiceUnavailable {
		t.Errorf("got %v, want the last attempt's status 503", err)
	}
	equal(t, "waits", waits, []int{1, 2, 3})
}

func TestUnauthorized(t *testing.T) {
	srv := startServer(t, func(*visit) {})
	var waits []int
	cfg := srv.config(&waits, 10)
	cfg.Token = "old"
	_, err := follow(t, cfg)
	var status *StatusError
	if !errors.As(err, &status) {
		t.Fatalf("got %v, want a *StatusError", err)
	}
	equal(t, "status", *status, StatusError{Code: 401, Message: "token expired"})
	equal(t, "waits", len(waits), 0)
}

func TestRevoked(t *testing.T) {
	srv := startServer(t, func(v *visit) {
		v.deliver(event(1, `1`))
		v.end(closeRevoked)
	})
	var waits []int
	got, err := follow(t, srv.config(&waits, 10))
	if !errors.Is(err, ErrRevoked) {
		t.Errorf("got %v, want ErrRevoked", err)
	}
	equal(t, "events", got, []Event{event(1, `1`)})
	equal(t, "waits", len(waits), 0)
}

// A client that is told to stop says goodbye, also with an event underway.
func TestCancel(t *testing.T) {
	codes := make(chan int, 1)
	srv := startServer(t, func(v *visit) {
		v.deliver(event(1, `1`))
		codes <- v.closed()
	})

	var waits []int
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := New(srv.config(&waits, 0)).Run(ctx, func(Event) error {
		cancel()
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	equal(t, "close code", await(t, codes), 1000)
}

func TestHandlerFails(t *testing.T) {
	codes := make(chan int, 1)
	srv := startServer(t, func(v *visit) {
		v.send(event(1, `1`))
		codes <- v.closed()
	})

	var waits []int
	full := errors.New("disk full")
	err := New(srv.config(&waits, 0)).Run(t.Context(), func(Event) error { return full })
	if !errors.Is(err, full) {
		t.Errorf("got %v, want the handler's error", err)
	}
	equal(t, "close code", await(t, codes), 1000)
	equal(t, "waits", len(waits), 0)
}

func TestEventTooLong(t *testing.T) {
	codes := make(chan int, 1)
	srv := startServer(t, func(v *visit) {
		v.send(event(1, `"`+strings.Repeat("x", 1000)+`"`))
		codes <- v.closed()
	})

	var waits []int
	cfg := srv.config(&waits, 0)
	cfg.MaxEvent = 512
	got, err := follow(t, cfg)
	if err == nil || len(got) != 0 {
		t.Errorf("got %d events and %v, want none and an error", len(got), err)
	}
	equal(t, "close code", await(t, codes), 1009)
}

func TestUntrustedServer(t *testing.T) {
	srv := startServer(t, func(*visit) {})
	var waits []int
	cfg := srv.config(&waits, 0)
	cfg.TLS = nil
	_, err := follow(t, cfg)
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unknown) {
		t.Errorf("got %v, want an unknown authority", err)
	}
}

// A server that accepts and says nothing must not hold the client up.
func TestMuteServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()

	for _, scheme := range []string{"ws", "wss"} {
		var waits []int
		cfg := testConfig(scheme+"://"+l.Addr().String(), nil, &waits, 1)
		cfg.HandshakeTimeout = 50 * time.Millisecond
		if _, err := follow(t, cfg); err == nil {
			t.Errorf("%s: the handshake succeeded", scheme)
		}
		equal(t, "waits", waits, []int{1, 2})
	}
}

func TestServerWithoutSubprotocol(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := plainUpgrader.Upgrade(w, r, nil)
		if err != nil {
			t.Errorf("server: %v", err)
			return
		}
		defer conn.Close()
		conn.ReadMessage()
		conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(patience))
	}))
	t.Cleanup(srv.Close)

	var waits []int
	got, err := follow(t, testConfig("ws"+strings.TrimPrefix(srv.URL, "http"), nil, &waits, 0))
	if err == nil {
		t.Errorf("got %v, want an error", got)
	}
}

func TestExponential(t *testing.T) {
	backoff := Exponential(time.Second, 10*time.Second)
	var got []time.Duration
	for n := 1; n <= 6; n++ {
		got = append(got, backoff(n)/time.Second)
	}
	equal(t, "seconds", got, []time.Duration{1, 2, 4, 8, 10, 10})
}
