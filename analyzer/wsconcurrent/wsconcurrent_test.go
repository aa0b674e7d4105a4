package wsconcurrent_test

import (
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/ruletest"
	"github.com/wsmigrate/wsmigrate/analyzer/wsconcurrent"
)

func Test(t *testing.T) {
	ruletest.Run(t, wsconcurrent.Analyzer, "high", "bad", "good", "hidden", "libraries", "clean")
}

// TestMedium has the findings with an unknown caller on one side, and none of
// them is of high confidence.
func TestMedium(t *testing.T) {
	for _, result := range ruletest.Run(t, wsconcurrent.Analyzer, "medium", "exported") {
		for _, f := range result.Result.(*rule.Report).Findings {
			if f.Confidence == rule.High {
				t.Errorf("high confidence: %s", f.Message)
			}
		}
	}
}

// TestRelated holds that a finding carries the position of the other use, in
// the way that drivers print.
func TestRelated(t *testing.T) {
	for _, result := range ruletest.Run(t, wsconcurrent.Analyzer, "high", "hidden") {
		findings := result.Result.(*rule.Report).Findings
		if len(findings) != 1 {
			t.Fatalf("got %d findings, want 1", len(findings))
		}
		f := findings[0]
		if len(f.Related) != 1 || f.Related[0].Pos == f.Pos || !strings.Contains(f.Related[0].Message, "WriteMessage at the same time") {
			t.Errorf("related: %+v", f.Related)
		}
		if want := wsconcurrent.Analyzer.URL + "#" + f.Category; f.URL != want {
			t.Errorf("URL %s, want %s", f.URL, want)
		}
	}
}
