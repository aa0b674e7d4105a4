// Package report holds what a run has measured, and writes it as text, as JSON
// and as a page with plots.
package report
