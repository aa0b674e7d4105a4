package unit

import (
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"sort"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/edit"
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
	// sites are the cluster's uses of gorilla's API. Those of nhooyr on the way
	// to coder only change their import path.
	sites   []*flow.Site
	rule    string
	claimed map[*flow.Site]string
	files   map[*flow.File]*FileEdits
	names   map[*ast.FuncDecl]map[string]bool
	regions []ctxRegion
	// contexts are the contexts that rules have put in scope for sites.
	contexts map[*flow.Site]string
	done     map[ast.Node]bool
}

// FileEdits are a unit's edits of one file.
type FileEdits struct {
	File *flow.File
	// Ops are replacements in the coordinates of the file's original bytes.
	Ops []Op
	// Imports maps import paths to the names they are asked for under.
	Imports map[string]string
	// Helpers are generated functions that the file calls.
	Helpers []string
	// Decls are declarations that the file gets, by the name they declare.
	Decls map[string]SharedDecl
}

// A SharedDecl is a declaration that converted code of a file shares. Units that
// ask for the same one get it once.
type SharedDecl struct {
	Offset int // where it is inserted
	Source string
}

// An Op replaces [Start, End) by parts.
type Op struct {
	Start, End int
	Parts      []edit.Part
}

// New returns a unit for the cluster.
func New(s Settings, g *flow.Graph, c *flow.Cluster) *Unit {
	u := &Unit{
		Settings: s, Graph: g, Cluster: c,
		claimed: map[*flow.Site]string{}, files: map[*flow.File]*FileEdits{},
		names: map[*ast.FuncDecl]map[string]bool{}, contexts: map[*flow.Site]string{}, done: map[ast.Node]bool{},
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
	sort.SliceStable(u.Reasons, func(i, j int) bool { return lessPos(u.Reasons[i].Pos, u.Reasons[j].Pos) })
	sort.SliceStable(u.Notes, func(i, j int) bool { return lessPos(u.Notes[i].Pos, u.Notes[j].Pos) })
}

func lessPos(p, q token.Position) bool {
	if p.Filename != q.Filename {
		return p.Filename < q.Filename
	}
	return p.Offset < q.Offset
}

// Files returns the edits planned so far, by path.
func (u *Unit) Files() []*FileEdits {
	out := make([]*FileEdits, 0, len(u.files))
	for _, f := range u.files {
		out = append(out, f)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].File.Path < out[j].File.Path })
	return out
}

// Helpers reports whether the unit needs generated functions.
func (u *Unit) Helpers() bool {
	for _, f := range u.files {
		if len(f.Helpers) > 0 {
			return true
		}
	}
	return false
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

// Edits returns the edits of f.
func (u *Unit) Edits(f *flow.File) *FileEdits {
	e := u.files[f]
	if e == nil {
		e = &FileEdits{File: f, Imports: map[string]string{}}
		u.files[f] = e
	}
	return e
}

// Replace replaces the source between two positions by parts: strings are
// literal text, ast.Nodes and Spans are quoted with the edits inside them.
func (u *Unit) Replace(f *flow.File, pos, end token.Pos, parts ...any) {
	op := Op{Start: f.Offset(pos), End: f.Offset(end)}
	// Files that are not gofmt-clean keep their layout, so new lines are
	// indented here.
	newline := "\n" + Indent(f, pos)
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			op.Parts = append(op.Parts, edit.Text(strings.ReplaceAll(p, "\n", newline)))
		case Span:
			op.Parts = append(op.Parts, edit.Quote(f.Offset(p.Pos), f.Offset(p.End)))
		case ast.Node:
			op.Parts = append(op.Parts, edit.Quote(f.Offset(p.Pos()), f.Offset(p.End())))
		default:
			panic("unit: Replace takes strings, Spans and nodes")
		}
	}
	e := u.Edits(f)
	if lost := comments(f, op); lost != "" {
		// A comment that the replacement drops moves to a line before it.
		at := lineStart(f, op.Start)
		e.Ops = append(e.Ops, Op{Start: at, End: at, Parts: []edit.Part{edit.Text(lost)}})
	}
	e.Ops = append(e.Ops, op)
}

// Dropped reports whether an edit that deletes n has been planned.
func (u *Unit) Dropped(f *flow.File, n ast.Node) bool {
	for _, op := range u.Edits(f).Ops {
		if len(op.Parts) == 0 && op.Start <= f.Offset(n.Pos()) && f.Offset(n.End()) <= op.End {
			return true
		}
	}
	return false
}

// comments returns the comments inside the range of op that none of its parts
// quotes, as lines of their own.
func comments(f *flow.File, op Op) string {
	var b strings.Builder
	for _, g := range f.Syntax.Comments {
		for _, c := range g.List {
			start, end := f.Offset(c.Pos()), f.Offset(c.End())
			if start < op.Start || end > op.End {
				continue
			}
			quoted := false
			for _, p := range op.Parts {
				quoted = quoted || p.Quote && p.Start <= start && end <= p.End
			}
			if !quoted {
				b.WriteString(Indent(f, f.Syntax.FileStart+token.Pos(op.Start)) + c.Text + "\n")
			}
		}
	}
	return b.String()
}

// lineStart returns the offset of the start of the line of off.
func lineStart(f *flow.File, off int) int {
	for off > 0 && f.Src[off-1] != '\n' {
		off--
	}
	return off
}

// A Span is a range of source.
type Span struct{ Pos, End token.Pos }

// Insert inserts text before pos.
func (u *Unit) Insert(f *flow.File, pos token.Pos, text string) { u.Replace(f, pos, pos, text) }

// Import asks for an import of path in f and returns the name to use: the one
// the file already has for it, or base.
func (u *Unit) Import(f *flow.File, path, base string) string {
	if name, ok := importName(f, path); ok && name != "_" && name != "." {
		return name
	}
	e := u.Edits(f)
	if name, ok := e.Imports[path]; ok {
		return name
	}
	name := base
	for i := 2; nameTaken(f, name); i++ {
		name = "std" + base
		if i > 2 {
			name += string(rune('0' + i))
		}
	}
	e.Imports[path] = name
	return name
}

// Declare asks for a package-level declaration of name, to be inserted before
// the declaration at pos. Every unit that asks for a name in a file must ask
// with the same source and position.
func (u *Unit) Declare(f *flow.File, pos token.Pos, name, source string) {
	e := u.Edits(f)
	if e.Decls == nil {
		e.Decls = map[string]SharedDecl{}
	}
	e.Decls[name] = SharedDecl{f.Offset(pos), source}
}

// Helper notes that f calls a generated function.
func (u *Unit) Helper(f *flow.File, name string) {
	e := u.Edits(f)
	for _, h := range e.Helpers {
		if h == name {
			return
		}
	}
	e.Helpers = append(e.Helpers, name)
}

// importName returns the name under which f imports path.
func importName(f *flow.File, path string) (string, bool) {
	for _, imp := range f.Syntax.Imports {
		if imp.Path.Value == `"`+path+`"` {
			if imp.Name != nil {
				return imp.Name.Name, true
			}
			if pn := f.Pkg.TypesInfo.PkgNameOf(imp); pn != nil {
				return pn.Name(), true
			}
			return filepath.Base(path), true
		}
	}
	return "", false
}

// nameTaken reports whether name means something in f other than the package
// it is wanted for: a declaration of the package, another import, or a local
// name anywhere in the file.
func nameTaken(f *flow.File, name string) bool {
	if f.Pkg.Types != nil && f.Pkg.Types.Scope().Lookup(name) != nil {
		return true
	}
	for _, imp := range f.Syntax.Imports {
		if pn := f.Pkg.TypesInfo.PkgNameOf(imp); pn != nil && pn.Name() == name {
			return true
		}
	}
	taken := false
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == name {
			if f.Pkg.TypesInfo.Defs[id] != nil {
				if v, ok := f.Pkg.TypesInfo.Defs[id].(*types.Var); ok && v.IsField() {
					return true
				}
				taken = true
			}
		}
		return !taken
	})
	return taken
}

// Lib returns the name under which f knows the target's package once it is
// converted: that of the library it replaces.
func (u *Unit) Lib(f *flow.File) string {
	for _, path := range []string{wsapi.GorillaPath, wsapi.CompatPath} {
		if name, ok := importName(f, path); ok && name != "_" && name != "." {
			return name
		}
	}
	return u.Import(f, u.Target.Path, "websocket")
}

// JSON returns the name of the target's wsjson package in f.
func (u *Unit) JSON(f *flow.File) string { return u.Import(f, u.Target.Path+"/wsjson", "wsjson") }

// Call returns the call of the function or method that the site names, or nil
// if the site is not called directly.
func Call(s *flow.Site) *ast.CallExpr {
	c, ok := CallCursor(s)
	if !ok {
		return nil
	}
	return c.Node().(*ast.CallExpr)
}

// CallCursor is Call as a cursor.
func CallCursor(s *flow.Site) (inspector.Cursor, bool) {
	c := s.Cursor
	if k, _ := c.ParentEdge(); k == edge.SelectorExpr_Sel {
		c = c.Parent()
	}
	for {
		k, _ := c.ParentEdge()
		switch k {
		case edge.ParenExpr_X:
			c = c.Parent()
			continue
		case edge.CallExpr_Fun:
			return c.Parent(), true
		}
		return inspector.Cursor{}, false
	}
}

// Recv returns the expression whose method or field the site is, or nil for
// package-level identifiers.
func Recv(s *flow.Site) ast.Expr {
	if k, _ := s.Cursor.ParentEdge(); k == edge.SelectorExpr_Sel {
		sel := s.Cursor.Parent().Node().(*ast.SelectorExpr)
		if s.File.Pkg.TypesInfo.Selections[sel] != nil {
			return sel.X
		}
	}
	return nil
}

// Qualified returns the whole expression that names a package-level
// identifier: websocket.X, or X where the import is a dot import.
func Qualified(s *flow.Site) ast.Expr {
	if k, _ := s.Cursor.ParentEdge(); k == edge.SelectorExpr_Sel {
		return s.Cursor.Parent().Node().(*ast.SelectorExpr)
	}
	return s.Ident
}

// TypeOf returns the type of e in the site's file.
func TypeOf(s *flow.Site, e ast.Expr) types.Type { return s.File.Pkg.TypesInfo.TypeOf(e) }

// ConstInt returns the value of an integer constant expression.
func ConstInt(f *flow.File, e ast.Expr) (int64, bool) {
	tv, ok := f.Pkg.TypesInfo.Types[e]
	if !ok || tv.Value == nil {
		return 0, false
	}
	return int64Val(tv)
}

// IsNil reports whether e is the predeclared nil.
func IsNil(f *flow.File, e ast.Expr) bool { return f.Pkg.TypesInfo.Types[ast.Unparen(e)].IsNil() }

// Once reports true the first time it is asked about a node.
func (u *Unit) Once(n ast.Node) bool {
	if u.done[n] {
		return false
	}
	u.done[n] = true
	return true
}
