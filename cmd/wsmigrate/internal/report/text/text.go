package text

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/term"
)

// A Writer writes a document for people.
type Writer struct {
	Doc     *report.Document
	Palette term.Palette
	// Verbose adds the files of each cluster.
	Verbose bool
	// Width is that of a terminal: prose is folded, and the goroutines of a
	// finding are told side by side if there is room. Zero, for what is no
	// terminal, leaves lines whole.
	Width int

	sources *report.Sources
}

// Findings writes each finding with the code it speaks of:
//
//	hub.go:88:7: message (wsconcurrent/goroutine, high)
//	     88 | 	c.conn.WriteMessage(websocket.TextMessage, m)
//	        | 	^~~~~~~~~~~~~~~~~~~
//	    hub.go:41:3: the other write
//	         41 | …
//
// On a terminal, one in which goroutines meet shows the way of each instead.
func (t *Writer) Findings(w io.Writer) error {
	b := new(bytes.Buffer)
	for i, f := range t.Doc.Findings {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(b, "%s: %s %s\n", t.Palette.Cyan(f.Posn.String()), t.Palette.Bold(f.Message),
			t.Palette.Dim("("+f.ID()+", "+f.Confidence+")"))
		related := f.Related
		if t.Width > 0 && len(f.Flows) > 1 {
			t.goroutines(b, f.Flows)
			related = slices.DeleteFunc(slices.Clone(related), f.FlowsTo)
		} else {
			t.frame(b, "  ", f.Posn, f.End)
		}
		for _, r := range related {
			fmt.Fprintf(b, "    %s: %s\n", t.Palette.Cyan(r.Posn.String()), r.Message)
			t.frame(b, "      ", r.Posn, report.Posn{})
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// frame writes the line at p and underlines p to end, where that is on the
// same line. A file that cannot be read has no frame.
func (t *Writer) frame(b *bytes.Buffer, indent string, p, end report.Posn) {
	line, ok := t.source(p)
	if !ok {
		return
	}
	col := min(max(p.Col, 1), len(line)+1)
	width := 0
	if end.File == p.File && end.Line == p.Line && end.Col > p.Col {
		width = min(end.Col, len(line)+1) - col
	}
	width = max(utf8.RuneCountInString(line[col-1:col-1+max(width, 0)]), 1)
	// Tabs stay tabs in both lines, so that they align however wide they are.
	lead := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, line[:col-1])
	under := "^" + strings.Repeat("~", width-1)
	fmt.Fprintf(b, "%s%s\n", t.Palette.Dim(fmt.Sprintf("%s%5d | ", indent, p.Line)), line)
	fmt.Fprintf(b, "%s%s%s\n", t.Palette.Dim(indent+"      | "), lead, t.Palette.Red(under))
}

// Hazards writes the findings under a heading.
func (t *Writer) Hazards(w io.Writer) error {
	if len(t.Doc.Findings) == 0 {
		_, err := fmt.Fprintf(w, "%s none found\n", t.Palette.Bold("hazards:"))
		return err
	}
	if _, err := fmt.Fprintln(w, t.Palette.Bold("hazards:")); err != nil {
		return err
	}
	return t.Findings(w)
}

// Plan writes the clusters, what blocks them, which differences conversion
// brings, what was skipped, and the plan's messages.
func (t *Writer) Plan(w io.Writer) error {
	b := new(bytes.Buffer)
	if len(t.Doc.Clusters) == 0 {
		fmt.Fprintf(b, "\n%s nothing to migrate\n", t.Palette.Bold("plan:"))
	} else {
		fmt.Fprintf(b, "\n%s to %s\n", t.Palette.Bold("plan:"), t.Doc.Target)
		if err := t.Clusters(b); err != nil {
			return err
		}
		t.blocking(b)
		t.notes(b)
	}
	t.skipped(b)
	t.messages(b)
	_, err := w.Write(b.Bytes())
	return err
}

// Remarks writes what a diff does not show: what was skipped, and the plan's
// messages.
func (t *Writer) Remarks(w io.Writer) error {
	b := new(bytes.Buffer)
	t.skipped(b)
	t.messages(b)
	_, err := w.Write(b.Bytes())
	return err
}

// Clusters writes the table of clusters.
func (t *Writer) Clusters(w io.Writer) error {
	if len(t.Doc.Clusters) == 0 {
		return nil
	}
	tab := Table{Indent: "  ", Right: []bool{true, false, true, true}}
	dim := t.Palette.Dim
	tab.Add(Cell{"#", dim}, Cell{"cluster", dim}, Cell{"sites", dim}, Cell{"files", dim}, Cell{"outcome", dim})
	for _, c := range t.Doc.Clusters {
		tab.Add(Cell{Text: fmt.Sprint(c.ID)}, Cell{c.Name, t.Palette.Bold}, Cell{Text: fmt.Sprint(c.Sites)},
			Cell{Text: fmt.Sprint(len(c.Files))}, t.outcome(c))
	}
	if err := tab.Write(w); err != nil || !t.Verbose {
		return err
	}
	var files Table
	files.Indent = "  "
	for _, c := range t.Doc.Clusters {
		for _, f := range c.Files {
			files.Add(Cell{Text: fmt.Sprint(c.ID)}, Cell{f, t.Palette.Cyan})
		}
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return files.Write(w)
}

func (t *Writer) outcome(c report.Cluster) Cell {
	text, mark := t.Doc.Becomes(c), t.Palette.Yellow
	switch c.Outcome {
	case "native", "helpers":
		mark = t.Palette.Green
	case "pinned":
		mark = t.Palette.Red
	}
	if n := len(c.Blocking); n > 0 {
		text += " (" + report.Count(n, "blocking site") + ")"
	}
	return Cell{text, mark}
}

// Unconverted writes what keeps clusters from being native, with the way
// forward.
func (t *Writer) Unconverted(w io.Writer) error {
	b := new(bytes.Buffer)
	t.blocking(b)
	_, err := w.Write(b.Bytes())
	return err
}

func (t *Writer) blocking(b *bytes.Buffer) {
	first := true
	for _, c := range t.Doc.Clusters {
		if len(c.Blocking) == 0 && c.Diagnostic == "" {
			continue
		}
		if first {
			fmt.Fprintf(b, "\n%s\n", t.Palette.Bold("not converted:"))
			first = false
		}
		fmt.Fprintf(b, "  %s, %s\n", t.Palette.Bold(fmt.Sprintf("cluster %d, %s", c.ID, c.Name)), t.outcome(c).Text)
		for _, r := range c.Obstacles() {
			fmt.Fprintf(b, "    %s%s %s\n", t.at(r.At), r.Text, t.Palette.Dim("("+r.Rule+")"))
			if r.Help != "" {
				t.fold(b, "        ", r.Help)
			}
		}
		if c.Diagnostic != "" {
			fmt.Fprintf(b, "    the converted code did not compile, please report this: %s\n", report.OneLine(c.Diagnostic))
		}
		if s := c.Forward(); s != "" {
			fmt.Fprintf(b, "    %s\n", t.Palette.Green(s))
		}
	}
}

// at returns positions in front of a text.
func (t *Writer) at(posns []report.Posn) string {
	var at []string
	for _, p := range posns {
		at = append(at, t.Palette.Cyan(p.String()))
	}
	if len(at) == 0 {
		return ""
	}
	return strings.Join(at, ", ") + ": "
}

// Differences writes what the clusters will do otherwise than before.
func (t *Writer) Differences(w io.Writer) error {
	b := new(bytes.Buffer)
	t.notes(b)
	_, err := w.Write(b.Bytes())
	return err
}

func (t *Writer) notes(b *bytes.Buffer) {
	for i, n := range report.Differences(t.Doc.Clusters...) {
		if i == 0 {
			fmt.Fprintf(b, "\n%s\n", t.Palette.Bold("differences in behaviour:"))
		}
		fmt.Fprintf(b, "  %s%s %s\n", t.at(n.At), n.Text, t.Palette.Dim("("+n.Rule+")"))
	}
}

func (t *Writer) skipped(b *bytes.Buffer) {
	if len(t.Doc.Skipped) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", t.Palette.Bold("skipped:"))
	for _, s := range t.Doc.Skipped {
		fmt.Fprintf(b, "  %s: %s\n", s.Path, report.OneLine(s.Reason))
	}
}

func (t *Writer) messages(b *bytes.Buffer) {
	for i, m := range t.Doc.Messages {
		if i == 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(b, "%s %s\n", t.Palette.Yellow("note:"), report.OneLine(m))
	}
}

// fold writes a paragraph, indented, on lines that fit the width.
func (t *Writer) fold(b *bytes.Buffer, indent, s string) {
	width := 0
	if t.Width > 0 {
		width = max(t.Width-len(indent), 1)
	}
	for _, line := range wrap(s, width) {
		fmt.Fprintf(b, "%s%s\n", indent, line)
	}
}
