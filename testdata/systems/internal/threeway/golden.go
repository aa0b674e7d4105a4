package threeway

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// report is what is looked at of what the tool says.
type report struct {
	general  []string // notes that belong to no place
	Clusters []struct {
		Name, Outcome string
		Sites         int
		Blocking      []struct{ Posn, Rule, Reason string }
		Notes         []struct{ Posn, Rule, Message string }
	}
}

// readReport reads the results in JSON and the remarks beside them.
func readReport(t *testing.T, data, remarks string) *report {
	t.Helper()
	r := new(report)
	if err := json.Unmarshal([]byte(data), r); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	if len(r.Clusters) == 0 {
		t.Fatalf("the tool has found nothing to migrate:\n%s", data)
	}
	for line := range strings.Lines(remarks) {
		if strings.HasPrefix(line, "note: ") {
			r.general = append(r.general, strings.TrimSpace(line))
		}
	}
	return r
}

// notes returns what the tool said about differences.
func (r *report) notes() []string {
	notes := slices.Clone(r.general)
	for _, c := range r.Clusters {
		for _, n := range c.Notes {
			notes = append(notes, n.Rule+": "+n.Message)
		}
	}
	return notes
}

// String says what became of the clusters, what kept each from becoming
// native, and what differs: a line each.
func (r *report) String() string {
	var b strings.Builder
	for _, c := range r.Clusters {
		fmt.Fprintf(&b, "%s: %s, %d sites\n", c.Name, c.Outcome, c.Sites)
		for _, x := range c.Blocking {
			fmt.Fprintf(&b, "blocking %s: %s: %s\n", x.Posn, x.Rule, x.Reason)
		}
		for _, n := range c.Notes {
			fmt.Fprintf(&b, "note %s: %s: %s\n", n.Posn, n.Rule, n.Message)
		}
	}
	for _, n := range r.general {
		fmt.Fprintln(&b, n)
	}
	return b.String()
}

const golden = "testdata/rewritten.txtar"

// compareGolden compares what the tool has changed, and what it said, with
// what the repository has.
func compareGolden(t *testing.T, w *workshop, original, rewritten string, r *report) {
	t.Helper()
	before, after := w.files(original), w.files(rewritten)
	arch := &txtar.Archive{Comment: []byte("What wsmigrate fix makes of this system, and what it reports. Written by go test -update.\n")}
	add := func(name, data string) {
		data = strings.ReplaceAll(data, w.root, "ROOT")
		arch.Files = append(arch.Files, txtar.File{Name: name, Data: []byte(data)})
	}
	add("report", r.String())
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if name == "go.mod" || name == "go.sum" || after[name] != before[name] {
			add(name, after[name])
		}
	}
	compareFile(t, golden, string(txtar.Format(arch)))
}

// compareFile compares got with a file of testdata, or writes it there.
func compareFile(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v; go test -update writes it", err)
	}
	if string(want) != got {
		t.Errorf("%s is not what comes out (go test -update, and read the difference):\n%s",
			name, strings.Join(diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")), "\n"))
	}
}

// diff returns the lines that are in only one of a and b, those of a with -
// and those of b with +, in order.
func diff(a, b []string) []string {
	// lcs[i][j] is the length of the longest common subsequence of a[i:], b[j:].
	lcs := make([][]int, len(a)+1)
	for i := range lcs {
		lcs[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				lcs[i][j] = lcs[i+1][j+1] + 1
			} else {
				lcs[i][j] = max(lcs[i+1][j], lcs[i][j+1])
			}
		}
	}
	var out []string
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || lcs[i+1][j] >= lcs[i][j+1]):
			out, i = append(out, "-"+a[i]), i+1
		default:
			out, j = append(out, "+"+b[j]), j+1
		}
	}
	return out
}
