package rule

import (
	"go/token"
	"go/types"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

func TestConfidence(t *testing.T) {
	tiers := []Confidence{Low, Medium, High}
	for i, a := range tiers {
		for j, b := range tiers {
			if got, want := a.AtLeast(b), i >= j; got != want {
				t.Errorf("%s.AtLeast(%s) = %t, want %t", a, b, got, want)
			}
			if got, want := Min(a, b), tiers[min(i, j)]; got != want {
				t.Errorf("Min(%s, %s) = %s, want %s", a, b, got, want)
			}
		}
		var c Confidence
		if err := c.Set(string(a)); err != nil || c != a {
			t.Errorf("Set(%q): %s, %v", a, c, err)
		}
	}
	var c Confidence
	if err := c.Set("certain"); err == nil {
		t.Error("Set takes an unknown tier")
	}
}

func TestSection(t *testing.T) {
	const src = `// Package x is x.
//
// # Analyzer one
//
// one: the first
//
// # How to fix
//
// Like this.
//
// # Analyzer two
//
// two: the second
package x
`
	for _, test := range []struct{ src, name, want, err string }{
		{src, "one", "one: the first\n\n# How to fix\n\nLike this.", ""},
		{src, "two", "two: the second", ""},
		{src, "three", "", "no section"},
		{"package x", "one", "", "no package comment"},
		{"// # Analyzer one\n//\n// Says something.\npackage x", "one", "", "does not start"},
		{"pack", "one", "", "expected"},
	} {
		got, err := sectionOf(test.src, test.name)
		if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("sectionOf(%q) = %q, %v; want %q, %q", test.name, got, err, test.want, test.err)
		}
	}
}

// TestFlag holds that the confidence flag belongs to one analyzer and refuses
// what is no tier.
func TestFlag(t *testing.T) {
	r := Rule{Name: "wsfoo", Doc: "// # Analyzer wsfoo\n//\n// wsfoo: test\npackage wsfoo", Run: func(*Pass) {}}
	a, b := r.Analyzer(), r.Analyzer()
	if err := analysis.Validate([]*analysis.Analyzer{a}); err != nil {
		t.Fatal(err)
	}
	if err := a.Flags.Set("confidence", "low"); err != nil {
		t.Fatal(err)
	}
	if got := b.Flags.Lookup("confidence").Value.String(); got != "high" {
		t.Errorf("the other analyzer's flag is %s, want high", got)
	}
	if err := a.Flags.Set("confidence", "sure"); err == nil {
		t.Error("the flag takes an unknown tier")
	}
}

// TestBreaks holds that a rule that breaks fails no build, says so, and keeps what
// it found.
func TestBreaks(t *testing.T) {
	r := Rule{Name: "wsfoo", Doc: "// # Analyzer wsfoo\n//\n// wsfoo: test\npackage wsfoo", Run: func(p *Pass) {
		p.Report(Finding{Confidence: High, Message: "before"})
		panic("odd code")
	}}
	result, err := r.Analyzer().Run(&analysis.Pass{
		Fset: token.NewFileSet(), Pkg: types.NewPackage("p", "p"), ResultOf: map[*analysis.Analyzer]any{reach: &Reach{Libraries: wsapi.Libraries()}},
		Report: func(analysis.Diagnostic) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	if report := result.(*Report); len(report.Findings) != 1 || report.Failure == nil || !strings.Contains(report.Failure.Error(), "in wsfoo, please report it: odd code") {
		t.Errorf("%+v", report)
	}
}
