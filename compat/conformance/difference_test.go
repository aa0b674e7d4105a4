package conformance

import (
	"os"
	"strings"
	"testing"

	compat "github.com/wsmigrate/wsmigrate/compat/websocket"
)

// A difference is a scenario that compat is meant to play unlike gorilla.
type difference struct {
	test     string // that plays it; empty for TestTranscripts
	scenario string
	engine   string // the only engine that differs, or empty
	reason   string
	lines    []string // of the diff: "-" stands before gorilla's, "+" before compat's
}

func (d *difference) playedBy() string {
	if d.test == "" {
		return "TestTranscripts"
	}
	return d.test
}

// tally checks the transcripts against the list of differences.
type tally struct {
	listed map[string]*difference
	seen   map[string]map[string]bool // scenario, line
}

// newTally returns a tally of the differences that TestTranscripts plays.
func newTally() *tally { return tallyOf("TestTranscripts") }

// tallyOf returns a tally of the differences that the test plays.
func tallyOf(test string) *tally {
	tl := &tally{make(map[string]*difference), make(map[string]map[string]bool)}
	for i := range differences {
		d := &differences[i]
		if d.playedBy() == test && (d.engine == "" || d.engine == compat.Engine()) {
			tl.listed[d.scenario] = d
		}
	}
	return tl
}

// compare fails the test for every line that is different and not listed.
func (tl *tally) compare(t *testing.T, scenario, variant string, want, got []string) {
	t.Helper()
	unlisted := false
	diff := diffLines(want, got)
	for _, line := range diff {
		if line[0] == ' ' {
			continue
		}
		if d := tl.listed[scenario]; d == nil || !contains(d.lines, line) {
			unlisted = true
			continue
		}
		if tl.seen[scenario] == nil {
			tl.seen[scenario] = make(map[string]bool)
		}
		tl.seen[scenario][line] = true
	}
	if unlisted {
		t.Errorf("%s: compat (+) is unlike gorilla (-)\n%s", variant, strings.Join(diff, "\n"))
	}
}

// checkNeeded fails the test for every listed line that was not seen.
func (tl *tally) checkNeeded(t *testing.T, scenarios map[string]bool) {
	t.Helper()
	for name, d := range tl.listed {
		if !scenarios[name] {
			t.Errorf("the list of differences names %q, which is no scenario", name)
			continue
		}
		for _, line := range d.lines {
			if !tl.seen[name][line] {
				t.Errorf("%s: the difference %q is listed and did not occur", name, line)
			}
		}
	}
}

// diffLines returns the lines of both transcripts in order: common ones after
// a space, those of a alone after "-" and those of b alone after "+".
func diffLines(a, b []string) []string {
	// common[i][j] is the length of the longest common subsequence of a[i:]
	// and b[j:].
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			switch {
			case a[i] == b[j]:
				common[i][j] = common[i+1][j+1] + 1
			case common[i+1][j] >= common[i][j+1]:
				common[i][j] = common[i+1][j]
			default:
				common[i][j] = common[i][j+1]
			}
		}
	}
	var diff []string
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			diff = append(diff, " "+a[i])
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			diff = append(diff, "-"+a[i])
			i++
		default:
			diff = append(diff, "+"+b[j])
			j++
		}
	}
	return diff
}

// TestDifferencesDocumented holds docs/differences.md against the list: every
// scenario on the list stands in the page, and the page names no other one. The
// page's other tests exist.
func TestDifferencesDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/differences.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := make(map[string]bool)
	for _, d := range differences {
		listed[d.playedBy()+"/"+strings.ReplaceAll(d.scenario, " ", "_")] = true
		if d.reason == "" {
			t.Errorf("%s: no reason", d.scenario)
		}
	}
	named := make(map[string]bool)
	for _, part := range strings.Split(string(page), "`")[1:] {
		if !strings.HasPrefix(part, "Test") {
			continue
		}
		test, scenario, _ := strings.Cut(part, "/")
		if replaced[test] == "" && !testExists(t, test) {
			t.Errorf("docs/differences.md names %s, which is no test", test)
		}
		if scenario != "" {
			named[part] = true
		}
	}
	for name := range listed {
		if !named[name] {
			t.Errorf("docs/differences.md does not name `%s`", name)
		}
	}
	for name := range named {
		if !listed[name] {
			t.Errorf("docs/differences.md names %s, which is no listed difference", name)
		}
	}
}

// testExists reports whether a test file of this module declares the test.
func testExists(t *testing.T, name string) bool {
	t.Helper()
	for _, path := range append(mustGlob(t, "*_test.go"), mustGlob(t, "testdata/upstream/*/*_test.go")...) {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(source), "\nfunc "+name+"(t *testing.T) {") {
			return true
		}
	}
	return false
}
