package html

import (
	"bytes"
	"slices"
	"strings"

	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
	"github.com/wsmigrate/wsmigrate/rewrite"
)

// A fileView is a changed file.
type fileView struct {
	report.FileDiff
	ID    string
	Hunks []hunkView
	Notes int
}

// A hunkView is a hunk in blocks.
type hunkView struct {
	Label  string // which lines it is about
	Blocks []block
	Notes  []report.Note
}

// A block is either lines that stay, or lines that go and those that come in
// their place.
type block struct {
	Same     bool
	Old, New []codeLine // of equal lines, both sides
}

// fileView returns a change with its lines highlighted.
func (l *library) fileView(doc *report.Document, c rewrite.FileChange) fileView {
	d := doc.Diff(c)
	v := fileView{FileDiff: d}
	old, new := highlight(d.Path, c.Old), highlight(d.Path, c.New)
	for _, h := range d.Hunks {
		hv := hunkView{Notes: h.Notes, Label: lineRange(h)}
		o, n := h.Old, h.New
		for _, line := range h.Lines {
			switch line[0] {
			case ' ':
				b := hv.last(true)
				b.Old, b.New = append(b.Old, at(old, o)), append(b.New, at(new, n))
				o, n = o+1, n+1
			case '-':
				b := hv.last(false)
				b.Old = append(b.Old, at(old, o))
				o++
			case '+':
				b := hv.last(false)
				b.New = append(b.New, at(new, n))
				n++
			}
		}
		for i := range hv.Blocks {
			hv.Blocks[i].markChanges()
		}
		v.Notes += len(h.Notes)
		v.Hunks = append(v.Hunks, hv)
	}
	return v
}

// last returns the block that the next line belongs to.
func (h *hunkView) last(same bool) *block {
	if n := len(h.Blocks); n == 0 || h.Blocks[n-1].Same != same {
		h.Blocks = append(h.Blocks, block{Same: same})
	}
	return &h.Blocks[len(h.Blocks)-1]
}

func at(lines [][]part, n int) codeLine {
	c := codeLine{N: n}
	if n >= 1 && n <= len(lines) {
		c.Parts = lines[n-1]
	}
	return c
}

// lineRange names the lines of a hunk.
func lineRange(h report.Hunk) string {
	start, count := h.Old, h.OldLines
	if count == 0 {
		start, count = h.New, h.NewLines
	}
	if count <= 1 {
		return "Line " + itoa(start)
	}
	return "Lines " + itoa(start) + " to " + itoa(start+count-1)
}

// markChanges marks what differs between the lines of a block that changes as
// many lines as it brings.
func (b *block) markChanges() {
	if b.Same || len(b.Old) != len(b.New) {
		return
	}
	for i := range b.Old {
		old, new := flat(b.Old[i].Parts), flat(b.New[i].Parts)
		from := 0
		for from < len(old) && from < len(new) && old[from] == new[from] {
			from++
		}
		back := 0
		for back < len(old)-from && back < len(new)-from && old[len(old)-1-back] == new[len(new)-1-back] {
			back++
		}
		// Lines that have little in common are not the same line changed.
		if from+back < min(len(old), len(new))/2 {
			continue
		}
		b.Old[i].Parts = marked(b.Old[i].Parts, len(string(old[:from])), len(string(old[:len(old)-back])))
		b.New[i].Parts = marked(b.New[i].Parts, len(string(new[:from])), len(string(new[:len(new)-back])))
	}
}

// flat returns the text of a line, by characters.
func flat(parts []part) []rune {
	var b bytes.Buffer
	for _, p := range parts {
		b.WriteString(p.Text)
	}
	return []rune(b.String())
}

// clustersOf names the clusters that have a file, for the filter.
func clustersOf(doc *report.Document, path string) (outcomes []string) {
	for _, c := range doc.Clusters {
		if slices.Contains(c.Files, path) && !slices.Contains(outcomes, c.Outcome) {
			outcomes = append(outcomes, c.Outcome)
		}
	}
	return outcomes
}

// words joins what the text filter looks through.
func words(parts ...string) string { return strings.ToLower(strings.Join(parts, " ")) }
