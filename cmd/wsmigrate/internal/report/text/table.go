package text

import (
	"io"
	"strings"
	"unicode/utf8"
)

// A Cell is one field of a table: its text, and how a palette marks it.
type Cell struct {
	Text string
	Mark func(string) string // nil leaves the text as it is
}

// A Table aligns cells in columns two spaces apart.
type Table struct {
	Indent string
	Right  []bool // which columns are numbers
	Rows   [][]Cell
}

// Add appends a row.
func (t *Table) Add(cells ...Cell) { t.Rows = append(t.Rows, cells) }

// Write writes the rows. Nothing trails the last cell of a line.
func (t *Table) Write(w io.Writer) error {
	var width []int
	for _, row := range t.Rows {
		for i, c := range row {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], utf8.RuneCountInString(c.Text))
		}
	}
	var b strings.Builder
	for _, row := range t.Rows {
		b.WriteString(t.Indent)
		for i, c := range row {
			if i > 0 {
				b.WriteString("  ")
			}
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c.Text))
			text := c.Text
			if c.Mark != nil {
				text = c.Mark(text)
			}
			switch {
			case i < len(t.Right) && t.Right[i]:
				b.WriteString(pad + text)
			case i == len(row)-1:
				b.WriteString(text)
			default:
				b.WriteString(text + pad)
			}
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}
