package journal

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWriteAndUndo(t *testing.T) {
	root := t.TempDir()
	changes := makeTree(t, root)
	old := snapshot(t, root)
	w := &Writer{Root: root, Env: noGit}
	if err := w.Write(context.Background(), changes); err != nil {
		t.Fatal(err)
	}
	first := snapshot(t, root)
	for name, want := range map[string]string{
		"go.mod":             "-rw-r--r-- module m\r\n\r\ngo 1.20\r\n",
		"hub/hub.go":         "-rw------- package hub // native\n",
		"hub/gone.go":        "",
		"other.go":           old["other.go"],
		"hub/deep/er/new.go": "-rw-r--r-- package er\n",
	} {
		if first[filepath.FromSlash(name)] != want {
			t.Errorf("%s is %q, want %q", name, first[filepath.FromSlash(name)], want)
		}
	}
	if b, err := os.ReadFile(filepath.Join(root, folder, ".gitignore")); err != nil || string(b) != "*\n" {
		t.Errorf(".gitignore is %q, %v", b, err)
	}

	err := w.Write(context.Background(), []Change{
		{Path: changes[0].Path, Old: changes[0].New, New: []byte("module m // second\n")},
		{Path: changes[1].Path, Old: changes[1].New, Deleted: true},
		{Path: changes[2].Path, New: []byte("package hub // back\n"), Created: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	paths, err := w.Undo(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := rel(t, root, paths), "[go.mod hub/deep/er/new.go hub/gone.go]"; got != want {
		t.Errorf("undo names %s, want %s", got, want)
	}
	same(t, "one undo", snapshot(t, root), first)
	if _, err := w.Undo(context.Background()); err != nil {
		t.Fatal(err)
	}
	same(t, "two undos", snapshot(t, root), old)
	noJournal(t, "after the last undo", root)
	_, err = w.Undo(context.Background())
	refusal(t, err, "nothing to undo")
	noJournal(t, "after an undo too many", root)
}

func TestNoChanges(t *testing.T) {
	root := t.TempDir()
	if err := (&Writer{Root: root}).Write(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	noJournal(t, "no changes", root)
}

// TestRefusals spoils one thing each and expects a sentence that names the
// file, and an untouched tree.
func TestRefusals(t *testing.T) {
	hub := filepath.FromSlash("hub/hub.go")
	for _, test := range []struct {
		name  string
		spoil func(t *testing.T, root string, changes []Change) []Change
		want  []string
	}{
		{"changed", func(t *testing.T, root string, c []Change) []Change {
			mustWrite(t, c[3].Path, "package hub // edited")
			return c
		}, []string{hub + " was changed after it was read", "run wsmigrate again"}},
		{"removed", func(t *testing.T, root string, c []Change) []Change {
			os.Remove(c[3].Path)
			return c
		}, []string{hub + " was changed"}},
		{"appeared", func(t *testing.T, root string, c []Change) []Change {
			mustWrite(t, c[1].Path, "package er // mine")
			return c
		}, []string{filepath.FromSlash("hub/deep/er/new.go") + " was changed"}},
		{"appeared empty", func(t *testing.T, root string, c []Change) []Change {
			mustWrite(t, c[1].Path, "")
			return c
		}, []string{"new.go was changed"}},
		{"two files", func(t *testing.T, root string, c []Change) []Change {
			mustWrite(t, c[3].Path, "package hub // edited")
			mustWrite(t, c[0].Path, "module n\n")
			return c
		}, []string{"go.mod and " + hub + " were changed"}},
		{"read-only file", func(t *testing.T, root string, c []Change) []Change {
			os.Chmod(c[3].Path, 0o444)
			return c
		}, []string{hub + " has no write permission", "chmod"}},
		{"read-only file to be deleted", func(t *testing.T, root string, c []Change) []Change {
			os.Chmod(c[2].Path, 0o444)
			return c
		}, []string{"gone.go has no write permission"}},
		{"read-only folder", func(t *testing.T, root string, c []Change) []Change {
			os.Chmod(filepath.Join(root, "hub"), 0o555)
			return c
		}, []string{"the folder hub has no write permission"}},
		{"read-only root", func(t *testing.T, root string, c []Change) []Change {
			os.Chmod(root, 0o555)
			return c
		}, []string{"has no write permission"}},
		{"folder", func(t *testing.T, root string, c []Change) []Change {
			os.Remove(c[3].Path)
			os.Mkdir(c[3].Path, 0o777)
			return c
		}, []string{hub + " is not a regular file"}},
		{"outside", func(t *testing.T, root string, c []Change) []Change {
			return append(c, Change{Path: filepath.Join(filepath.Dir(root), "x.go"), Created: true})
		}, []string{"x.go lies outside the tree"}},
		{"twice", func(t *testing.T, root string, c []Change) []Change {
			return append(c, c[3])
		}, []string{hub + " is the same file as another"}},
		{"journal is a file", func(t *testing.T, root string, c []Change) []Change {
			mustWrite(t, filepath.Join(root, folder), "")
			return c
		}, []string{folder + " is not a folder"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			t.Cleanup(func() {
				os.Chmod(root, 0o755)
				os.Chmod(filepath.Join(root, "hub"), 0o755)
			})
			changes := test.spoil(t, root, makeTree(t, root))
			before := snapshot(t, root)
			_, hadJournal := os.Lstat(filepath.Join(root, folder))
			err := (&Writer{Root: root, Env: noGit, Force: true}).Write(context.Background(), changes)
			refusal(t, err, test.want...)
			same(t, "refused", snapshot(t, root), before)
			if hadJournal != nil {
				noJournal(t, "refused", root)
			}
		})
	}
}

func TestChangedWhileStaging(t *testing.T) {
	root := t.TempDir()
	changes := makeTree(t, root)
	const mine = "package hub // saved in an editor"
	wrap, _ := faults(0, func(op string, done int) error {
		if op == "link" { // staging has begun, and all files were checked
			mustWrite(t, changes[3].Path, mine)
		}
		return nil
	})
	err := (&Writer{Root: root, Env: noGit, wrap: wrap}).Write(context.Background(), changes)
	refusal(t, err, filepath.FromSlash("hub/hub.go")+" was changed")
	got := snapshot(t, root)
	if b, _ := os.ReadFile(changes[3].Path); string(b) != mine {
		t.Errorf("the user's edit became %q", b)
	}
	if got["go.mod"] != "-rw-r--r-- module m\r\n" {
		t.Errorf("go.mod is %q", got["go.mod"])
	}
	noJournal(t, "changed while staging", root)
}

func TestUndoRefusesChangedFile(t *testing.T) {
	hub := filepath.FromSlash("hub/hub.go")
	for _, test := range []struct {
		name  string
		spoil func(c []Change)
		want  string
	}{
		{"edited", func(c []Change) { mustWrite(t, c[3].Path, "mine") }, hub},
		{"removed", func(c []Change) { os.Remove(c[3].Path) }, hub},
		{"made again", func(c []Change) { mustWrite(t, c[2].Path, "mine") }, "gone.go"},
		{"created one edited", func(c []Change) { mustWrite(t, c[1].Path, "mine") }, "new.go"},
		{"became a folder", func(c []Change) { os.Remove(c[3].Path); os.Mkdir(c[3].Path, 0o777) }, hub},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			changes := makeTree(t, root)
			w := &Writer{Root: root, Env: noGit}
			if err := w.Write(context.Background(), changes); err != nil {
				t.Fatal(err)
			}
			test.spoil(changes)
			before := snapshot(t, root)
			_, err := w.Undo(context.Background())
			refusal(t, err, test.want, "changed since wsmigrate wrote it")
			same(t, "refused", snapshot(t, root), before)
		})
	}
}

// TestUndoPassesOver takes a run back of which the user took a part back.
func TestUndoPassesOver(t *testing.T) {
	root := t.TempDir()
	changes := makeTree(t, root)
	old := snapshot(t, root)
	w := &Writer{Root: root, Env: noGit}
	if err := w.Write(context.Background(), changes); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, changes[3].Path, string(changes[3].Old))
	os.Remove(changes[1].Path)
	paths, err := w.Undo(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if got := rel(t, root, paths); got != "[go.mod hub/gone.go]" {
		t.Errorf("undo names %s", got)
	}
	same(t, "undone", snapshot(t, root), old)
}

// TestUndoKeepsOthersFiles leaves a folder that the run made to whoever put a
// file there.
func TestUndoKeepsOthersFiles(t *testing.T) {
	root := t.TempDir()
	changes := makeTree(t, root)
	w := &Writer{Root: root, Env: noGit}
	if err := w.Write(context.Background(), changes); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(root, "hub", "deep", "mine.go")
	mustWrite(t, other, "package deep")
	if _, err := w.Undo(context.Background()); err != nil {
		t.Fatal(err)
	}
	got := snapshot(t, root)
	if got[filepath.FromSlash("hub/deep/mine.go")] == "" || got[filepath.FromSlash("hub/deep/er")] != "" {
		t.Errorf("left %v", got)
	}
}

// TestUndoRestoresLostFolder brings a deleted file back whose folder vanished,
// as git removes folders that become empty.
func TestUndoRestoresLostFolder(t *testing.T) {
	root := t.TempDir()
	p := filepath.Join(root, "only", "x.go")
	mustWrite(t, p, "package x")
	w := &Writer{Root: root, Env: noGit}
	if err := w.Write(context.Background(), []Change{{Path: p, Old: []byte("package x"), Deleted: true}}); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Dir(p)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Undo(context.Background()); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(p); err != nil || string(b) != "package x" {
		t.Errorf("restored %q, %v", b, err)
	}
}

func TestCancel(t *testing.T) {
	root := t.TempDir()
	changes := makeTree(t, root)
	old := snapshot(t, root)
	ctx, cancel := context.WithCancel(context.Background())
	wrap, _ := faults(0, func(op string, done int) error {
		if op == "link" {
			cancel()
		}
		return nil
	})
	err := (&Writer{Root: root, Env: noGit, wrap: wrap}).Write(ctx, changes)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	same(t, "cancelled", snapshot(t, root), old)
	noJournal(t, "cancelled", root)
}

// TestLock starts a second run while the first is at work, and while the first
// leaves.
func TestLock(t *testing.T) {
	root := t.TempDir()
	changes := makeTree(t, root)
	var second []error
	wrap, _ := faults(0, func(op string, done int) error {
		if op == "rename" {
			other := &Writer{Root: root, Env: noGit}
			_, undo := other.Undo(context.Background())
			_, recover := other.Recover(context.Background())
			second = append(second, other.Write(context.Background(), changes), undo, recover)
		}
		return nil
	})
	w := &Writer{Root: root, Env: noGit, wrap: wrap}
	if err := w.Write(context.Background(), changes); err != nil {
		t.Fatal(err)
	}
	if len(second) < 3 {
		t.Fatal("the second run never began")
	}
	for _, err := range second {
		refusal(t, err, "another run of wsmigrate is at work in "+root)
	}
	if _, err := w.Undo(context.Background()); err != nil {
		t.Errorf("the lock was not given back: %v", err)
	}
}

// TestTogether lets several runs fight: one wins, the others are refused, and
// never does a run lose its lock because another one leaves.
func TestTogether(t *testing.T) {
	old, _ := states(t)
	root := t.TempDir()
	changes := makeTree(t, root)
	w := Writer{Root: root, Env: noGit}
	results := make(chan error)
	for range 8 {
		go func() {
			mine := w
			if _, err := mine.Recover(context.Background()); err != nil {
				results <- err
				return
			}
			err := mine.Write(context.Background(), changes)
			if err == nil {
				_, err = mine.Undo(context.Background())
				for err != nil && strings.Contains(err.Error(), "another run") {
					_, err = mine.Undo(context.Background())
				}
			}
			results <- err
		}()
	}
	won := 0
	for range 8 {
		err := <-results
		var r *Refusal
		switch {
		case err == nil:
			won++
		case !errors.As(err, &r):
			t.Errorf("got %v", err)
		}
	}
	if won == 0 {
		t.Error("nobody won")
	}
	same(t, "after the fight", snapshot(t, root), old)
}

// TestRecoverRefusesEdits does not take a file back that was edited after a
// crash.
func TestRecoverRefusesEdits(t *testing.T) {
	root := t.TempDir()
	changes := makeTree(t, root)
	dead := false
	wrap, _ := faults(0, func(string, int) error {
		if _, err := os.Stat(changes[1].Path); err == nil {
			dead = true // after the second file
		}
		if dead {
			return errCrashed
		}
		return nil
	})
	err := (&Writer{Root: root, Env: noGit, wrap: wrap}).Write(context.Background(), changes)
	if !errors.Is(err, errCrashed) {
		t.Fatalf("got %v", err)
	}
	mustWrite(t, changes[0].Path, "module mine\n")
	w := &Writer{Root: root, Env: noGit}
	_, err = w.Recover(context.Background())
	refusal(t, err, "go.mod was changed after a run of wsmigrate was interrupted", folder)
	if b, _ := os.ReadFile(changes[0].Path); string(b) != "module mine\n" {
		t.Errorf("go.mod is %q", b)
	}
	if _, err := os.Stat(changes[1].Path); err != nil {
		t.Errorf("another file was taken back: %v", err)
	}
	mustWrite(t, changes[0].Path, string(changes[0].New))
	paths, err := w.Undo(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if got := rel(t, root, paths); got != "[go.mod hub/deep/er/new.go]" {
		t.Errorf("took back %s", got)
	}
}
