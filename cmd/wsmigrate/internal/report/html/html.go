package html

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
)

var (
	//go:embed page.tmpl
	pageText string
	//go:embed style.css
	style string
	//go:embed script.js
	script string
)

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"count": report.Count, "percent": func(f float64) string { return strconv.FormatFloat(f, 'f', 3, 64) + "%" },
	"line": func(p report.Posn) report.Posn { p.Col = 0; return p },
	"join": strings.Join,
}).Parse(pageText))

// A view is what the template shows.
type view struct {
	*report.Document
	Title, Version string
	Style          template.CSS
	Script         template.JS

	Shares  []share
	Tiles   []tile
	Hazards []hazardView
	Sets    []setView
	Files   []fileView
	Rules   []string // that have hazards
	Tiers   []string
}

// A share is the part of the sites that has an outcome.
type share struct {
	Outcome, Becomes string
	Sites            int
}

// A hazardView is a finding with its code.
type hazardView struct {
	report.Finding
	ID    string
	Code  []codeLine
	Flows []flowView
	Words string
}

// Key is the rule and the category.
func (h hazardView) Key() string { return h.Finding.ID() }

// A flowView is the way of a goroutine with its code.
type flowView struct {
	Name  string
	Steps []stepView
}

// A stepView is a step of it.
type stepView struct {
	report.Related
	Code []codeLine
}

// A setView is a cluster with what blocks it and what it brings.
type setView struct {
	report.Cluster
	Becomes     string
	Obstacles   []report.Saying
	Differences []report.Saying
	Words       string
}

// Write writes the document as a page; version is the tool's and may be empty.
func Write(w io.Writer, doc *report.Document, version string) error {
	v := view{Document: doc, Version: version, Style: template.CSS(style), Script: template.JS(script)}
	switch {
	case !doc.Planned:
		v.Title = "WebSocket hazards"
	case doc.Command == "shim":
		v.Title = "gorilla/websocket to the drop-in package"
	default:
		v.Title = "gorilla/websocket to " + strings.TrimPrefix(doc.Target, "github.com/")
	}
	lib := &library{doc.Sources(), make(map[string][][]part)}
	for i, f := range doc.Findings {
		v.Hazards = append(v.Hazards, lib.hazard(i, f))
		v.Rules = append(v.Rules, f.Rule)
	}
	slices.Sort(v.Rules)
	v.Rules = slices.Compact(v.Rules)
	for _, tier := range []string{"high", "medium", "low"} {
		if slices.ContainsFunc(doc.Findings, func(f report.Finding) bool { return f.Confidence == tier }) {
			v.Tiers = append(v.Tiers, tier)
		}
	}
	for _, c := range doc.Clusters {
		s := setView{Cluster: c, Becomes: doc.Becomes(c), Obstacles: c.Obstacles(), Differences: report.Differences(c)}
		text := []string{c.Name, strings.Join(c.Files, " ")}
		for _, said := range slices.Concat(s.Obstacles, s.Differences) {
			text = append(text, said.Rule, said.Text, said.Help)
		}
		s.Words = words(text...)
		v.Sets = append(v.Sets, s)
	}
	v.shares()
	v.Tiles = treemap(doc)
	for i, c := range doc.Changes {
		f := lib.fileView(doc, c)
		f.ID = fmt.Sprintf("file-%d", i+1)
		v.Files = append(v.Files, f)
	}
	return page.Execute(w, v)
}

// shares splits the sites by outcome.
func (v *view) shares() {
	s := v.Summary
	for _, o := range []struct {
		outcome string
		sites   int
	}{{"native", s.Native}, {"helpers", s.Helpers}, {"shim", s.Shim}, {"pinned", s.Pinned}} {
		if o.sites > 0 {
			v.Shares = append(v.Shares, share{o.outcome, v.Becomes(report.Cluster{Outcome: o.outcome}), o.sites})
		}
	}
}

func (l *library) hazard(i int, f report.Finding) hazardView {
	h := hazardView{Finding: f, ID: fmt.Sprintf("hazard-%d", i+1), Code: l.frame(f.Posn, f.End, 2)}
	text := []string{f.ID(), f.Message, f.Posn.File, f.Func}
	for _, w := range f.Flows {
		fv := flowView{Name: w.Name}
		for _, s := range w.Steps {
			fv.Steps = append(fv.Steps, stepView{s, l.frame(s.Posn, s.End, 1)})
			text = append(text, s.Posn.File)
		}
		h.Flows = append(h.Flows, fv)
	}
	for _, r := range f.Related {
		text = append(text, r.Posn.File)
	}
	h.Words = words(text...)
	return h
}

// Outcomes lists the outcomes of the clusters that a changed file belongs to.
func (v view) Outcomes(path string) string { return strings.Join(clustersOf(v.Document, path), " ") }

// Remarks counts what stands at the end of the page.
func (v view) Remarks() int { return len(v.Messages) + len(v.Skipped) }

func itoa(n int) string { return strconv.Itoa(n) }
