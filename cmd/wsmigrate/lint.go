package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/analyzer"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
	"github.com/wsmigrate/wsmigrate/rewrite"
)

// lintCommand shows the hazards.
func lintCommand(ctx context.Context, inv *invocation) error {
	rules, err := parseRules(inv.rules)
	if err != nil {
		return err
	}
	doc, err := inv.examined(ctx, func(doc *report.Document, prog *rewrite.Program) error {
		return inv.lint(ctx, doc, prog, func(f report.Finding) bool { return rules.Has(f.Rule, f.Category) })
	})
	if err != nil {
		return err
	}
	if inv.baseline != "" {
		done, err := inv.applyBaseline(doc)
		if done || err != nil {
			return err
		}
	}

	if len(doc.Findings) > 0 {
		inv.status = exitFound
	}
	if err := inv.render(doc, inv.text(doc).Findings); err != nil {
		return err
	}
	if err := inv.remarksText(doc).Remarks(&inv.remarks); err != nil {
		return err
	}
	fmt.Fprintf(&inv.remarks, "%s in %s\n", hazards(len(doc.Findings)), report.Count(doc.Summary.Packages, "package"))
	return nil
}

func hazards(n int) string {
	if n == 0 {
		return "no hazards"
	}
	return report.Count(n, "hazard")
}

// parseRules reads the list of -rules, which commas or spaces separate.
func parseRules(list string) (analyzer.Selection, error) {
	sel, err := analyzer.Select(strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }))
	if unknown, ok := errors.AsType[*analyzer.UnknownRuleError](err); ok {
		names := analyzer.RuleNames()
		return sel, usagef("-rules %s: there is no rule %s%s: the rules are %s", list, unknown.Rule, didYouMean(unknown.Rule, names), strings.Join(names, ", "))
	}
	return sel, err
}

// lint runs the suite over the program and records the findings of the wanted
// tiers that are to be kept. A package that a rule fails on is recorded as
// skipped.
func (inv *invocation) lint(ctx context.Context, doc *report.Document, prog *rewrite.Program, keep func(report.Finding) bool) error {
	inv.progress.Update("linting", 0, 0)
	type outcome struct {
		graph *checker.Graph
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		g, err := checker.Analyze(analyzer.Suite, prog.Packages(), nil)
		done <- outcome{g, err}
	}()
	var res outcome
	select {
	case <-ctx.Done():
		return ctx.Err()
	case res = <-done:
	}
	if res.err != nil {
		return fmt.Errorf("lint: %w", res.err)
	}

	wanted := func(f report.Finding) bool {
		return analyzer.Confidence(f.Confidence).AtLeast(analyzer.Confidence(inv.confidence)) && keep(f)
	}
	var findings []report.Finding
	var suppressed []report.Suppressed
	var failed []rewrite.Skipped
	looked := make(map[ruleFile]int)
	for _, act := range res.graph.Roots {
		if err := cmp.Or(act.Err, analyzer.Failure(act.Result)); err != nil {
			failed = append(failed, rewrite.Skipped{Path: packageDir(act.Package), Reason: err.Error()})
		}
		for _, f := range analyzer.Findings(act.Result) {
			if f := finding(doc, act.Package, f); wanted(f) {
				findings = append(findings, f)
			}
		}
		for _, s := range analyzer.SuppressedFindings(act.Result) {
			if f := finding(doc, act.Package, s.Finding); wanted(f) {
				at := doc.Posn(act.Package.Fset.Position(s.Directive))
				suppressed = append(suppressed, report.Suppressed{Finding: f, Directive: at, Reason: s.Reason})
			}
		}
		for _, file := range act.Package.Syntax {
			looked[ruleFile{act.Analyzer.Name, doc.Posn(act.Package.Fset.Position(file.Package)).File}]++
		}
	}
	doc.AddSkipped(failed)
	inv.misnamed(doc, prog.Packages())
	doc.Linted = true
	doc.SetFindings(everywhereStale(findings, looked))
	doc.Suppress(suppressed)
	return nil
}

// everything keeps every finding.
func everything(report.Finding) bool { return true }

// packageDir names a package by its folder, or by its path.
func packageDir(p *packages.Package) string {
	if p.Dir != "" {
		return p.Dir
	}
	return p.PkgPath
}

// finding returns the document's form of a finding in a package.
func finding(doc *report.Document, pkg *packages.Package, f analyzer.Finding) report.Finding {
	posn := func(p token.Pos) report.Posn {
		if !p.IsValid() {
			return report.Posn{}
		}
		return doc.Posn(pkg.Fset.Position(p))
	}
	end := func(from, to token.Pos) report.Posn {
		if !to.IsValid() {
			to = from
		}
		return posn(to)
	}
	places := func(list []analysis.RelatedInformation) []report.Related {
		out := []report.Related{}
		for _, r := range list {
			out = append(out, report.Related{Posn: posn(r.Pos), End: end(r.Pos, r.End), Message: r.Message})
		}
		return out
	}
	out := report.Finding{
		Rule: f.Rule, Category: f.Category, Confidence: string(f.Confidence),
		Posn: posn(f.Pos), End: end(f.Pos, f.End), Message: f.Message, URL: f.URL,
		Related: places(f.Related), Func: enclosing(pkg, f.Pos),
	}
	for _, w := range f.Flows {
		out.Flows = append(out.Flows, report.Flow{Name: w.Name, Steps: places(w.Steps)})
	}
	for _, fix := range f.Fixes {
		to := report.Fix{Message: fix.Message}
		for _, e := range fix.TextEdits {
			to.Edits = append(to.Edits, report.Edit{Posn: posn(e.Pos), End: end(e.Pos, e.End), NewText: string(e.NewText)})
		}
		out.Fixes = append(out.Fixes, to)
	}
	return out
}

// enclosing names the declared function that holds pos, with its receiver.
func enclosing(pkg *packages.Package, pos token.Pos) string {
	for _, file := range pkg.Syntax {
		if pos < file.FileStart || pos > file.FileEnd {
			continue
		}
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || pos < fn.Pos() || pos > fn.End() {
				continue
			}
			if fn.Recv != nil && len(fn.Recv.List) == 1 {
				return "(" + types.ExprString(fn.Recv.List[0].Type) + ")." + fn.Name.Name
			}
			return fn.Name.Name
		}
	}
	return ""
}
