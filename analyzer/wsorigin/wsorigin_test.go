package wsorigin_test

import (
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/ruletest"
	"github.com/wsmigrate/wsmigrate/analyzer/wsorigin"
)

func Test(t *testing.T) {
	ruletest.Run(t, wsorigin.Analyzer, "low",
		"gorilla", "gorillaok", "coderws", "others", "othersok")
}

func TestFixes(t *testing.T) {
	ruletest.RunFixes(t, wsorigin.Analyzer, "low", "fixes")
}

// TestTiers pins the confidence of each category.
func TestTiers(t *testing.T) {
	got := make(map[string]map[rule.Confidence]int)
	for _, result := range ruletest.Run(t, wsorigin.Analyzer, "low", "gorilla", "coderws", "others") {
		for _, f := range result.Result.(*rule.Report).Findings {
			if got[f.Category] == nil {
				got[f.Category] = make(map[rule.Confidence]int)
			}
			got[f.Category][f.Confidence]++
		}
	}
	for category, tiers := range map[string][]rule.Confidence{
		"always":      {rule.High},
		"conditional": {rule.Low},
		"skip":        {rule.High},
		"wildcard":    {rule.High},
		"missing":     {rule.High, rule.Medium, rule.Low},
	} {
		for tier := range got[category] {
			found := false
			for _, want := range tiers {
				found = found || tier == want
			}
			if !found {
				t.Errorf("%s is reported at %s", category, tier)
			}
		}
		for _, want := range tiers {
			if got[category][want] == 0 {
				t.Errorf("%s is not reported at %s", category, want)
			}
		}
	}
}
