package rules

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// place finds the statement or declaration around the spec at c.
func (def *dialDef) place(c inspector.Cursor) {
	def.decl, _ = c.Parent().Node().(*ast.GenDecl)
	if k, _ := c.Parent().ParentEdge(); k == edge.DeclStmt_Decl {
		def.stmt, _ = c.Parent().Parent().Node().(ast.Stmt)
	}
}

// zeroVar gives `var d websocket.Dialer` its settings: none, that is no proxy
// and no redirect.
func (d *dialPlan) zeroVar(s *flow.Site, c inspector.Cursor, vs *ast.ValueSpec) {
	dl := &dialer{f: s.File, site: s, at: s.Ident.Pos()}
	_, dl.local = unit.Func(c)
	v, ok := s.File.Pkg.TypesInfo.Defs[vs.Names[0]].(*types.Var)
	if !ok {
		d.u.Refuse(s.Pos, "the Dialer is not used", "delete it")
		return
	}
	def := &dialDef{dialer: dl, site: s, v: v, spec: vs, start: vs.Type.Pos(), end: vs.Type.End(), prefix: "= "}
	def.place(c)
	d.defs[v.Pos()] = def
}

// finishDefs takes the assignments into the literals of the variables that
// are defined, and plans their edits.
func (d *dialPlan) finishDefs() {
	var defs []*dialDef
	for _, s := range d.u.Cluster.Sites {
		for _, def := range d.defs {
			if def.site == s {
				d.fold(def)
				defs = append(defs, def)
			}
		}
	}
	for _, def := range defs {
		if d.setsTransport(def) {
			d.nameTransport(def)
		}
		parts, ok := def.compose(d.u, composed{amp: def.amp})
		if !ok {
			continue
		}
		if def.prefix != "" {
			parts = append([]any{def.prefix}, parts...)
		}
		d.u.Replace(def.f, def.start, def.end, parts...)
	}
}

// fold takes `d.X = v` statements that directly follow the definition into
// the literal.
func (d *dialPlan) fold(def *dialDef) {
	if def.stmt == nil || def.decl != nil && def.decl.Lparen.IsValid() {
		return
	}
	f := def.f
	cur, ok := f.Root.FindNode(def.stmt)
	if !ok {
		return
	}
	_, list, i, ok := unit.Stmt(cur)
	if !ok || list[i] != def.stmt {
		return
	}
	for _, st := range list[i+1:] {
		as, ok := st.(*ast.AssignStmt)
		if !ok || as.Tok != token.ASSIGN || len(as.Lhs) != 1 || len(as.Rhs) != 1 {
			return
		}
		sel, ok := as.Lhs[0].(*ast.SelectorExpr)
		if !ok || objectOf(f, sel.X) != types.Object(def.v) || mentions(f, as.Rhs[0], def.v) {
			return
		}
		fs := d.u.SiteAt(sel.Sel)
		if fs == nil || !isFieldOf(fs, "Dialer.") {
			return
		}
		name := sel.Sel.Name
		if j := slices.IndexFunc(def.elems, func(e dialerField) bool { return e.name == name }); j >= 0 {
			if !pure(def.elems[j].value) {
				return
			}
			// The comments of the value that is replaced stay.
			e := def.elems[j]
			def.elems = slices.Delete(def.elems, j, j+1)
			def.tail = append(def.tail, append(e.lead, e.trail...)...)
		}
		d.u.Claim(fs)
		el := dialerField{name: name, value: as.Rhs[0]}
		lineOf := func(p token.Pos) int { return d.u.Graph.Fset.PositionFor(p, false).Line }
		for _, c := range commentsWithin(f, def.end, as.Pos()) {
			if n := len(def.elems); n > 0 && lineOf(c.Pos()) == lineOf(def.end) {
				def.elems[n-1].trail = append(def.elems[n-1].trail, c)
				continue
			}
			el.lead = append(el.lead, c)
		}
		def.elems = append(def.elems, el)
		def.end = as.End()
	}
}

// mentions reports whether e names the variable.
func mentions(f *flow.File, e ast.Expr, v *types.Var) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && f.Pkg.TypesInfo.ObjectOf(id) == types.Object(v) {
			found = true
		}
		return !found
	})
	return found
}

var transportFields = []string{"Proxy", "TLSClientConfig", "NetDial", "NetDialContext", "NetDialTLSContext"}

// setsTransport reports whether the program uses settings of the transport
// through the variable after its definition, and of no other dialer that is
// not known: what a helper does to that one may concern this one.
func (d *dialPlan) setsTransport(def *dialDef) bool {
	sets := false
	for _, s := range d.u.Sites() {
		if !isFieldOf(s, "Dialer.") || !slices.Contains(transportFields, s.Ident.Name) {
			continue
		}
		o := d.defOf(s)
		if o == nil {
			return false
		}
		sets = sets || o == def
	}
	return sets
}

// defOf returns the definition of the variable that the field site s is
// selected from, if nothing else is ever assigned to that variable.
func (d *dialPlan) defOf(s *flow.Site) *dialDef {
	x := unit.Recv(s)
	if x == nil {
		return nil
	}
	id, ok := ast.Unparen(x).(*ast.Ident)
	if !ok {
		return nil
	}
	v, ok := s.File.Pkg.TypesInfo.ObjectOf(id).(*types.Var)
	if !ok {
		return nil
	}
	for _, def := range d.defs {
		if samePlace(d.u, def.v, v) && len(d.origins(s.File, id)) == 1 {
			return def
		}
	}
	return nil
}

// nameTransport gives the transport of a definition a variable of its own,
// in front of it.
func (d *dialPlan) nameTransport(def *dialDef) {
	f := def.f
	cur, ok := f.Root.FindNode(def.site.Ident)
	if !ok {
		return
	}
	dl := def.dialer
	t, ok := dl.transportLiteral(d.u, 1)
	if !ok {
		return
	}
	var at token.Pos
	switch {
	case def.stmt != nil:
		at, dl.transport = def.stmt.Pos(), d.u.Fresh(f, cur, "transport")
		parts := append([]any{dl.transport + " := "}, t...)
		d.u.Replace(f, at, at, append(parts, "\n")...)
	case def.decl != nil && !def.decl.Lparen.IsValid():
		at, dl.transport = def.decl.Pos(), freePackageName(d.u, f, "dialTransport")
		if def.decl.Doc != nil {
			at = def.decl.Doc.Pos()
		}
		parts := append([]any{"var " + dl.transport + " = "}, t...)
		d.u.Replace(f, at, at, append(parts, "\n\n")...)
	default:
		at, dl.transport = def.spec.Pos(), freePackageName(d.u, f, "dialTransport")
		if def.spec.Doc != nil {
			at = def.spec.Doc.Pos()
		}
		parts := append([]any{dl.transport + " = "}, t...)
		d.u.Replace(f, at, at, append(parts, "\n")...)
	}
}

// freePackageName returns a name that nothing in f's package is called.
func freePackageName(u *unit.Unit, f *flow.File, base string) string {
	used := map[string]bool{}
	for _, g := range u.Graph.Files {
		if g.Pkg.PkgPath != f.Pkg.PkgPath {
			continue
		}
		ast.Inspect(g.Syntax, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				used[id.Name] = true
			}
			return true
		})
	}
	name := base
	for i := 2; used[name]; i++ {
		name = base + strconv.Itoa(i)
	}
	return name
}
