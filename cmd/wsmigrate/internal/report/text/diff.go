package text

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/term"
	"github.com/wsmigrate/wsmigrate/rewrite"
)

// WriteDiff writes the changes as a unified diff that git apply and patch
// take, each note of the document under the hunk that it belongs to:
//
//	# client.go:60 heartbeat: dead peers are noticed later
//
// A line of notes ends a file's part of a diff for those tools, so the names
// of the file are repeated before its next hunk.
func WriteDiff(w io.Writer, d *report.Document, changes []rewrite.FileChange, p term.Palette) error {
	b := new(bytes.Buffer)
	for _, c := range changes {
		diffFile(b, d.Diff(c), p)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// diffFile writes one file's diff with its notes.
func diffFile(b *bytes.Buffer, diff report.FileDiff, p term.Palette) {
	headed := false
	for _, h := range diff.Hunks {
		if !headed {
			paint(b, fmt.Sprintf("--- %s\n+++ %s\n", diff.From, diff.To), p)
			headed = true
		}
		paint(b, h.Header()+strings.Join(h.Lines, ""), p)
		for _, n := range h.Notes {
			posn := n.Posn
			posn.Col = 0
			fmt.Fprintf(b, "%s\n", p.Yellow(fmt.Sprintf("# %s %s: %s", posn, n.Rule, report.OneLine(n.Message))))
			headed = false
		}
	}
}

// paint writes lines of a diff in its usual colours.
func paint(b *bytes.Buffer, lines string, p term.Palette) {
	if !p.On() {
		b.WriteString(lines)
		return
	}
	for line := range strings.Lines(lines) {
		text, nl := strings.CutSuffix(line, "\n")
		switch {
		case strings.HasPrefix(text, "--- "), strings.HasPrefix(text, "+++ "):
			text = p.Bold(text)
		case strings.HasPrefix(text, "@@"):
			text = p.Cyan(text)
		case strings.HasPrefix(text, "-"):
			text = p.Red(text)
		case strings.HasPrefix(text, "+"):
			text = p.Green(text)
		}
		b.WriteString(text)
		if nl {
			b.WriteByte('\n')
		}
	}
}
