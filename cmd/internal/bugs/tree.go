package main

import (
	"os"
	"path"
	"path/filepath"

	"github.com/wsmigrate/wsmigrate/cmd/internal/measure"
)

// A result is what was found out about one bug.
type result struct {
	Bug          *bug
	Buggy, Fixed *outcome
}

// An outcome is what the linter said of one tree.
type outcome struct {
	Error    string            `json:",omitempty"` // why there are no findings
	File     string            // the file in question, as findings name it
	Skipped  []string          `json:",omitempty"` // packages that did not load
	Findings []measure.Finding // of all rules and tiers
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
	out := &outcome{Findings: []measure.Finding{}}
	fail := func(err error) *outcome {
		out.Error = err.Error()
		return out
	}
	if err := o.Tree(b.Repo, commit, tree); err != nil {
		return fail(err)
	}
	module := moduleOf(tree, file)
	rel, err := filepath.Rel(filepath.Join(tree, module), filepath.Join(tree, filepath.FromSlash(file)))
	if err != nil {
		return fail(err)
	}
	out.File = filepath.ToSlash(rel)
	dir := filepath.Join(tree, module)
	if err := o.Modules(dir, b.Repo); err != nil {
		return fail(err)
	}
	pattern := "./" + path.Dir(out.File)
	if b.CrossPackage {
		pattern = "./..."
	}
	findings, skipped, err := o.Lint(dir, pattern)
	if err != nil {
		return fail(err)
	}
	out.Findings = append(out.Findings, findings...)
	out.Skipped = skipped
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
