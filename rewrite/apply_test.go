package rewrite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestApplyAndUndo(t *testing.T) {
	ctx, root := context.Background(), t.TempDir()
	opts := ApplyOptions{Env: []string{}}
	edited, created, deleted := filepath.Join(root, "hub.go"), filepath.Join(root, "zz.go"), filepath.Join(root, "old.go")
	for _, p := range []string{edited, deleted} {
		if err := os.WriteFile(p, []byte("package p\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	plan := &Plan{Changes: []FileChange{
		{Path: edited, Old: []byte("package p\n"), New: []byte("package p // native\n")},
		{Path: deleted, Old: []byte("package p\n"), Deleted: true},
		{Path: created, New: []byte("package p // helpers\n"), Created: true},
	}}
	read := func() [3]string {
		var out [3]string
		for i, p := range []string{edited, created, deleted} {
			if b, err := os.ReadFile(p); err == nil {
				out[i] = string(b)
			}
		}
		return out
	}
	before := read()

	if err := plan.Apply(ctx, root, opts); err != nil {
		t.Fatal(err)
	}
	if got, want := read(), [3]string{"package p // native\n", "package p // helpers\n", ""}; got != want {
		t.Errorf("applied: %q, want %q", got, want)
	}
	if paths, err := Recover(ctx, root, opts); err != nil || len(paths) > 0 {
		t.Errorf("recovered %q, %v, with nothing interrupted", paths, err)
	}
	var refusal *Refusal
	if err := plan.Apply(ctx, root, opts); !errors.As(err, &refusal) || refusal.Help == "" {
		t.Errorf("applied twice: %v", err)
	}
	paths, err := Undo(ctx, root, opts)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{edited, deleted, created}; !slices.Equal(paths, want) {
		t.Errorf("undo names %q, want %q", paths, want)
	}
	if got := read(); got != before {
		t.Errorf("undone: %q, want %q", got, before)
	}
	if _, err := Undo(ctx, root, opts); !errors.As(err, &refusal) {
		t.Errorf("undo of nothing: %v", err)
	}
}

func TestApplyNothing(t *testing.T) {
	root := t.TempDir()
	if err := new(Plan).Apply(context.Background(), root, ApplyOptions{}); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(root); err != nil || len(entries) > 0 {
		t.Errorf("left %v, %v", entries, err)
	}
}
