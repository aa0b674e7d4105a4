package wsorigin

import (
	_ "embed"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
)

//go:embed doc.go
var doc string

// Analyzer is the rule.
var Analyzer = rule.Rule{Name: "wsorigin", Doc: doc, Run: run}.Analyzer()

func run(pass *rule.Pass) {}
