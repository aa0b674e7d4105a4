package rule

import (
	"fmt"
	"go/token"

	"golang.org/x/tools/go/analysis"
)

// A Confidence says how sure a finding is.
type Confidence string

// The tiers, from the surest down.
const (
	High   Confidence = "high"
	Medium Confidence = "medium"
	Low    Confidence = "low"
)

// rank orders the tiers; a larger rank is surer.
func (c Confidence) rank() int {
	switch c {
	case High:
		return 3
	case Medium:
		return 2
	case Low:
		return 1
	}
	return 0
}

// AtLeast reports whether c is as sure as d or surer.
func (c Confidence) AtLeast(d Confidence) bool { return c.rank() >= d.rank() }

// Min returns the less sure of c and d.
func Min(c, d Confidence) Confidence {
	if c.rank() < d.rank() {
		return c
	}
	return d
}

// String returns the tier's name; it makes *Confidence a flag.Value.
func (c *Confidence) String() string {
	if c == nil {
		return ""
	}
	return string(*c)
}

// Set parses a tier's name.
func (c *Confidence) Set(s string) error {
	v := Confidence(s)
	if v.rank() == 0 {
		return fmt.Errorf("unknown confidence %q: use high, medium or low", s)
	}
	*c = v
	return nil
}

// A Finding is one hazard at one place.
type Finding struct {
	// Rule is the analyzer's name and Category a word below it; together,
	// as rule/category, they name the kind of finding for good.
	Rule     string
	Category string

	Confidence Confidence

	Pos, End token.Pos // End may be token.NoPos
	Message  string

	// Related holds the other places that make the hazard, such as the
	// second of two concurrent writes.
	Related []analysis.RelatedInformation

	// Flows holds, where the hazard is one between goroutines, the way of
	// each of them to its part in it.
	Flows []Flow

	// URL is the rule's page with the category as its anchor.
	URL string

	// Fixes are offered only where their effect is certain.
	Fixes []analysis.SuggestedFix
}

// A Flow is the way of one goroutine to a hazard, from where it starts.
type Flow struct {
	Name  string // which goroutine it is
	Steps []analysis.RelatedInformation
}

// A Suppressed is a finding that a directive takes back.
type Suppressed struct {
	Finding
	Reason    string
	Directive token.Pos
}

// Diagnostic returns the finding in the form that analysis drivers print.
func (f Finding) Diagnostic() analysis.Diagnostic {
	return analysis.Diagnostic{
		Pos: f.Pos, End: f.End,
		Category: f.Category, Message: f.Message, URL: f.URL,
		SuggestedFixes: f.Fixes, Related: f.Related,
	}
}

// A Report is the result of a rule on one package.
type Report struct {
	// Findings holds the findings of every tier, in the order of their
	// positions, without those that a directive takes back.
	Findings []Finding

	// Suppressed holds those that one takes back, in the same order.
	Suppressed []Suppressed

	// Failure is what the rule broke on, if it did.
	Failure error
}
