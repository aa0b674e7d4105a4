//go:build unix && !solaris && !illumos

package journal

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestFIFO is refused without being opened, which would never return.
func TestFIFO(t *testing.T) {
	root := t.TempDir()
	p := filepath.Join(root, "x.go")
	if err := syscall.Mkfifo(p, 0o666); err != nil {
		t.Skipf("no FIFO: %v", err)
	}
	err := (&Writer{Root: root, Env: noGit}).Write(context.Background(), []Change{{Path: p, New: []byte("package x")}})
	refusal(t, err, "x.go is not a regular file")
	noJournal(t, "refused", root)
}

// TestOwner keeps user and group, which only root can give away.
func TestOwner(t *testing.T) {
	root := t.TempDir()
	changes := makeTree(t, root)
	for _, c := range []Change{changes[2], changes[3]} {
		if err := os.Chown(c.Path, 12, 34); err != nil {
			t.Skipf("cannot give files away: %v", err)
		}
	}
	w := &Writer{Root: root, Env: noGit}
	check := func(p string) {
		t.Helper()
		info, err := os.Lstat(p)
		if err != nil {
			t.Fatal(err)
		}
		if own := ownerOf(info); *own != (owner{12, 34}) {
			t.Errorf("%s belongs to %v", p, *own)
		}
	}
	if err := w.Write(context.Background(), changes); err != nil {
		t.Fatal(err)
	}
	check(changes[3].Path)
	if _, err := w.Undo(context.Background()); err != nil {
		t.Fatal(err)
	}
	check(changes[3].Path)
	check(changes[2].Path)
}
