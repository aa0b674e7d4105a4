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

// planAssertion converts err.(*websocket.CloseError).
func planAssertion(u *unit.Unit, s *flow.Site, c inspector.Cursor, star *ast.StarExpr) {
	f := s.File
	ta := c.Node().(*ast.TypeAssertExpr)
	c = unit.OutermostParen(c)
	var v *types.Var
	var result ast.Expr
	k, _ := c.ParentEdge()
	as, _ := c.Parent().Node().(*ast.AssignStmt)
	switch {
	case k == edge.AssignStmt_Rhs && len(as.Rhs) == 1 && (len(as.Lhs) == 1 || len(as.Lhs) == 2):
		if !isBlank(as.Lhs[0]) {
			if as.Tok != token.DEFINE {
				u.Refuse(s.Pos, "the close error is assigned to a variable that is declared elsewhere", "declare it with the assertion")
				return
			}
			v, _ = objectOf(f, as.Lhs[0]).(*types.Var)
			if len(as.Lhs) == 2 {
				result = as.Lhs[1]
			}
			if v == nil || !becomesValue(u, f, v, result, false) {
				u.Refuse(s.Pos, "the close error is used as a pointer", "use errors.As with a variable of type CloseError")
				return
			}
		}
	case k == edge.SelectorExpr_X: // err.(*websocket.CloseError).Code
	default:
		u.Refuse(s.Pos, "the close error is used as a pointer", "use errors.As with a variable of type CloseError")
		return
	}
	if as != nil && nativeAssertion(u, s, c.Parent(), as, ta, v) {
		return
	}
	if !useHelper(u, s, "closeErrorOf") {
		return
	}
	u.Replace(f, ta.X.Pos(), ta.X.End(), "closeErrorOf(", ta.X, ")")
	valueType(u, s, star)
	u.Note(f, ta.Pos(), "closeerror", wrappedNote)
}

// nativeAssertion converts `if ce, ok := err.(*websocket.CloseError); ok …`
// without a helper where only codes other than 1006 matter.
func nativeAssertion(u *unit.Unit, s *flow.Site, c inspector.Cursor, as *ast.AssignStmt, ta *ast.TypeAssertExpr, v *types.Var) bool {
	f := s.File
	if k, _ := c.ParentEdge(); k != edge.IfStmt_Init || len(as.Lhs) != 2 || v == nil || !pure(ta.X) {
		return false
	}
	is := c.Parent().Node().(*ast.IfStmt)
	okVar, _ := objectOf(f, as.Lhs[1]).(*types.Var)
	if okVar == nil || countUses(f, is, okVar) != 1 {
		return false
	}
	test, rest := splitCond(is.Cond)
	if objectOf(f, test) != types.Object(okVar) || !codesDecide(u, f, is, rest, v) {
		return false
	}
	used := countUses(f, is.Body, v)
	if is.Else != nil {
		used += countUses(f, is.Else, v)
	}
	if b, ok := ast.Unparen(orNil(rest)).(*ast.BinaryExpr); ok && used == 0 {
		// Only the code is asked for.
		code := b.Y
		if isCode(u, code) {
			code = b.X
		}
		u.Replace(f, is.Init.Pos(), is.Cond.End(), append([]any{u.Lib(f) + ".CloseStatus(", ta.X, ") == "}, statusCode(u, f, code)...)...)
		u.ClaimWithin(f, is.Cond)
		u.Note(f, ta.Pos(), "closeerror", wrappedNote)
		return true
	}
	// if ce := (websocket.CloseError{}); errors.As(err, &ce) …
	u.Replace(f, is.Init.Pos(), is.Init.End(), v.Name()+" := ("+u.Lib(f)+".CloseError{})")
	u.Replace(f, test.Pos(), test.End(), u.Import(f, "errors", "errors")+".As(", ta.X, ", &"+v.Name()+")")
	u.Note(f, ta.Pos(), "closeerror", wrappedNote)
	return true
}

func orNil(e ast.Expr) ast.Expr {
	if e == nil {
		return &ast.BadExpr{}
	}
	return e
}

// splitCond returns the first operand of a && b, and the rest.
func splitCond(cond ast.Expr) (first, rest ast.Expr) {
	b, ok := ast.Unparen(cond).(*ast.BinaryExpr)
	if !ok || b.Op != token.LAND {
		return cond, nil
	}
	if f, r := splitCond(b.X); r != nil {
		return f, nil // three conditions or more: nobody's business
	}
	return b.X, b.Y
}

// codesDecide reports whether what the if statement does about the close
// error v depends on codes other than 1006 alone: rest compares the code with
// one, or the body is a switch over such codes.
func codesDecide(u *unit.Unit, f *flow.File, is *ast.IfStmt, rest ast.Expr, v *types.Var) bool {
	if rest != nil {
		b, ok := ast.Unparen(rest).(*ast.BinaryExpr)
		if !ok || b.Op != token.EQL {
			return false
		}
		x, y := b.X, b.Y
		if !isCode(u, x) {
			x, y = y, x
		}
		n, ok := unit.ConstInt(f, y)
		return ok && n != abnormal && isCode(u, x) && rootObject(f, x) == types.Object(v)
	}
	if is.Else != nil || len(is.Body.List) != 1 {
		return false
	}
	sw, ok := is.Body.List[0].(*ast.SwitchStmt)
	if !ok || sw.Init != nil || sw.Tag == nil || !isCode(u, sw.Tag) || rootObject(f, sw.Tag) != types.Object(v) {
		return false
	}
	for _, st := range sw.Body.List {
		cl := st.(*ast.CaseClause)
		if cl.List == nil {
			return false
		}
		for _, e := range cl.List {
			if n, ok := unit.ConstInt(f, e); !ok || n == abnormal {
				return false
			}
		}
	}
	return true
}
