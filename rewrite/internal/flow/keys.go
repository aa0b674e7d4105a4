package flow

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/packages"
)

// mentions reports whether a value of type t cannot keep its type when the
// library's types change: t is built from one of them, or is a named type
// whose structure is. A named struct is not: its fields are places of their
// own.
func (a *analysis) mentions(t types.Type) bool {
	if t == nil {
		return false
	}
	if r, ok := a.mem[t]; ok {
		return r
	}
	seen := map[types.Type]bool{}
	r := a.reaches(t, seen)
	if !r {
		for t := range seen { // what t reaches, they reach
			a.mem[t] = false
		}
	}
	a.mem[t] = r
	return r
}

// reaches is mentions, for a type met on the way. seen holds the types that
// have been looked into.
func (a *analysis) reaches(t types.Type, seen map[types.Type]bool) bool {
	if r, ok := a.mem[t]; ok {
		return r
	}
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		if a.isLib(t.Obj()) {
			return !errorLike(t)
		}
		for i := range t.TypeArgs().Len() {
			if a.reaches(t.TypeArgs().At(i), seen) {
				return true
			}
		}
		if s, ok := t.Underlying().(*types.Struct); ok {
			return s.NumFields() > 0 && a.isLib(s.Field(0)) // type T websocket.Dialer
		}
		return a.reaches(t.Underlying(), seen)
	case *types.Pointer:
		return a.reaches(t.Elem(), seen)
	case *types.Slice:
		return a.reaches(t.Elem(), seen)
	case *types.Array:
		return a.reaches(t.Elem(), seen)
	case *types.Chan:
		return a.reaches(t.Elem(), seen)
	case *types.Map:
		return a.reaches(t.Key(), seen) || a.reaches(t.Elem(), seen)
	case *types.Signature:
		return a.reaches(t.Params(), seen) || a.reaches(t.Results(), seen)
	case *types.Tuple:
		for i := range t.Len() {
			if a.reaches(t.At(i).Type(), seen) {
				return true
			}
		}
	case *types.Struct:
		for i := range t.NumFields() {
			if a.reaches(t.Field(i).Type(), seen) {
				return true
			}
		}
	case *types.Interface:
		for i := range t.NumMethods() {
			if a.reaches(t.Method(i).Type(), seen) {
				return true
			}
		}
	}
	return false
}

// errorLike reports whether t travels as an error: such values do not tie
// places together, since they are stored in variables of type error.
func errorLike(t *types.Named) bool {
	return t.Obj().Name() == "CloseError" || t.Obj().Name() == "HandshakeError"
}

func (a *analysis) at(pos token.Pos, kind byte) key {
	f := a.fset.File(pos)
	if f == nil {
		return key{}
	}
	if a.cgo[f.Name()] {
		// Every variant of the package has a copy of its own.
		p := a.fset.PositionFor(pos, true)
		return key{p.Filename, p.Line<<12 | p.Column, kind}
	}
	return key{f.Name(), f.Offset(pos), kind}
}

// obj returns the key of a declared object.
func (a *analysis) obj(o types.Object) key {
	if o == nil || !o.Pos().IsValid() {
		return key{}
	}
	if k, ok := a.clause[o]; ok {
		return k
	}
	kind := byte('o')
	switch x := o.(type) {
	case *types.Var:
		o = x.Origin()
	case *types.Func:
		o = x.Origin()
	case *types.TypeName:
		kind = 't'
	default:
		return key{}
	}
	if f := a.fset.File(o.Pos()); f != nil && !a.parsed[f] {
		if pos, ok := a.decls[declAt{f.Name(), f.Line(o.Pos()), o.Name()}]; ok {
			return a.at(pos, kind)
		}
	}
	return a.at(o.Pos(), kind)
}

// A declAt identifies a declaration as far as export data does, which tells
// lines but not columns.
type declAt struct {
	file string
	line int
	name string
}

// index fills a.decls with what the packages of the tree declare.
func (a *analysis) index() {
	add := func(o types.Object) {
		f := a.fset.File(o.Pos())
		if f == nil || !a.parsed[f] {
			return
		}
		at := declAt{f.Name(), f.Line(o.Pos()), o.Name()}
		if _, ok := a.decls[at]; !ok {
			a.decls[at] = o.Pos()
		}
		if fn, ok := o.(*types.Func); ok && a.funcs[at] == nil {
			a.funcs[at] = fn
		}
	}
	for _, v := range a.tree.Views {
		for _, p := range v.Packages {
			if p.TypesInfo == nil {
				continue
			}
			for _, o := range p.TypesInfo.Defs {
				if o == nil {
					continue
				}
				if _, ok := o.(*types.Label); ok {
					continue
				}
				if v, ok := o.(*types.Var); ok && !v.IsField() && o.Parent() != p.Types.Scope() {
					continue // local, which export data does not hold
				}
				add(o)
				if sig, ok := o.Type().(*types.Signature); ok {
					for _, t := range []*types.Tuple{sig.Params(), sig.Results()} {
						for i := range t.Len() {
							add(t.At(i))
						}
					}
				}
			}
		}
	}
}

// inTree reports whether the object is declared in the tree.
func (a *analysis) inTree(o types.Object) bool {
	return o != nil && o.Pkg() != nil && a.main[o.Pkg().Path()]
}

// expr returns the key of the place that e's value comes from, uniting on the
// way what e itself ties together.
func (a *analysis) expr(p *packages.Package, e ast.Expr) key {
	info := p.TypesInfo
	switch e := e.(type) {
	case *ast.ParenExpr:
		return a.expr(p, e.X)
	case *ast.StarExpr:
		return a.expr(p, e.X)
	case *ast.UnaryExpr:
		return a.expr(p, e.X)
	case *ast.Ident:
		o := info.ObjectOf(e)
		if o == nil || a.isLib(o) {
			return a.at(e.Pos(), 'e')
		}
		if _, ok := o.(*types.Nil); ok {
			return key{}
		}
		if !a.inTree(o) && o.Pkg() != nil {
			return a.foreign(p, e, o)
		}
		if k := a.obj(o); k != (key{}) {
			return k
		}
	case *ast.SelectorExpr:
		if sel := info.Selections[e]; sel != nil {
			if a.isLib(sel.Obj()) {
				return a.receiver(p, e)
			}
			if !a.inTree(sel.Obj()) {
				return a.foreign(p, e, sel.Obj())
			}
			return a.obj(sel.Obj())
		}
		return a.expr(p, e.Sel)
	case *ast.IndexExpr:
		if tv, ok := info.Types[e.X]; ok && tv.IsValue() {
			if _, ok := tv.Type.Underlying().(*types.Signature); ok {
				return a.at(e.Pos(), 'e')
			}
		}
		return a.expr(p, e.X)
	case *ast.SliceExpr:
		return a.expr(p, e.X)
	case *ast.CallExpr:
		return a.call(p, e)
	case *ast.TypeAssertExpr:
		return a.asserted(typeOf(info, e.Type))
	case *ast.CompositeLit:
		return a.at(e.Lbrace, 'e')
	case *ast.FuncLit:
		return a.at(e.Pos(), 'e')
	}
	return a.at(e.Pos(), 'e')
}

// foreign returns the key of a place that a dependency declares, and records
// that the dependency decides its type.
func (a *analysis) foreign(p *packages.Package, e ast.Expr, o types.Object) key {
	k := a.at(e.End(), 'e')
	t := o.Type()
	if v, ok := o.(*types.Var); ok {
		t = v.Origin().Type()
	}
	if fn, ok := o.(*types.Func); ok {
		t = fn.Origin().Type()
	}
	if a.mentions(t) {
		a.dependency(k, e.Pos(), o)
	}
	return k
}

// dependency records that the type of the place k is decided by o, which a
// dependency declares.
func (a *analysis) dependency(k key, pos token.Pos, o types.Object) {
	a.boundary(k, Dependency, pos, "the type of "+o.Pkg().Name()+"."+o.Name()+" is decided by the dependency "+o.Pkg().Path(), "upgrade the dependency if a version of it has left gorilla/websocket")
}

// receiver returns the key of the library value that the selector e selects a
// member of: the embedded field where the member is promoted.
func (a *analysis) receiver(p *packages.Package, e *ast.SelectorExpr) key {
	sel := p.TypesInfo.Selections[e]
	if sel == nil {
		return a.at(e.Pos(), 'e')
	}
	t := sel.Recv()
	var field *types.Var
	for _, i := range sel.Index()[:len(sel.Index())-1] {
		if ptr, ok := types.Unalias(t).Underlying().(*types.Pointer); ok {
			t = ptr.Elem()
		}
		st, ok := t.Underlying().(*types.Struct)
		if !ok {
			break
		}
		field = st.Field(i)
		t = field.Type()
	}
	if field == nil {
		return a.expr(p, e.X)
	}
	if !a.inTree(field) {
		return a.foreign(p, e, field)
	}
	return a.obj(field)
}

// call returns the key of a call's (first) result.
func (a *analysis) call(p *packages.Package, c *ast.CallExpr) key {
	info := p.TypesInfo
	if tv, ok := info.Types[c.Fun]; ok && tv.IsType() { // conversion
		if len(c.Args) == 1 && a.mentions(typeOf(info, c.Args[0])) {
			return a.expr(p, c.Args[0])
		}
		return a.at(c.Lparen, 'e')
	}
	fun := ast.Unparen(c.Fun)
	if id, ok := fun.(*ast.Ident); ok {
		if _, ok := info.Uses[id].(*types.Builtin); ok {
			if len(c.Args) > 0 && id.Name == "append" {
				return a.expr(p, c.Args[0])
			}
			return a.at(c.Lparen, 'e')
		}
	}
	fn := a.callee(info, fun)
	if fn != nil && a.isLib(fn) {
		if sel, ok := fun.(*ast.SelectorExpr); ok && info.Selections[sel] != nil {
			return a.receiver(p, sel) // Upgrade and Dial tie their result to the configuration
		}
		return a.at(c.Lparen, 'e')
	}
	sig, _ := typeOf(info, c.Fun).Underlying().(*types.Signature)
	if fn != nil && !a.mentions(fn.Origin().Type()) && a.mentions(fn.Type()) {
		return a.at(c.Lparen, 'e') // an instance ties arguments and results: see generic
	}
	if fn != nil && !a.inTree(fn) {
		return a.foreign(p, c.Fun, fn)
	}
	if fn != nil {
		sig = fn.Origin().Type().(*types.Signature)
	}
	if sig == nil {
		return a.at(c.Lparen, 'e')
	}
	for i := range sig.Results().Len() {
		if a.mentions(sig.Results().At(i).Type()) {
			return a.result(c, sig, i)
		}
	}
	return a.at(c.Lparen, 'e')
}

// result returns the key of result i of a call to a function of type sig.
func (a *analysis) result(c *ast.CallExpr, sig *types.Signature, i int) key {
	if k := a.obj(sig.Results().At(i)); k != (key{}) {
		return k
	}
	return a.at(c.Lparen, 'e')
}

// callee is calleeFunc with the function as the tree declares it: what export
// data tells of an unnamed parameter or result does not identify it.
func (a *analysis) callee(info *types.Info, fun ast.Expr) *types.Func {
	return a.declaredFunc(calleeFunc(info, fun))
}

func (a *analysis) declaredFunc(fn *types.Func) *types.Func {
	if fn == nil || fn.Origin() != fn {
		return fn
	}
	f := a.fset.File(fn.Pos())
	if f == nil || a.parsed[f] {
		return fn
	}
	if twin := a.funcs[declAt{f.Name(), f.Line(fn.Pos()), fn.Name()}]; twin != nil {
		return twin
	}
	return fn
}

// calleeFunc returns the function or method that a call names, or nil for
// calls of function values.
func calleeFunc(info *types.Info, fun ast.Expr) *types.Func {
	switch f := ast.Unparen(fun).(type) {
	case *ast.Ident:
		fn, _ := info.Uses[f].(*types.Func)
		return fn
	case *ast.SelectorExpr:
		fn, _ := info.Uses[f.Sel].(*types.Func)
		return fn
	case *ast.IndexExpr:
		return calleeFunc(info, f.X)
	case *ast.IndexListExpr:
		return calleeFunc(info, f.X)
	}
	return nil
}

// typeOf is info.TypeOf with an invalid type in place of none, which packages
// that do not compile have.
func typeOf(info *types.Info, e ast.Expr) types.Type {
	if t := info.TypeOf(e); t != nil {
		return t
	}
	return types.Typ[types.Invalid]
}
