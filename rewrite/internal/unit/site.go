package unit

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
)

// Call returns the call of the function or method that the site names, or nil
// if the site is not called directly.
func Call(s *flow.Site) *ast.CallExpr {
	c, ok := CallCursor(s)
	if !ok {
		return nil
	}
	return c.Node().(*ast.CallExpr)
}

// CallCursor is Call as a cursor.
func CallCursor(s *flow.Site) (inspector.Cursor, bool) {
	c := s.Cursor
	if k, _ := c.ParentEdge(); k == edge.SelectorExpr_Sel {
		c = c.Parent()
	}
	for {
		k, _ := c.ParentEdge()
		switch k {
		case edge.ParenExpr_X:
			c = c.Parent()
			continue
		case edge.CallExpr_Fun:
			return c.Parent(), true
		}
		return inspector.Cursor{}, false
	}
}

// Recv returns the expression whose method or field the site is, or nil for
// package-level identifiers.
func Recv(s *flow.Site) ast.Expr {
	if k, _ := s.Cursor.ParentEdge(); k == edge.SelectorExpr_Sel {
		sel := s.Cursor.Parent().Node().(*ast.SelectorExpr)
		if s.File.Pkg.TypesInfo.Selections[sel] != nil {
			return sel.X
		}
	}
	return nil
}

// Qualified returns the whole expression that names a package-level
// identifier: websocket.X, or X where the import is a dot import.
func Qualified(s *flow.Site) ast.Expr {
	if k, _ := s.Cursor.ParentEdge(); k == edge.SelectorExpr_Sel {
		return s.Cursor.Parent().Node().(*ast.SelectorExpr)
	}
	return s.Ident
}

// TypeOf returns the type of e in the site's file.
func TypeOf(s *flow.Site, e ast.Expr) types.Type { return s.File.Pkg.TypesInfo.TypeOf(e) }

// ConstInt returns the value of an integer constant expression.
func ConstInt(f *flow.File, e ast.Expr) (int64, bool) {
	tv, ok := f.Pkg.TypesInfo.Types[e]
	if !ok || tv.Value == nil {
		return 0, false
	}
	return int64Val(tv)
}

// IsNil reports whether e is the predeclared nil.
func IsNil(f *flow.File, e ast.Expr) bool { return f.Pkg.TypesInfo.Types[ast.Unparen(e)].IsNil() }
