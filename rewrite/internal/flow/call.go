package flow

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/packages"
)

// callResult returns the key of result i of a call.
func (a *analysis) callResult(p *packages.Package, call *ast.CallExpr, i int) key {
	fn := a.callee(p.TypesInfo, call.Fun)
	if fn != nil && a.inTree(fn) {
		sig := fn.Origin().Type().(*types.Signature)
		if i < sig.Results().Len() {
			return a.result(call, sig, i)
		}
	}
	if sig, ok := typeOf(p.TypesInfo, call.Fun).Underlying().(*types.Signature); ok && fn == nil && i < sig.Results().Len() {
		return a.result(call, sig, i)
	}
	return a.call(p, call)
}

func (a *analysis) args(p *packages.Package, n *ast.CallExpr) {
	info := p.TypesInfo
	if tv, ok := info.Types[n.Fun]; ok && tv.IsType() {
		if len(n.Args) == 1 {
			a.conversion(p, n, tv.Type)
		}
		return
	}
	if id, ok := ast.Unparen(n.Fun).(*ast.Ident); ok {
		if _, ok := info.Uses[id].(*types.Builtin); ok {
			var first key
			list, _ := typeOf(info, n).Underlying().(*types.Slice)
			for i, arg := range n.Args {
				if tv := info.Types[arg]; tv.IsType() || !a.mentions(tv.Type) {
					continue
				}
				if i > 0 && id.Name == "append" && list != nil && isInterface(list.Elem()) {
					a.assign(p, list.Elem(), key{}, arg)
					continue
				}
				k := a.expr(p, arg)
				if first == (key{}) {
					first = k
				}
				a.uf.union(first, k)
			}
			return
		}
	}
	fn := a.callee(info, n.Fun)
	if fn != nil && a.isLib(fn) {
		// A library value given to the library: WritePreparedMessage, ReadJSON.
		for _, arg := range n.Args {
			if a.mentions(typeOf(info, arg)) {
				a.uf.union(a.call(p, n), a.expr(p, arg))
			}
		}
		return
	}
	sig, _ := typeOf(info, n.Fun).Underlying().(*types.Signature)
	if sig == nil {
		return
	}
	decl := sig
	if fn != nil {
		decl = fn.Origin().Type().(*types.Signature)
	}
	// An instance of a generic function or a method of a generic type ties
	// everything that its type arguments reach.
	if fn != nil && !a.mentions(decl) && a.mentions(sig) {
		k := a.at(n.Lparen, 'e')
		if sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr); ok && info.Selections[sel] != nil {
			a.uf.union(k, a.expr(p, sel.X))
		}
		for _, arg := range n.Args {
			if a.mentions(typeOf(info, arg)) {
				a.uf.union(k, a.expr(p, arg))
			}
		}
		a.constraints(p, n, k)
		return
	}
	looksInside := fn != nil && fn.Pkg() != nil && fn.Pkg().Path() == "reflect"
	if len(n.Args) == 1 {
		// f(g()) with several results.
		if call, ok := ast.Unparen(n.Args[0]).(*ast.CallExpr); ok {
			if results, ok := typeOf(info, call).(*types.Tuple); ok {
				for i := range results.Len() {
					if v := param(decl, i); v != nil {
						t := v.Type()
						if decl.Variadic() && i >= decl.Params().Len()-1 {
							t = t.(*types.Slice).Elem()
						}
						a.passed(p, t, call, i)
					}
				}
			}
		}
	}
	for i, arg := range n.Args {
		if looksInside && a.mentions(typeOf(info, arg)) {
			a.boundary(a.expr(p, arg), Reflect, n.Pos(), "reflect."+fn.Name()+" looks inside it", "")
		}
		v := param(decl, i)
		if v == nil {
			break
		}
		t := v.Type()
		if decl.Variadic() && i >= decl.Params().Len()-1 && !n.Ellipsis.IsValid() {
			t = t.(*types.Slice).Elem()
		}
		if fn != nil && !a.inTree(fn) && a.mentions(t) && a.mentions(typeOf(info, arg)) && !isInterface(t) {
			a.uf.union(a.expr(p, arg), a.foreign(p, n.Fun, fn))
			continue
		}
		a.assign(p, t, a.objIf(v), arg)
	}
}

// conversion handles T(x).
func (a *analysis) conversion(p *packages.Package, n *ast.CallExpr, to types.Type) {
	x := n.Args[0]
	from := typeOf(p.TypesInfo, x)
	if b, ok := to.Underlying().(*types.Basic); ok && b.Kind() == types.UnsafePointer && a.mentions(from) {
		a.boundary(a.expr(p, x), Reflect, n.Pos(), "its memory is looked at through unsafe.Pointer", "")
		return
	}
	if s, ok := deref(to).Underlying().(*types.Struct); ok {
		// Two struct types with the same fields.
		if t, ok := deref(from).Underlying().(*types.Struct); ok && s != t {
			for i := range min(s.NumFields(), t.NumFields()) {
				if v, w := s.Field(i), t.Field(i); a.mentions(v.Type()) {
					a.uf.union(a.obj(v), a.obj(w))
				}
			}
		}
	}
	k := key{}
	if a.mentions(to) && a.mentions(from) {
		k = a.expr(p, x)
		a.carriers(k, to, n.Pos())
	}
	a.assign(p, to, k, x)
}

// constraints records where a library type is the type argument for a type
// parameter whose constraint has methods.
func (a *analysis) constraints(p *packages.Package, n *ast.CallExpr, k key) {
	id := funcIdent(n.Fun)
	if id == nil {
		return
	}
	inst, ok := p.TypesInfo.Instances[id]
	if !ok {
		return
	}
	sig, ok := p.TypesInfo.Uses[id].Type().(*types.Signature)
	if !ok {
		return
	}
	for i := range min(sig.TypeParams().Len(), inst.TypeArgs.Len()) {
		if iface, ok := sig.TypeParams().At(i).Constraint().Underlying().(*types.Interface); ok {
			t := inst.TypeArgs.At(i)
			a.promoted(p, iface, t, n.Pos())
			if iface.NumMethods() > 0 && a.mentions(t) && !isInterface(t) {
				a.intoInterface(p, iface, t, k, nil, nil, 0, n.Pos())
			}
		}
	}
}

// funcIdent returns the identifier that names a called function.
func funcIdent(fun ast.Expr) *ast.Ident {
	switch f := ast.Unparen(fun).(type) {
	case *ast.Ident:
		return f
	case *ast.SelectorExpr:
		return f.Sel
	case *ast.IndexExpr:
		return funcIdent(f.X)
	case *ast.IndexListExpr:
		return funcIdent(f.X)
	}
	return nil
}

func param(sig *types.Signature, i int) *types.Var {
	n := sig.Params().Len()
	if sig.Variadic() && i >= n-1 {
		i = n - 1
	}
	if i >= n || i < 0 {
		return nil
	}
	return sig.Params().At(i)
}
