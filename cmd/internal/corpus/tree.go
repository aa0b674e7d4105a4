package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A tree is a copy of a repository, with the module in the folder inside.
type tree struct {
	root     string // where commands run
	rest     string // where it lies while another tree is at root
	at       *occupant
	inside   string
	env      []string
	packages []string // that are compiled and tested

	timeout     time.Duration // of each command
	testTimeout time.Duration // of the tests of each package
}

// An occupant is the tree that is at its root. The copies of a repository
// take turns in one folder: the go command builds a package anew where its
// path is another, and runs its tests anew.
type occupant struct{ tree *tree }

// newTree copies the repository in from to the folder name below work.
func newTree(work, name string, at *occupant, from, inside string, o *options) (*tree, error) {
	t := &tree{root: filepath.Join(work, "tree"), rest: filepath.Join(work, name), at: at, inside: inside,
		timeout: o.Timeout, testTimeout: o.testDeadline}
	if err := copyTree(t.rest, from); err != nil {
		return nil, fmt.Errorf("copy: %w", err)
	}
	// Below a go.work that does not list it a module stands alone.
	listed, _, status, err := t.run("go", "list", "-m", "-f", "{{.Dir}}")
	if err != nil {
		return nil, err
	}
	if status != 0 || !slices.Contains(strings.Split(listed, "\n"), filepath.Join(t.root, inside)) {
		t.env = []string{"GOWORK=off"}
	}
	return t, nil
}

// enter puts the tree at its root, where it stays until another enters.
func (t *tree) enter() error {
	if t.at.tree == t {
		return nil
	}
	if err := t.at.leave(); err != nil {
		return err
	}
	t.at.tree = t
	return os.Rename(t.rest, t.root)
}

// leave puts the tree at root, if there is one, where it rests.
func (o *occupant) leave() error {
	t := o.tree
	if t == nil {
		return nil
	}
	o.tree = nil
	return os.Rename(t.root, t.rest)
}

// run runs a command in the module's folder. A command that takes too long is
// an error.
func (t *tree) run(name string, args ...string) (stdout, stderr string, status int, err error) {
	return t.runFor(t.timeout, name, args...)
}

func (t *tree) runFor(timeout time.Duration, name string, args ...string) (stdout, stderr string, status int, err error) {
	if err := t.enter(); err != nil {
		return "", "", 0, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = filepath.Join(t.root, t.inside)
	cmd.Env = append(os.Environ(), t.env...)
	cmd.WaitDelay = time.Second // children may keep the pipes open
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	if ctx.Err() != nil {
		return "", "", 0, fmt.Errorf("%s %s: took more than %v", filepath.Base(name), args[0], timeout)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return "", "", 0, err
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode(), nil
}

// vendor brings the vendor folder up to date where there is one.
func (t *tree) vendor() {
	if _, err := os.Stat(filepath.Join(t.root, t.inside, "vendor", "modules.txt")); err == nil {
		t.run("go", "mod", "vendor")
	}
}

// compile returns the lines that go build and go vet print, without positions
// in files, which a change moves.
func (t *tree) compile() []string {
	var lines []string
	for _, args := range [][]string{{"build", "-o", os.DevNull}, {"vet"}} {
		stdout, stderr, status, err := t.run("go", slices.Concat(args, t.packages)...)
		if err != nil {
			lines = append(lines, err.Error())
			continue
		}
		found := complaints(stdout + stderr)
		if status != 0 && len(found) == 0 {
			found = []string{fmt.Sprintf("go %s: exit status %d", args[0], status)}
		}
		lines = append(lines, found...)
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

var position = regexp.MustCompile(`:\d+(:\d+)?:`)

// complaints returns the lines of the go command's output that complain.
func complaints(output string) []string {
	var lines []string
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || strings.HasPrefix(line, "go: downloading ") {
			continue
		}
		lines = append(lines, position.ReplaceAllString(line, ":"))
	}
	return lines
}

// copyTree copies a repository without its history: files with their modes,
// and symbolic links as such.
func copyTree(to, from string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == ".wsmigrate"):
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(target, 0o777)
		case entry.Type() == fs.ModeSymlink:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(link, target)
		case !entry.Type().IsRegular():
			return nil
		}
		return copyFile(target, path)
	})
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm()|0o200)
	if err != nil {
		return err
	}
	if _, err = io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	return os.Chmod(to, info.Mode().Perm())
}

// A snapshot holds the hash of every file of a tree, but for the folders of
// tools: the history, the journal, and what go mod vendor makes.
type snapshot map[string][sha256.Size]byte

func (t *tree) snapshot() (snapshot, error) {
	if err := t.enter(); err != nil {
		return nil, err
	}
	files := make(snapshot)
	err := filepath.WalkDir(t.root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{".git", ".wsmigrate", "vendor"}, entry.Name()):
			return fs.SkipDir
		case entry.Type().IsRegular():
			rel, err := filepath.Rel(t.root, path)
			if err != nil {
				return err
			}
			content, err := os.ReadFile(path)
			files[filepath.ToSlash(rel)] = sha256.Sum256(content)
			return err
		}
		return nil
	})
	return files, err
}

// changed lists the files that are not as they were, and the Go files that
// are new: other new files may come from the module's tests.
func (s snapshot) changed(now snapshot) []string {
	var names []string
	for name, sum := range s {
		if now[name] != sum {
			names = append(names, name)
		}
	}
	for name := range now {
		if _, old := s[name]; !old && strings.HasSuffix(name, ".go") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
