package ruletest

import (
	"embed"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
)

//go:embed testdata
var stubs embed.FS

// Tree copies the stubs and, above them, the cases of the calling test's
// package into a new folder in the form of a GOPATH and returns the folder.
func Tree(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir), stubs); err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(dir, "testdata")
	if err := os.CopyFS(dir, os.DirFS(cases(t, "testdata"))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Run checks the rule's findings of the tier and above on the packages of
// testdata/src against their "// want" comments.
func Run(t *testing.T, a *analysis.Analyzer, tier string, packages ...string) []*analysistest.Result {
	t.Helper()
	return at(t, a, tier, analysistest.Run, packages)
}

// RunFixes is Run, and holds the fixed files against the .golden files beside
// them.
func RunFixes(t *testing.T, a *analysis.Analyzer, tier string, packages ...string) {
	t.Helper()
	at(t, a, tier, analysistest.RunWithSuggestedFixes, packages)
}

type runner func(analysistest.Testing, string, *analysis.Analyzer, ...string) []*analysistest.Result

func at(t *testing.T, a *analysis.Analyzer, tier string, run runner, packages []string) []*analysistest.Result {
	t.Helper()
	old := a.Flags.Lookup("confidence").Value.String()
	if err := a.Flags.Set("confidence", tier); err != nil {
		t.Fatal(err)
	}
	defer a.Flags.Set("confidence", old)
	results := run(t, Tree(t), a, packages...)
	for _, r := range results {
		if pkg := r.Action.Package; len(pkg.Syntax) == 0 || len(pkg.Errors) > 0 && !strings.Contains(pkg.PkgPath, "broken") {
			t.Errorf("%s does not compile: %v", pkg.PkgPath, pkg.Errors)
		}
		if report, ok := r.Result.(*rule.Report); ok && report.Failure != nil {
			t.Errorf("%s: %v", r.Action.Package.PkgPath, report.Failure)
		}
	}
	return results
}
