package rewrite

import (
	"fmt"
	"go/token"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// An Outcome is what becomes of a cluster.
type Outcome string

// Outcomes, from best to worst.
const (
	Native  Outcome = "native"  // converted to the target's own API
	Helpers Outcome = "helpers" // native plus a small generated file
	Shim    Outcome = "shim"    // only the import path changes, to compat
	Pinned  Outcome = "pinned"  // stays on gorilla, untouched
)

// A Mode selects what a plan does.
type Mode int

const (
	// Fix converts clusters to the target's own API.
	Fix Mode = iota
	// SwapImports only swaps the import path to compat.
	SwapImports
)

// A CtxPolicy says which context converted calls get.
type CtxPolicy string

// Policies of Options.Ctx.
const (
	CtxAuto       CtxPolicy = "auto"       // the nearest that lives long enough
	CtxBackground CtxPolicy = "background" // context.Background() everywhere
	CtxTODO       CtxPolicy = "todo"       // as auto, context.TODO() where none is in reach
)

// A Fallback says what becomes of clusters that cannot be converted.
type Fallback string

// Values of Options.Fallback.
const (
	FallbackShim  Fallback = "shim"  // moved to compat
	FallbackLeave Fallback = "leave" // left on gorilla
)

// Options say what a plan shall do.
type Options struct {
	Mode   Mode
	Target wsapi.Target
	Ctx    CtxPolicy // "" means CtxAuto
	// Fallback is what happens to unconvertible clusters; "" means
	// FallbackShim.
	Fallback Fallback
	// CompatVersion is the version of compat to require, such as "v0.1.0".
	// CompatDir, if set, is a folder holding compat's go.mod: go.mod then gets
	// a replace. With neither, clusters cannot move to compat.
	CompatVersion, CompatDir string
	// RaiseGo allows the go line to cross 1.22.
	RaiseGo bool
	// BreakAPI allows exported signatures to change.
	BreakAPI bool
	// Only limits the plan to clusters by id or name and to folders relative
	// to Config.Dir; empty means all.
	Only []string
	// Progress, if not nil, hears about the stages: "planning", "verifying".
	// It is called from one goroutine at a time.
	Progress func(stage string, done, total int)
}

// A Site is one use of an identifier of gorilla or compat.
type Site struct {
	Pos    token.Position // Filename is absolute
	Symbol wsapi.Symbol
}

// A Reason says why a site keeps its cluster from being converted.
type Reason struct {
	Pos  token.Position
	Rule string // a rewrite rule's name, or "load", "verify", "boundary", "api"
	Text string // what stands in the way
	Help string // what to do by hand; may be empty
}

// A Note is a difference in behaviour that a converted site brings.
type Note struct {
	Pos  token.Position // in the file before the change
	Rule string         // a word that `explain` knows
	Text string
}

// A Cluster is a set of sites whose types must change together.
type Cluster struct {
	ID       int // 1-based, in order of position
	Name     string
	Outcome  Outcome
	Moves    bool // the plan changes it
	Sites    []Site
	Files    []string // absolute, sorted
	Blocking []Reason
	Notes    []Note
	// Diagnostic holds the type checker's words if verification demoted the
	// cluster: a defect of the rewriter worth reporting.
	Diagnostic string
}

// A Skipped file, folder or package took no part, with the reason.
type Skipped struct {
	Path   string // absolute
	Reason string
}

// A FileChange is one file of a plan.
type FileChange struct {
	Path     string // absolute
	Old, New []byte
	Created  bool // Old is nil
	Deleted  bool // New is nil
}

// A Plan is a verified set of changes. It has not been written.
type Plan struct {
	Options  Options
	Clusters []*Cluster
	Changes  []FileChange // sorted by path; without no-ops
	Skipped  []Skipped
	// Messages are facts about the whole plan, one sentence each: a raised go
	// line, why nothing could go to compat, what keeps compat in use.
	Messages []string
	// Packages and Configs say how much was type-checked.
	Packages, Configs int
}

// Count returns the number of sites whose cluster has the outcome.
func (p *Plan) Count(o Outcome) int {
	n := 0
	for _, c := range p.Clusters {
		if c.Outcome == o {
			n += len(c.Sites)
		}
	}
	return n
}

// A Refusal says why nothing can be done: what is wrong and what to do about
// it. It is the user's to mend, not a defect.
type Refusal struct {
	Reason string // lowercase sentence without a full stop
	Help   string // what to do; may be empty
}

// Error returns the reason, and the help after a colon.
func (r *Refusal) Error() string {
	if r.Help == "" {
		return r.Reason
	}
	return r.Reason + ": " + r.Help
}

func refuse(help, format string, args ...any) error {
	return &Refusal{Reason: fmt.Sprintf(format, args...), Help: help}
}

// A VerifyError says that no version of the plan type-checks. Nothing was
// written.
type VerifyError struct {
	Errors []string // the type checker's, with positions
}

// Error returns the first error and the count of the rest.
func (e *VerifyError) Error() string {
	if len(e.Errors) == 0 {
		return "verification failed"
	}
	if n := len(e.Errors) - 1; n > 0 {
		return fmt.Sprintf("verification failed: %s (and %d more)", e.Errors[0], n)
	}
	return "verification failed: " + e.Errors[0]
}
