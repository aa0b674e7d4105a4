package wsorigin_test

import (
	"slices"
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/ruletest"
	"github.com/wsmigrate/wsmigrate/analyzer/wsorigin"
)

// tiers has the confidence at which each category is reported in the cases.
var tiers = map[string][]rule.Confidence{
	"always":      {rule.High},
	"conditional": {rule.Low},
	"skip":        {rule.High},
	"wildcard":    {rule.High},
	"missing":     {rule.High, rule.Medium, rule.Low},
	"comparison":  {rule.High, rule.Medium},
	rule.Stale:    {rule.High},
}

func Test(t *testing.T) {
	got := make(map[string]map[rule.Confidence]bool)
	results := ruletest.Run(t, wsorigin.Analyzer, "low", "gorilla", "gorillaok", "coderws", "others", "othersok", "fooled", "fooledok", "example.com/policy", "example.com/server")
	for _, result := range results {
		for _, f := range result.Result.(*rule.Report).Findings {
			if got[f.Category] == nil {
				got[f.Category] = make(map[rule.Confidence]bool)
			}
			got[f.Category][f.Confidence] = true
			if !slices.Contains(tiers[f.Category], f.Confidence) {
				t.Errorf("%s is reported at %s", f.Category, f.Confidence)
			}
		}
	}
	for category, want := range tiers {
		for _, tier := range want {
			if !got[category][tier] {
				t.Errorf("%s is not reported at %s", category, tier)
			}
		}
	}
}

func TestFixes(t *testing.T) {
	ruletest.RunFixes(t, wsorigin.Analyzer, "low", "fixes")
}
