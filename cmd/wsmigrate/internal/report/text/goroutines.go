package text

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
)

// beside is the width from which on two goroutines stand side by side: each
// needs room for a line of code.
const beside = 100

// goroutines writes the ways of goroutines to a finding, two of them side by
// side where the width allows:
//
//	A  the goroutine of a request    |  B  the goroutine started at main.go:40
//	   hub.go:80 it calls Hub.read   |     main.go:40 the goroutine is started
//	     80 | h.read(c)              |       40 | go h.run()
//	        |   ^~~~~~~              |          | ^
func (t *Writer) goroutines(b *bytes.Buffer, flows []report.Flow) {
	const indent, gap = "  ", " | "
	if len(flows) != 2 || t.Width < beside {
		for i, f := range flows {
			for _, line := range t.column(i, f, t.Width-len(indent)) {
				b.WriteString(strings.TrimRight(indent+paintCells(line), " ") + "\n")
			}
		}
		return
	}
	width := (t.Width - len(indent) - len(gap)) / 2
	left, right := t.column(0, flows[0], width), t.column(1, flows[1], width)
	for i := range max(len(left), len(right)) {
		var l, r []Cell
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			r = right[i]
		}
		pad := strings.Repeat(" ", max(0, width-cellsWidth(l)))
		line := indent + paintCells(l) + pad + t.Palette.Dim(gap) + paintCells(r)
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

// column returns the way of a goroutine as lines of cells that fit the width.
func (t *Writer) column(i int, f report.Flow, width int) [][]Cell {
	const indent = "   "
	var out [][]Cell
	for j, line := range wrap(f.Name, width-len(indent)) {
		head := Cell{Text: indent}
		if j == 0 {
			head = Cell{string(rune('A'+i)) + "  ", t.Palette.Bold}
		}
		out = append(out, []Cell{head, {line, t.Palette.Bold}})
	}
	for _, s := range f.Steps {
		p := s.Posn
		p.Col = 0
		at := p.String()
		for j, line := range wrap(at+" "+s.Message, width-len(indent)) {
			rest, whole := strings.CutPrefix(line, at)
			if j == 0 && whole {
				out = append(out, []Cell{{Text: indent}, {at, t.Palette.Cyan}, {Text: rest}})
			} else {
				out = append(out, []Cell{{Text: indent}, {Text: line}})
			}
		}
		out = append(out, t.narrowFrame(indent, s.Posn, s.End, width)...)
	}
	return out
}

// narrowFrame returns the line at p without its indentation, what stands from p
// to end underlined, and so much of both as fits the width.
func (t *Writer) narrowFrame(indent string, p, end report.Posn, width int) [][]Cell {
	line, ok := t.source(p)
	if !ok {
		return nil
	}
	from := min(max(p.Col-1, 0), len(line))
	to := from + 1
	if end.File == p.File && end.Line == p.Line && end.Col > p.Col {
		to = max(to, min(end.Col-1, len(line)))
	}
	trim := len(line) - len(strings.TrimLeft(line, " \t"))
	trim = min(trim, from)
	expand := func(s string) []rune { return []rune(strings.ReplaceAll(s, "\t", "    ")) }
	code := expand(line[trim:])
	a := len(expand(line[trim:from]))
	z := max(a+1, len(expand(line[trim:min(to, len(line))])))

	number := fmt.Sprintf("%s%5d | ", indent, p.Line)
	room := max(width-utf8.RuneCountInString(number), 8)
	if z > room { // what is underlined comes first
		cut := min(a, z-room) + 1
		code, a, z = append([]rune("…"), code[cut:]...), max(a-cut+1, 0), z-cut+1
	}
	if len(code) > room {
		code = append(append([]rune(nil), code[:room-1]...), '…')
	}
	z = min(z, room)
	return [][]Cell{
		{{number, t.Palette.Dim}, {Text: string(code)}},
		{{indent + "      | ", t.Palette.Dim}, {Text: strings.Repeat(" ", a)}, {"^" + strings.Repeat("~", max(0, z-a-1)), t.Palette.Red}},
	}
}

// source returns a line of a file as a terminal can show it.
func (t *Writer) source(p report.Posn) (string, bool) {
	if t.sources == nil {
		t.sources = t.Doc.Sources()
	}
	line, ok := t.sources.Line(p)
	return strings.Map(func(r rune) rune {
		switch {
		case !unicode.IsControl(r) || r == '\t':
			return r
		case r < utf8.RuneSelf: // columns count bytes: what stands in has as many
			return '?'
		}
		return '¿'
	}, line), ok
}

func cellsWidth(cells []Cell) int {
	n := 0
	for _, c := range cells {
		n += utf8.RuneCountInString(c.Text)
	}
	return n
}

func paintCells(cells []Cell) string {
	var b strings.Builder
	for _, c := range cells {
		text := c.Text
		if c.Mark != nil {
			text = c.Mark(text)
		}
		b.WriteString(text)
	}
	return b.String()
}

// wrap folds a text into lines of the width; a longer word has a line of its
// own. Zero folds nothing.
func wrap(s string, width int) []string {
	var lines []string
	line := ""
	for _, w := range strings.Fields(s) {
		if line != "" && width > 0 && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(w) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += w
	}
	return append(lines, line)
}
