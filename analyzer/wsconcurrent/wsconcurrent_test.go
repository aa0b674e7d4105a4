package wsconcurrent_test

import (
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/ruletest"
	"github.com/wsmigrate/wsmigrate/analyzer/wsconcurrent"
)

func Test(t *testing.T) {
	results := ruletest.Run(t, wsconcurrent.Analyzer, "medium",
		"bad", "good", "hidden", "libraries", "callback", "exported", "clean", "broken", "guesses/broken", "semaphores", "conditions", "apart", "wrappers",
		"example.com/peer", "example.com/app", "example.com/devices", "example.com/relay", "shapes/...")
	for _, result := range results {
		path := result.Pass.Pkg.Path()
		for _, f := range result.Result.(*rule.Report).Findings {
			// Of the unknown callers of exported functions nothing is sure, nor
			// of conditions that are not understood, of all else here everything.
			want := rule.High
			if path == "exported" || path == "guesses/broken" || path == "example.com/peer" || path == "example.com/devices" || path == "example.com/relay" || strings.HasSuffix(path, "/s4") {
				want = rule.Medium
			}
			if f.Confidence.AtLeast(rule.Medium) && f.Confidence != want {
				t.Errorf("%s: %s confidence: %s", path, f.Confidence, f.Message)
			}
			checkFlows(t, f)
			if path == "hidden" {
				checkRelated(t, f)
			}
		}
	}
}

// checkRelated holds that a finding carries the position of the other use, and
// the page, in the way that drivers print.
func checkRelated(t *testing.T, f rule.Finding) {
	if len(f.Related) != 1 || f.Related[0].Pos == f.Pos || !strings.Contains(f.Related[0].Message, "WriteMessage at the same time") {
		t.Errorf("related: %+v", f.Related)
	}
	if want := wsconcurrent.Analyzer.URL + "#" + f.Category; f.URL != want {
		t.Errorf("URL %s, want %s", f.URL, want)
	}
}

// checkFlows holds that both goroutines of a finding are told from their
// start, the first of them to where the finding stands.
func checkFlows(t *testing.T, f rule.Finding) {
	if len(f.Flows) != 2 {
		t.Fatalf("%d flows: %s", len(f.Flows), f.Message)
	}
	for i, w := range f.Flows {
		if w.Name == "" || len(w.Steps) == 0 {
			t.Errorf("flow %d is %+v: %s", i, w, f.Message)
		}
		for j, s := range w.Steps {
			if !s.Pos.IsValid() || s.Message == "" || j > 0 && s.Pos == w.Steps[j-1].Pos {
				t.Errorf("step %d of flow %d is %+v: %s", j, i, s, f.Message)
			}
		}
	}
	if last := f.Flows[0].Steps; last[len(last)-1].Pos != f.Pos {
		t.Errorf("the first flow does not end at the finding: %s", f.Message)
	}
	if f.Flows[0].Name == f.Flows[1].Name && f.Flows[0].Steps[0] == f.Flows[1].Steps[0] && f.Category == "many" {
		t.Errorf("both goroutines have one name, %s: %s", f.Flows[0].Name, f.Message)
	}
}

func TestFixes(t *testing.T) {
	ruletest.RunFixes(t, wsconcurrent.Analyzer, "low", "fixes")
}
