package rules

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// An errorSource follows errors back to the calls that they come from.
// It follows the values that a variable, a field or a parameter is given, and
// what functions return; behind an interface it takes each method that fits.
// Where it loses the trace it answers yes.
type errorSource struct {
	u    *unit.Unit
	uses map[*ast.Ident]bool // of the cluster
	// found has the answers that are known. While one is looked for it is no:
	// what goes round in a circle adds nothing.
	found map[asked]bool
}

// asked is a question about an object.
type asked struct {
	o    types.Object
	what question
}

type question int

const (
	gives   question = iota // an error of the cluster
	leadsTo                 // to what returns one
	sends                   // either, through a channel
)

// once answers the question with look if it has not been asked.
func (s *errorSource) once(q asked, look func() bool) bool {
	yes, ok := s.found[q]
	if !ok {
		s.found[q] = false
		yes = look()
		s.found[q] = yes
	}
	return yes
}

func newErrorSource(u *unit.Unit, c *flow.Cluster) *errorSource {
	s := &errorSource{u, map[*ast.Ident]bool{}, map[asked]bool{}}
	for _, site := range c.Sites {
		s.uses[site.Ident] = true
	}
	return s
}

// canBe reports whether the error may come from a use of the cluster: false
// only where all the calls that it can come from are known.
func (s *errorSource) canBe(f *flow.File, x ast.Expr) bool {
	info := f.Pkg.TypesInfo
	if info.Types[x].Value != nil {
		return false
	}
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		if unit.IsNil(f, x) {
			return false
		}
		v, ok := info.ObjectOf(x).(*types.Var)
		return !ok || s.uses[x] || s.kept(f, v)
	case *ast.SelectorExpr:
		v, ok := info.Uses[x.Sel].(*types.Var)
		if !ok || s.uses[x.Sel] {
			return true
		}
		if !v.IsField() {
			return s.kept(f, v)
		}
		if failure(info.TypeOf(x.X)) {
			return s.canBe(f, x.X) // the error in a *net.OpError, say
		}
		return !s.u.Graph.Declares(v) || s.variable(f, v)
	case *ast.TypeAssertExpr:
		return s.canBe(f, x.X)
	case *ast.IndexExpr:
		return s.canBe(f, x.X)
	case *ast.UnaryExpr:
		switch x.Op {
		case token.AND:
			return s.canBe(f, x.X)
		case token.ARROW:
			if ch, ok := ast.Unparen(x.X).(*ast.Ident); ok {
				v, ok := info.Uses[ch].(*types.Var)
				return !ok || s.variable(f, v)
			}
		}
		return true
	case *ast.CompositeLit:
		// An error of the program's own, perhaps with one in it.
		for _, e := range x.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				e = kv.Value
			}
			if failure(info.TypeOf(e)) && s.canBe(f, e) {
				return true
			}
		}
		return false
	case *ast.CallExpr:
		if info.Types[x.Fun].IsType() && len(x.Args) == 1 {
			return s.canBe(f, x.Args[0])
		}
		return s.call(f, x)
	}
	return true
}

// call reports whether the call may return such an error.
func (s *errorSource) call(f *flow.File, x *ast.CallExpr) bool {
	info := f.Pkg.TypesInfo
	fun := ast.Unparen(x.Fun)
	switch i := fun.(type) {
	case *ast.IndexExpr:
		fun = ast.Unparen(i.X)
	case *ast.IndexListExpr:
		fun = ast.Unparen(i.X)
	}
	sel, _ := fun.(*ast.SelectorExpr)
	if sel != nil && s.uses[sel.Sel] {
		return true
	}
	if id, ok := fun.(*ast.Ident); ok && s.uses[id] {
		return true
	}
	fn := calledFunc(f, x)
	if fn == nil {
		if info.Types[fun].IsBuiltin() {
			return slices.ContainsFunc(x.Args, func(x ast.Expr) bool { return failure(info.TypeOf(x)) && s.canBe(f, x) })
		}
		return s.function(f, fun)
	}
	// What it returns may be what it is given.
	given := x.Args
	if sel != nil && info.Selections[sel] != nil {
		given = append([]ast.Expr{sel.X}, given...)
	}
	for _, arg := range given {
		if failure(info.TypeOf(arg)) && s.canBe(f, arg) {
			return true
		}
	}
	if unit.IsInterfaceMethod(fn) && s.methods(fn) {
		return true
	}
	if g, d := declaredAt(s.u, fn.Origin()); d != nil {
		return s.returned(g, d)
	}
	// A function that is not looked at calls what it is given.
	for _, arg := range given {
		if s.leads(f, arg) {
			return true
		}
	}
	return false
}

// methods reports whether a method of the tree that the one of an interface may
// stand for returns such an error.
func (s *errorSource) methods(fn *types.Func) bool {
	return returnsError(fn.Signature()) && s.once(asked{fn, leadsTo}, func() bool { return s.implementations(fn) })
}

func (s *errorSource) implementations(fn *types.Func) bool {
	for _, g := range s.u.Graph.InOrder() {
		for _, d := range g.Syntax.Decls {
			d, ok := d.(*ast.FuncDecl)
			if !ok || d.Recv == nil || d.Name.Name != fn.Name() {
				continue
			}
			if m, ok := g.Pkg.TypesInfo.Defs[d.Name].(*types.Func); ok && canStandFor(m, fn) && s.returned(g, d) {
				return true
			}
		}
	}
	return false
}

// canStandFor reports whether the functions take and return values of the same
// types. Variants of a package have types of their own, which are written alike.
func canStandFor(x, y *types.Func) bool {
	s, t := x.Signature(), y.Signature()
	same := func(x, y *types.Tuple) bool {
		if x.Len() != y.Len() {
			return false
		}
		for i := range x.Len() {
			if types.TypeString(x.At(i).Type(), nil) != types.TypeString(y.At(i).Type(), nil) {
				return false
			}
		}
		return true
	}
	return s.Variadic() == t.Variadic() && same(s.Params(), t.Params()) && same(s.Results(), t.Results())
}

// function reports whether a call of the function value may return such an
// error.
func (s *errorSource) function(f *flow.File, x ast.Expr) bool {
	info := f.Pkg.TypesInfo
	t := info.TypeOf(x)
	if t == nil {
		return true
	}
	sig, ok := t.Underlying().(*types.Signature)
	if !ok || !returnsError(sig) {
		return !ok
	}
	switch x := ast.Unparen(x).(type) {
	case *ast.FuncLit:
		return s.returns(f, x.Body)
	case *ast.CallExpr:
		if info.Types[x.Fun].IsType() && len(x.Args) == 1 {
			return s.function(f, x.Args[0])
		}
		fn := calledFunc(f, x)
		if fn == nil {
			return true
		}
		g, d := declaredAt(s.u, fn.Origin())
		if d == nil || d.Body == nil {
			return true
		}
		for _, st := range returnsOf(d.Body) {
			for _, r := range st.(*ast.ReturnStmt).Results {
				if s.function(g, r) {
					return true
				}
			}
		}
		return false
	case *ast.Ident, *ast.SelectorExpr:
		id := lastIdent(x)
		if s.uses[id] {
			return true
		}
		switch o := info.Uses[id].(type) {
		case *types.Func:
			if unit.IsInterfaceMethod(o) {
				return s.methods(o)
			}
			g, d := declaredAt(s.u, o.Origin())
			return d != nil && s.returned(g, d)
		case *types.Var:
			return s.once(asked{o, leadsTo}, func() bool { return s.given(f, o, s.function) })
		}
		return !unit.IsNil(f, x)
	}
	return true
}

// returned reports whether the function may return such an error.
func (s *errorSource) returned(f *flow.File, d *ast.FuncDecl) bool {
	info := f.Pkg.TypesInfo
	fn := info.Defs[d.Name]
	if d.Body == nil || fn == nil {
		return false
	}
	return s.once(asked{fn, gives}, func() bool { return s.results(f, d) })
}

func (s *errorSource) results(f *flow.File, d *ast.FuncDecl) bool {
	info := f.Pkg.TypesInfo
	if r := d.Type.Results; r != nil {
		for _, field := range r.List {
			for _, id := range field.Names {
				if v, ok := info.Defs[id].(*types.Var); ok && failure(v.Type()) && s.variable(f, v) {
					return true
				}
			}
		}
	}
	return s.returns(f, d.Body)
}

// returns reports whether a return statement of the body gives such an error.
func (s *errorSource) returns(f *flow.File, body *ast.BlockStmt) bool {
	for _, st := range returnsOf(body) {
		for _, x := range st.(*ast.ReturnStmt).Results {
			t := f.Pkg.TypesInfo.TypeOf(x)
			if _, several := t.(*types.Tuple); (several || failure(t)) && s.canBe(f, x) {
				return true
			}
		}
	}
	return false
}

// returnsError reports whether functions of the signature return errors.
func returnsError(sig *types.Signature) bool {
	for v := range sig.Results().Variables() {
		if failure(v.Type()) {
			return true
		}
	}
	return false
}

// failure reports whether values of the type are errors.
func failure(t types.Type) bool {
	return t != nil && types.AssignableTo(t, types.Universe.Lookup("error").Type())
}

// kept reports whether the variable may hold such an error. One of a package
// outside of the tree is an error that is made there.
func (s *errorSource) kept(f *flow.File, v *types.Var) bool {
	return (!unit.IsPackageLevel(v) || s.u.Graph.Declares(v)) && s.variable(f, v)
}

// variable reports whether the variable or field may hold such an error.
func (s *errorSource) variable(f *flow.File, v *types.Var) bool {
	return s.once(asked{v, gives}, func() bool { return s.given(f, v, s.canBe) })
}
