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
	// Suppressed are the findings that do not count, in the order of their
	// positions.
	Suppressed []Suppressed `json:"-"`
	// Baseline says that the findings were compared with a baseline.
	Baseline bool `json:"-"`
	// Command is the subcommand that made the document.
	Command string `json:"-"`
	// Planned says that it has a plan, Linted that findings were looked for.
	Planned, Linted bool `json:"-"`
	// Written says that the changes are on disk, Tested that the tests of the
	// changed packages passed with them.
	Written, Tested bool `json:"-"`
	// Changes is what the plan does to files.
	Changes []rewrite.FileChange `json:"-"`
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

// WriteJSON writes the stable form, indented, with a newline at the end.
func (d *Document) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(d)
}

// Count returns "1 site" or "2 sites".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// OneLine folds white space, so that a line of output stays one.
func OneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
