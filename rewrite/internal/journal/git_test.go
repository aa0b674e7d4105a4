package journal

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// repo makes the tree in a folder of a repository, committed.
func repo(t *testing.T) (root string, changes []Change, env []string, run func(args ...string)) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	top := t.TempDir()
	env = append(os.Environ(), "HOME="+top, "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	root = filepath.Join(top, "sub dir", "größe")
	changes = makeTree(t, root)
	run = func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Env = root, env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	cmd := exec.Command("git", "init", "-q", top)
	cmd.Env = env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git init: %v\n%s", err, out)
	}
	run("add", ".")
	run("commit", "-q", "-m", "start")
	return root, changes, env, run
}

// TestDirty spoils a committed tree in the ways git knows.
func TestDirty(t *testing.T) {
	hub := filepath.FromSlash("hub/hub.go has uncommitted changes")
	edit := func(t *testing.T, c *Change, text string) {
		mustWrite(t, c.Path, text)
		c.Old = []byte(text)
	}
	for _, test := range []struct {
		name  string
		spoil func(t *testing.T, root string, c []Change, git func(...string))
		want  string // "" for no refusal
	}{
		{"clean", func(t *testing.T, root string, c []Change, git func(...string)) {}, ""},
		{"other file", func(t *testing.T, root string, c []Change, git func(...string)) {
			mustWrite(t, filepath.Join(root, "other.go"), "package m // edited")
			mustWrite(t, filepath.Join(root, "hub", "untracked.go"), "package hub")
		}, ""},
		{"edited", func(t *testing.T, root string, c []Change, git func(...string)) {
			edit(t, &c[3], "package hub // mine")
		}, hub},
		{"staged", func(t *testing.T, root string, c []Change, git func(...string)) {
			edit(t, &c[3], "package hub // mine")
			git("add", ".")
		}, hub},
		{"staged and reverted", func(t *testing.T, root string, c []Change, git func(...string)) {
			mustWrite(t, c[3].Path, "package hub // mine")
			git("add", ".")
			mustWrite(t, c[3].Path, string(c[3].Old))
		}, hub},
		{"edited, to be deleted", func(t *testing.T, root string, c []Change, git func(...string)) {
			edit(t, &c[2], "package hub // mine")
		}, "gone.go has uncommitted changes"},
		{"untracked", func(t *testing.T, root string, c []Change, git func(...string)) {
			git("rm", "-q", "--cached", "hub/hub.go")
			git("commit", "-q", "-m", "untrack")
		}, hub},
		{"ignored", func(t *testing.T, root string, c []Change, git func(...string)) {
			git("rm", "-q", "--cached", "hub/hub.go")
			mustWrite(t, filepath.Join(root, ".gitignore"), "hub.go\n")
			git("add", ".gitignore")
			git("commit", "-q", "-m", "ignore")
		}, hub},
		{"ignored folder", func(t *testing.T, root string, c []Change, git func(...string)) {
			git("rm", "-q", "-r", "--cached", "hub")
			mustWrite(t, filepath.Join(root, ".gitignore"), "hub/\n")
			git("add", ".gitignore")
			git("commit", "-q", "-m", "ignore")
		}, "gone.go and " + filepath.FromSlash("hub/hub.go") + " have uncommitted changes"},
		{"renamed", func(t *testing.T, root string, c []Change, git func(...string)) {
			git("mv", "other.go", "hub/deep.go")
			git("commit", "-q", "-m", "move")
			git("mv", "hub/deep.go", "other.go")
		}, ""},
		{"deletion not committed", func(t *testing.T, root string, c []Change, git func(...string)) {
			mustWrite(t, c[1].Path, "package er // mine")
			git("add", ".")
			git("commit", "-q", "-m", "add")
			os.Remove(c[1].Path)
		}, "new.go has uncommitted changes"},
		{"nested repository", func(t *testing.T, root string, c []Change, git func(...string)) {
			git("init", "-q", "hub")
		}, "gone.go and " + filepath.FromSlash("hub/hub.go") + " have uncommitted changes"},
		{"damaged repository", func(t *testing.T, root string, c []Change, git func(...string)) {
			mustWrite(t, filepath.Join(root, ".git"), "gitdir: nowhere\n")
		}, "git cannot tell whether there are uncommitted changes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			root, changes, env, git := repo(t)
			test.spoil(t, root, changes, git)
			before := snapshot(t, root)
			w := &Writer{Root: root, Env: env}
			err := w.Write(context.Background(), changes)
			if test.want != "" {
				refusal(t, err, test.want, "-force")
				same(t, "refused", snapshot(t, root), before)
				noJournal(t, "refused", root)
				w.Force = true
				err = w.Write(context.Background(), changes)
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Undo(context.Background()); err != nil {
				t.Fatal(err)
			}
			same(t, "undone", snapshot(t, root), before)
		})
	}
}

// next returns changes that follow on changes.
func next(changes []Change, suffix string) []Change {
	var out []Change
	for _, c := range changes {
		switch {
		case c.Deleted:
			c = Change{Path: c.Path, New: []byte("package hub // again\n"), Created: true}
		default:
			c = Change{Path: c.Path, Old: c.New, New: append(c.New[:len(c.New):len(c.New)], suffix...)}
		}
		out = append(out, c)
	}
	return out
}

// TestOwnChanges writes over what earlier runs wrote, and over nothing else.
func TestOwnChanges(t *testing.T) {
	root, changes, env, git := repo(t)
	w := &Writer{Root: root, Env: env}
	write := func(c []Change) {
		t.Helper()
		if err := w.Write(context.Background(), c); err != nil {
			t.Fatal(err)
		}
	}
	old := snapshot(t, root)
	write(changes)
	second := next(changes, "// 2\n")
	write(second)
	git("add", ".") // staged, and still ours
	third := next(second, "// 3\n")
	write(third)

	edited := next(third, "// 4\n")
	mine := append([]byte("// mine\n"), edited[3].Old...)
	mustWrite(t, edited[3].Path, string(mine))
	edited[3].Old = mine
	refusal(t, w.Write(context.Background(), edited), filepath.FromSlash("hub/hub.go")+" has uncommitted changes")

	// What was forced stays the user's.
	w.Force = true
	write(edited)
	w.Force = false
	fifth := next(edited, "// 5\n")
	refusal(t, w.Write(context.Background(), fifth), filepath.FromSlash("hub/hub.go")+" has uncommitted changes")
	git("add", ".")
	git("commit", "-q", "-m", "all of it")
	write(fifth)

	for range 5 {
		if _, err := w.Undo(context.Background()); err != nil {
			if !strings.Contains(err.Error(), "changed since") {
				t.Fatal(err)
			}
			// The user's own line was no run's work.
			mustWrite(t, changes[3].Path, string(third[3].New))
			if _, err := w.Undo(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
	}
	same(t, "all undone", snapshot(t, root), old)
}

// TestIgnoresItself keeps the journal out of git.
func TestIgnoresItself(t *testing.T) {
	root, changes, env, _ := repo(t)
	if err := (&Writer{Root: root, Env: env}).Write(context.Background(), changes[:1]); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("git", "status", "--porcelain", "--untracked-files=all")
	cmd.Dir, cmd.Env = root, env
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(out), folder) {
		t.Errorf("git sees the journal:\n%s", out)
	}
}

// TestWithoutGit writes over uncommitted changes where nothing can tell.
func TestWithoutGit(t *testing.T) {
	root, changes, env, _ := repo(t)
	mustWrite(t, changes[3].Path, "package hub // mine")
	changes[3].Old = []byte("package hub // mine")
	refusal(t, (&Writer{Root: root, Env: env}).Write(context.Background(), changes), "uncommitted")
	without := append(env[:len(env):len(env)], "PATH="+t.TempDir())
	if err := (&Writer{Root: root, Env: without}).Write(context.Background(), changes); err != nil {
		t.Error(err)
	}
}
