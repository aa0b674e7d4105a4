package rules

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// sameConn reports whether two sites of one file are calls on the same
// connection expression.
func sameConn(a, b *flow.Site) bool {
	if a.File != b.File {
		return false
	}
	x, y := unit.Recv(a), unit.Recv(b)
	return x != nil && y != nil && unit.SameExpr(a.File, x, y)
}

// inside reports whether the site's identifier lies within n.
func inside(s *flow.Site, n ast.Node) bool {
	return n.Pos() <= s.Ident.Pos() && s.Ident.Pos() < n.End()
}

// inFuncLit reports whether the site lies in a function literal that begins
// inside n.
func inFuncLit(s *flow.Site, n ast.Node) bool {
	for c := range s.Cursor.Enclosing((*ast.FuncLit)(nil)) {
		if n.Pos() <= c.Node().Pos() && c.Node().End() <= n.End() && c.Node() != n {
			return true
		}
	}
	return false
}

// cursorOf returns the cursor of a node of the site's file.
func cursorOf(f *flow.File, n ast.Node) inspector.Cursor {
	c, _ := f.Root.FindNode(n)
	return c
}

// exits returns the statements inside n by which control leaves n: returns,
// and branches to a target outside. Function literals are not looked into.
func exits(f *flow.File, n ast.Stmt) []ast.Stmt {
	var out []ast.Stmt
	// breakable and loops count the enclosing targets inside n.
	var walk func(s ast.Node, breakable, loops int, labels map[string]bool)
	walk = func(s ast.Node, breakable, loops int, labels map[string]bool) {
		ast.Inspect(s, func(m ast.Node) bool {
			if m == nil || m == s {
				return true
			}
			switch m := m.(type) {
			case *ast.FuncLit:
				return false
			case *ast.ReturnStmt:
				out = append(out, m)
				return false
			case *ast.LabeledStmt:
				l := map[string]bool{m.Label.Name: true}
				for k := range labels {
					l[k] = true
				}
				walk(m, breakable, loops, l)
				return false
			case *ast.ForStmt, *ast.RangeStmt:
				walk(m, breakable+1, loops+1, labels)
				return false
			case *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
				walk(m, breakable+1, loops, labels)
				return false
			case *ast.BranchStmt:
				switch {
				case m.Label != nil:
					if !labels[m.Label.Name] {
						out = append(out, m)
					}
				case m.Tok == token.BREAK && breakable == 0, m.Tok == token.CONTINUE && loops == 0, m.Tok == token.GOTO:
					out = append(out, m)
				}
				return false
			}
			return true
		})
	}
	switch n := n.(type) {
	case *ast.ReturnStmt:
		return []ast.Stmt{n}
	case *ast.BranchStmt:
		if n.Tok != token.FALLTHROUGH {
			return []ast.Stmt{n}
		}
		return nil
	case *ast.ForStmt, *ast.RangeStmt:
		walk(n, 1, 1, nil)
	case *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
		walk(n, 1, 0, nil)
	default:
		walk(n, 0, 0, nil)
	}
	return out
}

// inList reports whether the statement stands in a statement list, so that
// another can be put before it.
func inList(f *flow.File, s ast.Stmt) bool {
	c := cursorOf(f, s)
	at, _, _, ok := unit.Stmt(c)
	return ok && at.Node() == ast.Node(s)
}

// deferredClose reports whether the function around c defers a Close of the
// connection of site s, directly or in a literal.
func deferredClose(u *unit.Unit, s *flow.Site) bool {
	fn, ok := unit.Func(s.Cursor)
	if !ok {
		return false
	}
	for _, cl := range u.All("Conn.Close") {
		if !sameConn(cl, s) || !inside(cl, fn.Node()) {
			continue
		}
		for d := range cl.Cursor.Enclosing((*ast.DeferStmt)(nil)) {
			if f, ok := unit.Func(d); ok && f.Node() == fn.Node() {
				return true
			}
		}
	}
	return false
}

// errorForm is how a statement treats the error result of a call.
type errorForm struct {
	stmt  ast.Stmt    // the whole statement in its list
	list  []ast.Stmt  // the list
	index int         // of stmt
	check *ast.IfStmt // the statement that tests the error, or nil
	// separate is set where check is the statement after stmt.
	separate bool
	err      types.Object // the error variable, or nil
	ret      bool         // return call
	ok       bool
}

// formOf finds how the single error result of the call at c is treated.
func formOf(f *flow.File, c inspector.Cursor) errorForm {
	at, list, i, ok := unit.Stmt(c)
	if !ok {
		return errorForm{}
	}
	e := errorForm{stmt: at.Node().(ast.Stmt), list: list, index: i}
	call := c.Node().(ast.Expr)
	is := func(x ast.Expr) bool { return ast.Unparen(x) == call }
	switch n := at.Node().(type) {
	case *ast.ExprStmt:
		e.ok = is(n.X)
	case *ast.ReturnStmt:
		e.ret, e.ok = true, len(n.Results) == 1 && is(n.Results[0])
	case *ast.AssignStmt:
		if len(n.Lhs) != 1 || len(n.Rhs) != 1 || !is(n.Rhs[0]) {
			break
		}
		e.ok = true
		if isBlank(n.Lhs[0]) {
			break
		}
		e.err = objectOf(f, n.Lhs[0])
		if i+1 < len(list) {
			if chk, ok := unit.ErrCheck(f, list[i+1], e.err); ok && chk.Else == nil {
				e.check, e.separate = chk, true
			}
		}
	case *ast.IfStmt:
		if as, ok := n.Init.(*ast.AssignStmt); ok && len(as.Lhs) == 1 && len(as.Rhs) == 1 && is(as.Rhs[0]) {
			e.err = objectOf(f, as.Lhs[0])
			if e.err != nil && unit.IsErrNotNil(f, n.Cond, e.err) && n.Else == nil {
				e.check, e.ok = n, true
			}
		} else if b, ok := ast.Unparen(n.Cond).(*ast.BinaryExpr); ok && n.Init == nil && b.Op == token.NEQ && is(b.X) && unit.IsNil(f, b.Y) && n.Else == nil {
			e.check, e.ok = n, true
		}
	}
	return e
}

// next returns the statement that runs after the call and its check, or nil.
func (e errorForm) next() ast.Stmt {
	i := e.index + 1
	if e.separate {
		i++
	}
	if i < len(e.list) {
		return e.list[i]
	}
	return nil
}

// usedOutside reports whether the error variable is used in its function
// outside the statement and its check.
func (e errorForm) usedOutside(f *flow.File) bool {
	if e.err == nil {
		return false
	}
	for c := range f.Root.Preorder((*ast.Ident)(nil)) {
		id := c.Node().(*ast.Ident)
		if f.Pkg.TypesInfo.Uses[id] != e.err {
			continue
		}
		in := func(n ast.Node) bool { return n != nil && n.Pos() <= id.Pos() && id.Pos() < n.End() }
		if in(e.stmt) || e.check != nil && in(e.check) {
			continue
		}
		return true
	}
	return false
}

// within returns the index of the statement of list that holds pos, or -1.
func within(list []ast.Stmt, pos token.Pos) int {
	for i, s := range list {
		if s.Pos() <= pos && pos < s.End() {
			return i
		}
	}
	return -1
}
