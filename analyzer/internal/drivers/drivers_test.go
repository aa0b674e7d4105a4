package drivers

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/ruletest"
)

// wants returns the cases of all rules.
func wants(t *testing.T, goLine, toolchain string) *tree {
	t.Helper()
	tr := newTree(t, ruletest.Module(t, "../..", goLine), toolchain)
	for _, ill := range tr.ill {
		if !strings.HasSuffix(ill, "/broken") && goLine == newest {
			t.Errorf("%s does not compile", ill)
		}
	}
	return tr
}

// TestAgree runs every driver but golangci-lint over the cases of all rules:
// they report the same.
func TestAgree(t *testing.T) {
	tr := wants(t, newest, "")
	want := reference(t, tr)
	t.Run("wants", func(t *testing.T) { wanted(t, tr, want) })
	t.Run("vet", func(t *testing.T) { same(t, want, plain, tr.vet(tr.pkg...)) })
	t.Run("vet -json", func(t *testing.T) { same(t, want, full, each(full, tr.vetJSON(tr.pkg...))) })
	t.Run("nogo", func(t *testing.T) { same(t, want, full, each(full, tr.nogo(tr.pkg...))) })
}

func each(form func(finding) []string, list []finding) []string {
	var lines []string
	for _, f := range list {
		lines = append(lines, form(f)...)
	}
	return lines
}

// want matches what is said of findings, not of facts.
var want = regexp.MustCompile("// want [`\"]")

// wanted checks that no case got lost on the way into the module: each line
// that wants a finding has one of the rule that the case belongs to.
func wanted(t *testing.T, tr *tree, found []finding) {
	var have []string
	for _, f := range found {
		if strings.HasPrefix(f.posn, f.rule+"/") {
			have = append(have, f.posn[:strings.LastIndex(f.posn, ":")])
		}
	}
	n := 0
	for name, text := range tr.files() {
		if strings.HasPrefix(name, "stubs/") || strings.Contains(name, "/broken/") {
			continue
		}
		for i, line := range strings.Split(text, "\n") {
			if !want.MatchString(line) {
				continue
			}
			n++
			if at := posnLine(name, i+1); !slices.Contains(have, at) {
				t.Errorf("%s: nothing found at %s", at, strings.TrimSpace(line))
			}
		}
	}
	if n < 250 {
		t.Errorf("%d lines want findings, fewer than there are cases", n)
	}
}

func posnLine(name string, line int) string { return name + ":" + strconv.Itoa(line) }
