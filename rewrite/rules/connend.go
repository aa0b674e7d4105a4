package rules

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// endsOnError reports whether the code ends the connection whenever the read
// at c fails: it leaves the function, which closes the connection, or the
// program, and does nothing with the connection on the way. The error must not
// be compared or asserted, since wsjson wraps it.
func endsOnError(u *unit.Unit, s *flow.Site, c inspector.Cursor) bool {
	f := s.File
	conn := connOf(s, c)
	at, list, i, ok := unit.Stmt(c)
	if conn == nil || !ok {
		return false
	}
	var branch *ast.BlockStmt
	var err types.Object
	switch n := at.Node().(type) {
	case *ast.IfStmt:
		if as, ok := n.Init.(*ast.AssignStmt); ok && len(as.Lhs) == 1 && ast.Unparen(as.Rhs[0]) == c.Node() {
			err = objectOf(f, as.Lhs[0])
			if !unit.IsErrNotNil(f, n.Cond, err) {
				return false
			}
		} else if b, ok := ast.Unparen(n.Cond).(*ast.BinaryExpr); !ok || b.Op != token.NEQ || ast.Unparen(b.X) != c.Node() || !unit.IsNil(f, b.Y) {
			return false
		}
		branch = n.Body
	case *ast.AssignStmt:
		if len(n.Lhs) != 1 || i+1 >= len(list) {
			return false
		}
		err = objectOf(f, n.Lhs[0])
		is, ok := unit.ErrCheck(f, list[i+1], err)
		if err == nil || !ok {
			return false
		}
		branch = is.Body
	default:
		return false
	}
	if usesConn(f, branch, conn) || asserts(u, f, branch, err) {
		return false
	}
	fn, ok := unit.Func(c)
	if !ok {
		return false
	}
	body, _ := unit.Body(fn.Node())
	switch leaving := lastStmt(branch).(type) {
	case *ast.ExprStmt:
		call, ok := leaving.X.(*ast.CallExpr)
		return ok && noReturn(f, call)
	case *ast.ReturnStmt:
		return closesOnReturn(f, fn, body, conn)
	case *ast.BranchStmt:
		if leaving.Tok != token.BREAK || leaving.Label != nil {
			return false
		}
		loop, ok := brokenLoop(at)
		if !ok {
			return false
		}
		// What follows the loop must not use the connection either.
		_, list, i, ok := unit.Stmt(loop)
		if !ok || len(list) == 0 || len(body.List) == 0 || list[0] != body.List[0] {
			return false
		}
		for _, st := range list[i+1:] {
			if usesConn(f, st, conn) {
				return false
			}
		}
		return closesOnReturn(f, fn, body, conn) || closesAfter(f, list[i+1:], conn)
	}
	return false
}

// connOf returns the connection that a JSON call reads from.
func connOf(s *flow.Site, c inspector.Cursor) ast.Expr {
	if x := unit.Recv(s); x != nil {
		return x
	}
	if call := c.Node().(*ast.CallExpr); len(call.Args) == 2 {
		return call.Args[0]
	}
	return nil
}

func lastStmt(b *ast.BlockStmt) ast.Stmt {
	if len(b.List) == 0 {
		return nil
	}
	return b.List[len(b.List)-1]
}

// brokenLoop returns the loop that a break at c would leave.
func brokenLoop(c inspector.Cursor) (inspector.Cursor, bool) {
	for e := range c.Enclosing((*ast.ForStmt)(nil), (*ast.RangeStmt)(nil), (*ast.SwitchStmt)(nil), (*ast.TypeSwitchStmt)(nil), (*ast.SelectStmt)(nil), (*ast.FuncLit)(nil), (*ast.FuncDecl)(nil)) {
		switch e.Node().(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			return e, true
		}
		return e, false
	}
	return c, false
}

// usesConn reports whether n does anything with the connection but close it,
// or passes on the variable that it is reached through.
func usesConn(f *flow.File, n ast.Node, conn ast.Expr) bool {
	root := rootObject(f, conn)
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		if found {
			return false
		}
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
			if sel.Sel.Name == "Close" && unit.SameExpr(f, sel.X, conn) {
				return false
			}
			if rootObject(f, sel.X) == root {
				found = true // a method of the connection or its owner
			}
		}
		for _, a := range call.Args {
			if unit.SameExpr(f, a, conn) || rootObject(f, a) == root {
				if id, ok := ast.Unparen(a).(*ast.Ident); ok && f.Pkg.TypesInfo.ObjectOf(id) == root || unit.SameExpr(f, a, conn) {
					found = true
				}
			}
		}
		return !found
	})
	return found
}

// rootObject returns the variable that a chain of selectors starts from.
func rootObject(f *flow.File, e ast.Expr) types.Object {
	for {
		switch x := ast.Unparen(e).(type) {
		case *ast.Ident:
			return f.Pkg.TypesInfo.ObjectOf(x)
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.UnaryExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// asserts reports whether n compares err with another error or asserts its
// type, which does not see through wrapping. The library's own error values
// are left to the rule that converts them.
func asserts(u *unit.Unit, f *flow.File, n ast.Node, err types.Object) bool {
	if err == nil {
		return false
	}
	found := false
	library := func(e ast.Node) bool {
		return e != nil && len(u.Within(f, e)) > 0
	}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if (objectOf(f, n.X) == err || objectOf(f, n.Y) == err) && !unit.IsNil(f, n.X) && !unit.IsNil(f, n.Y) && !library(n) {
				found = true
			}
		case *ast.TypeAssertExpr:
			if objectOf(f, n.X) == err && (n.Type == nil || !library(n.Type)) {
				found = true
			}
		case *ast.SwitchStmt:
			if n.Tag != nil && objectOf(f, n.Tag) == err {
				found = true
			}
		}
		return !found
	})
	return found
}

// closesOnReturn reports whether the connection is closed when the function
// fn returns, or nobody is left to use it: a deferred Close, or the end of the
// program.
func closesOnReturn(f *flow.File, fn inspector.Cursor, body *ast.BlockStmt, conn ast.Expr) bool {
	if d, ok := fn.Node().(*ast.FuncDecl); ok && d.Recv == nil && d.Name.Name == "main" && f.Syntax.Name.Name == "main" {
		return true
	}
	for _, st := range body.List {
		d, ok := st.(*ast.DeferStmt)
		if !ok {
			continue
		}
		if isClose(f, d.Call, conn) {
			return true
		}
		if lit, ok := d.Call.Fun.(*ast.FuncLit); ok && closesAfter(f, lit.Body.List, conn) && !usesConn(f, lit.Body, conn) {
			return true
		}
	}
	return false
}

// closesAfter reports whether one of the statements closes the connection.
func closesAfter(f *flow.File, list []ast.Stmt, conn ast.Expr) bool {
	for _, st := range list {
		if call, ok := evaluated(st).(*ast.CallExpr); ok && isClose(f, call, conn) {
			return true
		}
	}
	return false
}

func isClose(f *flow.File, call *ast.CallExpr, conn ast.Expr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Close" && unit.SameExpr(f, sel.X, conn)
}
