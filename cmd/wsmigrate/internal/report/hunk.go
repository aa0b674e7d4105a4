package report

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/wsmigrate/wsmigrate/rewrite"
)

// A FileDiff is what changes in a file.
type FileDiff struct {
	Path             string // relative, with slashes
	Created, Deleted bool
	From, To         string // its names in a unified diff
	Hunks            []Hunk
	Added, Removed   int // lines
}

// A Hunk is a run of changed lines with some around them.
type Hunk struct {
	Old, OldLines int // the first line in the old file, and how many
	New, NewLines int
	// Lines begin with a space, - or +, and end as those of the file do. One
	// that begins with a backslash says that the line before has no end.
	Lines []string
	Notes []Note
}

// Header is the line above the hunk in a unified diff.
func (h Hunk) Header() string {
	return fmt.Sprintf("@@ -%s +%s @@\n", span(h.Old, h.OldLines), span(h.New, h.NewLines))
}

// span is how a hunk's header names lines.
func span(start, count int) string {
	if count == 1 {
		return strconv.Itoa(start)
	}
	return fmt.Sprintf("%d,%d", start, count)
}

// Diff returns a change with the notes of the document at its hunks: each under
// the last that begins at or before its line, or under the first.
func (d *Document) Diff(c rewrite.FileChange) FileDiff {
	rel := d.Rel(c.Path)
	f := FileDiff{Path: rel, Created: c.Created, Deleted: c.Deleted, From: "a/" + rel, To: "b/" + rel}
	if c.Created {
		f.From = "/dev/null"
	}
	if c.Deleted {
		f.To = "/dev/null"
	}
	f.Hunks = splitDiff(udiff.Unified(f.From, f.To, string(c.Old), string(c.New)))
	for _, h := range f.Hunks {
		for _, line := range h.Lines {
			switch line[0] {
			case '-':
				f.Removed++
			case '+':
				f.Added++
			}
		}
	}
	if len(f.Hunks) == 0 {
		return f
	}
	for _, cl := range d.Clusters {
		for _, n := range cl.Notes {
			if n.Posn.File != rel {
				continue
			}
			i := 0
			for j, h := range f.Hunks {
				if h.Old <= n.Posn.Line {
					i = j
				}
			}
			f.Hunks[i].Notes = append(f.Hunks[i].Notes, n)
		}
	}
	return f
}

var hunkHeader = regexp.MustCompile(`^@@ -(\d+)`)

// splitDiff returns the hunks of a unified diff of one file.
//
// Where they lie is counted anew: the headers of go-udiff name a wrong line of
// the new file behind a hunk that joins two changes, and tools that apply a
// diff start to look for the context there.
func splitDiff(diff string) []Hunk {
	names := strings.SplitAfterN(diff, "\n", 3)
	if len(names) < 3 {
		return nil
	}
	var hunks []Hunk
	var body []string
	old, added := 0, 0 // first line of the hunk, and what hunks before it added
	flush := func() {
		if body == nil {
			return
		}
		h := Hunk{Old: old, New: old + added, Lines: body}
		for _, line := range body {
			switch line[0] {
			case ' ':
				h.OldLines++
				h.NewLines++
			case '-':
				h.OldLines++
			case '+':
				h.NewLines++
			}
		}
		// An empty side is numbered by the line before it.
		if h.OldLines == 0 {
			h.Old, h.New = 0, 1
		}
		if h.NewLines == 0 {
			h.New--
		}
		hunks = append(hunks, h)
		added += h.NewLines - h.OldLines
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
	return hunks
}
