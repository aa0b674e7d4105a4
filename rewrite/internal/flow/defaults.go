package flow

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// tieDefault unites all uses of DefaultDialer where the tree may change it:
// who dials by it then depends on who has changed it.
func (a *analysis) tieDefault() {
	var uses []*Site
	changed := map[key]bool{} // places that a Dialer's field is set through
	direct := false
	for _, f := range a.sortedFiles() {
		for _, s := range f.Sites {
			switch {
			case s.Symbol == "DefaultDialer":
				uses = append(uses, s)
				direct = direct || Written(qualified(s.Cursor))
			case dialerField(s):
				sel := s.Cursor.Parent()
				if _, pointer := types.Unalias(typeOf(f.Pkg.TypesInfo, sel.Node().(*ast.SelectorExpr).X)).(*types.Pointer); pointer && Written(sel) {
					changed[a.uf.find(a.site[s])] = true
				}
			}
		}
	}
	for _, s := range uses {
		if c := qualified(s.Cursor); !direct && changed[a.uf.find(a.site[s])] {
			k, _ := c.ParentEdge()
			direct = k != edge.StarExpr_X // a copy is another Dialer
		}
	}
	if !direct {
		return
	}
	for _, s := range uses {
		a.uf.union(a.site[uses[0]], a.site[s])
	}
}

func dialerField(s *Site) bool {
	v, ok := s.Obj.(*types.Var)
	if !ok || !v.IsField() {
		return false
	}
	k, _ := s.Cursor.ParentEdge()
	return k == edge.SelectorExpr_Sel && strings.HasPrefix(string(s.Symbol), "Dialer.")
}

// qualified returns the expression at or around an identifier's cursor that
// names the package, too.
func qualified(c inspector.Cursor) inspector.Cursor {
	if k, _ := c.ParentEdge(); k == edge.SelectorExpr_Sel {
		return c.Parent()
	}
	return c
}

// Written reports whether the place that the expression at c names, or a part
// of it, is assigned to or has its address taken.
func Written(c inspector.Cursor) bool {
	for {
		switch k, _ := c.ParentEdge(); k {
		case edge.SelectorExpr_X, edge.IndexExpr_X, edge.ParenExpr_X, edge.StarExpr_X:
			c = c.Parent()
		case edge.AssignStmt_Lhs, edge.IncDecStmt_X:
			return true
		case edge.UnaryExpr_X:
			return c.Parent().Node().(*ast.UnaryExpr).Op == token.AND
		default:
			return false
		}
	}
}
