package analyzer_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/analyzer"
)

func TestSuite(t *testing.T) {
	if err := analysis.Validate(analyzer.Suite); err != nil {
		t.Fatal(err)
	}
	for _, a := range analyzer.Suite {
		for _, section := range []string{"# What it cannot see", "# How to fix", "Bad:", "Good:"} {
			if !strings.Contains(a.Doc, section) {
				t.Errorf("%s: the doc lacks %q", a.Name, section)
			}
		}
		if !strings.HasSuffix(a.URL, "/docs/hazards/"+a.Name+".md") {
			t.Errorf("%s: URL %s", a.Name, a.URL)
		}
	}
	if got := analyzer.Findings(42); got != nil {
		t.Errorf("Findings of a foreign result: %v", got)
	}
}

// TestApps runs the suite over the bundled applications: the dashboard has
// three findings, all others have none. What is a matter of policy, and
// reported at low confidence, is left out.
func TestApps(t *testing.T) {
	const apps = "../testdata/apps"
	entries, err := os.ReadDir(apps)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"dashboard": "wsconcurrent/goroutine/high wsorigin/always/high wsdeadline/locked/medium"}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		t.Run(e.Name(), func(t *testing.T) {
			var got []string
			for _, f := range findings(t, filepath.Join(apps, e.Name())) {
				if !f.Confidence.AtLeast(analyzer.Medium) {
					continue
				}
				got = append(got, f.Rule+"/"+f.Category+"/"+string(f.Confidence))
			}
			if got := strings.Join(got, " "); got != want[e.Name()] {
				t.Errorf("got %q, want %q", got, want[e.Name()])
			}
		})
	}
}

// findings returns those of every tier, rule by rule.
func findings(t *testing.T, dir string) []analyzer.Finding {
	t.Helper()
	pkgs, err := packages.Load(&packages.Config{
		Mode: packages.LoadSyntax, Dir: dir, Env: append(os.Environ(), "GOWORK=off"),
	}, "./...")
	if err != nil {
		t.Fatal(err)
	}
	var list []analyzer.Finding
	for _, a := range analyzer.Suite {
		graph, err := checker.Analyze([]*analysis.Analyzer{a}, pkgs, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, act := range graph.Roots {
			if act.Err != nil {
				t.Error(act.Err)
			}
			list = append(list, analyzer.Findings(act.Result)...)
		}
	}
	return list
}
