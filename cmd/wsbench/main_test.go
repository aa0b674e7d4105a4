package main

import (
	"bytes"
	"context"
	"flag"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/benchmarks.md anew")

func TestMain(m *testing.M) {
	if isWorker() {
		os.Exit(work(os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// bench runs wsbench.
func bench(args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(context.Background(), append([]string{"wsbench"}, args...), &out, &errs)
	return status, out.String(), errs.String()
}

func TestBadInput(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for _, test := range []struct{ args, want string }{
		{"nosuch", "unknown scenario"},
		{"-libs nosuch echo", "unknown library"},
		{"-rounds 0 echo", "must be positive"},
		{"-sizes 1,x echo", "not a positive number"},
		{"-nosuch", "not defined"},
		{"-many 2000000000 idle", "available: use fewer"},
		{"-conns 1000000 echo", "open files"},
		{"-many 100 -libs gorilla -passes 1 -listen " + ln.Addr().String() + " idle", "address already in use"},
		{"-listen nonsense idle", "address to listen on"},
		{"targets nosuch.json", "nosuch.json"},
		{"profile", "one library"},
		{"docs", "reports"},
		{"table extra", "no arguments"},
	} {
		status, stdout, stderr := bench(strings.Fields(test.args)...)
		if !strings.Contains(stderr, test.want) {
			t.Errorf("%s: %q, want %q in it", test.args, stderr, test.want)
		}
		if status != statusNothing || stdout != "" {
			t.Errorf("%s: status %d, figures %q", test.args, status, stdout)
		}
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, errs bytes.Buffer
	status := run(ctx, []string{"wsbench", "-quick", "echo"}, &out, &errs)
	if status != statusNothing || out.Len() > 0 || !strings.Contains(errs.String(), "interrupted") {
		t.Errorf("status %d, %q, %q", status, out.String(), errs.String())
	}
}

// TestSmallRun goes through every scenario and form once.
func TestSmallRun(t *testing.T) {
	dir := t.TempDir()
	json, html := filepath.Join(dir, "r.json"), filepath.Join(dir, "r.html")
	status, stdout, stderr := bench("-quick", "-rounds", "1", "-round", "1ms", "-many", "20", "-conns", "1", "-duration", "90ms",
		"-libs", "gorilla,compat,compat-coder", "-json", json, "-html", html)
	if status == statusNothing {
		t.Fatalf("status %d: %s", status, stderr)
	}
	for _, want := range []string{"gorilla v1.5.3", "echo, 64 B", "ratio", "lateness", "reconnected", "100 %"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	if page, err := os.ReadFile(html); err != nil || !bytes.Contains(page, []byte("<svg")) {
		t.Errorf("HTML of %d bytes, %v", len(page), err)
	}
	if status, stdout, _ := bench("targets", json); status != statusFlawed || !strings.Contains(stdout, "not measured") {
		t.Errorf("targets: status %d\n%s", status, stdout)
	}
	if status, stdout, _ := bench("help"); status != statusFine || !strings.Contains(stdout, "Scenarios:") {
		t.Errorf("help: status %d\n%s", status, stdout)
	}
}

// TestDocs holds docs/benchmarks.md against the reports that it is made of.
func TestDocs(t *testing.T) {
	reports, err := filepath.Glob("testdata/*.json")
	if err != nil || len(reports) == 0 {
		t.Fatalf("no reports: %v", err)
	}
	status, want, stderr := bench(append([]string{"docs"}, reports...)...)
	if status != statusFine {
		t.Fatal(stderr)
	}
	const page = "../../docs/benchmarks.md"
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil || strings.ReplaceAll(string(got), "\r\n", "\n") != want {
		t.Errorf("%s is not what the reports say: go test ./cmd/wsbench -run TestDocs -update (%v)", page, err)
	}
}
