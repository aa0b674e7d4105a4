// Package analyzer lists the linter's rules about WebSocket hazards and gives
// access to their findings.
//
// Each rule is an analysis.Analyzer in a package of its own, named as the
// package is, and usable by any driver. A driver that wants more than the
// diagnostics, above all how sure each finding is, reads the result of a
// rule's action with [Findings]:
//
//	graph, err := checker.Analyze(analyzer.Suite, pkgs, nil)
//	for _, act := range graph.Roots {
//		for _, f := range analyzer.Findings(act.Result) {
//			if f.Confidence.AtLeast(analyzer.Medium) { … }
//		}
//	}
//
// The diagnostics of a rule are its findings at or above the tier of its
// -confidence flag, which is high unless set. The result holds every tier.
// Both leave out what a directive takes back:
//
//	//wsmigrate:ignore RULE reason
//
// on the line of the finding or alone above it. RULE is a rule's name or
// name/category, or several of them with commas between; without a reason the
// directive has no effect. One that takes nothing back is itself a finding, of
// the category [Stale].
package analyzer
