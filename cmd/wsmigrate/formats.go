package main

import (
	"io"
	"slices"

	"github.com/wsmigrate/wsmigrate/analyzer"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report/html"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report/markdown"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report/sarif"
)

// render writes the document as -format says. How it looks as text is the
// subcommand's affair. The exit status has to be known before.
func (inv *invocation) render(doc *report.Document, asText func(io.Writer) error) error {
	switch inv.format {
	case "json":
		return doc.WriteJSON(&inv.results)
	case "html":
		return html.Write(&inv.results, doc, releaseVersion())
	case "markdown":
		return markdown.Write(&inv.results, doc)
	case "sarif":
		return sarif.Write(&inv.results, doc, sarif.Run{
			Version: releaseVersion(), Command: inv.cmd.name, Arguments: inv.line, Status: inv.status,
			Rules: slices.Concat(sarif.Hazards(analyzer.Suite), sarif.Stale(analyzer.Suite), planRules(doc)),
		})
	}
	return asText(&inv.results)
}

// rulePages is where the page of each rewrite rule lives.
const rulePages = "https://github.com/wsmigrate/wsmigrate/blob/main/docs/rules/"

// planRules describes what a plan in the document speaks of: the rewrite rules
// and other words under which sites stand in the way or bring differences.
func planRules(doc *report.Document) []sarif.Rule {
	var out []sarif.Rule
	seen := make(map[string]bool)
	add := func(id, name, what, level string) {
		if seen[id] {
			return
		}
		seen[id] = true
		r := sarif.Rule{ID: id, Summary: what + ": " + name, Level: level}
		if text := ruleDoc(name); text != "" {
			r.Text, r.URL = report.OneLine(text), rulePages+name+".md"
		}
		for _, w := range words {
			if w.name == name {
				r.Summary, r.Text = what+": "+w.title, w.text+" "+w.byHand
			}
		}
		out = append(out, r)
	}
	for _, c := range doc.Clusters {
		for _, b := range c.Blocking {
			add(sarif.BlockingID(b.Rule), b.Rule, "a site that keeps its cluster from being converted", "note")
		}
		for _, n := range c.Notes {
			add(sarif.NoteID(n.Rule), n.Rule, "a difference that conversion brings", "none")
		}
	}
	return out
}
