package rule_test

import (
	"bytes"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/ruletest"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// wsfoo reports every use of a method that closes a connection, changes a
// deadline or reads.
func wsfoo() *analysis.Analyzer {
	return rule.Rule{Name: "wsfoo", Doc: "// # Analyzer wsfoo\n//\n// wsfoo: test\npackage wsfoo", Run: func(p *rule.Pass) {
		for id, obj := range p.TypesInfo.Uses {
			fn, ok := obj.(*types.Func)
			if !ok {
				continue
			}
			_, row := wsapi.Lookup(fn)
			f := rule.Finding{Pos: id.Pos(), Category: "read", Confidence: rule.High, Message: fn.Name()}
			switch {
			case row == nil:
				continue
			case row.Roles.Has(wsapi.Closes):
				f.Category = "close"
			case fn.Name() == "ReadMessage":
				f.Category, f.Confidence = "low", rule.Low
			}
			p.Report(f)
		}
	}}.Analyzer()
}

func TestDirectives(t *testing.T) {
	results := ruletest.Run(t, wsfoo(), "high", "ignored")
	report := results[0].Result.(*rule.Report)
	var reasons []string
	for _, s := range report.Suppressed {
		reasons = append(reasons, s.Reason)
	}
	want := []string{
		"at the end of the line", "above it", "the first of two in a group", "not for the next line",
		"several rules", "the one", "and the other", "of low confidence",
	}
	if !slices.Equal(reasons, want) {
		t.Errorf("taken back with the reasons %q, want %q", reasons, want)
	}
	without := 0
	for _, f := range report.Findings {
		if len(f.Related) == 1 && f.Related[0].Message == "this directive gives no reason and has no effect" {
			without++
		}
		if f.Category == rule.Stale && f.URL != "https://github.com/wsmigrate/wsmigrate/blob/main/docs/hazards/README.md#directives" {
			t.Errorf("stale has the page %s", f.URL)
		}
	}
	if without != 2 {
		t.Errorf("%d findings name a directive without a reason, want 2", without)
	}
}

// TestDirectivesCRLF runs the same cases with the line ends of Windows.
func TestDirectivesCRLF(t *testing.T) {
	dir := ruletest.Tree(t)
	name := filepath.Join(dir, "src", "ignored", "ignored.go")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")), 0o666); err != nil {
		t.Fatal(err)
	}
	analysistest.Run(t, dir, wsfoo(), "ignored")
}

// TestDirectivesBroken holds that directives of a package with type errors are
// not called stale: a rule may not have seen what they are about.
func TestDirectivesBroken(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "src", "p", "p.go")
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte("package p\n\n//wsmigrate:ignore wsfoo a reason\nvar x int = undefined\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, r := range analysistest.Run(quiet{}, dir, wsfoo(), "p") {
		if r.Result != nil && len(r.Result.(*rule.Report).Findings) > 0 {
			t.Errorf("findings: %v", r.Result.(*rule.Report).Findings)
		}
	}
}

// quiet takes no notice of the errors that are there on purpose.
type quiet struct{}

func (quiet) Errorf(string, ...any) {}
