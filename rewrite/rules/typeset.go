package rules

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// setAtOnce reports whether the struct that the literal makes gets a value for
// its field v before anything else is done with it: x := &T{…}, and x.v = … in
// a statement behind, or in each branch of an if.
func (t *typeFlow) setAtOnce(g *flow.File, lit *ast.CompositeLit, v *types.Var) bool {
	c := unit.OutermostParen(cursorOf(g, lit))
	if k, _ := c.ParentEdge(); k == edge.UnaryExpr_X {
		c = unit.OutermostParen(c.Parent())
	}
	as, ok := assignment(c)
	if !ok || as.Tok != token.DEFINE || len(as.Lhs) != 1 || len(as.Rhs) != 1 {
		return false
	}
	_, list, i, ok := unit.Stmt(c)
	if !ok || list[i] != ast.Stmt(as) {
		return false
	}
	x, ok := objectOf(g, as.Lhs[0]).(*types.Var)
	return ok && t.sets(g, list[i+1:], x, v)
}

// sets reports whether the statements set the field v of the variable x, and do
// nothing with x before but set its other fields.
func (t *typeFlow) sets(g *flow.File, list []ast.Stmt, x *types.Var, v *types.Var) bool {
	for _, st := range list {
		if countUses(g, st, x) == 0 {
			continue
		}
		switch st := st.(type) {
		case *ast.AssignStmt:
			if len(st.Lhs) != 1 || st.Tok != token.ASSIGN || countUses(g, st.Rhs[0], x) > 0 {
				return false
			}
			sel, ok := ast.Unparen(st.Lhs[0]).(*ast.SelectorExpr)
			if !ok || objectOf(g, sel.X) != types.Object(x) {
				return false
			}
			if t.u.Graph.Same(g.Pkg.TypesInfo.Uses[sel.Sel], v) {
				return true
			}
		case *ast.IfStmt:
			return t.setsInBranches(g, st, x, v)
		default:
			return false
		}
	}
	return false
}

func (t *typeFlow) setsInBranches(g *flow.File, st *ast.IfStmt, x *types.Var, v *types.Var) bool {
	if countUses(g, st.Cond, x) > 0 || st.Init != nil && countUses(g, st.Init, x) > 0 || !t.sets(g, st.Body.List, x, v) {
		return false
	}
	switch other := st.Else.(type) {
	case *ast.BlockStmt:
		return t.sets(g, other.List, x, v)
	case *ast.IfStmt:
		return t.setsInBranches(g, other, x, v)
	}
	return false
}
