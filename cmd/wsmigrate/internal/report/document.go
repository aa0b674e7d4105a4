package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"go/token"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsmigrate/wsmigrate/rewrite"
)

// Version is the version of the JSON form. A field may be added under the same
// version; one that goes or changes its meaning raises it.
const Version = 1

// A Document is the result of a run. Its JSON form is stable and described in
// docs/json.md.
type Document struct {
	Version  int       `json:"version"`
	Modules  []string  `json:"modules"` // module paths
	Target   string    `json:"target"`  // import path
	Findings []Finding `json:"findings"`
	Clusters []Cluster `json:"clusters"`
	Skipped  []Skipped `json:"skipped"`
	Summary  Summary   `json:"summary"`

	// Dir is the absolute folder that positions and paths are relative to.
	Dir string `json:"-"`
	// Messages are facts about the whole plan, one sentence each.
	Messages []string `json:"-"`
	// Configs is the number of build configurations that were type-checked.
	Configs int `json:"-"`
	// Left says that what the shim would take stays on gorilla.
	Left bool `json:"-"`
}

// A Posn is a place in a file. Line and Col count from 1, in bytes; without a
// line it is the whole file. Its text form is file:line:col.
type Posn struct {
	File      string // relative to Document.Dir, with slashes
	Line, Col int
}

// String returns file:line:col, less what is not known.
func (p Posn) String() string {
	switch {
	case p.File == "":
		return ""
	case p.Line == 0:
		return p.File
	case p.Col == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// MarshalText makes a Posn a JSON string.
func (p Posn) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

func (p Posn) compare(q Posn) int {
	return cmp.Or(cmp.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Col, q.Col))
}

// A Finding is a hazard that a linter rule reports.
type Finding struct {
	Rule       string    `json:"rule"`
	Category   string    `json:"category"`
	Confidence string    `json:"confidence"`
	Posn       Posn      `json:"posn"`
	End        Posn      `json:"end"`
	Message    string    `json:"message"`
	Related    []Related `json:"related"`
	URL        string    `json:"url"`

	// Func is the function that encloses the position, such as
	// "(*Hub).broadcast", or empty.
	Func string `json:"-"`
}

// ID is the rule and the category: what a baseline and a suppression name.
func (f Finding) ID() string {
	if f.Category == "" {
		return f.Rule
	}
	return f.Rule + "/" + f.Category
}

// Related is another place that takes part in a finding.
type Related struct {
	Posn    Posn   `json:"posn"`
	Message string `json:"message"`
}

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

// Skipped names what took no part.
type Skipped struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// A Summary counts. Sites are split by the outcome of their cluster.
type Summary struct {
	Packages int `json:"packages"`
	Sites    int `json:"sites"`
	Native   int `json:"native"`
	Helpers  int `json:"helpers"`
	Shim     int `json:"shim"`
	Pinned   int `json:"pinned"`
	Findings int `json:"findings"`
}

// New returns an empty document about the folder dir, an absolute path.
func New(dir, target string) *Document {
	return &Document{
		Version: Version, Dir: dir, Target: target,
		Modules: []string{}, Findings: []Finding{}, Clusters: []Cluster{}, Skipped: []Skipped{},
	}
}

// Rel returns the path relative to the document's folder, with slashes. A
// path that has no relative form stays as it is.
func (d *Document) Rel(path string) string {
	if !filepath.IsAbs(path) {
		return filepath.ToSlash(path)
	}
	rel, err := filepath.Rel(d.Dir, path)
	if err != nil {
		return filepath.ToSlash(path)
	}
	return filepath.ToSlash(rel)
}

// Posn returns the document's form of a position.
func (d *Document) Posn(p token.Position) Posn {
	if p.Filename == "" {
		return Posn{}
	}
	return Posn{File: d.Rel(p.Filename), Line: p.Line, Col: p.Column}
}

// AddModules records the main modules.
func (d *Document) AddModules(mods []rewrite.Module) {
	for _, m := range mods {
		d.Modules = append(d.Modules, m.Path)
	}
	slices.Sort(d.Modules)
	d.Modules = slices.Compact(d.Modules)
}

// AddSkipped records what took no part, each path and reason once.
func (d *Document) AddSkipped(skipped []rewrite.Skipped) {
	for _, s := range skipped {
		d.Skipped = append(d.Skipped, Skipped{Path: d.Rel(s.Path), Reason: s.Reason})
	}
	slices.SortFunc(d.Skipped, func(a, b Skipped) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Reason, b.Reason))
	})
	d.Skipped = slices.Compact(d.Skipped)
}

// SetFindings records the findings in the order of their positions, each once
// however many packages hold its file.
func (d *Document) SetFindings(findings []Finding) {
	fs := slices.Clone(findings)
	slices.SortStableFunc(fs, func(a, b Finding) int {
		return cmp.Or(a.Posn.compare(b.Posn), a.End.compare(b.End),
			cmp.Compare(a.ID(), b.ID()), cmp.Compare(a.Message, b.Message))
	})
	fs = slices.CompactFunc(fs, func(a, b Finding) bool {
		return a.Posn == b.Posn && a.End == b.End && a.ID() == b.ID() && a.Message == b.Message
	})
	for i := range fs {
		if fs[i].Related == nil {
			fs[i].Related = []Related{}
		}
	}
	if fs == nil {
		fs = []Finding{}
	}
	d.Findings = fs
	d.Summary.Findings = len(fs)
}

// AddPlan records what a plan says about the code base.
func (d *Document) AddPlan(p *rewrite.Plan) {
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

// WriteJSON writes the stable form, indented, with a newline at the end.
func (d *Document) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(d)
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

// Count returns "1 site" or "2 sites".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
