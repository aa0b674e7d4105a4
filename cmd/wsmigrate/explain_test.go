package main

import (
	"bytes"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/rules"
)

// Whatever a report can name, explain knows: analyzers, rewrite rules, the
// words of reasons and notes, and every identifier of gorilla.
func TestExplainKnows(t *testing.T) {
	names := explainable()
	for _, m := range wsapi.Mappings() {
		if m.Rule != "" {
			names = append(names, m.Rule)
		}
	}
	for _, r := range rules.All() {
		if r.Doc == "" {
			t.Errorf("rule %s says nothing of itself", r.Name)
		}
		names = append(names, r.Name)
	}
	names = append(names, reported(t)...)
	for _, target := range []wsapi.Target{wsapi.TargetNhooyr, wsapi.TargetCoder} {
		for _, name := range names {
			var b bytes.Buffer
			e := explainer{b: &b, target: target}
			if !e.word(name) || b.Len() < len(name) {
				t.Errorf("nothing is known about %s", name)
			}
			if strings.Contains(b.String(), "\n\n\n") {
				t.Errorf("%s: more than one empty line in a row:\n%s", name, b.String())
			}
		}
	}
	if len(analyzer.Suite) == 0 || len(names) < 93 {
		t.Errorf("only %d names", len(names))
	}
}

var (
	reportSection = regexp.MustCompile(`(?ms)^-- report\S* --$\n(.*?)(?:^-- |\z)`)
	reportedWord  = regexp.MustCompile(`(?m)^  \S+\.go:[\d:]+ ([a-z-]+): `)
	boundaryWord  = regexp.MustCompile(`(?m)(?:^\t\w+ += |Kind: )"([a-z-]+)"`)
)

// reported returns the words under which the archives of the rewrite rules say
// what is in the way and what differs, and those of boundaries.
func reported(t *testing.T) []string {
	t.Helper()
	var names []string
	add := func(text string, word *regexp.Regexp) {
		for _, m := range word.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(names, m[1]) {
				names = append(names, m[1])
			}
		}
	}
	archives, err := filepath.Glob("../../rewrite/testdata/*/*.txtar")
	if err != nil || len(archives) < 50 {
		t.Fatalf("%d archives: %v", len(archives), err)
	}
	for _, name := range archives {
		for _, m := range reportSection.FindAllStringSubmatch(readPage(t, name), -1) {
			add(m[1], reportedWord)
		}
	}
	boundaries := readPage(t, "../../rewrite/internal/flow/flow.go")
	_, boundaries, _ = strings.Cut(boundaries, "// Kinds of boundaries.")
	boundaries, _, _ = strings.Cut(boundaries, "\n)")
	add(boundaries, boundaryWord)
	add(readPage(t, "../../rewrite/plan.go"), boundaryWord)
	for _, word := range []string{"read", "shim", "dependency", "reflect", "fork"} {
		if !slices.Contains(names, word) {
			t.Errorf("%s is not among the words found: %q", word, names)
		}
	}
	return names
}
