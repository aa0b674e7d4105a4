// Package sarif writes a report as a log of SARIF 2.1.0, the form that code
// scanning and editors read. It writes what GitHub looks at, and besides the
// flow of each goroutine, suppressions and fixes for viewers that show more.
package sarif
