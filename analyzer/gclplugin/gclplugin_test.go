package gclplugin

import (
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"

	"github.com/golangci/plugin-module-register/register"
	"golang.org/x/tools/go/analysis"

	"github.com/wsmigrate/wsmigrate/analyzer"
)

// TestRegistered holds that golangci-lint finds the plugin under its name.
func TestRegistered(t *testing.T) {
	build, err := register.GetPlugin("wsmigrate")
	if err != nil {
		t.Fatal(err)
	}
	p, err := build(nil)
	if err != nil {
		t.Fatal(err)
	}
	if mode := p.GetLoadMode(); mode != register.LoadModeTypesInfo {
		t.Errorf("load mode %s", mode)
	}
	list, err := p.BuildAnalyzers()
	if err != nil {
		t.Fatal(err)
	}
	if err := analysis.Validate(list); err != nil {
		t.Error(err)
	}
	var names []string
	for _, a := range list {
		names = append(names, a.Name)
	}
	if !slices.Equal(names, analyzer.RuleNames()) {
		t.Errorf("the analyzers are %v", names)
	}
}

func TestSettings(t *testing.T) {
	for _, test := range []struct {
		settings   any
		confidence string
		err        string
	}{
		{nil, "high", ""},
		{map[string]any{}, "high", ""},
		{map[string]any{"confidence": "medium"}, "medium", ""},
		{map[string]any{"rules": []any{"wsorigin", "-wsorigin/always"}}, "high", ""},
		{map[string]any{"confidence": "sure"}, "", `unknown confidence "sure"`},
		{map[string]any{"rules": []any{"wsorigins"}}, "", "there is no rule wsorigins"},
		{map[string]any{"rule": []any{"wsorigin"}}, "", `unknown field "rule"`},
		{map[string]any{"rules": "wsorigin"}, "", "cannot unmarshal"},
	} {
		p, err := New(test.settings)
		if err != nil || test.err != "" {
			if err == nil || test.err == "" || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%v: error %v, want %q", test.settings, err, test.err)
			}
			continue
		}
		list, err := p.BuildAnalyzers()
		if err != nil {
			t.Errorf("%v: %v", test.settings, err)
			continue
		}
		for _, a := range list {
			if got := a.Flags.Lookup("confidence").Value.String(); got != test.confidence {
				t.Errorf("%v: %s reports %s", test.settings, a.Name, got)
			}
		}
	}
}

// TestSelected holds that a rule's findings pass only where the settings let
// them.
func TestSelected(t *testing.T) {
	p, err := New(map[string]any{"rules": []any{"wsorigin", "-wsorigin/always"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"wsorigin", "wsclose"} {
		rule := &analysis.Analyzer{Name: name, Run: func(pass *analysis.Pass) (any, error) {
			pass.Report(analysis.Diagnostic{Category: "always"})
			pass.Report(analysis.Diagnostic{Category: "other"})
			return nil, nil
		}}
		var got []string
		_, err := p.(*plugin).selected(rule).Run(&analysis.Pass{
			Fset: token.NewFileSet(), Pkg: types.NewPackage("p", "p"),
			Report: func(d analysis.Diagnostic) { got = append(got, d.Category) },
		})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string][]string{"wsorigin": {"other"}}[name]
		if !slices.Equal(got, want) {
			t.Errorf("of %s passes %v, want %v", name, got, want)
		}
	}
}
