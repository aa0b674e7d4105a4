// Precision lints the modules that a page lists, each at its commit, counts the
// findings by rule, tier and lines of code, and holds the page's verdicts on
// the findings of high confidence against what the linter says now.
//
//	go run ./cmd/internal/precision -clones ~/clones docs/precision.md
//	go run ./cmd/internal/precision -clones ~/clones -update docs/precision.md
//
// Each repository is looked for below the folder of -clones as OWNER/NAME, bare
// or not. The first table of the page says what is linted; the second, by rule,
// is written with -update; the third has the verdicts, which people write. A
// finding without a verdict and a verdict without a finding are told.
package main
