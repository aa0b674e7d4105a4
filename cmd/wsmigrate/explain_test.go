package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/rules"
)

// Whatever a report can name, explain knows: analyzers, rewrite rules, the
// words of reasons and notes, and every identifier of gorilla.
func TestExplainKnows(t *testing.T) {
	names := explainable()
	for _, m := range wsapi.Mappings() {
		if m.Rule != "" {
			names = append(names, m.Rule)
		}
	}
	for _, r := range rules.All() {
		if r.Doc == "" {
			t.Errorf("rule %s says nothing of itself", r.Name)
		}
		names = append(names, r.Name)
	}
	for _, target := range []wsapi.Target{wsapi.TargetNhooyr, wsapi.TargetCoder} {
		for _, name := range names {
			var b bytes.Buffer
			e := explainer{b: &b, target: target}
			if !e.word(name) || b.Len() < len(name) {
				t.Errorf("nothing is known about %s", name)
			}
			if strings.Contains(b.String(), "\n\n\n") {
				t.Errorf("%s: more than one empty line in a row:\n%s", name, b.String())
			}
		}
	}
	if len(analyzer.Suite) == 0 || len(names) < 93 {
		t.Errorf("only %d names", len(names))
	}
}
