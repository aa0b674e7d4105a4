package markdown

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/cmd/internal/golden"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report/reporttest"
)

func write(t *testing.T, d *report.Document) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	d := reporttest.Sample(t)
	golden.Compare(t, "report.md", write(t, d))
	d.Command, d.Written, d.Tested, d.Linted, d.Configs = "fix", true, true, false, 1
	d.Skipped, d.Messages = nil, nil
	golden.Compare(t, "written.md", write(t, d))
	d.Planned, d.Linted, d.Command = false, true, "lint"
	golden.Compare(t, "lint.md", write(t, d))
	empty := report.New(d.Dir, d.Target)
	empty.Planned, empty.Linted, empty.Command = true, true, "report"
	golden.Compare(t, "empty.md", write(t, empty))
}

func TestText(t *testing.T) {
	for s, want := range map[string]string{
		"plain":                       "plain",
		"one\n\ttwo":                  "one two",
		"a <b> and [c](d) | *e*":      `a &lt;b> and \[c](d) \| \*e\*`,
		"ask @octocat, see #12 or !3": "ask @<!-- -->octocat, see #<!-- -->12 or !<!-- -->3",
		"`@octocat` and CloseNow":     "`@octocat` and CloseNow",
	} {
		if got := text(s); got != want {
			t.Errorf("text(%q) = %s, want %s", s, got, want)
		}
	}
}

// However much there is to say, it fits into a pull request.
func TestLong(t *testing.T) {
	d := reporttest.Sample(t)
	for i := range 5000 {
		d.Clusters[0].Notes = append(d.Clusters[0].Notes, report.Note{
			Posn: report.Posn{File: "hub.go", Line: i + 1}, Rule: "read", Message: fmt.Sprintf("difference %d of this cluster", i),
		})
		d.Clusters[1].Notes = append(d.Clusters[1].Notes, report.Note{Posn: report.Posn{File: "hub.go", Line: i + 1}, Rule: "read", Message: "one for all"})
	}
	got := write(t, d)
	if len(got) > 60000 {
		t.Errorf("%d bytes", len(got))
	}
	for _, want := range []string{"- … and 4962 more, which `wsmigrate` lists", "4994 more"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
