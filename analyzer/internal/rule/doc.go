// Package rule is what every hazard rule of the linter stands on: how a rule
// becomes an analyzer, what a finding is, how sure it is, and how the
// directive
//
//	//wsmigrate:ignore RULE reason
//
// takes one back. A rule is a [Rule] value; [Rule.Analyzer] turns it into an
// analysis.Analyzer whose result, a *[Report], holds every finding with its
// confidence, and whose diagnostics are those at or above the analyzer's
// -confidence flag. Directives are applied here, inside the analyzer, so that
// every driver honours them.
package rule
