package markdown

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/wsmigrate/wsmigrate/cmd/internal/prose"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
)

// most bounds each list: a pull request takes 65,536 characters.
const most = 40

// Write writes the document.
func Write(w io.Writer, doc *report.Document) error {
	p := &page{doc: doc}
	p.title()
	if doc.Planned {
		p.clusters()
		p.differences()
		p.remains()
	}
	if doc.Linted {
		p.hazards()
	}
	if doc.Planned {
		p.files()
	}
	p.skipped()
	p.verified()
	// Sections bring their own space above and below.
	out := blank.ReplaceAll(p.b.Bytes(), []byte("\n\n"))
	_, err := w.Write(out)
	return err
}

var blank = regexp.MustCompile(`\n{3,}`)

// A page is a document as it is written.
type page struct {
	b   bytes.Buffer
	doc *report.Document
}

func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", args...) }

func (p *page) heading(s string) { p.line("\n## %s\n", s) }

// items writes a list of n items, the first of them if there are too many.
func (p *page) items(n int, item func(i int)) {
	for i := range min(n, most) {
		item(i)
	}
	if n > most {
		p.line("- … and %d more, which `wsmigrate` lists", n-most)
	}
}

func (p *page) title() {
	switch {
	case !p.doc.Planned:
		p.line("# WebSocket hazards")
		p.line("\n%s in %s.", hazards(len(p.doc.Findings)), report.Count(p.doc.Summary.Packages, "package"))
		return
	case p.doc.Command == "shim":
		p.line("# Swap gorilla/websocket for the drop-in package")
	default:
		p.line("# Move from gorilla/websocket to %s", p.doc.Target)
	}
	p.line("\n%s.", text(p.doc.SummaryLine()))
}

func hazards(n int) string {
	if n == 0 {
		return "No hazards"
	}
	return report.Count(n, "hazard")
}

func (p *page) clusters() {
	if len(p.doc.Clusters) == 0 {
		return
	}
	p.heading("Clusters")
	p.line("Each is a set of uses of gorilla whose types have to change together.\n")
	p.line("| | cluster | sites | files | outcome | differences | in the way |")
	p.line("|--:|---|--:|--:|---|--:|--:|")
	for _, c := range p.doc.Clusters {
		p.line("| %d | %s | %d | %d | %s | %d | %d |", c.ID, text(c.Name), c.Sites, len(c.Files), p.doc.Becomes(c),
			len(report.Differences(c)), len(c.Obstacles()))
	}
	for i, m := range p.doc.Messages {
		if i == 0 {
			p.line("")
		}
		p.line("> [!NOTE]\n> %s\n", text(m))
	}
}

func (p *page) differences() {
	if len(report.Differences(p.doc.Clusters...)) == 0 {
		return
	}
	p.heading("What behaves differently")
	for _, c := range p.doc.Clusters {
		said := report.Differences(c)
		if len(said) == 0 {
			continue
		}
		p.line("**Cluster %d, %s**\n", c.ID, text(c.Name))
		p.sayings(said)
		p.line("")
	}
}

func (p *page) sayings(said []report.Saying) {
	p.items(len(said), func(i int) {
		s := said[i]
		help := ""
		if s.Help != "" {
			help = ". *By hand:* " + text(s.Help)
		}
		p.line("- %s%s%s (`%s`)", text(s.Text), at(s.At), help, s.Rule)
	})
}

// at lists positions behind a text.
func at(posns []report.Posn) string {
	const few = 6
	var list []string
	for i, p := range posns {
		if i == few {
			list = append(list, fmt.Sprintf("%d more", len(posns)-few))
			break
		}
		p.Col = 0
		list = append(list, code(p.String()))
	}
	if len(list) == 0 {
		return ""
	}
	return " — " + strings.Join(list, ", ")
}

func (p *page) remains() {
	first := true
	for _, c := range p.doc.Clusters {
		said := c.Obstacles()
		if len(said) == 0 && c.Diagnostic == "" && (c.Outcome == "native" || c.Outcome == "helpers") {
			continue
		}
		if first {
			p.heading("What remains, and why")
			first = false
		}
		p.line("**Cluster %d, %s**: %s\n", c.ID, text(c.Name), p.doc.Becomes(c))
		p.sayings(said)
		if c.Diagnostic != "" {
			p.line("- the converted code did not compile, which is a defect of wsmigrate: %s", text(c.Diagnostic))
		}
		if s := c.Forward(); s != "" {
			p.line("- **%s**", s)
		}
		p.line("")
	}
}

func (p *page) hazards() {
	p.heading("Hazards")
	if len(p.doc.Findings) == 0 {
		p.line("None found.")
		return
	}
	if p.doc.Planned {
		p.line("Faults that the code has today, with or without the move.\n")
	}
	p.items(len(p.doc.Findings), func(i int) {
		f := p.doc.Findings[i]
		id := code(f.ID())
		if f.URL != "" {
			id = fmt.Sprintf("[%s](%s)", id, f.URL)
		}
		p.line("- %s %s, %s confidence: %s", code(f.Posn.String()), id, f.Confidence, text(f.Message))
		for _, r := range f.Related {
			p.line("  - %s %s", code(r.Posn.String()), text(r.Message))
		}
		for _, fix := range f.Fixes {
			p.line("  - suggested fix: %s", text(fix.Message))
		}
	})
}

func (p *page) files() {
	if len(p.doc.Changes) == 0 {
		return
	}
	p.heading("Files")
	p.line("<details><summary>%s</summary>\n", report.Count(len(p.doc.Changes), "file"))
	p.line("| file | lines added | removed |\n|---|--:|--:|")
	for _, c := range p.doc.Changes {
		d := p.doc.Diff(c)
		what := ""
		switch {
		case d.Created:
			what = " (new)"
		case d.Deleted:
			what = " (removed)"
		}
		p.line("| %s%s | %d | %d |", strings.ReplaceAll(code(d.Path), "|", `\|`), what, d.Added, d.Removed)
	}
	p.line("\n</details>")
}

func (p *page) skipped() {
	if len(p.doc.Skipped) == 0 {
		return
	}
	p.heading("Skipped")
	p.items(len(p.doc.Skipped), func(i int) {
		s := p.doc.Skipped[i]
		p.line("- %s: %s", code(s.Path), text(s.Reason))
	})
}

// verified says what was done to trust the change, and how to repeat it.
func (p *page) verified() {
	p.heading("How this was verified")
	if !p.doc.Planned {
		p.line("The findings are those of `wsmigrate lint`, which compiles nothing and runs nothing. `wsmigrate explain` tells about each rule.")
		return
	}
	if len(p.doc.Changes) == 0 {
		p.line("There is nothing to change.")
		return
	}
	configs := ""
	if p.doc.Configs > 1 {
		configs = fmt.Sprintf(" in %d build configurations", p.doc.Configs)
	}
	p.line("- The changed files were type-checked together with go.mod and go.sum%s, tests included, before anything was written; every package "+
		"that was there before is there again without an error.", configs)
	p.line("- lostcancel, copylocks and unusedresult of `go vet` find nothing new in the changed files.")
	if p.doc.Tested {
		p.line("- The tests of the changed packages passed on the changed code.")
	} else {
		p.line("- No tests were run: run yours, with the race detector.")
	}
	switch {
	case p.doc.Written:
		p.line("- `wsmigrate undo` takes the change back.")
	case p.doc.Command == "report":
		p.line("- Nothing was written. `wsmigrate fix` shows the change, `wsmigrate fix -w` writes it.")
	default:
		p.line("- Nothing was written: `-w` does.")
	}
}

// text renders a sentence: code in it is marked, and nothing in it is taken for
// markup, for somebody's name or for an issue.
func text(s string) string {
	parts := strings.Split(prose.Text(report.OneLine(s)), "`")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = mention.ReplaceAllString(parts[i], "$1<!-- -->$2")
	}
	return strings.Join(parts, "`")
}

// mention matches what GitHub and GitLab turn into links to people and issues.
var mention = regexp.MustCompile(`([@#!])(\w)`)

// code marks a text as code.
func code(s string) string {
	if strings.Contains(s, "`") {
		return "`` " + s + " ``"
	}
	return "`" + s + "`"
}
