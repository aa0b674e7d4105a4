package flow

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/packages"
)

// flow unites the places of f between which Go demands identical types, and
// gives every site its key.
func (a *analysis) flow(f *File) {
	p, info := f.Pkg, f.Pkg.TypesInfo
	for c := range f.Root.Preorder(
		(*ast.AssignStmt)(nil), (*ast.ValueSpec)(nil), (*ast.ReturnStmt)(nil), (*ast.CallExpr)(nil),
		(*ast.CompositeLit)(nil), (*ast.SendStmt)(nil), (*ast.RangeStmt)(nil), (*ast.BinaryExpr)(nil),
		(*ast.TypeSwitchStmt)(nil), (*ast.Field)(nil), (*ast.FuncDecl)(nil), (*ast.FuncLit)(nil), (*ast.TypeSpec)(nil),
	) {
		switch n := c.Node().(type) {
		case *ast.AssignStmt:
			if n.Tok == token.ASSIGN || n.Tok == token.DEFINE {
				a.assignStmt(p, n.Lhs, n.Rhs)
			}
		case *ast.ValueSpec:
			lhs := make([]ast.Expr, len(n.Names))
			for i, id := range n.Names {
				lhs[i] = id
			}
			if len(n.Values) > 0 {
				a.assignStmt(p, lhs, n.Values)
			}
			for _, id := range n.Names {
				a.declared(f, info.Defs[id])
			}
		case *ast.ReturnStmt:
			a.returns(p, c, n)
		case *ast.CallExpr:
			a.args(p, n)
		case *ast.CompositeLit:
			a.composite(p, n)
		case *ast.SendStmt:
			if t := typeOf(info, n.Value); a.mentions(t) {
				a.uf.union(a.expr(p, n.Chan), a.expr(p, n.Value))
			}
		case *ast.RangeStmt:
			if a.mentions(typeOf(info, n.X)) {
				k := a.expr(p, n.X)
				for _, e := range []ast.Expr{n.Key, n.Value} {
					if e != nil && a.mentions(typeOf(info, e)) {
						a.uf.union(k, a.expr(p, e))
					}
				}
			}
		case *ast.BinaryExpr:
			if (n.Op == token.EQL || n.Op == token.NEQ) && a.mentions(typeOf(info, n.X)) && a.mentions(typeOf(info, n.Y)) {
				a.uf.union(a.expr(p, n.X), a.expr(p, n.Y))
			}
		case *ast.TypeSwitchStmt:
			for _, cl := range n.Body.List {
				o := info.Implicits[cl]
				if o == nil || !a.mentions(o.Type()) {
					continue
				}
				// The variables of all clauses are declared at one place.
				a.clause[o] = a.at(cl.Pos(), 'o')
				if !isInterface(o.Type()) {
					a.uf.union(a.asserted(o.Type()), a.obj(o))
				}
			}
		case *ast.Field:
			for _, id := range n.Names {
				a.declared(f, info.Defs[id])
			}
			if len(n.Names) == 0 && a.mentions(typeOf(info, n.Type)) {
				// An anonymous parameter's object stands where its type does,
				// an embedded field's where the type's name does.
				k := a.at(n.Type.Pos(), 'o')
				id := embeddedName(n.Type)
				a.uf.union(k, a.at(id.Pos(), 'o'))
				if id, ok := id.(*ast.Ident); ok {
					a.declared(f, info.Defs[id])
				}
			}
		case *ast.FuncDecl:
			a.declared(f, info.Defs[n.Name])
		case *ast.FuncLit:
			if t := typeOf(info, n); a.mentions(t) {
				a.tieSignature(a.at(n.Pos(), 'e'), t)
			}
		case *ast.TypeSpec:
			if o := info.Defs[n.Name]; o != nil && a.mentions(o.Type()) {
				a.declared(f, o)
				a.tieSignature(a.obj(o), o.Type())
			}
		}
	}
	for _, s := range f.Sites {
		k, ok := a.owner(s)
		if !ok {
			a.loose = append(a.loose, s)
			k = a.at(s.Ident.Pos(), 's')
		}
		a.site[s] = k
	}
}

// embeddedName returns the identifier that names an embedded field's type.
func embeddedName(e ast.Expr) ast.Expr {
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.SelectorExpr:
			return x.Sel
		case *ast.IndexExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return e
		}
	}
}

// declared handles the declaration of o: named types in its type, and the
// exported API.
func (a *analysis) declared(f *File, o types.Object) {
	if o == nil || !a.mentions(o.Type()) {
		return
	}
	k := a.obj(o)
	a.carriers(k, o.Type(), o.Pos())
	if fn, ok := o.(*types.Func); ok {
		a.tieSignature(k, fn.Type())
	}
	if !a.api[k] {
		return
	}
	mod := f.Pkg.PkgPath
	if f.Pkg.Module != nil {
		mod = f.Pkg.Module.Path
	}
	a.boundary(k, API, o.Pos(), o.Name()+" is exported API of "+mod, "-api break lets it change")
}

// carriers unites k, declared or written at pos, with the named types of the
// tree that t is written with. A named type of a dependency that is made of
// the library's types is a boundary.
func (a *analysis) carriers(k key, t types.Type, pos token.Pos) {
	switch t := t.(type) {
	case *types.Alias:
		if a.inTree(t.Obj()) {
			a.uf.union(k, a.obj(t.Obj()))
		}
		a.carriers(k, types.Unalias(t), pos)
	case *types.Named:
		switch {
		case a.isLib(t.Obj()) || !a.mentions(t):
			return
		case a.inTree(t.Obj()):
			a.uf.union(k, a.obj(t.Obj()))
		case a.mentions(t.Underlying()) && !isStruct(t):
			a.dependency(k, pos, t.Obj())
		}
		for i := range t.TypeArgs().Len() {
			a.carriers(k, t.TypeArgs().At(i), pos)
		}
	case *types.Pointer:
		a.carriers(k, t.Elem(), pos)
	case *types.Slice:
		a.carriers(k, t.Elem(), pos)
	case *types.Array:
		a.carriers(k, t.Elem(), pos)
	case *types.Chan:
		a.carriers(k, t.Elem(), pos)
	case *types.Map:
		a.carriers(k, t.Key(), pos)
		a.carriers(k, t.Elem(), pos)
	}
}

func isStruct(t types.Type) bool {
	_, ok := t.Underlying().(*types.Struct)
	return ok
}

// tieSignature unites k with the parameters, results, methods and fields that
// t is made of, when t is used as a value's type.
func (a *analysis) tieSignature(k key, t types.Type) {
	switch t := types.Unalias(t).(type) {
	case *types.Signature:
		for _, tup := range []*types.Tuple{t.Params(), t.Results()} {
			for i := range tup.Len() {
				if v := tup.At(i); a.mentions(v.Type()) {
					a.uf.union(k, a.obj(v))
				}
			}
		}
	case *types.Named:
		if a.inTree(t.Obj()) {
			a.tieSignature(k, t.Underlying())
		}
	case *types.Interface:
		for i := range t.NumMethods() {
			if m := a.declaredFunc(t.Method(i)); a.mentions(m.Type()) {
				a.uf.union(k, a.obj(m))
				a.tieSignature(k, m.Type())
			}
		}
	case *types.Struct:
		for i := range t.NumFields() {
			if v := t.Field(i); a.mentions(v.Type()) {
				a.uf.union(k, a.obj(v))
			}
		}
	case *types.Pointer:
		a.tieSignature(k, t.Elem())
	case *types.Slice:
		a.tieSignature(k, t.Elem())
	case *types.Map:
		a.tieSignature(k, t.Elem())
	case *types.Chan:
		a.tieSignature(k, t.Elem())
	}
}

func (a *analysis) assignStmt(p *packages.Package, lhs, rhs []ast.Expr) {
	info := p.TypesInfo
	if len(lhs) == len(rhs) {
		for i := range lhs {
			if id, ok := lhs[i].(*ast.Ident); ok && id.Name == "_" {
				continue
			}
			a.assign(p, typeOf(info, lhs[i]), a.exprIf(p, lhs[i]), rhs[i])
		}
		return
	}
	if len(rhs) != 1 {
		return
	}
	// x, ok := v.(T), <-ch, m[k], or f() with several results.
	call, isCall := ast.Unparen(rhs[0]).(*ast.CallExpr)
	for i := range lhs {
		if id, ok := lhs[i].(*ast.Ident); ok && id.Name == "_" {
			continue
		}
		t := typeOf(info, lhs[i])
		if !a.mentions(t) && !isInterface(t) {
			continue
		}
		if !isCall {
			if i == 0 {
				a.uf.union(a.exprIf(p, lhs[i]), a.expr(p, rhs[0]))
			}
			continue
		}
		a.passed(p, t, call, i)
		fn := a.callee(info, call.Fun)
		if fn != nil && a.isLib(fn) {
			if a.mentions(t) {
				a.uf.union(a.expr(p, lhs[i]), a.call(p, call))
			}
			continue
		}
		var sig *types.Signature
		if fn != nil {
			sig = fn.Origin().Type().(*types.Signature)
		} else if s, ok := typeOf(info, call.Fun).Underlying().(*types.Signature); ok {
			sig = s
		}
		if sig == nil || i >= sig.Results().Len() || !a.mentions(sig.Results().At(i).Type()) {
			if a.mentions(t) {
				a.uf.union(a.expr(p, lhs[i]), a.call(p, call))
			}
			continue
		}
		if fn != nil && !a.inTree(fn) {
			a.uf.union(a.expr(p, lhs[i]), a.foreign(p, call.Fun, fn))
			continue
		}
		k := a.result(call, sig, i)
		a.uf.union(a.exprIf(p, lhs[i]), k)
	}
}

// exprIf is expr for places that hold values tied to the library, and no key
// for others.
func (a *analysis) exprIf(p *packages.Package, e ast.Expr) key {
	if !a.mentions(typeOf(p.TypesInfo, e)) {
		return key{}
	}
	return a.expr(p, e)
}

// assign records that src flows to a place of type dst with key k.
func (a *analysis) assign(p *packages.Package, dst types.Type, k key, src ast.Expr) {
	t := typeOf(p.TypesInfo, src)
	if dst == nil {
		return
	}
	if isInterface(dst) && !isInterface(t) {
		a.promoted(p, dst, t, src.Pos())
	}
	if !a.mentions(t) {
		// A concrete type whose methods mention the library may still be
		// bound by an interface.
		if isInterface(dst) && a.mentions(dst) {
			a.methods(dst, t, src.Pos())
		}
		return
	}
	sk := a.expr(p, src)
	if d := a.foreignType(dst); d != nil {
		a.dependency(sk, src.Pos(), d)
	}
	if fn := a.callee(p.TypesInfo, src); fn != nil && a.inTree(fn) {
		a.tieSignature(sk, fn.Origin().Type()) // a function used as a value
	}
	if isInterface(dst) && !isInterface(t) {
		a.intoInterface(p, dst, t, sk, src, nil, 0, src.Pos())
		a.uf.union(k, sk)
		return
	}
	a.uf.union(k, sk)
	a.tieSignature(k, dst)
	a.tieSignature(sk, t)
}

func (a *analysis) returns(p *packages.Package, c inspector.Cursor, n *ast.ReturnStmt) {
	var sig *types.Signature
	for enc := range c.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		switch fn := enc.Node().(type) {
		case *ast.FuncDecl:
			if o, ok := p.TypesInfo.Defs[fn.Name].(*types.Func); ok {
				sig = o.Type().(*types.Signature)
			}
		case *ast.FuncLit:
			sig, _ = typeOf(p.TypesInfo, fn).(*types.Signature)
		}
		break
	}
	if sig == nil {
		return
	}
	if len(n.Results) == sig.Results().Len() {
		for i, e := range n.Results {
			r := sig.Results().At(i)
			a.assign(p, r.Type(), a.objIf(r), e)
		}
		return
	}
	if len(n.Results) != 1 {
		return
	}
	call, ok := ast.Unparen(n.Results[0]).(*ast.CallExpr)
	if !ok {
		return
	}
	for i := range sig.Results().Len() {
		r := sig.Results().At(i)
		a.passed(p, r.Type(), call, i)
		if a.mentions(r.Type()) {
			a.uf.union(a.obj(r), a.callResult(p, call, i))
		}
	}
}

// passed records that result i of a call goes to a place of type dst together
// with the others.
func (a *analysis) passed(p *packages.Package, dst types.Type, call *ast.CallExpr, i int) {
	results, ok := typeOf(p.TypesInfo, call).(*types.Tuple)
	if !ok || i >= results.Len() || !isInterface(dst) {
		return
	}
	t := results.At(i).Type()
	if isInterface(t) {
		return
	}
	a.promoted(p, dst, t, call.Pos())
	if a.mentions(t) {
		a.intoInterface(p, dst, t, a.callResult(p, call, i), nil, call, i, call.Pos())
	}
}

func (a *analysis) objIf(v *types.Var) key {
	if !a.mentions(v.Type()) {
		return key{}
	}
	return a.obj(v)
}
