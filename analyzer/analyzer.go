package analyzer

import (
	"go/ast"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/wsclose"
	"github.com/wsmigrate/wsmigrate/analyzer/wsconcurrent"
	"github.com/wsmigrate/wsmigrate/analyzer/wscontext"
	"github.com/wsmigrate/wsmigrate/analyzer/wsdeadline"
	"github.com/wsmigrate/wsmigrate/analyzer/wslimit"
	"github.com/wsmigrate/wsmigrate/analyzer/wsorigin"
	"github.com/wsmigrate/wsmigrate/analyzer/wsreadloop"
	"github.com/wsmigrate/wsmigrate/analyzer/wsserver"
)

// Suite holds every rule, in the order that documentation shows them.
var Suite = []*analysis.Analyzer{
	wsconcurrent.Analyzer,
	wsorigin.Analyzer,
	wslimit.Analyzer,
	wsdeadline.Analyzer,
	wsserver.Analyzer,
	wsreadloop.Analyzer,
	wscontext.Analyzer,
	wsclose.Analyzer,
}

// A Finding is one hazard at one place: rule, category, confidence,
// positions, message, related places, page, and fixes where they are certain.
type Finding = rule.Finding

// A Flow is the way of one goroutine to a hazard between several.
type Flow = rule.Flow

// A Suppressed is a finding that a directive takes back, and its reason.
type Suppressed = rule.Suppressed

// A Directive is what one //wsmigrate:ignore comment says.
type Directive = rule.Directive

// Directives returns the //wsmigrate:ignore comments of a file.
func Directives(file *ast.File) []Directive { return rule.Directives(file) }

// Stale is the category, of every rule, of directives that take nothing back.
const Stale = rule.Stale

// DirectivesURL is the page about directives.
const DirectivesURL = rule.DirectivesURL

// A Confidence says how sure a finding is; its AtLeast method compares tiers.
type Confidence = rule.Confidence

// The tiers, from the surest down. High is the default everywhere.
const (
	High   = rule.High
	Medium = rule.Medium
	Low    = rule.Low
)

// Findings returns the findings of every tier in the result of an action of
// one of Suite's analyzers, ordered by position, and nil for any other value,
// such as the result of an action that failed.
func Findings(result any) []Finding {
	if r, ok := result.(*rule.Report); ok && r != nil {
		return r.Findings
	}
	return nil
}

// SuppressedFindings returns those that //wsmigrate:ignore directives take
// back, for the same results and in the same order as Findings.
func SuppressedFindings(result any) []Suppressed {
	if r, ok := result.(*rule.Report); ok && r != nil {
		return r.Suppressed
	}
	return nil
}

// Failure returns the error of a rule that broke on a package, from the same
// results as Findings, which then has those from before.
func Failure(result any) error {
	if r, ok := result.(*rule.Report); ok && r != nil {
		return r.Failure
	}
	return nil
}
