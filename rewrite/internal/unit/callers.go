package unit

import (
	"go/ast"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
)

// endsAtCaller reports whether a caller of the function at fn gives it, as
// parameter v, a context that may end while the connection is still in use:
// that function, or one further up, cancels it there.
func (u *Unit) endsAtCaller(f *flow.File, fn inspector.Cursor, v *types.Var) bool {
	if ends, ok := u.ending[v]; ok {
		return ends
	}
	u.ending[v] = false // for a function that calls itself
	_, ft := Body(fn.Node())
	i := slices.Index(params(f, ft), v)
	if i < 0 || unnamed(ft) {
		return false
	}
	calls, _ := u.Calls(f, fn)
	u.ending[v] = slices.ContainsFunc(calls, func(pc ParamCall) bool { return u.givesEnding(pc, pc.Arg(i)) })
	return u.ending[v]
}

// givesEnding reports whether the argument of a call is a context that ends
// too early for what it is given to.
func (u *Unit) givesEnding(pc ParamCall, arg ast.Expr) bool {
	escaped := startsGoroutine(pc.Cursor)
	if call, ok := ast.Unparen(arg).(*ast.CallExpr); ok {
		return escaped && ofRequest(pc.File, call)
	}
	id, ok := ast.Unparen(arg).(*ast.Ident)
	if !ok {
		return false
	}
	v, ok := pc.File.Pkg.TypesInfo.Uses[id].(*types.Var)
	if !ok {
		return false
	}
	for fn, ok := Func(pc.Cursor); ok; fn, ok = Func(fn) {
		body, ft := Body(fn.Node())
		if endsEarly(pc.File, pc.Cursor, body, v, escaped) {
			return true
		}
		if slices.Contains(params(pc.File, ft), v) {
			return u.endsAtCaller(pc.File, fn, v)
		}
		if _, ok := fn.Node().(*ast.FuncLit); ok && !runsInPlace(fn) {
			escaped = true
		}
	}
	return false
}

// unnamed reports whether parameters have no names, which leaves them out of
// params.
func unnamed(ft *ast.FuncType) bool {
	return slices.ContainsFunc(ft.Params.List, func(p *ast.Field) bool { return len(p.Names) == 0 })
}
