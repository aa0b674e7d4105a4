package sarif

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmigrate/wsmigrate/analyzer"
	"github.com/wsmigrate/wsmigrate/cmd/internal/golden"
	"github.com/wsmigrate/wsmigrate/cmd/internal/schematest"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
)

// A file with spaces, letters beyond ASCII, one beyond the first plane, CRLF,
// and tabs.
const (
	oddName = "mein hub/größe #1.go"
	oddText = "package hub\r\n\r\n\tc.Write(\"größe 🎈\", x)\r\n\tgo run()\r\n"
)

// sample is a document whose findings have all there can be.
func sample(t *testing.T) *report.Document {
	dir := t.TempDir()
	path := filepath.Join(dir, filepath.FromSlash(oddName))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(oddText), 0o666); err != nil {
		t.Fatal(err)
	}
	at := func(line, col int) report.Posn { return report.Posn{File: oddName, Line: line, Col: col} }
	x := 2 + strings.Index("\tc.Write(\"größe 🎈\", x)", "x")
	race := report.Finding{
		Rule: "wsconcurrent", Category: "goroutine", Confidence: "high", Func: "(*Hub).run",
		Posn: at(3, 2), End: at(3, x), Message: "two goroutines write, one of them func() {}",
		Related: []report.Related{{Posn: at(4, 2), End: at(4, 2), Message: "the other"}, {Message: "nowhere"}},
		Flows: []report.Flow{
			{Name: "the goroutine of run", Steps: []report.Related{
				{Posn: at(4, 2), End: at(4, 2), Message: "it is started"}, {Posn: at(3, 4), End: at(3, 9), Message: "Write"},
			}},
			{Name: "another such goroutine", Steps: []report.Related{{Posn: at(3, 4), End: at(3, 9), Message: "Write"}}},
		},
		URL: "https://example.com/wsconcurrent.md#goroutine",
	}
	again := race
	again.Posn, again.End = at(4, 2), at(4, 2)
	origin := report.Finding{
		Rule: "wsorigin", Category: "always", Confidence: "medium", Posn: at(3, x-1), End: at(3, x), Message: "accepts any Origin",
		Fixes: []report.Fix{
			{Message: "Delete it", Edits: []report.Edit{{Posn: at(3, x-3), End: at(3, x)}, {Posn: at(4, 2), End: at(4, 2), NewText: "// \"\n"}}},
			{Message: "lines that are not at hand", Edits: []report.Edit{{Posn: report.Posn{File: "gone.go", Line: 1, Col: 1}, End: report.Posn{File: "gone.go", Line: 2, Col: 1}}}},
		},
	}
	ignored := report.Suppressed{Finding: origin, Directive: at(1, 1), Reason: "a token is asked for"}
	ignored.Posn, ignored.End, ignored.Fixes, ignored.Confidence = at(1, 1), at(1, 8), nil, "low"
	known := report.Suppressed{Finding: ignored.Finding}
	known.Posn = report.Posn{File: "../other.go", Line: 7, Col: 3}

	d := report.New(dir, "nhooyr.io/websocket")
	d.Baseline = true
	d.SetFindings([]report.Finding{again, origin, race})
	d.Suppress([]report.Suppressed{ignored, known})
	d.Skipped = []report.Skipped{{Path: "gen/api.go", Reason: "generated"}}
	d.Messages = []string{"go.mod needs go 1.19"}
	return d
}

var sampleRun = Run{
	Version: "v1.2.3", Command: "lint", Arguments: []string{"-format", "sarif", "lint", "./..."}, Status: 1,
	Rules: []Rule{
		{ID: "wsconcurrent/goroutine", Summary: "two write", Text: "Two goroutines write.", Markdown: "Two **write**.", URL: "https://example.com/wsconcurrent.md#goroutine", Level: "error"},
		{ID: "wsorigin/always", Summary: "always true", Level: "error"},
	},
}

func write(t *testing.T, d *report.Document, r Run) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, d, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	d := sample(t)
	schema := schematest.SARIF(t)
	plan := report.New(d.Dir, d.Target)
	plan.Clusters = []report.Cluster{{
		ID: 1, Name: "chat (server)", Outcome: "shim", Sites: 3,
		Blocking: []report.Blocking{
			{Posn: report.Posn{File: oddName, Line: 3, Col: 4}, Rule: "reader", Reason: "not read to its end", Help: "read it"},
			{Posn: report.Posn{File: "go.mod"}, Rule: "dependency", Reason: "wants gorilla"},
			{Rule: "api", Reason: "no place at all"},
		},
		Notes: []report.Note{{Posn: report.Posn{File: oddName, Line: 4, Col: 2}, Rule: "close", Message: "Close waits"}},
	}}
	planRun := Run{Command: "report", Rules: []Rule{{ID: BlockingID("reader"), Summary: "reader", Level: "note"}}}
	for name, data := range map[string][]byte{
		"lint.sarif": write(t, d, sampleRun), "plan.sarif": write(t, plan, planRun),
		"empty.sarif": write(t, report.New(d.Dir, d.Target), Run{Command: "lint"}),
	} {
		schema.Check(t, data)
		got := bytes.ReplaceAll(data, []byte(strings.TrimSuffix(folder(filepath.ToSlash(d.Dir)).URI, "/")), []byte("file:///src"))
		golden.Compare(t, name, got)
	}
}

// A schema that accepts everything would prove nothing.
func TestSchemaRefuses(t *testing.T) {
	schema := schematest.SARIF(t)
	good := string(write(t, sample(t), sampleRun))
	for old, bad := range map[string]string{
		`"version": "2.1.0"`:             `"version": "2.2"`,
		`"level": "error"`:               `"level": "fatal"`,
		`"kind": "inSource"`:             `"kind": "inline"`,
		`"columnKind": "utf16CodeUnits"`: `"columnKind": "bytes"`,
		`"startLine": 3`:                 `"startLine": 0`,
		`"ruleId": "wsorigin/always"`:    `"ruleID": "wsorigin/always"`,
		`"message": {`:                   `"messages": {`,
		`"executionSuccessful": true,`:   ``,
		`"baselineState": "unchanged"`:   `"baselineState": "old"`,
		`"status": "accepted"`:           `"status": "yes"`,
		`"importance": "essential"`:      `"importance": "high"`,
	} {
		doc := strings.Replace(good, old, bad, 1)
		if doc == good {
			t.Errorf("there is no %s", old)
		} else if schema.Err(t, []byte(doc)) == nil {
			t.Errorf("the schema takes %s for %s", bad, old)
		}
	}
}

// The rules of the suite are described as the standard wants it, each with its
// page.
func TestHazards(t *testing.T) {
	d := report.New("/src", "nhooyr.io/websocket")
	rules := Hazards(analyzer.Suite)
	schematest.SARIF(t).Check(t, write(t, d, Run{Rules: rules}))
	of := make(map[string]int)
	for _, r := range rules {
		name, category, _ := strings.Cut(r.ID, "/")
		of[name]++
		if r.Summary == "" || r.Text == "" || !strings.HasSuffix(r.URL, "/"+name+".md#"+category) || !strings.Contains(r.Markdown, "## How to fix") {
			t.Errorf("rule %+v", r)
		}
	}
	for _, a := range analyzer.Suite {
		if of[a.Name] == 0 {
			t.Errorf("no category of %s", a.Name)
		}
	}
}

// A stale directive is a result of a rule that the log describes.
func TestStale(t *testing.T) {
	d := report.New("/src", "nhooyr.io/websocket")
	d.SetFindings([]report.Finding{{Rule: "wsclose", Category: analyzer.Stale, Confidence: "high", Message: "m"}})
	log := write(t, d, Run{Rules: slices.Concat(Hazards(analyzer.Suite), Stale(analyzer.Suite))})
	schematest.SARIF(t).Check(t, log)
	if bytes.Contains(log, []byte(`"ruleIndex": -1`)) || !bytes.Contains(log, []byte(`"ruleId": "wsclose/stale"`)) {
		t.Errorf("the result has no rule:\n%s", log)
	}
}

func TestLevels(t *testing.T) {
	doc := `wsfoo: report foo

Categories:

  - sure: it is.
  - maybe: it may be (medium confidence).
  - policy: it is (low confidence).
  - both: low, but
    high confidence where it is shown.

# How to fix

Do.
`
	want := map[string]string{"wsfoo/sure": "error", "wsfoo/maybe": "warning", "wsfoo/policy": "note", "wsfoo/both": "error"}
	rules := Hazards([]*analysis.Analyzer{{Name: "wsfoo", Doc: doc, URL: "https://example.com/wsfoo.md"}})
	if len(rules) != len(want) {
		t.Errorf("%d rules, want %d", len(rules), len(want))
	}
	for _, r := range rules {
		if r.Level != want[r.ID] {
			t.Errorf("%s has level %s, want %s", r.ID, r.Level, want[r.ID])
		}
	}
}

func TestURI(t *testing.T) {
	for path, want := range map[string]string{
		"/src":               "file:///src/",
		"/":                  "file:///",
		"/my src/größe":      "file:///my%20src/gr%C3%B6%C3%9Fe/",
		"C:/src/my app":      "file:///C:/src/my%20app/",
		"//host/share/app#1": "file://host/share/app%231/",
	} {
		if got := folder(path).URI; got != want {
			t.Errorf("folder %s is %s, want %s", path, got, want)
		}
	}
	for path, want := range map[string]artifactLocation{
		"a b/c.go":    {"a%20b/c.go", srcRoot},
		"../c.go":     {"../c.go", srcRoot},
		"a%20.go":     {"a%2520.go", srcRoot},
		"größe?.go":   {"gr%C3%B6%C3%9Fe%3F.go", srcRoot},
		"/gen/c.go":   {"file:///gen/c.go", ""},
		"D:/gen/c.go": {"file:///D:/gen/c.go", ""},
	} {
		if got := artifact(path); got != want {
			t.Errorf("artifact %s is %v, want %v", path, got, want)
		}
	}
}

// A finding keeps its fingerprint when lines above it come and go, and two that
// are alike have different ones.
func TestFingerprints(t *testing.T) {
	prints := func(d *report.Document) []string {
		var l log
		if err := json.Unmarshal(write(t, d, sampleRun), &l); err != nil {
			t.Fatal(err)
		}
		var all []string
		seen := make(map[string]bool)
		for _, r := range l.Runs[0].Results {
			p := r.PartialFingerprints["wsmigrate/v1"]
			if p == "" || seen[p] {
				t.Errorf("fingerprint %q of %s is empty or not the first of its kind", p, r.RuleID)
			}
			seen[p] = true
			all = append(all, p)
		}
		return all
	}
	d := sample(t)
	before := prints(d)
	for i := range d.Findings {
		d.Findings[i].Posn.Line += 10
		d.Findings[i].End.Line += 10
	}
	for i := range d.Suppressed {
		d.Suppressed[i].Posn.Line += 10
	}
	if after := prints(d); strings.Join(before, " ") != strings.Join(after, " ") {
		t.Errorf("before %v, after the move %v", before, after)
	}
}
