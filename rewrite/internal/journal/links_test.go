package journal

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

func TestSymlinks(t *testing.T) {
	root, away := t.TempDir(), t.TempDir()
	if err := os.Symlink("x", filepath.Join(away, "probe")); err != nil {
		t.Skipf("no symbolic links: %v", err)
	}
	link := func(to string, names ...string) string {
		p := filepath.Join(append([]string{root}, names...)...)
		if err := os.Symlink(to, p); err != nil {
			t.Fatal(err)
		}
		return p
	}
	const text, edited = "package x\n", "package x // native\n"
	target := filepath.Join(root, "real", "x.go")
	mustWrite(t, target, text)
	mustWrite(t, filepath.Join(away, "y.go"), text)
	file := link(filepath.Join("real", "x.go"), "x.go")
	dir := link("real", "dir")
	loop := link("loop.go", "loop.go")
	nowhere := link("nothing", "nowhere.go")
	out := link(filepath.Join(away, "y.go"), "y.go")
	before := snapshot(t, root)
	w := &Writer{Root: root, Env: noGit}
	change := func(p string) Change { return Change{Path: p, Old: []byte(text), New: []byte(edited)} }

	for _, p := range []string{file, filepath.Join(dir, "x.go")} {
		if err := w.Write(context.Background(), []Change{change(p)}); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(file); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("the link became %v, %v", info, err)
		}
		if b, err := os.ReadFile(target); err != nil || string(b) != edited {
			t.Errorf("the target is %q, %v", b, err)
		}
		paths, err := w.Undo(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if got := rel(t, root, paths); got != "[real/x.go]" {
			t.Errorf("took back %s", got)
		}
		same(t, "undone", snapshot(t, root), before)
	}
	for p, want := range map[string]string{
		loop:    "loop.go is a link that leads nowhere",
		nowhere: "nowhere.go is a link that leads nowhere",
		out:     "y.go lies outside the tree",
	} {
		refusal(t, w.Write(context.Background(), []Change{change(p)}), want)
	}
	refusal(t, w.Write(context.Background(), []Change{change(target), change(file)}), "x.go is the same file as another")
	refusal(t, w.Write(context.Background(), []Change{{Path: nowhere, New: []byte(text), Created: true}}), "nowhere.go is a link")
	same(t, "refused", snapshot(t, root), before)
}

// TestLinkedRoot writes into a tree by a root that is a link.
func TestLinkedRoot(t *testing.T) {
	root := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(t.TempDir(), root); err != nil {
		t.Skipf("no symbolic links: %v", err)
	}
	changes := makeTree(t, root)
	w := &Writer{Root: root, Env: noGit}
	if err := w.Write(context.Background(), changes); err != nil {
		t.Fatal(err)
	}
	paths, err := w.Undo(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) != 4 || paths[0] != changes[0].Path {
		t.Errorf("took back %q", paths)
	}
}

// TestUndoThroughNewLink does not follow a link that took a folder's place.
func TestUndoThroughNewLink(t *testing.T) {
	root, away := t.TempDir(), t.TempDir()
	changes := makeTree(t, root)
	w := &Writer{Root: root, Env: noGit}
	if err := w.Write(context.Background(), changes); err != nil {
		t.Fatal(err)
	}
	hub := filepath.Join(root, "hub")
	if err := os.Rename(hub, filepath.Join(away, "hub")); err != nil {
		t.Skipf("two file systems: %v", err)
	}
	if err := os.Symlink(filepath.Join(away, "hub"), hub); err != nil {
		t.Skipf("no symbolic links: %v", err)
	}
	if _, err := w.Undo(context.Background()); err == nil {
		t.Error("undo followed a link out of the tree")
	}
	if b, _ := os.ReadFile(filepath.Join(away, "hub", "hub.go")); string(b) != string(changes[3].New) {
		t.Errorf("outside, hub.go became %q", b)
	}
}

// TestHardLink replaces the named file and leaves its other name alone.
func TestHardLink(t *testing.T) {
	root := t.TempDir()
	changes := makeTree(t, root)
	other := filepath.Join(root, "other-name")
	if err := os.Link(changes[3].Path, other); err != nil {
		t.Skipf("no hard links: %v", err)
	}
	w := &Writer{Root: root, Env: noGit}
	if err := w.Write(context.Background(), changes); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(other); string(b) != string(changes[3].Old) {
		t.Errorf("the other name holds %q", b)
	}
	if b, _ := os.ReadFile(changes[3].Path); string(b) != string(changes[3].New) {
		t.Errorf("the named file holds %q", b)
	}
	if _, err := w.Undo(context.Background()); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(changes[3].Path); string(b) != string(changes[3].Old) {
		t.Errorf("undo left %q", b)
	}
}

// TestNoLinks writes where the file system has no hard links.
func TestNoLinks(t *testing.T) {
	root := t.TempDir()
	changes := makeTree(t, root)
	old := snapshot(t, root)
	w := &Writer{Root: root, Env: noGit}
	w.wrap, _ = faults(0, func(op string, _ int) error {
		if op == "link" {
			return os.ErrPermission
		}
		return nil
	})
	if err := w.Write(context.Background(), changes); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Undo(context.Background()); err != nil {
		t.Fatal(err)
	}
	same(t, "undone", snapshot(t, root), old)

	struck := false
	w.wrap, _ = faults(0, func(op string, _ int) error {
		if _, err := os.Stat(changes[1].Path); err == nil && !struck && op == "rename" {
			struck = true
			return os.ErrPermission
		}
		if op == "link" {
			return os.ErrPermission
		}
		return nil
	})
	if err := w.Write(context.Background(), changes); err == nil {
		t.Fatal("no failure")
	}
	same(t, "gone back with copies", snapshot(t, root), old)
}
