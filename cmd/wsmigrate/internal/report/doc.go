// Package report holds what a run found, as one document, and writes it in
// the formats of the command: text for people, JSON for programs, and a
// unified diff for what would change. It decides nothing: what is a finding,
// and what becomes of a site, comes from the packages analyzer and rewrite.
package report
