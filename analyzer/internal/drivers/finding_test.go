package drivers

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A finding is what a driver tells of one. Drivers that tell less are
// compared by the form in which they tell it.
type finding struct {
	rule, category, message string
	posn, end               string
	related                 []related
}

type related struct{ posn, message string }

// full is all of it.
func full(f finding) []string {
	lines := []string{fmt.Sprintf("%s-%s: %s/%s: %s", f.posn, f.end, f.rule, f.category, f.message)}
	for _, r := range f.related {
		lines[0] += fmt.Sprintf("\n\t%s: %s", r.posn, r.message)
	}
	return lines
}

// plain is the form of go vet, which does not name the rule.
func plain(f finding) []string {
	lines := []string{f.posn + ": " + f.message}
	for _, r := range f.related {
		lines = append(lines, r.posn+": \t"+r.message)
	}
	return lines
}

// separate is the form of golangci-lint, which makes related places findings
// of their own, and puts those in another file at the place of the finding.
func separate(f finding) []string {
	lines := []string{fmt.Sprintf("%s: %s: %s", f.posn, f.rule, f.message)}
	for _, r := range f.related {
		if file(r.posn) != file(f.posn) {
			r.posn = f.posn
		}
		lines = append(lines, fmt.Sprintf("%s: %s(related information): %s", r.posn, f.rule, r.message))
	}
	return lines
}

func file(posn string) string {
	name, _, _ := strings.Cut(posn, ":")
	return name
}

// same compares what two drivers say, in a form, line by line.
func same(t *testing.T, want []finding, form func(finding) []string, got []string) {
	t.Helper()
	var lines []string
	for _, f := range want {
		lines = append(lines, form(f)...)
		if file(f.posn) == "" || strings.Contains(f.message, ":0 ") {
			t.Errorf("a place is missing in %s: %s", f.posn, f.message)
		}
	}
	missing, extra := difference(lines, got), difference(got, lines)
	if len(missing) > 0 {
		t.Errorf("%d missing:\n%s", len(missing), strings.Join(missing, "\n"))
	}
	if len(extra) > 0 {
		t.Errorf("%d that lint does not have:\n%s", len(extra), strings.Join(extra, "\n"))
	}
}

// difference returns the lines of a that b does not have, as often as it has
// fewer of them.
func difference(a, b []string) []string {
	left := make(map[string]int)
	for _, s := range b {
		left[s]++
	}
	var out []string
	for _, s := range a {
		if left[s]--; left[s] < 0 {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}
