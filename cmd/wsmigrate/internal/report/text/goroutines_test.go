package text

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report/reporttest"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/term"
)

// race returns the sample's finding about two goroutines as it looks at a
// width.
func race(t *testing.T, d *report.Document, width int, p term.Palette) string {
	t.Helper()
	d.Findings = d.Findings[len(d.Findings)-2 : len(d.Findings)-1]
	var b bytes.Buffer
	if err := (&Writer{Doc: d, Width: width, Palette: p}).Findings(&b); err != nil {
		t.Fatal(err)
	}
	_, frames, _ := strings.Cut(b.String(), "\n") // less the message
	return frames
}

func TestGoroutines(t *testing.T) {
	for width, want := range map[int]string{
		0: `     20 | 		h.conn.WriteMessage(websocket.TextMessage, p)
        | 		       ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
    hub.go:13:10: WriteMessage at the same time by the goroutine started at hub.go:12
         13 | 		h.conn.WriteMessage(websocket.TextMessage, []byte("<script>alert('" + greeting + "')</script>"))
            | 		       ^
`,
		60: `  A  whoever calls Hub.run
     hub.go:11 callers run this function
        11 | func (h *Hub) run(greeting string) {
           | ^
     hub.go:20 WriteMessage
        20 | h.conn.WriteMessage(websocket.TextMessage, p)
           |        ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
  B  the goroutine started at hub.go:12
     hub.go:12 the goroutine is started
        12 | go func() { // greets
           | ^
     hub.go:13 WriteMessage
        13 | h.conn.WriteMessage(websocket.TextMessage, []b…
           |        ^~~~~~~~~~~~
`,
		105: `  A  whoever calls Hub.run                           | B  the goroutine started at hub.go:12
     hub.go:11 callers run this function             |    hub.go:12 the goroutine is started
        11 | func (h *Hub) run(greeting string) {    |       12 | go func() { // greets
           | ^                                       |          | ^
     hub.go:20 WriteMessage                          |    hub.go:13 WriteMessage
        20 | …WriteMessage(websocket.TextMessage, p) |       13 | h.conn.WriteMessage(websocket.TextMess…
           |  ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~ |          |        ^~~~~~~~~~~~
`,
	} {
		if got := race(t, reporttest.Sample(t), width, term.Palette{}); got != want {
			t.Errorf("width %d:\n%s\nwant\n%s", width, got, want)
		}
	}
}

// Nothing is wider than the terminal, whatever stands in the code, and colour
// moves nothing.
func TestGoroutinesFit(t *testing.T) {
	d := reporttest.Sample(t)
	lines := []string{
		"\t\t" + strings.Repeat("größe ", 60), strings.Repeat("x", 300), "\tc.Write(\x1b[31m\u009b\x07)", "", "\t",
	}
	if err := os.WriteFile(filepath.Join(d.Dir, "odd.go"), []byte(strings.Join(lines, "\r\n")), 0o666); err != nil {
		t.Fatal(err)
	}
	d.Changes = nil
	sgr := regexp.MustCompile("\x1b\\[[0-9]+m")
	for i, line := range lines {
		for _, col := range []int{1, 2, 3, 40, 250, 400} {
			for _, long := range []int{0, 1, 30, 500} {
				at := report.Posn{File: "odd.go", Line: i + 1, Col: col}
				end := at
				end.Col += long
				step := report.Related{Posn: at, End: end, Message: "it goes on, and on, and on to the end of what there is to say"}
				f := report.Finding{Posn: at, End: end, Message: "m"}
				f.Flows = []report.Flow{{Name: "one", Steps: []report.Related{step, step}}, {Name: "another such goroutine", Steps: []report.Related{step}}}
				d.Findings = []report.Finding{f, f}
				for _, width := range []int{40, 99, 100, 131} {
					plain := race(t, d, width, term.Palette{})
					d.Findings = []report.Finding{f, f}
					for l := range strings.Lines(plain) {
						if n := utf8.RuneCountInString(strings.TrimSuffix(l, "\n")); n > width {
							t.Errorf("line %q, column %d, width %d: %d columns: %s", line, col, width, n, l)
						}
						if strings.ContainsAny(l, "\x1b\u009b\x07\r\t") {
							t.Errorf("line %q: control characters in %q", line, l)
						}
					}
					painted := race(t, d, width, term.Always.Palette(nil, nil))
					d.Findings = []report.Finding{f, f}
					if got := sgr.ReplaceAllString(painted, ""); strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(plain), " ") {
						t.Errorf("width %d: painted\n%s\nplain\n%s", width, got, plain)
					}
				}
			}
		}
	}
}
