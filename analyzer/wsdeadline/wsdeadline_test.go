package wsdeadline_test

import (
	"slices"
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/ruletest"
	"github.com/wsmigrate/wsmigrate/analyzer/wsdeadline"
)

// tiers has the confidence at which each category is reported in the cases.
var tiers = map[string][]rule.Confidence{
	"heartbeat": {rule.Low},
	"cleared":   {rule.High},
	"locked":    {rule.Medium, rule.Low},
	"pong":      {rule.High, rule.Medium},
	"unread":    {rule.Medium, rule.Low},
}

func Test(t *testing.T) {
	results := ruletest.Run(t, wsdeadline.Analyzer, "low", "bad", "good", "locks", "contexts", "others", "shapes/...")
	got := make(map[string][]rule.Confidence)
	for _, result := range results {
		for _, f := range result.Result.(*rule.Report).Findings {
			got[f.Category] = append(got[f.Category], f.Confidence)
			if !slices.Contains(tiers[f.Category], f.Confidence) {
				t.Errorf("%s is reported at %s: %s", f.Category, f.Confidence, f.Message)
			}
		}
	}
	for category, want := range tiers {
		for _, tier := range want {
			if !slices.Contains(got[category], tier) {
				t.Errorf("%s is not reported at %s", category, tier)
			}
		}
	}
}
