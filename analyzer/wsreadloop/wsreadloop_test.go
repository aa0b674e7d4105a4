package wsreadloop_test

import (
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/ruletest"
	"github.com/wsmigrate/wsmigrate/analyzer/wsreadloop"
)

// unsure has the confidence of the findings in tiers, from the top down; all
// other findings are certain.
var unsure = []rule.Confidence{rule.Medium, rule.Low, rule.Low, rule.Low, rule.Medium, rule.Medium, rule.Medium, rule.Medium}

func Test(t *testing.T) {
	got := make(map[string]bool)
	for _, result := range ruletest.Run(t, wsreadloop.Analyzer, "low", "bad", "good", "libraries", "tiers", "broken", "shapes/...") {
		for i, f := range result.Result.(*rule.Report).Findings {
			got[f.Category] = true
			want := rule.High
			if result.Pass.Pkg.Path() == "tiers" && i < len(unsure) {
				want = unsure[i]
			}
			if f.Confidence != want {
				t.Errorf("%s: confidence %s, want %s", result.Pass.Fset.Position(f.Pos), f.Confidence, want)
			}
		}
	}
	for _, category := range []string{"every", "some", "timeout", "ignored"} {
		if !got[category] {
			t.Errorf("there is no finding of the category %s", category)
		}
	}
}

func TestFixes(t *testing.T) {
	ruletest.RunFixes(t, wsreadloop.Analyzer, "low", "fixes")
}
