package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/wsmigrate/wsmigrate/rewrite"
)

// A Cluster is a set of sites that are converted together or not at all.
type Cluster struct {
	ID       int        `json:"id"`
	Name     string     `json:"name"`
	Outcome  string     `json:"outcome"`
	Sites    int        `json:"sites"`
	Files    []string   `json:"files"`
	Blocking []Blocking `json:"blocking"`
	Notes    []Note     `json:"notes"`

	// Diagnostic is what the type checker said where the rewriter's own
	// result did not compile.
	Diagnostic string `json:"-"`
}

// Blocking is a site that keeps its cluster from being converted.
type Blocking struct {
	Posn   Posn
	Rule   string
	Reason string // what stands in the way
	Help   string // what to do by hand; may be empty
}

// MarshalJSON writes the way forward behind the reason.
func (b Blocking) MarshalJSON() ([]byte, error) {
	reason := b.Reason
	if b.Help != "" {
		reason += "; " + b.Help
	}
	return json.Marshal(struct {
		Posn   Posn   `json:"posn"`
		Rule   string `json:"rule"`
		Reason string `json:"reason"`
	}{b.Posn, b.Rule, reason})
}

// A Note is a difference in behaviour that a converted site brings.
type Note struct {
	Posn    Posn   `json:"posn"`
	Rule    string `json:"rule"`
	Message string `json:"message"`
}

// AddPlan records what a plan says about the code base.
func (d *Document) AddPlan(p *rewrite.Plan) {
	d.Planned = true
	for _, c := range p.Clusters {
		d.Clusters = append(d.Clusters, d.cluster(c))
		d.Summary.Sites += len(c.Sites)
	}
	d.Summary.Native += p.Count(rewrite.Native)
	d.Summary.Helpers += p.Count(rewrite.Helpers)
	d.Summary.Shim += p.Count(rewrite.Shim)
	d.Summary.Pinned += p.Count(rewrite.Pinned)
	d.AddSkipped(p.Skipped)
	d.Messages = append(d.Messages, p.Messages...)
	d.Configs = p.Configs
	d.Changes = p.Changes
	d.Left = p.Options.Fallback == rewrite.FallbackLeave
}

func (d *Document) cluster(c *rewrite.Cluster) Cluster {
	out := Cluster{
		ID: c.ID, Name: c.Name, Outcome: string(c.Outcome), Sites: len(c.Sites), Diagnostic: c.Diagnostic,
		Files: []string{}, Blocking: []Blocking{}, Notes: []Note{},
	}
	for _, f := range c.Files {
		out.Files = append(out.Files, d.Rel(f))
	}
	for _, b := range c.Blocking {
		out.Blocking = append(out.Blocking, Blocking{d.Posn(b.Pos), b.Rule, b.Text, b.Help})
	}
	for _, n := range c.Notes {
		out.Notes = append(out.Notes, Note{d.Posn(n.Pos), n.Rule, n.Text})
	}
	slices.SortStableFunc(out.Blocking, func(a, b Blocking) int { return a.Posn.compare(b.Posn) })
	slices.SortStableFunc(out.Notes, func(a, b Note) int { return a.Posn.compare(b.Posn) })
	return out
}

// Becomes says in words what becomes of a cluster.
func (d *Document) Becomes(c Cluster) string {
	switch {
	case c.Outcome == "helpers":
		return "native with helpers"
	case c.Outcome == "shim" && d.Left:
		return left
	}
	return c.Outcome
}

// left is what becomes of clusters that the shim would take, where there is
// none.
const left = "left on gorilla"

// SummaryLine says in one sentence how much there is and what becomes of it.
func (d *Document) SummaryLine() string {
	var parts []string
	s, shim := d.Summary, "on the shim"
	if d.Left {
		shim = left
	}
	for _, o := range []struct {
		n    int
		text string
	}{
		{s.Native, "native"}, {s.Helpers, "native with helpers"}, {s.Shim, shim}, {s.Pinned, "pinned"},
	} {
		if o.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", o.n, o.text))
		}
	}
	line := "no sites to migrate"
	if s.Sites > 0 {
		line = fmt.Sprintf("%s in %s: %s", Count(s.Sites, "site"), Count(len(d.Clusters), "cluster"), strings.Join(parts, ", "))
	}
	if s.Packages > 0 {
		line += "; " + Count(s.Packages, "package")
		if d.Configs > 1 {
			line += fmt.Sprintf(" type-checked in %d build configurations", d.Configs)
		}
	}
	return line
}

// A Saying is one sentence about several sites: what stands in the way there,
// or what will be different.
type Saying struct {
	At   []Posn
	Rule string
	Text string
	Help string // what to do by hand; may be empty
}

// Obstacles returns what stands in the way of the cluster, each reason once, in
// the order of its first site.
func (c Cluster) Obstacles() []Saying { return grouped(c.Blocking) }

// Differences returns the notes of the clusters likewise.
func Differences(clusters ...Cluster) []Saying {
	var notes []Blocking
	for _, c := range clusters {
		for _, n := range c.Notes {
			notes = append(notes, Blocking{Posn: n.Posn, Rule: n.Rule, Reason: n.Message})
		}
	}
	return grouped(notes)
}

func grouped(blocking []Blocking) []Saying {
	var said []Saying
	index := make(map[Blocking]int)
	for _, r := range blocking {
		key := r
		key.Posn = Posn{}
		i, ok := index[key]
		if !ok {
			i = len(said)
			index[key] = i
			said = append(said, Saying{Rule: r.Rule, Text: OneLine(r.Reason), Help: OneLine(r.Help)})
		}
		if r.Posn.File != "" {
			said[i].At = append(said[i].At, r.Posn)
		}
	}
	return said
}

// Forward says what mending the blocking sites of a cluster would bring.
func (c Cluster) Forward() string {
	n := map[Posn]bool{}
	for _, r := range c.Blocking {
		n[r.Posn] = true
	}
	rest := c.Sites - len(n)
	if c.Outcome != "shim" || len(n) == 0 || rest <= 0 {
		return ""
	}
	these, convert := "these "+Count(len(n), "site"), "convert by themselves"
	if len(n) == 1 {
		these = "this site"
	}
	if rest == 1 {
		convert = "converts by itself"
	}
	return fmt.Sprintf("fix %s and %d more %s", these, rest, convert)
}
