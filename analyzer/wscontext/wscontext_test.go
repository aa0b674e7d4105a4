package wscontext_test

import (
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/ruletest"
	"github.com/wsmigrate/wsmigrate/analyzer/wscontext"
)

// unsure has the confidence of the findings in tiers, from the top down; all
// other findings are certain.
var unsure = []rule.Confidence{rule.Medium, rule.Medium, rule.Medium, rule.Low}

func Test(t *testing.T) {
	got := make(map[string]bool)
	for _, result := range ruletest.Run(t, wscontext.Analyzer, "low", "bad", "good", "tiers") {
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
	for _, category := range []string{"request", "canceled", "bound", "timeout"} {
		if !got[category] {
			t.Errorf("there is no finding of the category %s", category)
		}
	}
}
