// Package report holds what a run found as one document, and its stable form,
// JSON. The other forms are written by the packages below it, one each. It
// decides nothing: what is a finding, and what becomes of a site, comes from the
// packages analyzer and rewrite.
package report
