package rules

import (
	"go/ast"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// hoistable reports whether the call at c, whose results are all the arguments
// of another call, can be made in a statement of its own before the one that
// it stands in: nothing there is evaluated before it.
func hoistable(f *flow.File, c inspector.Cursor) (inspector.Cursor, bool) {
	var none inspector.Cursor
	if k, _ := c.ParentEdge(); k != edge.CallExpr_Args {
		return none, false
	}
	outer := c.Parent()
	call := outer.Node().(*ast.CallExpr)
	if len(call.Args) != 1 || !pure(call.Fun) && !isFunction(f, call.Fun) {
		return none, false
	}
	at, ok := statementBefore(outer)
	if !ok {
		return none, false
	}
	for up := unit.OutermostParen(outer); ; up = unit.OutermostParen(up.Parent()) {
		switch k, i := up.ParentEdge(); k {
		case edge.ExprStmt_X:
			return at, up.Parent().Node() == at.Node()
		case edge.AssignStmt_Rhs, edge.ReturnStmt_Results:
			return at, i == 0 && sideFree(up.Parent().Node())
		case edge.CallExpr_Args:
			// The first argument of a function that is there anyway.
			if i != 0 || !isFunction(f, up.Parent().Node().(*ast.CallExpr).Fun) {
				return none, false
			}
		default:
			return none, false
		}
	}
}

// sideFree reports whether the left side of an assignment is made of variables
// and fields, so that nothing in it is evaluated before the right side.
func sideFree(n ast.Node) bool {
	if as, ok := n.(*ast.AssignStmt); ok {
		for _, l := range as.Lhs {
			if !pure(l) {
				return false
			}
		}
	}
	return true
}

// hoist makes the call at c before the statement at, with its results in names
// and then as the arguments args, and the statements of after in between.
func hoist(u *unit.Unit, f *flow.File, c, at inspector.Cursor, names, args, after string) {
	st, call := at.Node(), c.Node()
	u.Replace(f, st.Pos(), st.End(), names+" := ", call, "\n"+after,
		unit.Span{Pos: st.Pos(), End: call.Pos()}, args, unit.Span{Pos: call.End(), End: st.End()})
}
