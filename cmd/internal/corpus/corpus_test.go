package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestRun takes a bundled application through every step, and checks that the
// original stays as it is.
func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	root := t.TempDir()
	app := filepath.Join(root, "client")
	if err := copyTree(app, "../../../testdata/apps/client"); err != nil {
		t.Fatal(err)
	}
	original := &tree{root: app, at: new(occupant)}
	original.at.tree = original
	before, err := original.snapshot()
	if err != nil {
		t.Fatal(err)
	}
	found := filepath.Join(root, "found.json")
	var stdout, stderr bytes.Buffer
	t.Chdir("../../..")
	status, err := run([]string{"-test", "-json", found, app}, &stdout, &stderr)
	if status != 0 || err != nil {
		t.Fatalf("status %d, %v\n%s%s", status, err, stdout.String(), stderr.String())
	}
	if after, err := original.snapshot(); err != nil || len(before.changed(after)) > 0 {
		t.Errorf("the original has changed: %v %v", before.changed(after), err)
	}
	for _, want := range []string{"client", "compiles", "1 of 1 modules load; 1 of them are whole"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("no %q in\n%s", want, stdout.String())
		}
	}
	text, err := os.ReadFile(found)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(`"Tests": `)) || bytes.Contains(text, []byte(`"Tests": 0`)) {
		t.Errorf("no tests ran:\n%s", text)
	}

	first := stdout.String()
	stdout.Reset()
	if err := os.RemoveAll(app); err != nil {
		t.Fatal(err)
	}
	if status, err := run([]string{"-test", "-json", found, "-resume", app}, &stdout, &stderr); status != 0 || err != nil || stdout.String() != first {
		t.Errorf("resumed: status %d, %v\n%s", status, err, stdout.String())
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"-only", "break", "."}, {"-packages", "some", "."}, {"-resume", "."}, {"-rounds", "0", "."}, {"-nonsense"}, {"-list", "missing"}} {
		if status, err := run(args, new(bytes.Buffer), new(bytes.Buffer)); status != 2 || err == nil {
			t.Errorf("%q: status %d, error %v", args, status, err)
		}
	}
}

func TestComplaints(t *testing.T) {
	got := complaints("# example.com/a\na.go:3:14: undefined: x\ngo: downloading example.com/b v1.0.0\n\nb_test.go:7: bad\n")
	want := []string{"a.go: undefined: x", "b_test.go: bad"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestFaults checks that each way for a module to be broken shows, and fails
// the run.
func TestFaults(t *testing.T) {
	for name, fault := range map[string]outcome{
		"new: x.go: undefined":   {SecondRun: true, NewErrors: []string{"x.go: undefined"}},
		"fails: p TestA":         {SecondRun: true, FailedTests: []string{"p TestA"}},
		"not undone: go.mod":     {SecondRun: true, Undone: []string{"go.mod"}},
		"a second run changes":   {},
		"verification failed: m": {Status: 4, Message: "m"},
	} {
		r := &result{Dir: "src/app", Fix: &fault}
		if !r.broken() {
			t.Errorf("%s: the module passes for whole", name)
		}
		var out bytes.Buffer
		writeTable(&out, &options{}, []*result{r})
		if !strings.Contains(out.String(), "src/app after fix:\n  "+name) {
			t.Errorf("no %q in\n%s", name, out.String())
		}
	}
	if r := (&result{Fix: &outcome{SecondRun: true}}); r.broken() {
		t.Error("a whole module passes for broken")
	}
}

func writeFile(path, content string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(content), 0o666)
}

func TestSnapshot(t *testing.T) {
	tr := &tree{root: t.TempDir(), at: new(occupant)}
	tr.at.tree = tr
	write := func(name, content string) {
		t.Helper()
		if err := writeFile(filepath.Join(tr.root, name), content); err != nil {
			t.Fatal(err)
		}
	}
	take := func() snapshot {
		t.Helper()
		s, err := tr.snapshot()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	write("a/kept.go", "1")
	write("a/edited", "1")
	write("gone.go", "1")
	before := take()
	write("a/edited", "2")
	write("new.go", "1")
	write("coverage.out", "1")
	write(".wsmigrate/journal.go", "1")
	if err := os.Remove(filepath.Join(tr.root, "gone.go")); err != nil {
		t.Fatal(err)
	}
	if got, want := before.changed(take()), []string{"a/edited", "gone.go", "new.go"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestReasons(t *testing.T) {
	var r result
	text := `{"Name": "app", "Fix": {"Report": {"clusters": [
		{"outcome": "pinned", "sites": 5, "blocking": [
			{"posn": "a.go:1:1", "rule": "api", "reason": "Conn is exported API of app; -api break lets it change"},
			{"posn": "a.go:2:1", "rule": "api", "reason": "Dial is exported API of app; -api break lets it change"}]},
		{"outcome": "shim", "sites": 3, "blocking": [
			{"posn": "b.go:1:1", "rule": "load", "reason": "its package does not compile: b.go:9: no; repair it"}]},
		{"outcome": "native", "sites": 4}]}}}`
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, it := range reasons([]*result{&r}) {
		got = append(got, fmt.Sprintf("%d %d %s: %s %v", it.count, it.held, it.rule, it.text, it.where))
	}
	want := []string{
		"2 5 api: exported API of the module [app:a.go:1:1 app:a.go:2:1]",
		"1 3 load: its package does not compile [app:b.go:1:1]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
