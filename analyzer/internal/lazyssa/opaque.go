package lazyssa

import (
	"go/ast"
	"go/token"
	"go/types"
)

// expr returns a well-typed form of an expression: what is ill-typed in it
// becomes an unknown value where its type is known, and a literal loses its
// ill-typed statements. It returns nil where that does not help.
func (t *trimmer) expr(e ast.Expr) ast.Expr {
	if !illTyped(e, t.info) {
		return e
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		if !t.info.faulty(e, e.X) {
			return t.expr(e.X)
		}
	case *ast.FuncLit:
		return t.literal(e)
	case *ast.CallExpr:
		return t.callExpr(e)
	case *ast.UnaryExpr:
		if x := t.expr(e.X); x != nil && e.Op != token.ARROW && !t.info.faulty(e, e.X) {
			out := *e
			out.X = x
			return t.typed(&out, e)
		}
	case *ast.CompositeLit:
		return t.composite(e)
	}
	return nil
}

// typed gives a copy of an expression the type of the original, and returns
// nil if that has none.
func (t *trimmer) typed(out, e ast.Expr) ast.Expr {
	tv, ok := t.info.Types[e]
	if !ok || invalid(tv.Type) {
		return nil
	}
	t.info.Types[out] = tv
	return out
}

// value is expr, or an unknown value of the type that is asked for; nil if that
// is none.
func (t *trimmer) value(e ast.Expr, want types.Type) ast.Expr {
	if x := t.expr(e); x != nil {
		return x
	}
	t.gone(e)
	return t.opaque(want, e.Pos())
}

// condition is value for what decides whether something happens.
func (t *trimmer) condition(e ast.Expr) ast.Expr {
	if !illTyped(e, t.info) {
		return e
	}
	t.gone(e)
	t.guessed = true
	return t.opaque(types.Typ[types.Bool], e.Pos())
}

// opaque returns an expression of type want that has any value: *new(T).
func (t *trimmer) opaque(want types.Type, pos token.Pos) ast.Expr {
	if want == nil || invalid(want) {
		return nil
	}
	if basic, ok := want.(*types.Basic); ok && basic.Info()&types.IsUntyped != 0 {
		want = types.Default(want)
		if want == types.Typ[types.UntypedNil] {
			return nil
		}
	}
	if !t.loose {
		t.guessed = true
	}
	scope := types.NewPackage("opaque", "opaque")
	scope.Scope().Insert(types.NewTypeName(token.NoPos, scope, "T", want))
	e := &ast.StarExpr{Star: pos, X: &ast.CallExpr{
		Fun: &ast.Ident{NamePos: pos, Name: "new"}, Lparen: pos, Rparen: pos,
		Args: []ast.Expr{&ast.Ident{NamePos: pos, Name: "T"}},
	}}
	if types.CheckExpr(token.NewFileSet(), scope, token.NoPos, e, t.info.Info) != nil {
		return nil
	}
	return e
}

// literal trims the body of a function literal.
func (t *trimmer) literal(lit *ast.FuncLit) ast.Expr {
	if illTyped(lit.Type, t.info) || t.info.faulty(lit, lit.Body) {
		return nil
	}
	loose := t.loose
	t.loose = false
	out := *lit
	out.Body = t.block(lit.Body)
	t.loose = loose
	return t.typed(&out, lit)
}

// callExpr keeps a call whose function is known, with unknown arguments.
func (t *trimmer) callExpr(c *ast.CallExpr) ast.Expr {
	parts := []ast.Node{c.Fun}
	for _, arg := range c.Args {
		parts = append(parts, arg)
	}
	fun := t.callee(c.Fun)
	if fun == nil || t.info.faulty(c, parts...) {
		return nil
	}
	sig, ok := t.info.Types[fun].Type.(*types.Signature)
	if !ok {
		return nil // a conversion or a builtin
	}
	out := *c
	out.Fun = fun
	out.Args = nil
	for i, arg := range c.Args {
		want := argType(sig, i, c.Ellipsis.IsValid())
		if want == nil {
			return nil
		}
		x := t.value(arg, want)
		if invalid(want) {
			x = t.opaqueInvalid(arg.Pos())
		}
		if x == nil {
			return nil
		}
		out.Args = append(out.Args, x)
	}
	return t.typed(&out, c)
}

// callee is expr for what is called, which may be a function with ill-typed
// parameters.
func (t *trimmer) callee(e ast.Expr) ast.Expr {
	switch f := e.(type) {
	case *ast.Ident:
		if odd(f, t.info) && !generic(f, t.info) && !t.info.faulty(f) {
			return f
		}
	case *ast.SelectorExpr:
		if odd(f.Sel, t.info) && selects(f, t.info) && !generic(f.Sel, t.info) && !t.info.faulty(f) && !illTyped(f.X, t.info) {
			return f
		}
	}
	return t.expr(e)
}

// opaqueInvalid is opaque for the argument of a parameter that is ill-typed.
func (t *trimmer) opaqueInvalid(pos token.Pos) ast.Expr {
	e := t.opaque(types.Typ[types.Bool], pos).(*ast.StarExpr)
	bad := types.Typ[types.Invalid]
	call := e.X.(*ast.CallExpr)
	for x, typ := range map[ast.Expr]types.Type{e: bad, call: types.NewPointer(bad), call.Args[0]: bad} {
		tv := t.info.Types[x]
		tv.Type = typ
		t.info.Types[x] = tv
	}
	return e
}

// argType returns the type that the ith argument of a call has to have, or nil if
// there can be none.
func argType(sig *types.Signature, i int, spread bool) types.Type {
	n := sig.Params().Len()
	if sig.Variadic() && i >= n-1 {
		last, ok := sig.Params().At(n - 1).Type().(*types.Slice)
		if !ok || spread {
			return sig.Params().At(n - 1).Type()
		}
		return last.Elem()
	}
	if i >= n {
		return nil
	}
	return sig.Params().At(i).Type()
}

// composite leaves the ill-typed elements of a literal with keys out.
func (t *trimmer) composite(lit *ast.CompositeLit) ast.Expr {
	if lit.Type != nil && illTyped(lit.Type, t.info) {
		return nil
	}
	var parts []ast.Node
	for _, elt := range lit.Elts {
		parts = append(parts, elt)
	}
	if t.info.faulty(lit, parts...) {
		return nil
	}
	out := *lit
	out.Elts = nil
	for _, elt := range lit.Elts {
		if !illTyped(elt, t.info) {
			out.Elts = append(out.Elts, elt)
			continue
		}
		kv, ok := elt.(*ast.KeyValueExpr)
		if !ok {
			return nil
		}
		if key, ok := kv.Key.(*ast.Ident); !ok || t.info.Uses[key] == nil || t.info.faulty(key) {
			continue
		}
		if x := t.expr(kv.Value); x != nil {
			pair := *kv
			pair.Value = x
			out.Elts = append(out.Elts, &pair)
		}
	}
	return t.typed(&out, lit)
}
