package report

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/term"
	"github.com/wsmigrate/wsmigrate/rewrite"
)

var hunkHeader = regexp.MustCompile(`^@@ -(\d+)`)

// WriteDiff writes the changes as a unified diff that git apply and patch
// take, each note of the document under the hunk that it belongs to:
//
//	# client.go:60 heartbeat: dead peers are noticed later
//
// A line of notes ends a file's part of a diff for those tools, so the names
// of the file are repeated before its next hunk.
func WriteDiff(w io.Writer, d *Document, changes []rewrite.FileChange, p term.Palette) error {
	notes := make(map[string][]Note)
	for _, c := range d.Clusters {
		for _, n := range c.Notes {
			notes[n.Posn.File] = append(notes[n.Posn.File], n)
		}
	}
	b := new(bytes.Buffer)
	for _, c := range changes {
		rel := d.Rel(c.Path)
		from, to := "a/"+rel, "b/"+rel
		if c.Created {
			from = "/dev/null"
		}
		if c.Deleted {
			to = "/dev/null"
		}
		diffFile(b, udiff.Unified(from, to, string(c.Old), string(c.New)), notes[rel], p)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// diffFile writes one file's diff with its notes. A note goes under the last
// hunk that begins at or before its line, or under the first.
func diffFile(b *bytes.Buffer, diff string, notes []Note, p term.Palette) {
	head, hunks := splitDiff(diff)
	if len(hunks) == 0 {
		return
	}
	under := make([][]Note, len(hunks))
	for _, n := range notes {
		i := 0
		for j, h := range hunks {
			if hunkStart(h) <= n.Posn.Line {
				i = j
			}
		}
		under[i] = append(under[i], n)
	}
	headed := false
	for i, h := range hunks {
		if !headed {
			paint(b, head, p)
			headed = true
		}
		paint(b, h, p)
		for _, n := range under[i] {
			posn := n.Posn
			posn.Col = 0
			fmt.Fprintf(b, "%s\n", p.Yellow(fmt.Sprintf("# %s %s: %s", posn, n.Rule, OneLine(n.Message))))
			headed = false
		}
	}
}

// splitDiff separates the lines that name the file from its hunks.
//
// The headers of the hunks are made anew: those of go-udiff name a wrong line
// of the new file behind a hunk that joins two changes, and tools that apply a
// diff start to look for the context there.
func splitDiff(diff string) (head string, hunks []string) {
	names := strings.SplitAfterN(diff, "\n", 3)
	if len(names) < 3 {
		return "", nil
	}
	var body []string
	old, added := 0, 0 // first line of the hunk, and what hunks before it added
	flush := func() {
		if body == nil {
			return
		}
		var oldLines, newLines int
		for _, line := range body {
			switch line[0] {
			case ' ':
				oldLines++
				newLines++
			case '-':
				oldLines++
			case '+':
				newLines++
			}
		}
		from, to := old, old+added
		// An empty side is numbered by the line before it.
		if oldLines == 0 {
			from, to = 0, 1
		}
		if newLines == 0 {
			to--
		}
		hunks = append(hunks, fmt.Sprintf("@@ -%s +%s @@\n", span(from, oldLines), span(to, newLines))+strings.Join(body, ""))
		added += newLines - oldLines
		body = nil
	}
	for line := range strings.Lines(names[2]) {
		if m := hunkHeader.FindStringSubmatch(line); m != nil {
			flush()
			old, _ = strconv.Atoi(m[1])
			continue
		}
		body = append(body, line)
	}
	flush()
	return names[0] + names[1], hunks
}

// span is how a hunk's header names lines.
func span(start, count int) string {
	if count == 1 {
		return strconv.Itoa(start)
	}
	return fmt.Sprintf("%d,%d", start, count)
}

// hunkStart returns the first line of the old file in a hunk.
func hunkStart(hunk string) int {
	m := hunkHeader.FindStringSubmatch(hunk)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	return n
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
