package rules

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// looksForTimeout reports whether the program finds out whether the call at c
// failed because its deadline was over. The error of a context that has ended
// does not say so: the target may report the connection closed instead.
func looksForTimeout(u *unit.Unit, f *flow.File, c inspector.Cursor) bool {
	if !testsTimeouts(u, f) {
		return false
	}
	var err types.Object
	if as, ok := assignment(c); ok {
		err = objectOf(f, as.Lhs[len(as.Lhs)-1])
		if err == nil {
			return !isBlank(as.Lhs[len(as.Lhs)-1])
		}
	} else {
		k, _ := c.ParentEdge()
		return k != edge.ExprStmt_X
	}
	if v, ok := err.(*types.Var); !ok || v.Parent() == nil || v.Parent() == v.Pkg().Scope() {
		return true
	}
	for use := range f.Root.Preorder((*ast.Ident)(nil)) {
		if f.Pkg.TypesInfo.Uses[use.Node().(*ast.Ident)] == err && !ordinaryUse(f, use) {
			return true
		}
	}
	return false
}

// ordinaryUse reports whether the use of an error at c cannot tell a timeout:
// it is compared with nil, assigned to, or printed.
func ordinaryUse(f *flow.File, c inspector.Cursor) bool {
	c = outermostParen(c)
	switch k, _ := c.ParentEdge(); k {
	case edge.BinaryExpr_X, edge.BinaryExpr_Y:
		return comparedWithNil(f, c)
	case edge.AssignStmt_Lhs:
		return true
	case edge.SelectorExpr_X:
		return c.Parent().Node().(*ast.SelectorExpr).Sel.Name == "Error"
	case edge.CallExpr_Args:
		fn := calledFunc(f, c.Parent().Node().(*ast.CallExpr))
		if fn == nil || fn.Pkg() == nil {
			return false
		}
		switch fn.Pkg().Path() {
		case "log", "testing", "log/slog":
			return true
		case "fmt":
			return fn.Name() != "Errorf"
		case "github.com/gorilla/websocket":
			return true
		}
	}
	return false
}

// testsTimeouts reports whether anything in those files of f's package that use
// the library looks whether an error is a timeout.
func testsTimeouts(u *unit.Unit, f *flow.File) bool {
	for _, g := range u.Graph.Files {
		if len(g.Sites) == 0 || g.Pkg.Types == nil || g.Pkg.Types.Path() != f.Pkg.Types.Path() {
			continue
		}
		for c := range g.Root.Preorder((*ast.SelectorExpr)(nil)) {
			switch o := g.Pkg.TypesInfo.Uses[c.Node().(*ast.SelectorExpr).Sel].(type) {
			case *types.Func:
				if o.Name() == "Timeout" && o.Signature().Recv() != nil || o.Pkg() != nil && o.Pkg().Path() == "os" && o.Name() == "IsTimeout" {
					return true
				}
			case *types.Var:
				if o.Pkg() != nil && o.Pkg().Path() == "os" && o.Name() == "ErrDeadlineExceeded" {
					return true
				}
			}
		}
	}
	return false
}
