package analyzer_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/analyzer"
)

// The findings of a program, with how sure they are.
func ExampleFindings() {
	pkgs, err := packages.Load(&packages.Config{
		Mode: packages.LoadAllSyntax | packages.NeedModule,
		Dir:  "../testdata/apps/dashboard",
		Env:  append(os.Environ(), "GOWORK=off"),
	}, "./...")
	if err != nil || packages.PrintErrors(pkgs) > 0 {
		fmt.Println("the program does not load:", err)
		return
	}
	graph, err := checker.Analyze(analyzer.Suite, pkgs, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for act := range graph.All() {
		if !act.IsRoot {
			continue
		}
		for _, f := range analyzer.Findings(act.Result) {
			if !f.Confidence.AtLeast(analyzer.High) {
				continue
			}
			p := act.Package.Fset.Position(f.Pos)
			fmt.Printf("%s:%d: %s/%s\n", filepath.Base(p.Filename), p.Line, act.Analyzer.Name, f.Category)
		}
	}
	// Unordered output:
	// dashboard.go:21: wsorigin/always
	// dashboard.go:160: wsconcurrent/goroutine
}

// A selection is what -rules takes.
func ExampleSelect() {
	s, err := analyzer.Select([]string{"wsorigin", "-wsorigin/never"})
	fmt.Println(s.Has("wsorigin", "always"), s.Has("wsorigin", "never"), s.Has("wsclose", "leak"), err)
	_, err = analyzer.Select([]string{"wsorigins"})
	unknown := new(analyzer.UnknownRuleError)
	fmt.Println(errors.As(err, &unknown), unknown.Rule)
	// Output:
	// true false false <nil>
	// true wsorigins
}
