package rules

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

const responseHeaderNote = "the fields of the response header are also sent where the handshake is refused"

// planResponseHeader sets the header that Upgrade was given on the
// ResponseWriter, before the statement.
func planResponseHeader(u *unit.Unit, s *flow.Site, c inspector.Cursor, call *ast.CallExpr) bool {
	h := call.Args[2]
	if unit.IsNil(s.File, h) || isHeaderOf(s.File, h, call.Args[0]) {
		return true
	}
	at, ok := statementBefore(c)
	if !ok || !pure(call.Args[0]) {
		u.Refuse(s.Pos, "the response header cannot be set before the call", "set the fields on the ResponseWriter's Header before Accept")
		return false
	}
	u.Note(s.File, h.Pos(), "upgrade", responseHeaderNote)
	pos, w := at.Node().Pos(), call.Args[0]
	if kvs, ok := headerLiteral(s.File, h); ok {
		for _, kv := range kvs {
			parts := []any{w, ".Header()[", kv.Key, "] = "}
			if lit, ok := kv.Value.(*ast.CompositeLit); ok && lit.Type == nil {
				parts = append(parts, "[]string")
			}
			u.Replace(s.File, pos, pos, append(parts, kv.Value, "\n")...)
		}
		return true
	}
	k := u.Unused(s.File, c, "k")
	v := u.Unused(s.File, c, "v")
	u.Replace(s.File, pos, pos, "for "+k+", "+v+" := range ", h, " {\n\t", w, ".Header()["+k+"] = "+v+"\n}\n")
	return true
}

// isHeaderOf reports whether h is w.Header().
func isHeaderOf(f *flow.File, h, w ast.Expr) bool {
	call, ok := ast.Unparen(h).(*ast.CallExpr)
	if !ok || len(call.Args) != 0 {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Header" && unit.SameExpr(f, sel.X, w)
}

// headerLiteral returns the elements of a literal of type http.Header.
func headerLiteral(f *flow.File, e ast.Expr) ([]*ast.KeyValueExpr, bool) {
	lit, ok := ast.Unparen(e).(*ast.CompositeLit)
	if !ok || !headerType(f, lit) {
		return nil, false
	}
	var out []*ast.KeyValueExpr
	for _, el := range lit.Elts {
		kv, ok := el.(*ast.KeyValueExpr)
		if !ok {
			return nil, false
		}
		out = append(out, kv)
	}
	return out, true
}

// headerType reports whether e is a map of string slices, as http.Header is.
func headerType(f *flow.File, e ast.Expr) bool {
	m, ok := f.Pkg.TypesInfo.TypeOf(e).Underlying().(*types.Map)
	if !ok {
		return false
	}
	_, ok = m.Elem().Underlying().(*types.Slice)
	return ok
}

// statementBefore returns the statement before which code for the call at c
// can be inserted, evaluated once and just before it.
func statementBefore(c inspector.Cursor) (inspector.Cursor, bool) {
	at, _, _, ok := unit.Stmt(c)
	if !ok {
		return at, false
	}
	switch n := at.Node().(type) {
	case *ast.AssignStmt, *ast.ExprStmt, *ast.ReturnStmt, *ast.DeclStmt:
		return at, true
	case *ast.IfStmt:
		return at, n.Init != nil && n.Init.Pos() <= c.Node().Pos() && c.Node().End() <= n.Init.End()
	}
	return at, false
}
