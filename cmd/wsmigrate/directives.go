package main

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/analyzer"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
)

// A ruleFile is a rule and a file that it looked at.
type ruleFile struct{ rule, file string }

// everywhereStale leaves of the findings about stale directives those that
// were made as often as the rule looked at the file: it may belong to a
// package, to the package with its tests, and to other build configurations,
// and what is stale is so in all of them.
func everywhereStale(findings []report.Finding, looked map[ruleFile]int) []report.Finding {
	type directive struct {
		posn    report.Posn
		message string
	}
	times := make(map[directive]int)
	for _, f := range findings {
		if f.Category == analyzer.Stale {
			times[directive{f.Posn, f.Message}]++
		}
	}
	return slices.DeleteFunc(findings, func(f report.Finding) bool {
		return f.Category == analyzer.Stale && times[directive{f.Posn, f.Message}] < looked[ruleFile{f.Rule, f.Posn.File}]
	})
}

// misnamed tells of directives that name no rule, and so do nothing.
func (inv *invocation) misnamed(doc *report.Document, pkgs []*packages.Package) {
	names := analyzer.RuleNames()
	told := make(map[string]bool)
	for _, p := range pkgs {
		for _, file := range p.Syntax {
			for _, d := range analyzer.Directives(file) {
				if len(d.Names) == 0 {
					d.Names = []string{""}
				}
				for _, n := range d.Names {
					rule, _, _ := strings.Cut(n, "/")
					if slices.Contains(names, rule) {
						continue
					}
					said := fmt.Sprintf("%s: the directive names no rule%s: //wsmigrate:ignore RULE reason\n",
						doc.Posn(p.Fset.Position(d.Pos)), didYouMean(rule, names))
					if !told[said] {
						told[said] = true
						inv.remarks.WriteString(said)
					}
				}
			}
		}
	}
}
