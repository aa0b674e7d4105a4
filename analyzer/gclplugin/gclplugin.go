package gclplugin

import (
	"fmt"

	"github.com/golangci/plugin-module-register/register"
	"golang.org/x/tools/go/analysis"

	"github.com/wsmigrate/wsmigrate/analyzer"
)

// Name is what the linter is called in golangci-lint's configuration.
const Name = "wsmigrate"

func init() { register.Plugin(Name, New) }

// Settings are the plugin's part of golangci-lint's configuration.
type Settings struct {
	// Confidence is the least sure tier that is reported: high, which is
	// the default, medium or low.
	Confidence string `json:"confidence"`

	// Rules lists the rules, or rule/category, to report, or with a leading
	// - not to report. Without it all are.
	Rules []string `json:"rules"`
}

type plugin struct {
	confidence string
	rules      analyzer.Selection
}

// New returns the plugin for the settings, which have the form that
// golangci-lint reads from YAML. Unknown settings are an error.
func New(settings any) (register.LinterPlugin, error) {
	s, err := register.DecodeSettings[Settings](settings)
	if err != nil {
		return nil, err
	}
	p := &plugin{confidence: s.Confidence}
	if p.confidence == "" {
		p.confidence = string(analyzer.High)
	}
	if err := new(analyzer.Confidence).Set(p.confidence); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	if p.rules, err = analyzer.Select(s.Rules); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	return p, nil
}

// BuildAnalyzers returns the rules that the settings let in.
func (p *plugin) BuildAnalyzers() ([]*analysis.Analyzer, error) {
	var list []*analysis.Analyzer
	for _, a := range analyzer.Suite {
		if err := a.Flags.Set("confidence", p.confidence); err != nil {
			return nil, err
		}
		list = append(list, p.selected(a))
	}
	return list, nil
}

// selected returns the rule without what the settings leave out. Its facts
// stay: they are about code, and cheap where nothing needs them.
func (p *plugin) selected(a *analysis.Analyzer) *analysis.Analyzer {
	selected := *a
	selected.Run = func(pass *analysis.Pass) (any, error) {
		filtered := *pass
		filtered.Report = func(d analysis.Diagnostic) {
			if p.rules.Has(a.Name, d.Category) {
				pass.Report(d)
			}
		}
		return a.Run(&filtered)
	}
	return &selected
}

// GetLoadMode asks for type information.
func (p *plugin) GetLoadMode() string { return register.LoadModeTypesInfo }
