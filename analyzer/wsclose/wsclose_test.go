package wsclose_test

import (
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/ruletest"
	"github.com/wsmigrate/wsmigrate/analyzer/wsclose"
)

func Test(t *testing.T) {
	got := make(map[string]bool)
	for _, result := range ruletest.Run(t, wsclose.Analyzer, "low", "bad", "good", "tiers", "broken", "shapes/...") {
		for _, f := range result.Result.(*rule.Report).Findings {
			got[f.Category] = true
			want := rule.High
			if result.Pass.Pkg.Path() == "tiers" {
				want = rule.Medium
			}
			if f.Confidence != want {
				t.Errorf("%s: confidence %s, want %s", result.Pass.Fset.Position(f.Pos), f.Confidence, want)
			}
		}
	}
	for _, category := range []string{"leak", "early", "writer", "late", "relock", "holding"} {
		if !got[category] {
			t.Errorf("there is no finding of the category %s", category)
		}
	}
}

func TestFixes(t *testing.T) {
	ruletest.RunFixes(t, wsclose.Analyzer, "high", "fixes")
}
