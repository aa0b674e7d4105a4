package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmigrate/wsmigrate/analyzer"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report/text"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/term"
	"github.com/wsmigrate/wsmigrate/rewrite/rules"
)

// place matches FILE:LINE and FILE:LINE:COLUMN.
var place = regexp.MustCompile(`^(.+\.go):(\d+)(?::\d+)?$`)

// explainCommand explains a rule, an identifier or a line of code.
func explainCommand(ctx context.Context, inv *invocation) error {
	if len(inv.args) == 0 {
		return errNoOperand(inv.cmd)
	}
	if len(inv.args) > 1 {
		return usagef("explain takes one thing to explain, not %d", len(inv.args))
	}
	what := inv.args[0]
	if m := place.FindStringSubmatch(what); m != nil {
		line, err := strconv.Atoi(m[2])
		if err != nil {
			return usagef("explain %s: %s is no line number", what, m[2])
		}
		return inv.explainPlace(ctx, m[1], line)
	}
	e := explainer{b: &inv.results, p: inv.palette(), target: inv.target}
	if e.word(what) {
		return nil
	}
	return usagef("nothing is known about %s%s: name a rule, an identifier of gorilla such as Conn.WriteMessage, or FILE:LINE",
		what, didYouMean(identifier(what), explainable()))
}

// An explainer writes explanations.
type explainer struct {
	b      *bytes.Buffer
	p      term.Palette
	target wsapi.Target
}

// word explains a rule of the linter, a rule of the rewriter, or an
// identifier, and reports whether it knows one.
func (e *explainer) word(what string) bool {
	name, _, _ := strings.Cut(what, "/")
	if i := slices.IndexFunc(analyzer.Suite, func(a *analysis.Analyzer) bool { return a.Name == name }); i >= 0 {
		e.analyzer(analyzer.Suite[i])
		return true
	}
	if e.rule(what) {
		return true
	}
	if i := slices.IndexFunc(words, func(w word) bool { return w.name == what }); i >= 0 {
		words[i].explain(e)
		return true
	}
	rows := matchRows(what)
	if len(rows) == 0 {
		return false
	}
	// The first row is the identifier itself where it has one; the members of
	// a type are listed below it.
	members := rows[1:]
	if strings.Contains(string(rows[0].From), ".") {
		members = nil
		for _, m := range rows[1:] {
			e.mapping(rows[0])
			e.b.WriteByte('\n')
			rows[0] = m
		}
	}
	e.mapping(rows[0])
	if len(members) > 0 {
		e.heading("Members")
		e.list(members)
	}
	return true
}

// explainable lists the words that explain knows.
func explainable() []string {
	var names []string
	for _, a := range analyzer.Suite {
		names = append(names, a.Name)
	}
	for _, r := range rules.All() {
		names = append(names, r.Name)
	}
	for _, w := range words {
		names = append(names, w.name)
	}
	return append(names, symbols()...)
}

func (e *explainer) title(s string) { fmt.Fprintf(e.b, "%s\n", e.p.Bold(s)) }

func (e *explainer) heading(s string) { fmt.Fprintf(e.b, "\n%s\n", e.p.Bold(s)) }

func (e *explainer) analyzer(a *analysis.Analyzer) {
	title, rest, _ := strings.Cut(a.Doc, "\n")
	e.title(title)
	if rest = strings.Trim(rest, "\n"); rest != "" {
		e.b.WriteByte('\n')
		for line := range strings.Lines(rest + "\n") {
			if heading, ok := strings.CutPrefix(line, "# "); ok {
				e.title(strings.TrimSuffix(heading, "\n"))
				continue
			}
			e.b.WriteString(line)
		}
	}
	if a.URL != "" {
		fmt.Fprintf(e.b, "\n%s\n", e.p.Dim(a.URL))
	}
}

// rule explains a rewrite rule: what it says of itself, and what it converts.
func (e *explainer) rule(name string) bool {
	rows := slices.DeleteFunc(wsapi.Mappings(), func(m wsapi.Mapping) bool { return m.Rule != name })
	doc := ruleDoc(name)
	if doc == "" && len(rows) == 0 {
		return false
	}
	e.title("rewrite rule " + name)
	if doc != "" {
		fmt.Fprintln(e.b)
		e.prose(doc)
	}
	if len(rows) == 0 {
		return true
	}
	e.heading("Converts")
	e.list(rows)
	// A rule about a few identifiers is told by them; one about many, such as
	// renaming constants, by its first.
	const few = 4
	if len(rows) > few {
		fmt.Fprintf(e.b, "\n\"wsmigrate explain\" tells about each; for example:\n")
		rows = rows[:1]
	}
	for _, m := range rows {
		e.b.WriteByte('\n')
		e.mapping(m)
	}
	return true
}

// ruleDoc returns what a rewrite rule says of itself.
func ruleDoc(name string) string {
	for _, r := range rules.All() {
		if r.Name == name {
			return r.Doc
		}
	}
	return ""
}

// list writes a line for each row.
func (e *explainer) list(rows []wsapi.Mapping) {
	tab := text.Table{Indent: "  "}
	for _, m := range rows {
		f := fields(m, e.target)
		tab.Add(text.Cell{Text: f[0]}, text.Cell{Text: f[2]},
			text.Cell{Text: f[4], Mark: verdictMark(e.p, m.VerdictFor(e.target))})
	}
	_ = tab.Write(e.b) // a buffer takes everything
}

// mapping explains one identifier.
func (e *explainer) mapping(m wsapi.Mapping) {
	fmt.Fprintf(e.b, "%s %s\n", e.p.Bold(arrow(m, e.target)), e.p.Dim("("+string(m.Kind)+", "+e.target.Path+")"))
	e.heading("Why")
	why := fidelity(m.Fidelity) + " " + verdict(m.VerdictFor(e.target))
	if m.Rule != "" {
		why += " Rewrite rule: " + m.Rule + "."
	}
	e.prose(why)
	if m.Note != "" {
		e.heading("What differs on the wire and in behaviour")
		e.prose(m.Note)
	}
	if m.ByHand != "" {
		e.heading("By hand")
		e.prose(m.ByHand)
	}
	if m.Before != "" {
		e.heading("Before")
		e.code(m.Before)
	}
	if after := m.AfterFor(e.target); after != "" {
		e.heading("After")
		e.code(after)
	}
}

func fidelity(f wsapi.Fidelity) string {
	switch f {
	case wsapi.Same:
		return "The target has it too, if perhaps under another name."
	case wsapi.ContextAdded:
		return "The target's form takes a context, which is also where deadlines go."
	case wsapi.Reshaped:
		return "The target offers the same in another shape."
	case wsapi.NoEquivalent:
		return "The target has nothing like it; the drop-in package has."
	}
	return ""
}

func verdict(v wsapi.Verdict) string {
	switch v {
	case wsapi.Auto:
		return "Its uses are always converted."
	case wsapi.Conditional:
		return "A use is converted where it is proved that nothing else changes by it; otherwise its cluster stays on the shim, and the report says what stands in the way."
	case wsapi.WithHelper:
		return "Its uses are converted with the help of a small generated function."
	case wsapi.OnShim:
		return "A use keeps its cluster on the shim."
	}
	return ""
}

// prose writes a paragraph, folded and indented.
func (e *explainer) prose(s string) {
	const width = 76
	line := " "
	for _, w := range strings.Fields(s) {
		if len([]rune(line))+1+len([]rune(w)) > width && strings.TrimSpace(line) != "" {
			fmt.Fprintln(e.b, line)
			line = " "
		}
		line += " " + w
	}
	fmt.Fprintln(e.b, line)
}

func (e *explainer) code(s string) {
	for line := range strings.Lines(strings.TrimRight(s, "\n") + "\n") {
		fmt.Fprintf(e.b, "    %s", line)
	}
}

// explainPlace explains what stands on a line: findings, sites, and what is
// planned for them.
func (inv *invocation) explainPlace(ctx context.Context, file string, line int) error {
	path := inv.path(filepath.FromSlash(file))
	if _, err := os.Stat(path); err != nil {
		return usagef("explain %s:%d: there is no such file", file, line)
	}
	prog, err := inv.load(ctx, nil)
	if err != nil {
		return err
	}
	doc := inv.document(prog)
	here := func(p report.Posn) bool { return p.File == doc.Rel(path) && p.Line == line }
	err = inv.lint(ctx, doc, prog, func(f report.Finding) bool {
		return here(f.Posn) || slices.ContainsFunc(f.Related, func(r report.Related) bool { return here(r.Posn) })
	})
	if err != nil {
		return err
	}
	plan, err := prog.Plan(ctx, inv.previewOptions())
	if err != nil {
		return err
	}
	doc.AddPlan(plan)

	b := &inv.results
	e := explainer{b: b, p: inv.palette(), target: inv.target}
	found := false
	if len(doc.Findings) > 0 {
		found = true
		if err := inv.text(doc).Findings(b); err != nil {
			return err
		}
		told := make(map[string]bool)
		for _, f := range doc.Findings {
			if !told[f.Rule] {
				told[f.Rule] = true
				b.WriteByte('\n')
				e.word(f.Rule)
			}
		}
	}
	for i, c := range plan.Clusters {
		var syms []wsapi.Symbol
		for _, s := range c.Sites {
			if here(doc.Posn(s.Pos)) && !slices.Contains(syms, s.Symbol) {
				syms = append(syms, s.Symbol)
			}
		}
		dc := doc.Clusters[i]
		blocking := slices.DeleteFunc(slices.Clone(dc.Blocking), func(r report.Blocking) bool { return !here(r.Posn) })
		notes := slices.DeleteFunc(slices.Clone(dc.Notes), func(n report.Note) bool { return !here(n.Posn) })
		if len(syms)+len(blocking)+len(notes) == 0 {
			continue
		}
		if found {
			b.WriteByte('\n')
		}
		found = true
		fmt.Fprintf(b, "%s:%d is in cluster %d, %s: %s, %s\n", doc.Rel(path), line, dc.ID, e.p.Bold(dc.Name), report.Count(dc.Sites, "site"), dc.Outcome)
		for _, r := range blocking {
			fmt.Fprintf(b, "  stands in the way: %s (%s)\n", r.Reason, r.Rule)
			if r.Help != "" {
				fmt.Fprintf(b, "      %s\n", r.Help)
			}
		}
		for _, n := range notes {
			fmt.Fprintf(b, "  brings a difference: %s (%s)\n", n.Message, n.Rule)
		}
		for _, s := range syms {
			if m, ok := wsapi.MappingOf(s); ok {
				b.WriteByte('\n')
				e.mapping(m)
			}
		}
	}
	if !found {
		return usagef("explain %s:%d: no hazard and no use of gorilla stands on this line", file, line)
	}
	return nil
}
