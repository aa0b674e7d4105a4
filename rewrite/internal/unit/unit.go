package unit

import (
	"go/ast"
	"go/token"
	"go/types"
	"sort"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
)

// A Rule converts the uses of some identifiers of gorilla.
type Rule struct {
	// Name is the word that the mapping table, reports and explain use.
	Name string
	// Doc says what the rule does, when, and what differs afterwards.
	Doc string
	// Plan looks at the cluster's sites that no earlier rule has claimed,
	// claims those it handles, and plans their edits or refuses them.
	Plan func(u *Unit)
}

// A Reason says why a site cannot be converted.
type Reason struct {
	Pos              token.Position
	Rule, Text, Help string
}

// A Note is a difference in behaviour that a conversion brings.
type Note struct {
	Pos        token.Position
	Rule, Text string
}

// A Settings value holds what is the same for every unit of a plan.
type Settings struct {
	Target wsapi.Target
	// Background forces context.Background() everywhere; TODO writes
	// context.TODO() where no context is in reach.
	Background, TODO bool
	// GoVersion returns the go line that holds for a file, "1.21".
	GoVersion func(file string) string
}

// A Unit is one cluster on its way to the target's API.
type Unit struct {
	Settings
	Graph   *flow.Graph
	Cluster *flow.Cluster
	Reasons []Reason
	Notes   []Note
	// Wrapper names the type of the package that takes the place of Conn, if
	// one does.
	Wrapper string
	// Wrapped is what Wrapper is going to be, where the rules run a second time
	// because those before the one that decides it have to know.
	Wrapped string
	// Home is a file of the package that declares the type where several
	// packages use it, else nil.
	Home *flow.File
	// Before are the units whose edits are made too: what they declare in a
	// function is not declared there again.
	Before []*Unit
	// sites are the cluster's uses of gorilla's API. Those of nhooyr on the way
	// to coder only change their import path.
	sites    []*flow.Site
	rule     string
	claimed  map[*flow.Site]string
	files    map[*flow.File]*FileEdits
	names    map[*ast.FuncDecl]map[string]bool
	regions  []ctxRegion
	reserved []reserved
	// contexts are the contexts that rules have put in scope for sites.
	contexts map[*flow.Site]string
	done     map[ast.Node]bool
	marked   map[*ast.CallExpr]bool
	gone     map[*types.Var]bool // swept
	adapted  map[*ast.CallExpr][2]string
	ending   map[*types.Var]bool // of endsAtCaller
}

// New returns a unit for the cluster.
func New(s Settings, g *flow.Graph, c *flow.Cluster) *Unit {
	u := &Unit{
		Settings: s, Graph: g, Cluster: c,
		claimed: map[*flow.Site]string{}, files: map[*flow.File]*FileEdits{},
		names: map[*ast.FuncDecl]map[string]bool{}, contexts: map[*flow.Site]string{}, ending: map[*types.Var]bool{}, done: map[ast.Node]bool{},
		marked: map[*ast.CallExpr]bool{}, gone: map[*types.Var]bool{},
		adapted: map[*ast.CallExpr][2]string{},
	}
	for _, site := range c.Sites {
		if site.Path == wsapi.GorillaPath || site.Path == wsapi.CompatPath {
			u.sites = append(u.sites, site)
		}
	}
	return u
}

// Run runs the rules in order and refuses every site that none has claimed.
func (u *Unit) Run(rules []*Rule) {
	for _, r := range rules {
		u.rule = r.Name
		r.Plan(u)
	}
	for _, s := range u.sites {
		if u.claimed[s] == "" {
			m, _ := wsapi.MappingOf(s.Symbol)
			u.rule = m.Rule
			if u.rule == "" {
				u.rule = "shim"
			}
			text := string(s.Symbol) + " has no counterpart in " + u.Target.Path
			if len(m.To(u.Target)) > 0 {
				text = "this use of " + string(s.Symbol) + " is not one that can be converted for certain"
			}
			u.Refuse(s.Pos, text, m.ByHand)
		}
	}
	if len(u.Reasons) == 0 {
		u.sweep()
	}
	sort.SliceStable(u.Reasons, func(i, j int) bool { return lessPos(u.Reasons[i].Pos, u.Reasons[j].Pos) })
	sort.SliceStable(u.Notes, func(i, j int) bool { return lessPos(u.Notes[i].Pos, u.Notes[j].Pos) })
}

func lessPos(p, q token.Position) bool {
	if p.Filename != q.Filename {
		return p.Filename < q.Filename
	}
	return p.Offset < q.Offset
}

// Sites returns the sites of the given symbols that no rule has claimed, in
// order. Without symbols it returns all unclaimed sites.
func (u *Unit) Sites(symbols ...wsapi.Symbol) []*flow.Site {
	var out []*flow.Site
	for _, s := range u.sites {
		if u.claimed[s] != "" {
			continue
		}
		if len(symbols) == 0 {
			out = append(out, s)
			continue
		}
		for _, sym := range symbols {
			if s.Symbol == sym {
				out = append(out, s)
				break
			}
		}
	}
	return out
}

// All returns the cluster's sites of the given symbols, claimed or not.
func (u *Unit) All(symbols ...wsapi.Symbol) []*flow.Site {
	var out []*flow.Site
	for _, s := range u.sites {
		for _, sym := range symbols {
			if s.Symbol == sym {
				out = append(out, s)
				break
			}
		}
	}
	return out
}

// Claimed reports whether a rule has taken the site on.
func (u *Unit) Claimed(s *flow.Site) bool { return u.claimed[s] != "" }

// Claim marks sites as handled by the running rule.
func (u *Unit) Claim(sites ...*flow.Site) {
	for _, s := range sites {
		u.claimed[s] = u.rule
	}
}

// Within returns the cluster's sites inside n of file f.
func (u *Unit) Within(f *flow.File, n ast.Node) []*flow.Site {
	var out []*flow.Site
	for _, s := range u.sites {
		if s.File == f && n.Pos() <= s.Ident.Pos() && s.Ident.Pos() < n.End() {
			out = append(out, s)
		}
	}
	return out
}

// ClaimWithin claims every site inside n.
func (u *Unit) ClaimWithin(f *flow.File, n ast.Node) { u.Claim(u.Within(f, n)...) }

// SiteAt returns the cluster's site whose identifier is id, or nil.
func (u *Unit) SiteAt(id *ast.Ident) *flow.Site {
	for _, s := range u.sites {
		if s.Ident == id {
			return s
		}
	}
	return nil
}

// Refuse records that the cluster cannot be converted because of what is at
// pos, and what to do by hand.
func (u *Unit) Refuse(pos token.Position, text, help string) {
	u.Reasons = append(u.Reasons, Reason{pos, u.rule, text, help})
}

// RefuseSite claims the site and refuses it.
func (u *Unit) RefuseSite(s *flow.Site, text, help string) {
	u.Claim(s)
	u.Refuse(s.Pos, text, help)
}

// Note records a difference in behaviour. A text is recorded once a file and
// rule.
func (u *Unit) Note(f *flow.File, pos token.Pos, rule, text string) {
	p := u.Graph.Fset.PositionFor(pos, false)
	for _, n := range u.Notes {
		if n.Rule == rule && n.Text == text && n.Pos.Filename == p.Filename {
			return
		}
	}
	u.Notes = append(u.Notes, Note{p, rule, text})
}

// Once reports true the first time it is asked about a node.
func (u *Unit) Once(n ast.Node) bool {
	if u.done[n] {
		return false
	}
	u.done[n] = true
	return true
}

// Mark notes that a rule has given the call another meaning, so that what it
// passes on no longer counts.
func (u *Unit) Mark(call *ast.CallExpr) { u.marked[call] = true }

// Marked reports whether Mark has been called for the call.
func (u *Unit) Marked(call *ast.CallExpr) bool { return u.marked[call] }

// Adapt notes that the connection which the call makes, and which goes on at
// once with the other results, shall stand between open and shut.
func (u *Unit) Adapt(call *ast.CallExpr, open, shut string) {
	u.adapted[call] = [2]string{open, shut}
}

// Adapted returns what Adapt has noted for the call.
func (u *Unit) Adapted(call *ast.CallExpr) (open, shut string) {
	return u.adapted[call][0], u.adapted[call][1]
}
