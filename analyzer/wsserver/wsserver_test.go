package wsserver_test

import (
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/ruletest"
	"github.com/wsmigrate/wsmigrate/analyzer/wsserver"
)

func Test(t *testing.T) {
	results := ruletest.Run(t, wsserver.Analyzer, "low", "plain", "set", "helper", "clientonly", "api", "program", "feed", "reader",
		"h1less", "h1lessnew", "both", "several", "clients", "wrapped", "shapes/...")
	tiers := map[string]rule.Confidence{"header": rule.Low, "h2": rule.High, "wrapped": rule.High}
	for _, result := range results {
		for _, f := range result.Result.(*rule.Report).Findings {
			want := tiers[f.Category]
			if result.Pass.Pkg.Path() == "several" {
				want = rule.Medium // one server of two
			}
			if f.Confidence != want {
				t.Errorf("%s: %s is reported at %q, want %q", result.Pass.Pkg.Path(), f.Category, f.Confidence, want)
			}
		}
	}
}
