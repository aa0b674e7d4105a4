package main

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func TestConfigure(t *testing.T) {
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	defer srv.Close()
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}
	if err := os.WriteFile(ca, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	token := func(string) string { return "secret" }
	none := func(string) string { return "" }

	cfg, err := configure([]string{"-ca", ca, "-topics", "a,b"}, token)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Token != "secret" || !reflect.DeepEqual(cfg.Topics, []string{"a", "b"}) {
		t.Errorf("token %q, topics %q", cfg.Token, cfg.Topics)
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: cfg.TLS}}
	resp, err := client.Get(srv.URL)
	if err != nil {
		t.Fatalf("the certificate of -ca is not trusted: %v", err)
	}
	resp.Body.Close()

	for _, tt := range []struct {
		name   string
		args   []string
		getenv func(string) string
	}{
		{"no token", nil, none},
		{"no such file", []string{"-ca", filepath.Join(dir, "missing")}, token},
		{"no certificate", []string{"-ca", empty}, token},
	} {
		if _, err := configure(tt.args, tt.getenv); err == nil {
			t.Errorf("%s: no error", tt.name)
		}
	}
}
