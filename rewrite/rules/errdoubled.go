package rules

import (
	"go/ast"
	"go/token"

	"golang.org/x/tools/go/ast/edge"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// dropDoubled drops the test for ErrCloseSent at s where the condition that it
// is an operand of asks for net.ErrClosed of the same error already, which it
// would become.
func dropDoubled(u *unit.Unit, s *flow.Site) bool {
	f := s.File
	test, err, negated := errorTest(s)
	if test == nil || !pure(err) {
		return false
	}
	c := unit.OutermostParen(cursorOf(f, test))
	if k, _ := c.ParentEdge(); k == edge.UnaryExpr_X && !negated {
		negated = true
		c = unit.OutermostParen(c.Parent())
	}
	op := token.LOR
	if negated {
		op = token.LAND
	}
	k, _ := c.ParentEdge()
	if k != edge.BinaryExpr_X && k != edge.BinaryExpr_Y {
		return false
	}
	at := c.Parent()
	both := at.Node().(*ast.BinaryExpr)
	if both.Op != op {
		return false
	}
	for {
		k, _ := at.ParentEdge()
		if k != edge.BinaryExpr_X && k != edge.BinaryExpr_Y || at.Parent().Node().(*ast.BinaryExpr).Op != op {
			break
		}
		at = at.Parent()
	}
	kept, from, to := both.X, both.X.End(), both.End()
	if k == edge.BinaryExpr_X {
		kept, from, to = both.Y, both.Pos(), both.Y.Pos()
	}
	if len(commentsWithin(f, from, to)) > 0 {
		return false
	}
	for _, e := range operands(at.Node().(*ast.BinaryExpr), op) {
		if negated {
			if not, ok := e.(*ast.UnaryExpr); ok && not.Op == token.NOT {
				e = ast.Unparen(not.X)
			} else if b, ok := e.(*ast.BinaryExpr); !ok || b.Op != token.NEQ {
				continue
			}
		}
		if e != test && asksForClosed(u, f, e, f.Text(err), test.Pos()) {
			u.Claim(s)
			u.Replace(f, both.Pos(), both.End(), kept)
			return true
		}
	}
	return false
}

// operands returns what the operators op of a condition combine.
func operands(e ast.Expr, op token.Token) []ast.Expr {
	e = ast.Unparen(e)
	if b, ok := e.(*ast.BinaryExpr); ok && b.Op == op {
		return append(operands(b.X, op), operands(b.Y, op)...)
	}
	return []ast.Expr{e}
}

// asksForClosed reports whether e asks for net.ErrClosed of the error with the
// text, or does so afterwards and stands before pos.
func asksForClosed(u *unit.Unit, f *flow.File, e ast.Expr, err string, pos token.Pos) bool {
	if call, ok := e.(*ast.CallExpr); ok && len(call.Args) == 2 && isErrorsFunc(calledFunc(f, call), "Is") && f.Text(call.Args[0]) == err {
		if id := lastIdent(call.Args[1]); id != nil && isStd(f.Pkg.TypesInfo.Uses[id], "net", "ErrClosed") {
			return true
		}
	}
	for _, s := range u.All("ErrCloseSent") {
		if test, other, _ := errorTest(s); test != nil && s.File == f && test == e && f.Text(other) == err {
			return e.Pos() < pos
		}
	}
	return false
}
