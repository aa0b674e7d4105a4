package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsmigrate/wsmigrate/cmd/internal/measure"
)

// A result is what was found out about one module.
type result struct {
	Dir   string
	Name  string // the repository's folder, and the module's place in it
	Error string `json:",omitempty"` // why the module was not looked at any further

	// Errors that go build and go vet of the untouched module report, and the
	// tests that pass there.
	Packages    []string `json:",omitempty"` // that were compiled and tested
	BuildErrors int
	Tests       int

	Shim *outcome `json:",omitempty"`
	Fix  *outcome `json:",omitempty"`
}

// An outcome is what one subcommand with -w made of a module.
type outcome struct {
	Status      int
	Message     string   `json:",omitempty"` // of the tool, where it refused
	Report      report   // of fix
	NewErrors   []string `json:",omitempty"` // of go build and go vet
	FailedTests []string `json:",omitempty"` // that passed before
	FlakyTests  []string `json:",omitempty"` // that failed at first
	SecondRun   bool     // a second run would change nothing
	Undone      []string `json:",omitempty"` // files that undo did not restore
}

// A report is the part of wsmigrate's JSON form that is used here.
type report struct {
	Clusters []cluster `json:"clusters"`
	Summary  struct {
		Sites, Native, Helpers, Shim, Pinned int
	} `json:"summary"`
}

type cluster struct {
	Name     string `json:"name"`
	Outcome  string `json:"outcome"`
	Sites    int    `json:"sites"`
	Blocking []struct {
		Posn   string `json:"posn"`
		Rule   string `json:"rule"`
		Reason string `json:"reason"`
	} `json:"blocking"`
}

// exported reports whether the cluster is part of what other modules see.
func (c *cluster) exported() bool {
	for _, b := range c.Blocking {
		if b.Rule == "api" {
			return true
		}
	}
	return false
}

func (c *cluster) converted() bool { return c.Outcome == "native" || c.Outcome == "helpers" }

func (o *outcome) broken() bool {
	return o != nil && (o.Status == 4 || len(o.NewErrors)+len(o.FailedTests)+len(o.Undone) > 0 || o.Message == "" && !o.SecondRun)
}

func (r *result) broken() bool { return r.Shim.broken() || r.Fix.broken() }

// examine runs the steps on copies of the module in dir, made in the new
// folder work.
func examine(o *options, dir, work string, say func(string)) *result {
	r := &result{Dir: filepath.ToSlash(dir), Name: filepath.Base(filepath.Clean(dir))}
	fail := func(err error) *result {
		r.Error = err.Error()
		return r
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		return fail(err)
	}
	root, inside, err := repository(dir)
	if err != nil {
		return fail(err)
	}
	r.Name = path.Join(filepath.Base(root), filepath.ToSlash(inside))
	say("copy")
	var at occupant
	defer at.leave() // to where -work keeps it
	original, err := newTree(work, "original", &at, root, inside, o)
	if err != nil {
		return fail(err)
	}
	if original.packages, err = original.choose(o.packages); err != nil {
		return fail(err)
	}
	r.Packages = original.packages
	say("build and vet as it is")
	before := original.compile()
	r.BuildErrors = len(before)
	var passed []string
	if o.test {
		say("test as it is")
		if passed, err = original.test(); err != nil {
			return fail(err)
		}
		r.Tests = len(passed)
	}

	steps := strings.Split(o.only, ",")
	for _, step := range []string{"shim", "fix"} {
		if !slices.Contains(steps, step) {
			continue
		}
		t, err := newTree(work, step, &at, root, inside, o)
		if err != nil {
			return fail(err)
		}
		t.packages = original.packages
		out, err := change(o, step, t, original, before, passed, say)
		if err != nil {
			return fail(fmt.Errorf("%s: %w", step, err))
		}
		if step == "shim" {
			r.Shim = out
		} else {
			r.Fix = out
		}
	}
	return r
}

// change lets one subcommand write in the tree and looks at what it left:
// errors that were not there before, tests that passed in the original and
// fail here, whether a second run would write again, and whether undo restores
// every byte.
func change(o *options, step string, t, original *tree, before, passed []string, say func(string)) (*outcome, error) {
	files, err := t.snapshot()
	if err != nil {
		return nil, err
	}
	args := []string{"-compat-dir", o.compat, "-to", o.to}
	if step == "fix" {
		args = append(args, "-api", o.api)
	}
	if o.to == "coder" {
		args = append(args, "-raise-go")
	}
	out := new(outcome)

	say(step)
	stdout, stderr, status, err := t.run(o.Tool, slices.Concat([]string{"-format", "json", step, "-w"}, args, []string{"./..."})...)
	if err != nil {
		return nil, err
	}
	out.Status = status
	if json.Unmarshal([]byte(stdout), &out.Report) != nil || status == 2 || status == 4 {
		out.Message = measure.LastLine(stderr)
		return out, nil
	}

	say("build and vet after " + step)
	t.vendor()
	for _, line := range t.compile() {
		if !slices.Contains(before, line) {
			out.NewErrors = append(out.NewErrors, line)
		}
	}
	if o.test && len(passed) > 0 {
		say("test after " + step)
		now, err := t.test()
		if err != nil {
			return nil, err
		}
		if out.FailedTests, out.FlakyTests, err = compareTests(original, t, passed, now); err != nil {
			return nil, err
		}
	}

	say("second " + step + " and undo")
	stdout, _, _, err = t.run(o.Tool, slices.Concat([]string{step, "-force"}, args, []string{"./..."})...)
	if err != nil {
		return nil, err
	}
	out.SecondRun = strings.TrimSpace(stdout) == ""
	if out.Report.Summary.Sites > 0 {
		if _, stderr, status, err := t.run(o.Tool, "undo"); err != nil {
			return nil, err
		} else if status != 0 && !strings.Contains(stderr, "nothing to undo") {
			out.Undone = append(out.Undone, measure.LastLine(stderr))
		}
		now, err := t.snapshot()
		if err != nil {
			return nil, err
		}
		out.Undone = append(out.Undone, files.changed(now)...)
	}
	return out, nil
}

// repository returns the root of the git repository around the module, or the
// module itself, and the module's place in it: a replace in go.mod may lead to
// its neighbours.
func repository(dir string) (root, inside string, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return "", "", err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", "", err
	}
	for root = dir; ; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, ".git")); err == nil {
			inside, err = filepath.Rel(root, dir)
			return root, inside, err
		} else if !errors.Is(err, os.ErrNotExist) {
			return "", "", err
		}
		if root == filepath.Dir(root) {
			return dir, ".", nil
		}
	}
}
