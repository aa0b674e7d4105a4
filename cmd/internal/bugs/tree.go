package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A result is what was found out about one bug.
type result struct {
	Bug          *bug
	Buggy, Fixed *outcome
}

// An outcome is what the linter said of one tree.
type outcome struct {
	Error    string    `json:",omitempty"` // why there are no findings
	File     string    // the file in question, as findings name it
	Skipped  []string  `json:",omitempty"` // packages that did not load
	Findings []finding // of all rules and tiers
}

func (r *result) failed() bool {
	return r.Buggy.Error != "" || r.Fixed != nil && r.Fixed.Error != ""
}

// examine lints both commits of a bug in trees below work.
func examine(o *options, b *bug, work string) *result {
	r := &result{Bug: b, Buggy: lint(o, b, b.Buggy, b.File, filepath.Join(work, "buggy"))}
	if b.Fixed != "" {
		r.Fixed = lint(o, b, b.Fixed, b.FixedFile, filepath.Join(work, "fixed"))
	}
	return r
}

// lint writes a commit out and lints the package of a file there.
func lint(o *options, b *bug, commit, file, tree string) *outcome {
	out := &outcome{Findings: []finding{}}
	fail := func(err error) *outcome {
		out.Error = err.Error()
		return out
	}
	if _, err := os.Stat(tree); errors.Is(err, fs.ErrNotExist) {
		part := tree + ".part" // so that a tree is whole or not there
		if err := os.RemoveAll(part); err != nil {
			return fail(err)
		}
		if err := checkOut(filepath.Join(o.clones, filepath.FromSlash(b.Repo)), commit, part); err != nil {
			return fail(fmt.Errorf("check out %s %s: %w", b.Repo, commit, err))
		}
		if err := os.Rename(part, tree); err != nil {
			return fail(err)
		}
	}
	module := moduleOf(tree, file)
	rel, err := filepath.Rel(filepath.Join(tree, module), filepath.Join(tree, filepath.FromSlash(file)))
	if err != nil {
		return fail(err)
	}
	out.File = filepath.ToSlash(rel)
	dir := filepath.Join(tree, module)
	if err := o.modules(dir, b.Repo); err != nil {
		return fail(err)
	}
	pattern := "./" + path.Dir(out.File)
	if b.CrossPackage {
		pattern = "./..."
	}
	stdout, stderr, err := o.command(dir, o.tool, "-format", "json", "lint", "-confidence", "low", pattern)
	var doc struct {
		Findings []finding `json:"findings"`
		Skipped  []struct {
			Path   string `json:"path"`
			Reason string `json:"reason"`
		} `json:"skipped"`
	}
	if jsonErr := json.Unmarshal(stdout, &doc); jsonErr != nil {
		return fail(fmt.Errorf("lint: %v: %s", err, lastLine(stderr)))
	}
	out.Findings = append(out.Findings, doc.Findings...)
	for _, s := range doc.Skipped {
		out.Skipped = append(out.Skipped, s.Path+": "+s.Reason)
	}
	return out
}

// moduleOf returns the folder of the go.mod nearest to a file, relative to the
// tree, or "." if there is none.
func moduleOf(tree, file string) string {
	for dir := path.Dir(file); dir != "."; dir = path.Dir(dir) {
		if _, err := os.Stat(filepath.Join(tree, filepath.FromSlash(dir), "go.mod")); err == nil {
			return filepath.FromSlash(dir)
		}
	}
	return "."
}

// modules makes sure that there is a go.mod, and that it names what is needed.
func (o *options) modules(dir, repo string) error {
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		// What such trees vendor belongs to a GOPATH and has no versions.
		for _, old := range []string{"vendor", "Godeps"} {
			if err := os.RemoveAll(filepath.Join(dir, old)); err != nil {
				return err
			}
		}
		if _, stderr, err := o.command(dir, "go", "mod", "init", modulePath(dir, repo)); err != nil {
			return fmt.Errorf("make go.mod: %s", lastLine(stderr))
		}
		if _, stderr, err := o.command(dir, "go", "mod", "tidy", "-e"); err != nil {
			return fmt.Errorf("find the modules: %s", lastLine(stderr))
		}
	}
	return nil
}

// modulePath guesses the import path of a tree without a go.mod from what its
// packages import from each other: repositories move, and the code keeps the
// old name.
func modulePath(dir, repo string) string {
	base := path.Base(repo)
	folders := make(map[string]bool) // with Go files
	var imports []string
	filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		if rel, err := filepath.Rel(dir, filepath.Dir(name)); err == nil {
			folders[filepath.ToSlash(rel)] = true
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return nil
		}
		for _, spec := range file.Imports {
			if p, err := strconv.Unquote(spec.Path.Value); err == nil {
				imports = append(imports, p)
			}
		}
		return nil
	})
	best, counts := "github.com/"+repo, make(map[string]int)
	for _, p := range imports {
		for prefix := path.Dir(p); prefix != "."; prefix = path.Dir(prefix) {
			if path.Base(prefix) != base || !folders[strings.TrimPrefix(p, prefix+"/")] {
				continue
			}
			if counts[prefix]++; counts[prefix] > counts[best] {
				best = prefix
			}
		}
	}
	return best
}

// command runs a program in a folder without a workspace, and lets the go
// command complete go.sum.
func (o *options) command(dir, name string, args ...string) (stdout []byte, stderr string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), o.deadline)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	cmd.WaitDelay = 10 * time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.Bytes(), errs.String(), err
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}

// checkOut writes the files of a commit below dir. It asks git for one after
// the other instead of making a work tree: clones may lack some, and the
// repository stays as it is. Symbolic links are left out.
func checkOut(repo, commit, dir string) error {
	list, err := exec.Command("git", "-C", repo, "ls-tree", "-r", "-z", "--full-tree", commit).Output()
	if err != nil {
		return gitError(err)
	}
	batch := exec.Command("git", "-C", repo, "cat-file", "--batch")
	in, err := batch.StdinPipe()
	if err != nil {
		return err
	}
	pipe, err := batch.StdoutPipe()
	if err != nil {
		return err
	}
	if err := batch.Start(); err != nil {
		return err
	}
	out := bufio.NewReader(pipe)
	for entry := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		meta, name, _ := strings.Cut(entry, "\t")
		fields := strings.Fields(meta) // mode, type, hash
		if len(fields) != 3 || fields[1] != "blob" || fields[0] == "120000" {
			continue
		}
		if err := writeBlob(in, out, fields[2], filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			in.Close()
			batch.Wait()
			return err
		}
	}
	in.Close()
	return batch.Wait()
}

// writeBlob asks git cat-file for a blob and writes it to a file; a blob that
// the clone lacks is none.
func writeBlob(in io.Writer, out *bufio.Reader, hash, name string) error {
	if _, err := io.WriteString(in, hash+"\n"); err != nil {
		return err
	}
	head, err := out.ReadString('\n')
	if err != nil {
		return err
	}
	fields := strings.Fields(head) // hash, type, size; or hash, "missing"
	if len(fields) != 3 {
		return nil
	}
	size, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return err
	}
	data := make([]byte, size+1) // and a newline
	if _, err := io.ReadFull(out, data); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	return os.WriteFile(name, data[:size], 0o666)
}

func gitError(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return errors.New(lastLine(string(exit.Stderr)))
	}
	return err
}
