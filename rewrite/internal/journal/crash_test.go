package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Variables that make the test binary a process to be killed: "write" or
// "undo", the tree, and at which change.
const (
	killWhat = "JOURNAL_TEST_KILL"
	killRoot = "JOURNAL_TEST_ROOT"
	killAt   = "JOURNAL_TEST_AT"
)

func TestMain(m *testing.M) {
	if os.Getenv(killWhat) != "" {
		os.Exit(toBeKilled())
	}
	if dir := os.Getenv(tmpfsDir); dir != "" {
		os.Exit(onSmallDisk(dir))
	}
	os.Exit(m.Run())
}

func toBeKilled() int {
	root := os.Getenv(killRoot)
	n, err := strconv.Atoi(os.Getenv(killAt))
	if err != nil {
		return 2
	}
	wrap, _ := faults(n, func(string, int) error {
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Kill()
		}
		if err != nil {
			return err
		}
		select {} // until the signal arrives
	})
	w := &Writer{Root: root, Env: noGit, wrap: wrap}
	if os.Getenv(killWhat) == "undo" {
		_, err = w.Undo(context.Background())
	} else {
		err = w.Write(context.Background(), treeChanges(root))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// TestKill kills a process with SIGKILL before every single change it makes to
// the disk.
func TestKill(t *testing.T) {
	old, now := states(t)
	for _, what := range []string{"write", "undo"} {
		t.Run(what, func(t *testing.T) {
			survived := false
			for n := 0; !survived; n++ {
				root := t.TempDir()
				changes := makeTree(t, root)
				w := quick(root)
				if what == "undo" {
					if err := w.Write(context.Background(), changes); err != nil {
						t.Fatal(err)
					}
				}
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), killWhat+"="+what, killRoot+"="+root, killAt+"="+strconv.Itoa(n))
				out, err := cmd.CombinedOutput()
				survived = err == nil
				var exit *exec.ExitError
				if err != nil && (!errors.As(err, &exit) || exit.ExitCode() == 1) {
					t.Fatalf("change %d: %v: %s", n, err, out)
				}
				got := snapshot(t, root)
				halfway(t, fmt.Sprintf("killed at change %d", n), got, old, now)
				maps.DeleteFunc(got, func(name, _ string) bool { return strings.HasPrefix(filepath.Base(name), ".wsmigrate-") })
				if whole := maps.Equal(got, old) || maps.Equal(got, now); !whole && !Interrupted(root) {
					t.Errorf("killed at change %d: the tree is half written, and nothing says so", n)
				}

				if _, err := w.Recover(context.Background()); err != nil {
					t.Fatalf("recover from change %d: %v", n, err)
				}
				if Interrupted(root) {
					t.Errorf("recovered from change %d: the run passes for interrupted", n)
				}
				end(t, fmt.Sprintf("recovered from change %d", n), root, old, now)
				if survived && n < 20 {
					t.Fatalf("only %d changes seen", n)
				}
			}
		})
	}
}

// end checks a tree that nothing is pending in: it is old or new, an old one
// has no journal, and a new one can be taken back.
func end(t *testing.T, what, root string, old, now map[string]string) {
	t.Helper()
	got := snapshot(t, root)
	if got["go.mod"] == now["go.mod"] {
		same(t, what, got, now)
		if _, err := quick(root).Undo(context.Background()); err != nil {
			t.Fatalf("%s: undo: %v", what, err)
		}
		got = snapshot(t, root)
	}
	same(t, what, got, old)
	noJournal(t, what, root)
}

// TestCrashTwice stops the writing at every eleventh change and then the recovery
// at every change, in one process.
func TestCrashTwice(t *testing.T) {
	old, now := states(t)
	for _, undo := range []bool{false, true} {
		for n, reached := 0, true; reached; n += 11 {
			for m, again := 0, true; again && reached; m++ {
				what := fmt.Sprintf("undo %v, changes %d and %d", undo, n, m)
				root := t.TempDir()
				changes := makeTree(t, root)
				w := quick(root)
				if undo {
					if err := w.Write(context.Background(), changes); err != nil {
						t.Fatal(err)
					}
				}
				wrap, count := faults(n, crash)
				w.wrap = wrap
				err := error(nil)
				if undo {
					_, err = w.Undo(context.Background())
				} else {
					err = w.Write(context.Background(), changes)
				}
				reached = *count > n
				if !reached && err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				halfway(t, what, snapshot(t, root), old, now)

				wrap, count = faults(m, crash)
				w.wrap = wrap
				_, err = w.Recover(context.Background())
				again = *count > m
				if !again && err != nil {
					t.Fatalf("%s: recover: %v", what, err)
				}
				halfway(t, what, snapshot(t, root), old, now)

				w = quick(root)
				if _, err := w.Recover(context.Background()); err != nil {
					t.Fatalf("%s: recover again: %v", what, err)
				}
				end(t, what, root, old, now)
				os.RemoveAll(root)
			}
		}
	}
}

// TestFailure lets every change fail in a process that lives on.
func TestFailure(t *testing.T) {
	old, now := states(t)
	for _, kind := range []struct {
		name   string
		strike func(string, int) error
	}{{"once", once}, {"full", full}} {
		t.Run("write/"+kind.name, func(t *testing.T) {
			failed := 0
			for n, reached := 0, true; reached; n++ {
				root := t.TempDir()
				changes := makeTree(t, root)
				wrap, count := faults(n, kind.strike)
				err := (&Writer{Root: root, Env: noGit, wrap: wrap}).Write(context.Background(), changes)
				reached = *count > n
				what := fmt.Sprintf("failure at change %d (%v)", n, err)
				if err == nil {
					if _, err := quick(root).Recover(context.Background()); err != nil {
						t.Fatal(err)
					}
					same(t, what, snapshot(t, root), now)
					continue
				}
				failed++
				if !errors.Is(err, syscall.ENOSPC) {
					t.Errorf("%s: the cause is lost", what)
				}
				same(t, what, snapshot(t, root), old)
				if kind.name == "full" {
					noJournal(t, what, root)
				}
				if err := quick(root).Write(context.Background(), changes); err != nil {
					t.Fatalf("%s: write again: %v", what, err)
				}
				same(t, what, snapshot(t, root), now)
			}
			if failed < 10 {
				t.Errorf("only %d failures", failed)
			}
		})
		t.Run("undo/"+kind.name, func(t *testing.T) {
			for n, reached := 0, true; reached; n++ {
				root := t.TempDir()
				if err := quick(root).Write(context.Background(), makeTree(t, root)); err != nil {
					t.Fatal(err)
				}
				wrap, count := faults(n, kind.strike)
				_, err := (&Writer{Root: root, Env: noGit, wrap: wrap}).Undo(context.Background())
				reached = *count > n
				what := fmt.Sprintf("failure at change %d (%v)", n, err)
				if err != nil {
					same(t, what, snapshot(t, root), now)
					if _, err := quick(root).Undo(context.Background()); err != nil {
						t.Fatalf("%s: undo again: %v", what, err)
					}
				} else if _, err := quick(root).Recover(context.Background()); err != nil {
					t.Fatal(err)
				}
				same(t, what, snapshot(t, root), old)
				noJournal(t, what, root)
			}
		})
	}
}

// TestFailureNamesFile lets the staging and the replacing of one file fail.
func TestFailureNamesFile(t *testing.T) {
	for _, at := range []string{"hub/hub.go", "hub/.wsmigrate-"} {
		root := t.TempDir()
		changes := makeTree(t, root)
		wrap := func(s system) system { return &failing{s, at} }
		err := (&Writer{Root: root, Env: noGit, wrap: wrap}).Write(context.Background(), changes)
		if err == nil || !errors.Is(err, fs.ErrPermission) {
			t.Fatalf("%s: got %v", at, err)
		}
		if text := err.Error(); !strings.Contains(text, "hub") || strings.Contains(text, ".wsmigrate-") {
			t.Errorf("%s: %q does not name the file", at, text)
		}
	}
}

// failing refuses to make or replace files whose names begin with prefix.
type failing struct {
	system
	prefix string
}

func (f *failing) Create(name string, perm fs.FileMode) (output, error) {
	if strings.HasPrefix(name, f.prefix) {
		return nil, &fs.PathError{Op: "openat", Path: name, Err: syscall.EACCES}
	}
	return f.system.Create(name, perm)
}

func (f *failing) Rename(from, to string) error {
	if strings.HasPrefix(to, f.prefix) {
		return &os.LinkError{Op: "renameat", Old: from, New: to, Err: syscall.EACCES}
	}
	return f.system.Rename(from, to)
}
