package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// noGit is an environment in which no git is found.
var noGit = []string{}

// quick returns a writer that syncs nothing and asks no git.
func quick(root string) *Writer {
	wrap, _ := faults(0, func(string, int) error { return nil })
	return &Writer{Root: root, Env: noGit, wrap: wrap}
}

// makeTree makes a tree with one file for every kind of change, and the
// changes.
func makeTree(t testing.TB, root string) []Change {
	t.Helper()
	write := func(name, text string, mode fs.FileMode) {
		p := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(p, mode); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module m\r\n", 0o644)
	write("other.go", "package m // not of the plan\n", 0o644)
	write("hub/hub.go", "package hub", 0o600)
	write("hub/gone.go", "package hub // old\n", 0o640)
	return treeChanges(root)
}

func treeChanges(root string) []Change {
	at := func(name string) string { return filepath.Join(root, filepath.FromSlash(name)) }
	return []Change{
		{Path: at("go.mod"), Old: []byte("module m\r\n"), New: []byte("module m\r\n\r\ngo 1.20\r\n")},
		{Path: at("hub/deep/er/new.go"), New: []byte("package er\n"), Created: true},
		{Path: at("hub/gone.go"), Old: []byte("package hub // old\n"), Deleted: true},
		{Path: at("hub/hub.go"), Old: []byte("package hub"), New: []byte("package hub // native\n")},
	}
}

// snapshot returns everything below root but the journal: mode and bytes, or
// where a link leads, by name.
func snapshot(t testing.TB, root string) map[string]string {
	t.Helper()
	out := make(map[string]string)
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == root {
			return err
		}
		rel, _ := filepath.Rel(root, p)
		switch {
		case d.Name() == folder || d.Name() == ".git":
			return filepath.SkipDir
		case d.Type()&fs.ModeSymlink != 0:
			to, err := os.Readlink(p)
			out[rel] = "-> " + to
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		out[rel] = info.Mode().String()
		if info.Mode().IsRegular() {
			b, err := os.ReadFile(p)
			out[rel] += " " + string(b)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// same fails unless the snapshots are equal.
func same(t testing.TB, what string, got, want map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			t.Errorf("%s: %s is %q, want %q", what, name, got[name], want[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: %s should not be there", what, name)
		}
	}
	if t.Failed() {
		t.FailNow()
	}
}

// halfway fails if a file is neither old nor new, or if the go command could
// take a leftover for a source file.
func halfway(t testing.TB, what string, got, old, now map[string]string) {
	t.Helper()
	for name, s := range got {
		if s == old[name] || s == now[name] {
			continue
		}
		base := filepath.Base(name)
		if !strings.HasPrefix(base, ".") || strings.HasSuffix(base, ".go") {
			t.Fatalf("%s: %s is %q", what, name, s)
		}
	}
	for name := range old {
		if _, ok := now[name]; ok && got[name] == "" {
			t.Fatalf("%s: %s is missing", what, name)
		}
	}
}

// states returns the snapshots of the tree before and after its changes, with
// folders as makeTree leaves them.
func states(t testing.TB) (old, now map[string]string) {
	root := t.TempDir()
	changes := makeTree(t, root)
	old = snapshot(t, root)
	if err := quick(root).Write(context.Background(), changes); err != nil {
		t.Fatal(err)
	}
	return old, snapshot(t, root)
}

// noJournal fails if the journal's folder is there.
func noJournal(t testing.TB, what, root string) {
	t.Helper()
	if _, err := os.Lstat(filepath.Join(root, folder)); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s: the journal was left behind", what)
	}
}

// refusal fails unless err is a *Refusal whose text holds every part.
func refusal(t testing.TB, err error, parts ...string) {
	t.Helper()
	var r *Refusal
	if !errors.As(err, &r) {
		t.Fatalf("got the error %v, want a refusal", err)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("refusal of several lines: %s", err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got %q, want it to say %q", err, part)
		}
	}
}

func mustWrite(t testing.TB, p, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func rel(t testing.TB, root string, paths []string) string {
	t.Helper()
	var out []string
	for _, p := range paths {
		r, err := filepath.Rel(root, p)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, filepath.ToSlash(r))
	}
	return fmt.Sprint(out)
}
