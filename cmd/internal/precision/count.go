package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsmigrate/wsmigrate/cmd/internal/measure"
)

// A result is what was found in one module.
type result struct {
	Module   *module
	Error    string   `json:",omitempty"` // why there are no findings
	Skipped  []string `json:",omitempty"` // packages that did not load
	Lines    int
	Findings []measure.Finding
}

// examine lints a module of a tree that it writes out below work.
func examine(o *options, m *module) *result {
	r := &result{Module: m}
	tree := filepath.Join(o.Work, strings.ReplaceAll(m.Repo, "/", "+"))
	dir := filepath.Join(tree, filepath.FromSlash(m.Folder))
	err := o.Tree(m.Repo, m.Commit, tree)
	if err == nil {
		err = o.Modules(dir, m.Repo)
	}
	if err == nil {
		r.Lines, err = countLines(dir)
	}
	if err == nil {
		r.Findings, r.Skipped, err = o.Lint(dir, "./...")
	}
	if err != nil {
		r.Error = err.Error()
	}
	return r
}

// countLines counts the lines of a module's Go files, without tests, testdata
// and what is vendored, and without modules below it.
func countLines(dir string) (n int, err error) {
	err = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != dir:
			if base := d.Name(); base == "vendor" || base == "testdata" || base == "node_modules" || base[0] == '.' || base[0] == '_' {
				return fs.SkipDir
			}
			if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil {
				return fs.SkipDir
			}
		case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && d.Type().IsRegular():
			text, err := os.ReadFile(name)
			n += bytes.Count(text, []byte("\n"))
			return err
		}
		return nil
	})
	return n, err
}

// moduleRows returns the rows of the first table with their figures.
func moduleRows(all []*result) []string {
	var rows []string
	for _, r := range all {
		n := tiers(r.Findings)
		figures := fmt.Sprintf("%d | %d | %d | %d", r.Lines, n["high"], n["medium"], n["low"])
		if r.Error != "" {
			figures = "not linted | | |"
		}
		rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s | %s |", r.Module.Set, r.Module.Repo, r.Module.Commit, r.Module.Folder, figures))
	}
	return rows
}

func tiers(findings []measure.Finding) map[string]int {
	n := make(map[string]int)
	for _, f := range findings {
		n[f.Confidence]++
	}
	return n
}

// ruleRows returns the rows of the second table: by set and kind of finding,
// with a sum for each set.
func ruleRows(all []*result) []string {
	lines := make(map[string]int)
	found := make(map[string]map[string][]measure.Finding)
	for _, r := range all {
		set := r.Module.Set
		if found[set] == nil {
			found[set] = make(map[string][]measure.Finding)
		}
		lines[set] += r.Lines
		for _, f := range r.Findings {
			found[set][f.ID()] = append(found[set][f.ID()], f)
			found[set]["all"] = append(found[set]["all"], f)
		}
	}
	var rows []string
	for _, set := range slices.Sorted(maps.Keys(found)) {
		for _, id := range slices.SortedFunc(maps.Keys(found[set]), func(a, b string) int {
			return cmp.Or(-cmp.Compare(len(found[set][a]), len(found[set][b])), cmp.Compare(a, b))
		}) {
			n := tiers(found[set][id])
			per := func(n int) float64 { return float64(n) * 10000 / float64(max(lines[set], 1)) }
			rows = append(rows, fmt.Sprintf("| %s | %s | %d | %d | %d | %.2f | %.2f |", set, id, n["high"], n["medium"], n["low"],
				per(n["high"]), per(len(found[set][id]))))
		}
	}
	return rows
}

// place names where a finding stands, in its repository.
func (r *result) place(f *measure.Finding) string {
	file, line := measure.Place(f.Posn)
	return fmt.Sprintf("%s:%d", path.Join(r.Module.Folder, file), line)
}

// judge holds the verdicts against the findings of high confidence. It reports
// whether each has the other.
func judge(w io.Writer, p *page, all []*result) (whole bool) {
	type key struct{ repo, place, finding string }
	verdicts := make(map[key]*verdict)
	for _, v := range p.verdicts {
		verdicts[key{v.repo, v.place, v.finding}] = v
	}
	whole = true
	used := make(map[*verdict]bool)
	linted := make(map[string]bool)
	right, total := make(map[string]int), make(map[string]int)
	for _, r := range all {
		if r.Error != "" {
			continue
		}
		linted[r.Module.Repo] = true
		for i := range r.Findings {
			f := &r.Findings[i]
			if f.Confidence != "high" {
				continue
			}
			v := verdicts[key{r.Module.Repo, r.place(f), f.ID()}]
			if v == nil {
				whole = false
				fmt.Fprintf(w, "no verdict: | %s | %s | %s | | | %s\n", r.Module.Repo, r.place(f), f.ID(), f.Message)
				continue
			}
			used[v] = true
			total[r.Module.Set]++
			if v.right {
				right[r.Module.Set]++
			}
		}
	}
	for _, v := range p.verdicts {
		if !used[v] && linted[v.repo] {
			whole = false
			fmt.Fprintf(w, "no finding: | %s | %s | %s |\n", v.repo, v.place, v.finding)
		}
	}
	for _, set := range slices.Sorted(maps.Keys(total)) {
		fmt.Fprintf(w, "%s: %d of %d findings of high confidence are true (%.0f %%)\n", set, right[set], total[set], 100*float64(right[set])/float64(total[set]))
	}
	return whole
}
