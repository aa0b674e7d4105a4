package wsorigin

import (
	"go/ast"
	"go/constant"
	"go/types"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// structOf returns the struct type under t or what t points to.
func structOf(t types.Type) (*types.Struct, bool) {
	if t == nil {
		return nil, false
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	st, ok := t.Underlying().(*types.Struct)
	return st, ok
}

// upgraderType returns what is known of t as a configuration type, or nil.
func upgraderType(t types.Type) *wsapi.Upgrader {
	if t == nil {
		return nil
	}
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	named, ok := t.(*types.Named)
	if !ok || named.Obj().Pkg() == nil {
		return nil
	}
	path := named.Obj().Pkg().Path()
	lib := wsapi.LibraryOf(path)
	if lib == nil {
		return nil
	}
	for i := range lib.Upgraders {
		u := &lib.Upgraders[i]
		if u.Pkg == path && string(u.Type) == named.Obj().Name() {
			return u
		}
	}
	return nil
}

// isHandler reports whether t has a ServeHTTP method, so that the value
// alone, handed to an HTTP server, upgrades.
func isHandler(t types.Type) bool {
	obj, _, _ := types.LookupFieldOrMethod(t, true, nil, "ServeHTTP")
	_, ok := obj.(*types.Func)
	return ok
}

// literalOf returns the composite literal that e is or points to.
func literalOf(e ast.Expr) (*ast.CompositeLit, bool) {
	e = ast.Unparen(e)
	if u, ok := e.(*ast.UnaryExpr); ok {
		e = ast.Unparen(u.X)
	}
	lit, ok := e.(*ast.CompositeLit)
	return lit, ok
}

// enclosing returns the function declaration around a node, or nil.
func enclosing(stack []ast.Node) *ast.FuncDecl {
	for _, n := range stack {
		if decl, ok := n.(*ast.FuncDecl); ok {
			return decl
		}
	}
	return nil
}

// inBranch reports whether a node runs only under a condition of the function
// that it is in.
func inBranch(stack []ast.Node) bool {
	for i := len(stack) - 1; i >= 0; i-- {
		switch stack[i].(type) {
		case *ast.IfStmt, *ast.CaseClause, *ast.CommClause:
			return true
		case *ast.FuncLit, *ast.FuncDecl:
			return false
		}
	}
	return false
}

func isTrue(info *types.Info, e ast.Expr) bool {
	v := info.Types[e].Value
	return v != nil && v.Kind() == constant.Bool && constant.BoolVal(v)
}

func isBool(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsBoolean != 0
}

func isAppend(info *types.Info, call *ast.CallExpr) bool {
	id, ok := ast.Unparen(call.Fun).(*ast.Ident)
	if !ok || len(call.Args) < 2 {
		return false
	}
	b, ok := info.Uses[id].(*types.Builtin)
	return ok && b.Name() == "append"
}
