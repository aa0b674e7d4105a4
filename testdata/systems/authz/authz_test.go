package main

import (
	"errors"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/golang-jwt/jwt/v5"

	"example.com/systems/internal/threeway"
	"example.com/systems/internal/wire"
)

var key = []byte("the key of this test")

func token(t *testing.T, sub, role string, ttl time.Duration) string {
	t.Helper()
	s, err := sign(key, sub, role, time.Now().Add(ttl))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func with(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

func TestAuthz(t *testing.T) {
	threeway.Run(t, "authz", func(t *testing.T, v *threeway.Version) {
		t.Run("refused", func(t *testing.T) { refused(t, v) })
		t.Run("conversation", func(t *testing.T) { converse(t, v) })
		t.Run("token expires", func(t *testing.T) { expires(t, v) })
	})
}

// refused tries handshakes that must not become connections.
func refused(t *testing.T, v *threeway.Version) {
	_, addr := v.Start(t, "-key", string(key))
	proxy := wire.NewProxy(t, addr)
	unsigned, err := jwt.NewWithClaims(jwt.SigningMethodNone, claims{Role: "operator"}).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	eternal, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{Role: "operator"}).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	other, err := sign([]byte("another key"), "eve", "operator", time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	foreign := with(token(t, "ann", "operator", time.Hour))
	foreign.Set("Origin", "https://elsewhere.example")
	for _, tt := range []struct {
		name, room string
		header     http.Header
		status     int
	}{
		{"no token", "lobby", nil, 401},
		{"no token at all", "lobby", with("token"), 401},
		{"a token of another key", "lobby", with(other), 401},
		{"a token without signature", "lobby", with(unsigned), 401},
		{"a token without end", "lobby", with(eternal), 401},
		{"a token that has expired", "lobby", with(token(t, "ann", "operator", -time.Minute)), 401},
		{"a role that may not", "team-1", with(token(t, "gus", "guest", time.Hour)), 403},
		{"a role that does not exist", "lobby", with(token(t, "gus", "king", time.Hour)), 403},
		{"a foreign page", "lobby", foreign, 403},
		{"a role that may", "team-1", with(token(t, "rea", "reader", time.Hour)), 101},
	} {
		if status := wire.Status(t, proxy.URL("/rooms/"+tt.room), tt.header); status != tt.status {
			t.Errorf("%s: status %d, want %d", tt.name, status, tt.status)
		}
	}
	v.Record(t, "refused", proxy)
}

func expect(t *testing.T, c *wire.Client, want message) {
	t.Helper()
	if got := wire.JSON[message](c); got != want {
		t.Fatalf("got %+v, want %+v", got, want)
	}
}

func converse(t *testing.T, v *threeway.Version) {
	server, addr := v.Start(t, "-key", string(key))
	proxy := wire.NewProxy(t, addr)
	reader := wire.Dial(t, proxy.URL("/rooms/team-1"), with(token(t, "rea", "reader", time.Hour)))

	// A page sends the token as a subprotocol.
	writer, err := wire.Try(t, ws.Dialer{Protocols: []string{bearer, token(t, "wim", "writer", time.Hour)}}, proxy.URL("/rooms/team-1"))
	if err != nil {
		t.Fatal(err)
	}
	if writer.Protocol != bearer {
		t.Errorf("subprotocol %q", writer.Protocol)
	}
	reader.Text(`{"text":"hello"}`)
	expect(t, reader, message{Error: "a reader may not publish here"})
	writer.Text(`{"text":"hello"}`)
	expect(t, writer, message{From: "wim", Text: "hello"})
	expect(t, reader, message{From: "wim", Text: "hello"})

	elsewhere := wire.Dial(t, proxy.URL("/rooms/team-2"), with(token(t, "oda", "operator", time.Hour)))
	elsewhere.Text(`{"text":"anybody?"}`)
	expect(t, elsewhere, message{From: "oda", Text: "anybody?"})

	reader.Close(1000)
	server.Await("closed with 1000")
	elsewhere.Drop()
	server.Await("closed with 1006")
	server.Signal(syscall.SIGTERM)
	if code, _ := writer.Closed(); code != 1001 {
		t.Errorf("at the end: close code %d", code)
	}
	if status := server.Wait(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	if !strings.Contains(server.Output(), "rea was in team-1") {
		t.Error("the connection is not logged")
	}
	v.Record(t, "conversation", proxy)
}

// expires keeps a connection until its token is not good any more.
func expires(t *testing.T, v *threeway.Version) {
	_, addr := v.Start(t, "-key", string(key))
	proxy := wire.NewProxy(t, addr)
	short := token(t, "wim", "writer", 3*time.Second)
	c := wire.Dial(t, proxy.URL("/rooms/lobby"), with(short))
	c.Text(`{"text":"while it is good"}`)
	expect(t, c, message{From: "wim", Text: "while it is good"})
	if code, reason := c.Closed(); code != 4401 || reason != "the token has expired" {
		t.Errorf("close code %d %q", code, reason)
	}
	_, err := verify(key, short)
	if !errors.Is(err, jwt.ErrTokenExpired) {
		t.Errorf("the connection was closed before its token expired: %v", err)
	}
	if status := wire.Status(t, proxy.URL("/rooms/lobby"), with(short)); status != 401 {
		t.Errorf("with the same token again: status %d", status)
	}
	v.Record(t, "expires", proxy)
}
