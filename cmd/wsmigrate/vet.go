package main

import (
	"flag"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/suite/vet"

	"github.com/wsmigrate/wsmigrate/analyzer"
)

// calledByGo reports whether go vet or go fix is calling: it asks for the
// tool's identity or its flags, and then hands over one .cfg file a package.
func calledByGo(args []string) bool {
	if len(args) == 1 && (args[0] == "-V=full" || args[0] == "-flags") {
		return true
	}
	return len(args) > 0 && strings.HasSuffix(args[len(args)-1], ".cfg")
}

// vetSuite returns what runs under go vet and go fix: the linter's rules, and
// the analyzers that go vet has by itself, since it runs one tool only. Whoever
// lets wsmigrate fix code, with -fix or under go fix, gets the fixes of the
// rules alone.
func vetSuite() []*analysis.Analyzer {
	suite := slices.Clone(analyzer.Suite)
	for _, a := range vet.Suite {
		suite = append(suite, unfixing(a))
	}
	return suite
}

// unfixing returns the analyzer without its fixes where those are applied. They
// stay where they are shown, with -json.
func unfixing(a *analysis.Analyzer) *analysis.Analyzer {
	unfixed := *a
	unfixed.Run = func(pass *analysis.Pass) (any, error) {
		reporting := *pass
		if fix := flag.Lookup("fix"); fix != nil && fix.Value.String() == "true" {
			reporting.Report = func(d analysis.Diagnostic) {
				d.SuggestedFixes = nil
				pass.Report(d)
			}
		}
		return a.Run(&reporting)
	}
	return &unfixed
}
