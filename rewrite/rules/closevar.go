package rules

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// closeVarOK reports whether the variable, a pointer to a CloseError, is used
// in no way that a value would not serve. Its address may be taken for
// errors.As if as says so.
func closeVarOK(u *unit.Unit, f *flow.File, v *types.Var, as bool) bool {
	for c := range f.Root.Preorder((*ast.Ident)(nil)) {
		if f.Pkg.TypesInfo.Uses[c.Node().(*ast.Ident)] != types.Object(v) {
			continue
		}
		if !closeUseOK(f, unit.OutermostParen(c), as) {
			return false
		}
	}
	return true
}

// becomesValue makes a value of the variable v, which is a pointer to a
// CloseError that an assertion or errors.As fills: a test for nil becomes one of
// the code, and goes where it stands beside the result of the assertion, ok,
// or of errors.As. It reports false where v has to stay a pointer.
func becomesValue(u *unit.Unit, f *flow.File, v *types.Var, ok ast.Expr, as bool) bool {
	var tests []inspector.Cursor
	for c := range f.Root.Preorder((*ast.Ident)(nil)) {
		if f.Pkg.TypesInfo.Uses[c.Node().(*ast.Ident)] != types.Object(v) {
			continue
		}
		c = unit.OutermostParen(c)
		if b, isBinary := c.Parent().Node().(*ast.BinaryExpr); isBinary && (b.Op == token.EQL || b.Op == token.NEQ) && (unit.IsNil(f, b.X) || unit.IsNil(f, b.Y)) {
			tests = append(tests, c.Parent())
			continue
		}
		if !closeUseOK(f, c, as) {
			return false
		}
	}
	for _, t := range tests {
		b := t.Node().(*ast.BinaryExpr)
		and, isBinary := t.Parent().Node().(*ast.BinaryExpr)
		switch {
		case !isBinary || b.Op != token.NEQ || and.Op != token.LAND:
		case and.Y == ast.Expr(b) && settles(f, and.X, v, ok):
			u.Replace(f, and.X.End(), b.End())
			continue
		case and.X == ast.Expr(b) && settles(f, and.Y, v, ok):
			u.Replace(f, b.Pos(), and.Y.Pos())
			continue
		}
		u.Replace(f, b.Pos(), b.End(), v.Name()+".Code "+b.Op.String()+" 0")
	}
	return true
}

// settles reports whether one of the conditions joined by && in e says that v
// has been filled: ok, or the call of errors.As.
func settles(f *flow.File, e ast.Expr, v *types.Var, ok ast.Expr) bool {
	switch x := ast.Unparen(e).(type) {
	case *ast.BinaryExpr:
		return x.Op == token.LAND && (settles(f, x.X, v, ok) || settles(f, x.Y, v, ok))
	case *ast.Ident:
		return ok != nil && objectOf(f, ok) != nil && objectOf(f, x) == objectOf(f, ok)
	case *ast.CallExpr:
		i := asTarget(f, x)
		return i >= 0 && rootObject(f, x.Args[i]) == types.Object(v)
	}
	return false
}

// closeUseOK reports whether the use at c of a close error needs no pointer.
func closeUseOK(f *flow.File, c inspector.Cursor, as bool) bool {
	switch k, i := c.ParentEdge(); k {
	case edge.SelectorExpr_X:
		// The address of a field would be fine; an assignment to one is not,
		// since there may be other copies.
		kk, _ := c.Parent().ParentEdge()
		return kk != edge.AssignStmt_Lhs && kk != edge.UnaryExpr_X
	case edge.CallExpr_Args:
		call := c.Parent().Node().(*ast.CallExpr)
		sig, ok := f.Pkg.TypesInfo.TypeOf(call.Fun).Underlying().(*types.Signature)
		if !ok {
			return false
		}
		p := sig.Params().At(min(i, sig.Params().Len()-1)).Type()
		if sig.Variadic() && i >= sig.Params().Len()-1 {
			if sl, ok := p.(*types.Slice); ok {
				p = sl.Elem()
			}
		}
		return types.IsInterface(p)
	case edge.ReturnStmt_Results:
		return true // as an error: a pointer type in the results is refused
	case edge.UnaryExpr_X:
		if !as || c.Parent().Node().(*ast.UnaryExpr).Op != token.AND {
			return false
		}
		kk, i := c.Parent().ParentEdge()
		return kk == edge.CallExpr_Args && i == asTarget(f, c.Parent().Parent().Node().(*ast.CallExpr))
	}
	return false
}
