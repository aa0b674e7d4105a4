package sarif

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
)

// A Run is what a log says about the run besides the document.
type Run struct {
	Version   string // of the tool; may be empty
	Command   string // the subcommand
	Arguments []string
	Status    int    // exit status
	Rules     []Rule // all that the results can name
}

// A Rule describes the results that have its ID.
type Rule struct {
	ID       string // rule/category
	Summary  string // a sentence
	Text     string // a few
	Markdown string // the whole page
	URL      string
	Level    string // error, warning or note
}

// Levels by confidence.
var levels = map[string]string{"high": "error", "medium": "warning", "low": "note"}

// Write writes the document as a log of one run.
func Write(w io.Writer, doc *report.Document, r Run) error {
	sw := &writer{doc: doc, sources: doc.Sources(), seen: make(map[string]int), rules: make(map[string]int)}
	out := run{
		Tool: tool{driver{
			Name: "wsmigrate", Version: r.Version, InformationURI: "https://github.com/wsmigrate/wsmigrate",
			Rules: sw.describe(r.Rules),
		}},
		AutomationDetails:  automationDetails{"wsmigrate/" + r.Command + "/"},
		OriginalURIBaseIDs: map[string]artifactLocation{srcRoot: folder(filepath.ToSlash(doc.Dir))},
		ColumnKind:         "utf16CodeUnits",
		Results:            []result{},
	}
	inv := invocation{
		ExecutionSuccessful: true, ExitCode: r.Status, Arguments: r.Arguments,
		WorkingDirectory: folder(filepath.ToSlash(doc.Dir)),
	}
	for _, s := range doc.Skipped {
		inv.ToolExecutionNotifications = append(inv.ToolExecutionNotifications, notification{
			Level: "warning", Message: text(s.Path + " was skipped: " + s.Reason),
			Locations: []location{{PhysicalLocation: &physicalLocation{ArtifactLocation: artifact(s.Path)}}},
		})
	}
	for _, m := range doc.Messages {
		inv.ToolExecutionNotifications = append(inv.ToolExecutionNotifications, notification{Level: "note", Message: text(m)})
	}
	out.Invocations = []invocation{inv}

	out.Results = append(out.Results, sw.findings()...)
	for _, c := range doc.Clusters {
		out.Results = append(out.Results, sw.cluster(c)...)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(log{Schema: schema, Version: version, Runs: []run{out}})
}

// A writer makes the results of a document.
type writer struct {
	doc     *report.Document
	sources *report.Sources
	rules   map[string]int // index by ID
	seen    map[string]int // fingerprints, and how often
}

// describe returns the rules in the form of the log.
func (w *writer) describe(rules []Rule) []rule {
	out := []rule{}
	for i, r := range rules {
		w.rules[r.ID] = i
		d := rule{
			ID: r.ID, ShortDescription: message{Text: r.Summary}, FullDescription: message{Text: cmp.Or(r.Text, r.Summary)},
			HelpURI: r.URL, DefaultConfiguration: configuration{r.Level},
		}
		if r.Markdown != "" {
			d.Help = &message{Text: cmp.Or(r.Text, r.Summary), Markdown: r.Markdown}
		}
		out = append(out, d)
	}
	return out
}

// findings returns the results of the linter in the order of their positions,
// those that do not count among them.
func (w *writer) findings() []result {
	all := slices.Clone(w.doc.Suppressed)
	for _, f := range w.doc.Findings {
		all = append(all, report.Suppressed{Finding: f})
	}
	counts := len(w.doc.Suppressed)
	index := make([]int, len(all))
	for i := range index {
		index[i] = i
	}
	slices.SortStableFunc(index, func(i, j int) int { return all[i].Finding.Compare(all[j].Finding) })
	var out []result
	for _, i := range index {
		r := w.finding(all[i].Finding)
		if i < counts {
			w.suppress(&r, all[i])
		} else if w.doc.Baseline {
			r.BaselineState = "new"
		}
		out = append(out, r)
	}
	return out
}

func (w *writer) finding(f report.Finding) result {
	r := w.result(f.ID(), levels[f.Confidence], f.Message, f.Posn, f.End)
	r.PartialFingerprints = w.fingerprint(f.Fingerprint())
	r.Properties = map[string]string{"confidence": f.Confidence}
	if f.Func != "" && len(r.Locations) > 0 {
		r.Locations[0].LogicalLocations = []logicalLocation{{f.Func, "function"}}
	}
	for _, rel := range f.Related {
		if loc := w.step(rel); loc.PhysicalLocation != nil {
			id := len(r.RelatedLocations)
			loc.ID = &id
			r.RelatedLocations = append(r.RelatedLocations, loc)
		}
	}
	if len(f.Flows) > 0 {
		var flow codeFlow
		for i, g := range f.Flows {
			t := threadFlow{ID: fmt.Sprint(i + 1), Message: text(g.Name)}
			for j, s := range g.Steps {
				step := threadStep{Location: w.step(s)}
				if j == len(g.Steps)-1 {
					step.Importance = "essential"
				}
				t.Locations = append(t.Locations, step)
			}
			flow.ThreadFlows = append(flow.ThreadFlows, t)
		}
		r.CodeFlows = []codeFlow{flow}
	}
	for _, fx := range f.Fixes {
		if fx, ok := w.fix(fx); ok {
			r.Fixes = append(r.Fixes, fx)
		}
	}
	return r
}

// step returns a place with what happens there.
func (w *writer) step(s report.Related) location {
	loc := location{}
	if p := w.place(s.Posn, s.End); p != nil {
		loc = *p
	}
	m := text(s.Message)
	loc.Message = &m
	return loc
}

// suppress says why a result does not count.
func (w *writer) suppress(r *result, s report.Suppressed) {
	sup := suppression{Kind: "external", Status: "accepted", Justification: "listed in the baseline"}
	if s.Directive.File != "" {
		sup = suppression{Kind: "inSource", Status: "accepted", Justification: s.Reason, Location: w.place(s.Directive, s.Directive)}
	}
	r.Suppressions = []suppression{sup}
	if w.doc.Baseline {
		r.BaselineState = "unchanged"
	}
}

// fix returns a fix, and false if the lines that it changes are not at hand: a
// region without columns would be all of its lines.
func (w *writer) fix(f report.Fix) (fix, bool) {
	out := fix{Description: text(f.Message)}
	index := make(map[string]int)
	for _, e := range f.Edits {
		i, ok := index[e.Posn.File]
		if !ok {
			i = len(out.ArtifactChanges)
			index[e.Posn.File] = i
			out.ArtifactChanges = append(out.ArtifactChanges, artifactChange{ArtifactLocation: artifact(e.Posn.File)})
		}
		rep := replacement{DeletedRegion: region{
			StartLine: e.Posn.Line, StartColumn: w.column(e.Posn),
			EndLine: e.End.Line, EndColumn: w.column(e.End),
		}}
		if rep.DeletedRegion.StartColumn == 0 || rep.DeletedRegion.EndColumn == 0 {
			return fix{}, false
		}
		if e.NewText != "" {
			rep.InsertedContent = &content{e.NewText}
		}
		out.ArtifactChanges[i].Replacements = append(out.ArtifactChanges[i].Replacements, rep)
	}
	return out, len(out.ArtifactChanges) > 0
}

// cluster returns what a plan says of a cluster: what stands in its way, and
// for people's information what will be different.
func (w *writer) cluster(c report.Cluster) []result {
	var out []result
	for _, b := range c.Blocking {
		msg := b.Reason
		if b.Help != "" {
			msg += "; " + b.Help
		}
		out = append(out, w.planned(BlockingID(b.Rule), "note", msg, b.Posn, c))
	}
	for _, n := range c.Notes {
		r := w.planned(NoteID(n.Rule), "none", n.Message, n.Posn, c)
		r.Kind = "informational"
		out = append(out, r)
	}
	return out
}

// BlockingID and NoteID return the IDs of the results about sites that stand in
// the way of a rewrite rule, and about differences that it brings.
func BlockingID(rule string) string { return "blocking/" + rule }

// NoteID is described at BlockingID.
func NoteID(rule string) string { return "note/" + rule }

func (w *writer) planned(id, level, msg string, at report.Posn, c report.Cluster) result {
	r := w.result(id, level, msg, at, at)
	r.PartialFingerprints = w.fingerprint(report.Finding{Rule: id, Posn: at, Func: c.Name, Message: msg}.Fingerprint())
	r.Properties = map[string]string{"cluster": c.Name, "outcome": c.Outcome}
	return r
}

func (w *writer) result(id, level, msg string, from, to report.Posn) result {
	index, ok := w.rules[id]
	if !ok {
		index = -1
	}
	r := result{RuleID: id, RuleIndex: index, Level: level, Message: text(msg), Locations: []location{}}
	if loc := w.place(from, to); loc != nil {
		r.Locations = append(r.Locations, *loc)
	}
	return r
}

// fingerprint identifies a result among those of other runs. Results that are
// alike are told apart by their order.
func (w *writer) fingerprint(hash string) map[string]string {
	w.seen[hash]++
	return map[string]string{"wsmigrate/v1": fmt.Sprintf("%s:%d", hash, w.seen[hash])}
}

// text returns a message, in which braces stand for arguments unless they are
// doubled.
func text(s string) message {
	return message{Text: strings.NewReplacer("{", "{{", "}", "}}").Replace(report.OneLine(s))}
}
