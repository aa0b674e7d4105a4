package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestParseBackend(t *testing.T) {
	for _, s := range []string{"ws://127.0.0.1:1", "wss://example.com/base"} {
		if u, err := parseBackend(s); err != nil || u.String() != s {
			t.Errorf("parseBackend(%q) = %v, %v", s, u, err)
		}
	}
	for _, s := range []string{"", "http://example.com", "ws:", "ws://%"} {
		if u, err := parseBackend(s); err == nil {
			t.Errorf("parseBackend(%q) = %v, want an error", s, u)
		}
	}
}

func TestServerRoutes(t *testing.T) {
	srv := newServer("", http.NotFoundHandler())
	if srv.ReadHeaderTimeout <= 0 {
		t.Error("a client may take forever to send its header")
	}
	for path, want := range map[string]int{"/-/healthy": http.StatusOK, "/other": http.StatusNotFound} {
		w := httptest.NewRecorder()
		srv.Handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != want {
			t.Errorf("GET %s: status %d, want %d", path, w.Code, want)
		}
	}
}
