package rules

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// An origin is where the value of an expression may come from.
type origin struct {
	kind originKind
	node ast.Expr // of a literal
}

type originKind int

const (
	literalOrigin originKind = iota // a composite literal, new, or a copy of DefaultDialer
	defaultOrigin                   // DefaultDialer itself
	zeroOrigin                      // a field or variable that is not set
	nilOrigin
	someOrigin // a pointer that is certainly not nil
	unknownOrigin
)

// origins returns where the Dialer or pointer to one that e yields may come
// from.
func (d *dialPlan) origins(f *flow.File, e ast.Expr) []origin {
	t := &tracer{u: d.u, seen: map[token.Pos]bool{}, own: d.own}
	t.expr(f, e, 8)
	return t.out
}

// A tracer follows values back through variables, fields, parameters and
// results of the tree.
type tracer struct {
	u    *unit.Unit
	seen map[token.Pos]bool
	out  []origin
	own  bool // DefaultDialer stands for a literal
}

func (t *tracer) add(k originKind, e ast.Expr) { t.out = append(t.out, origin{k, e}) }

func (t *tracer) expr(f *flow.File, e ast.Expr, depth int) {
	if depth == 0 {
		t.add(unknownOrigin, e)
		return
	}
	info := f.Pkg.TypesInfo
	switch x := ast.Unparen(e).(type) {
	case *ast.CompositeLit:
		t.add(literalOrigin, x)
		return
	case *ast.UnaryExpr:
		if x.Op == token.AND {
			t.expr(f, x.X, depth)
			return
		}
	case *ast.StarExpr:
		if s := dialerSite(t.u, f, x.X); s != nil && s.Symbol == "DefaultDialer" {
			t.add(literalOrigin, x)
			return
		}
		t.expr(f, x.X, depth)
		return
	case *ast.Ident:
		if info.Types[x].IsNil() {
			t.add(nilOrigin, x)
			return
		}
		if v, ok := info.ObjectOf(x).(*types.Var); ok && dialerSite(t.u, f, x) == nil {
			t.variable(f, v, depth)
			return
		}
	case *ast.SelectorExpr:
		if s := dialerSite(t.u, f, x); s != nil && s.Symbol == "DefaultDialer" {
			if t.own {
				t.add(literalOrigin, x)
				return
			}
			t.add(defaultOrigin, x)
			return
		}
		if v, ok := info.ObjectOf(x.Sel).(*types.Var); ok {
			t.variable(f, v, depth)
			return
		}
	case *ast.CallExpr:
		if id, ok := ast.Unparen(x.Fun).(*ast.Ident); ok {
			if b, ok := info.Uses[id].(*types.Builtin); ok && b.Name() == "new" {
				t.add(literalOrigin, x)
				return
			}
		}
		if t.result(f, x, depth) {
			return
		}
	}
	t.add(unknownOrigin, e)
}

// dialerSite returns the site of the unit's graph that the expression names.
func dialerSite(u *unit.Unit, f *flow.File, e ast.Expr) *flow.Site {
	var id *ast.Ident
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		id = e
	case *ast.SelectorExpr:
		id = e.Sel
	}
	if id == nil {
		return nil
	}
	for _, s := range f.Sites {
		if s.Ident == id {
			return s
		}
	}
	return nil
}

// variable follows every value that v, a variable, parameter or field of the
// tree, is given.
func (t *tracer) variable(f *flow.File, v *types.Var, depth int) {
	if v.Pkg() == nil || t.seen[v.Pos()] {
		return
	}
	t.seen[v.Pos()] = true
	_, pointer := types.Unalias(v.Type()).(*types.Pointer)
	unset := zeroOrigin
	if pointer {
		unset = nilOrigin
	}
	if args, ok := paramArgs(t.u, f, v); ok {
		if len(args) == 0 {
			t.add(unknownOrigin, nil)
		}
		for _, a := range args {
			t.expr(a.f, a.e, depth-1)
		}
		return
	}
	if isParam(f, v) {
		t.add(unknownOrigin, nil)
		return
	}
	if v.IsField() {
		t.field(v, unset, depth)
		return
	}
	found := false
	for _, g := range sharing(t.u, f, v) {
		for c := range g.Root.Preorder((*ast.Ident)(nil)) {
			id := c.Node().(*ast.Ident)
			o := g.Pkg.TypesInfo.ObjectOf(id)
			if o == nil || !samePlace(t.u, o, v) {
				continue
			}
			k, i := c.ParentEdge()
			switch k {
			case edge.AssignStmt_Lhs:
				found = true
				as := c.Parent().Node().(*ast.AssignStmt)
				if len(as.Rhs) != len(as.Lhs) {
					t.add(unknownOrigin, id)
					continue
				}
				if pointer && notNilThere(g, c, as.Rhs[i]) {
					t.add(someOrigin, as.Rhs[i])
					continue
				}
				t.expr(g, as.Rhs[i], depth-1)
			case edge.ValueSpec_Names:
				found = true
				vs := c.Parent().Node().(*ast.ValueSpec)
				switch {
				case len(vs.Values) == len(vs.Names):
					t.expr(g, vs.Values[i], depth-1)
				case len(vs.Values) == 0 && pointer:
					t.add(nilOrigin, nil)
				case len(vs.Values) == 0:
					t.add(literalOrigin, nil) // the declaration gets a literal
				default:
					t.add(unknownOrigin, id)
				}
			case edge.RangeStmt_Key, edge.RangeStmt_Value:
				found = true
				t.add(unknownOrigin, id)
			}
		}
	}
	if !found {
		t.add(unknownOrigin, nil)
	}
}

// notNilThere reports whether a condition around c says that e is not nil.
func notNilThere(f *flow.File, c inspector.Cursor, e ast.Expr) bool {
	var says func(cond ast.Expr) bool
	says = func(cond ast.Expr) bool {
		b, ok := ast.Unparen(cond).(*ast.BinaryExpr)
		switch {
		case !ok:
			return false
		case b.Op == token.LAND:
			return says(b.X) || says(b.Y)
		}
		return b.Op == token.NEQ && unit.IsNil(f, b.Y) && unit.SameExpr(f, b.X, e)
	}
	for is := range c.Enclosing((*ast.IfStmt)(nil), (*ast.FuncLit)(nil), (*ast.FuncDecl)(nil)) {
		n, ok := is.Node().(*ast.IfStmt)
		if !ok {
			return false
		}
		if n.Body.Pos() <= c.Node().Pos() && c.Node().End() <= n.Body.End() && says(n.Cond) {
			return true
		}
	}
	return false
}

// sharing returns the files in which v can be named.
func sharing(u *unit.Unit, f *flow.File, v *types.Var) []*flow.File {
	if !v.IsField() && v.Parent() != v.Pkg().Scope() {
		return []*flow.File{f}
	}
	var out []*flow.File
	for _, g := range u.Graph.Files {
		if v.Exported() || g.Pkg.Types != nil && g.Pkg.Types.Path() == v.Pkg().Path() {
			out = append(out, g)
		}
	}
	return out
}

// field follows what the field v is given in literals and assignments. A
// literal without it leaves it unset.
func (t *tracer) field(v *types.Var, unset originKind, depth int) {
	n := len(t.out)
	defer func() {
		if len(t.out) == n || v.Exported() && offersAPI(t.u) {
			t.add(unset, nil)
		}
	}()
	for _, g := range t.u.Graph.Files {
		info := g.Pkg.TypesInfo
		for c := range g.Root.Preorder((*ast.CompositeLit)(nil), (*ast.SelectorExpr)(nil), (*ast.ValueSpec)(nil), (*ast.CallExpr)(nil)) {
			switch n := c.Node().(type) {
			case *ast.CompositeLit:
				st, i := t.holds(info.TypeOf(n), v)
				if st == nil {
					continue
				}
				set := false
				for j, el := range n.Elts {
					kv, ok := el.(*ast.KeyValueExpr)
					if !ok {
						if j == i {
							t.expr(g, el, depth-1)
							set = true
						}
						continue
					}
					if id, ok := kv.Key.(*ast.Ident); ok && id.Name == v.Name() {
						t.expr(g, kv.Value, depth-1)
						set = true
					}
				}
				if !set {
					t.add(unset, n)
				}
			case *ast.SelectorExpr:
				o := info.Uses[n.Sel]
				if o == nil || !samePlace(t.u, o, v) {
					continue
				}
				if k, i := c.ParentEdge(); k == edge.AssignStmt_Lhs {
					as := c.Parent().Node().(*ast.AssignStmt)
					if len(as.Rhs) != len(as.Lhs) {
						t.add(unknownOrigin, n)
						continue
					}
					t.expr(g, as.Rhs[i], depth-1)
				}
			case *ast.ValueSpec:
				if len(n.Values) == 0 && n.Type != nil {
					if st, _ := t.holds(info.TypeOf(n.Type), v); st != nil {
						t.add(unset, nil)
					}
				}
			case *ast.CallExpr:
				if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "new" && len(n.Args) == 1 {
					if st, _ := t.holds(info.TypeOf(n.Args[0]), v); st != nil {
						t.add(unset, nil)
					}
				}
			}
		}
	}
}

// offersAPI reports whether packages outside of the tree may use what the
// cluster exports.
func offersAPI(u *unit.Unit) bool {
	return slices.ContainsFunc(u.Cluster.Boundaries, func(b flow.Boundary) bool { return b.Kind == flow.API })
}

// holds returns the structure of type typ if v is one of its fields, and v's
// index in it.
func (t *tracer) holds(typ types.Type, v *types.Var) (*types.Struct, int) {
	if typ == nil {
		return nil, 0
	}
	u := typ.Underlying()
	if p, ok := u.(*types.Pointer); ok {
		u = p.Elem().Underlying()
	}
	st, ok := u.(*types.Struct)
	if !ok {
		return nil, 0
	}
	for i := range st.NumFields() {
		if st.Field(i).Name() == v.Name() && samePlace(t.u, st.Field(i), v) {
			return st, i
		}
	}
	return nil, 0
}

// result follows the results of a call of a function of the tree.
func (t *tracer) result(f *flow.File, call *ast.CallExpr, depth int) bool {
	return eachReturn(t.u, f, call, func(g *flow.File, e ast.Expr) {
		if e == nil {
			t.add(unknownOrigin, nil)
			return
		}
		t.expr(g, e, depth-1)
	})
}
