package rewrite

import (
	"go/token"
	"path/filepath"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/analysis/passes/copylock"
	"golang.org/x/tools/go/analysis/passes/lostcancel"
	"golang.org/x/tools/go/analysis/passes/unusedresult"
	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/load"
)

// vetAnalyzers find what type checking does not and a rewrite can bring about:
// a cancel function that is not called, a copied lock, a dropped result.
var vetAnalyzers = []*analysis.Analyzer{copylock.Analyzer, lostcancel.Analyzer, unusedresult.Analyzer}

// vet returns the findings of vetAnalyzers in changed files that the tree did
// not have before.
func (pl *planner) vet(views []*load.View, fset *token.FileSet, changes []FileChange) []fault {
	changed := map[string]bool{}
	for _, c := range changes {
		if filepath.Ext(c.Path) == ".go" {
			changed[c.Path] = true
		}
	}
	known := map[string]int{}
	for _, f := range vetFindings(pl.prog.tree.Views, pl.prog.Fset, changed) {
		known[f.file+"\x00"+f.text]++
	}
	var out []fault
	for _, f := range vetFindings(views, fset, changed) {
		if k := f.file + "\x00" + f.text; known[k] > 0 {
			known[k]--
			continue
		}
		out = append(out, f)
	}
	return out
}

// vetFindings runs the analyzers on the packages that hold a changed file. An
// analyzer that fails finds nothing: what it says is a second opinion.
func vetFindings(views []*load.View, fset *token.FileSet, changed map[string]bool) []fault {
	var out []fault
	for _, v := range views {
		var pkgs []*packages.Package
		for _, p := range v.Packages {
			for _, f := range p.CompiledGoFiles {
				if changed[f] && !p.IllTyped {
					// Without its imports, for which the analyzers would look
					// through all dependencies for functions that never return.
					alone := *p
					alone.Imports = nil
					pkgs = append(pkgs, &alone)
					break
				}
			}
		}
		if len(pkgs) == 0 {
			continue
		}
		graph, err := checker.Analyze(vetAnalyzers, pkgs, nil)
		if err != nil {
			continue
		}
		seen := map[fault]bool{} // test variants repeat files
		for _, act := range graph.Roots {
			for _, d := range act.Diagnostics {
				p := fset.PositionFor(d.Pos, false)
				f := fault{p.Filename, p.Line, act.Analyzer.Name + ": " + d.Message}
				if changed[p.Filename] && !seen[f] {
					seen[f] = true
					out = append(out, f)
				}
			}
		}
	}
	return out
}
