package html

import (
	"bytes"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/cmd/internal/golden"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report/reporttest"
)

func write(t *testing.T, d *report.Document) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, d, "v1.2.3"); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// structure is a page less its looks and its behaviour, which the tests with a
// browser are about.
func structure(page []byte) []byte {
	page = bytes.Replace(page, []byte(style), nil, 1)
	return bytes.Replace(page, []byte(script), nil, 1)
}

func TestGolden(t *testing.T) {
	d := reporttest.Sample(t)
	golden.Compare(t, "report.html", structure(write(t, d)))
	d.Command, d.Written, d.Tested, d.Linted = "fix", true, true, false
	d.Findings, d.Clusters, d.Skipped, d.Messages = nil, d.Clusters[:1], nil, nil
	d.Changes = d.Changes[2:3]
	d.Summary = report.Summary{Packages: 1, Sites: 24, Native: 24}
	golden.Compare(t, "written.html", structure(write(t, d)))
	empty := report.New(d.Dir, d.Target)
	empty.Planned, empty.Linted = true, true
	golden.Compare(t, "empty.html", structure(write(t, empty)))
}

// The page loads nothing, and what the code says is text.
func TestSelfContained(t *testing.T) {
	page := string(write(t, reporttest.Sample(t)))
	for _, bad := range []string{"<script>alert", "<b>WriteMessage", `src="`, "@import", "url(http", "<link", "<iframe", "<img"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %s", bad)
		}
	}
	if !strings.Contains(page, style) || !strings.Contains(page, script) {
		t.Error("style sheet or script are not whole")
	}
	ids := make(map[string]bool)
	for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if ids[m[1]] {
			t.Errorf("two elements have the id %s", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`(?:href="#|aria-labelledby="|for=")([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if !ids[m[1]] {
			t.Errorf("there is no %s, which is referred to", m[1])
		}
	}
}

// Highlighting changes no code.
func TestHighlight(t *testing.T) {
	const src = "package p // größe 🎈\r\n\r\nconst s = `raw\r\n\t\"text`\r\n/* a\r\n b */ var c, n = 'x', 0x1p-2 // end"
	lines := highlight("a.go", []byte(src))
	var got []string
	classes := make(map[string]string)
	for _, line := range lines {
		got = append(got, string(flat(line)))
		for _, p := range line {
			classes[p.Text] = p.Class
		}
	}
	if text := strings.Join(got, "\n"); text != strings.ReplaceAll(src, "\r", "") {
		t.Errorf("got %q", text)
	}
	for text, class := range map[string]string{
		"package": keyword, "// größe 🎈": comment, "`raw": literal, "\t\"text`": literal, "/* a": comment, " b */": comment,
		"'x'": literal, "0x1p-2": number, "// end": comment, "var": keyword, " c, n = ": "",
	} {
		if got, ok := classes[text]; got != class || !ok {
			t.Errorf("%q has the class %q (%t), want %q", text, got, ok, class)
		}
	}
	for _, odd := range []string{"", "\n", "`open", "/* open", "\"open\n", "\xff\x00", "//"} {
		var text []string
		for _, line := range highlight("a.go", []byte(odd)) {
			text = append(text, string(flat(line)))
		}
		if got := strings.Join(text, "\n"); strings.ToValidUTF8(got, "�") != strings.ToValidUTF8(odd, "�") {
			t.Errorf("%q became %q", odd, got)
		}
	}
	if got := highlight("go.mod", []byte("go 1.21\n")); len(got) != 2 || len(got[0]) != 1 || got[0][0].Class != "" {
		t.Errorf("go.mod: %v", got)
	}
}

func TestMarked(t *testing.T) {
	parts := []part{{keyword, false, "func"}, {"", false, " f()"}}
	for _, test := range []struct {
		from, to int
		want     string
	}{{0, 0, "func f()"}, {0, 4, "[func] f()"}, {2, 6, "fu[nc][ f]()"}, {5, 99, "func [f()]"}, {99, 100, "func f()"}, {3, 1, "func f()"}} {
		var b strings.Builder
		for _, p := range marked(parts, test.from, test.to) {
			if p.Mark {
				b.WriteString("[" + p.Text + "]")
			} else {
				b.WriteString(p.Text)
			}
		}
		if b.String() != test.want {
			t.Errorf("marked from %d to %d: %s, want %s", test.from, test.to, &b, test.want)
		}
	}
}

// The tiles fill the map, with areas as the numbers of sites, and do not
// overlap.
func TestTreemap(t *testing.T) {
	for _, sites := range [][]int{{1}, {5, 5}, {24, 11, 21, 2}, {100, 1, 1, 1}, {7, 7, 7, 7, 7, 7, 7}, {3, 0, 9, 1, 4, 1, 5, 9, 2, 6}} {
		d := report.New("/src", "nhooyr.io/websocket")
		total := 0.0
		for i, n := range sites {
			d.Clusters = append(d.Clusters, report.Cluster{ID: i + 1, Sites: n})
			total += float64(n)
		}
		tiles := treemap(d)
		sum := 0.0
		for i, a := range tiles {
			sum += a.W * a.H
			if want := float64(a.Sites) / total * 100 * 100; math.Abs(a.W*a.H-want) > .01 {
				t.Errorf("%v: %d sites have the area %f, want %f", sites, a.Sites, a.W*a.H, want)
			}
			if a.X < -.001 || a.Y < -.001 || a.X+a.W > 100.001 || a.Y+a.H > 100.001 {
				t.Errorf("%v: %+v lies outside", sites, a)
			}
			for _, b := range tiles[i+1:] {
				if a.X+a.W > b.X+.001 && b.X+b.W > a.X+.001 && a.Y+a.H > b.Y+.001 && b.Y+b.H > a.Y+.001 {
					t.Errorf("%v: %+v overlaps %+v", sites, a, b)
				}
			}
			if square := max(a.W*aspect/a.H, a.H/(a.W*aspect)); len(sites) > 6 && square > 4 {
				t.Errorf("%v: a tile of %f by %f", sites, a.W, a.H)
			}
		}
		if math.Abs(sum-100*100) > .01 {
			t.Errorf("%v: the tiles have the area %f", sites, sum)
		}
	}
	if tiles := treemap(report.New("/src", "")); len(tiles) != 0 {
		t.Errorf("no clusters: %v", tiles)
	}
}

// A hunk's lines are those of the files, old on the left and new on the right.
func TestFileView(t *testing.T) {
	d := reporttest.Sample(t)
	lib := &library{d.Sources(), make(map[string][][]part)}
	for _, c := range d.Changes {
		v := lib.fileView(d, c)
		old, new := strings.Split(string(c.Old), "\n"), strings.Split(string(c.New), "\n")
		changed := 0
		for _, h := range v.Hunks {
			for _, b := range h.Blocks {
				for _, side := range []struct {
					lines []codeLine
					file  []string
				}{{b.Old, old}, {b.New, new}} {
					for _, l := range side.lines {
						if got, want := string(flat(l.Parts)), strings.TrimSuffix(side.file[l.N-1], "\r"); got != want {
							t.Errorf("%s:%d is %q, want %q", v.Path, l.N, got, want)
						}
					}
				}
				if !b.Same {
					changed += len(b.Old) + len(b.New)
				}
			}
		}
		if changed != v.Added+v.Removed || changed == 0 {
			t.Errorf("%s: %d changed lines, want %d", v.Path, changed, v.Added+v.Removed)
		}
	}
}
