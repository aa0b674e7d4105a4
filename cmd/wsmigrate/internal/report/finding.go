package report

import (
	"cmp"
	"slices"
)

// A Finding is a hazard that a linter rule reports.
type Finding struct {
	Rule       string    `json:"rule"`
	Category   string    `json:"category"`
	Confidence string    `json:"confidence"`
	Posn       Posn      `json:"posn"`
	End        Posn      `json:"end"`
	Message    string    `json:"message"`
	Related    []Related `json:"related"`
	Flows      []Flow    `json:"flows"`
	Fixes      []Fix     `json:"fixes"`
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

// Related is another place that takes part in a finding, or a step of a flow.
type Related struct {
	Posn    Posn   `json:"posn"`
	End     Posn   `json:"end"` // equal to Posn where there is no end
	Message string `json:"message"`
}

// A Flow is the way of one goroutine to a finding, from where it starts.
type Flow struct {
	Name  string    `json:"name"`
	Steps []Related `json:"steps"`
}

// A Fix is a change that mends a finding.
type Fix struct {
	Message string `json:"message"`
	Edits   []Edit `json:"edits"`
}

// An Edit puts a text in place of what stands from Posn to End.
type Edit struct {
	Posn    Posn   `json:"posn"`
	End     Posn   `json:"end"`
	NewText string `json:"newText"`
}

// A Suppressed is a finding that does not count.
type Suppressed struct {
	Finding
	// Directive is where the code takes it back; without a file, a baseline
	// lists it.
	Directive Posn
	Reason    string // that of the directive
}

// FlowsTo reports whether a flow of the finding ends at the place.
func (f Finding) FlowsTo(r Related) bool {
	return slices.ContainsFunc(f.Flows, func(w Flow) bool {
		return len(w.Steps) > 0 && w.Steps[len(w.Steps)-1].Posn == r.Posn
	})
}

// Compare orders findings by their positions.
func (f Finding) Compare(g Finding) int {
	return cmp.Or(f.Posn.compare(g.Posn), f.End.compare(g.End),
		cmp.Compare(f.ID(), g.ID()), cmp.Compare(f.Message, g.Message))
}

// filled returns the finding with empty lists for those that are missing, as
// the JSON form wants them.
func (f Finding) filled() Finding {
	f.Related = list(f.Related)
	f.Flows = slices.Clone(list(f.Flows))
	for i := range f.Flows {
		f.Flows[i].Steps = list(f.Flows[i].Steps)
	}
	f.Fixes = slices.Clone(list(f.Fixes))
	for i := range f.Fixes {
		f.Fixes[i].Edits = list(f.Fixes[i].Edits)
	}
	return f
}

// list returns s, or an empty slice for nil.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// SetFindings records the findings in the order of their positions, each once
// however many packages hold its file.
func (d *Document) SetFindings(findings []Finding) {
	fs := make([]Finding, 0, len(findings))
	for _, f := range findings {
		fs = append(fs, f.filled())
	}
	slices.SortStableFunc(fs, Finding.Compare)
	d.Findings = slices.CompactFunc(fs, func(a, b Finding) bool { return a.Compare(b) == 0 })
	d.Summary.Findings = len(d.Findings)
}

// Suppress records findings that do not count, likewise.
func (d *Document) Suppress(findings []Suppressed) {
	fs := slices.Concat(d.Suppressed, findings)
	order := func(a, b Suppressed) int { return a.Finding.Compare(b.Finding) }
	slices.SortStableFunc(fs, order)
	d.Suppressed = slices.CompactFunc(fs, func(a, b Suppressed) bool { return order(a, b) == 0 })
}
