package rules

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// addExpiry has strings.Contains(err.Error(), "i/o timeout"), or HasSuffix, also
// be true for the target's timeouts, and reports whether w is in such a call.
func addExpiry(u *unit.Unit, w flow.Word) bool {
	f := w.File
	if k, i := w.Cursor.ParentEdge(); k != edge.CallExpr_Args || i != 1 || f.Broken != "" || f.Cgo {
		return false
	}
	c := w.Cursor.Parent()
	call := c.Node().(*ast.CallExpr)
	fn := calledFunc(f, call)
	if fn == nil || fn.Pkg() == nil || fn.Pkg().Path() != "strings" || fn.Name() != "Contains" && fn.Name() != "HasSuffix" {
		return false
	}
	err := errorOfText(f, call.Args[0])
	if err == nil {
		return false
	}
	is := " || " + u.Import(f, "errors", "errors") + ".Is(" + f.Text(err) + ", " + u.Import(f, "context", "context") + ".DeadlineExceeded)"
	if needsParens(c, "||") {
		u.Insert(f, call.Pos(), "(")
		is += ")"
	}
	u.Insert(f, call.End(), is)
	if !madeByCluster(u, f, err) {
		u.Note(f, call.Pos(), "closeerror", "a context that is over for other reasons than the connection's counts as a timeout here, too")
	}
	return true
}

// errorOfText returns the error whose text x is: that of err.Error(), perhaps
// in lower case or without the space around it, or of a variable that was set
// to this and whose error is the same still. It returns nil if there is none.
func errorOfText(f *flow.File, x ast.Expr) ast.Expr {
	switch x := ast.Unparen(x).(type) {
	case *ast.CallExpr:
		if fn := calledFunc(f, x); fn != nil && len(x.Args) == 1 && (isStd(fn, "strings", "ToLower") || isStd(fn, "strings", "TrimSpace")) {
			return errorOfText(f, x.Args[0])
		}
		sel, ok := ast.Unparen(x.Fun).(*ast.SelectorExpr)
		if ok && errorText(f, x) && pure(sel.X) && isError(f.Pkg.TypesInfo.TypeOf(sel.X)) {
			return sel.X
		}
	case *ast.Ident:
		v, ok := f.Pkg.TypesInfo.Uses[x].(*types.Var)
		if !ok || !isLocal(f, v) {
			return nil
		}
		text, ok := ast.Unparen(onlyDefinition(f, v)).(*ast.CallExpr)
		if !ok {
			return nil
		}
		err, ok := errorOfText(f, text).(*ast.Ident)
		if ok && staysAfter(f, objectOf(f, err), text) && means(f, err, x.Pos()) {
			return err
		}
	}
	return nil
}

// staysAfter reports whether nothing sets the local variable v once e has been
// evaluated, as long as a variable that is defined with e is in scope.
func staysAfter(f *flow.File, v types.Object, e ast.Expr) bool {
	if !isLocal(f, v) {
		return false
	}
	fn := innermostFunc(f, e)
	for c := range f.Root.Preorder((*ast.Ident)(nil)) {
		id := c.Node().(*ast.Ident)
		if f.Pkg.TypesInfo.ObjectOf(id) != v {
			continue
		}
		sets := false
		switch k, _ := unit.OutermostParen(c).ParentEdge(); k {
		case edge.AssignStmt_Lhs, edge.IncDecStmt_X, edge.RangeStmt_Key, edge.RangeStmt_Value:
			sets = true
		case edge.UnaryExpr_X:
			sets = unit.OutermostParen(c).Parent().Node().(*ast.UnaryExpr).Op == token.AND
		}
		if sets && (id.Pos() >= e.End() || innermostFunc(f, id) != fn) {
			return false
		}
	}
	return true
}

// innermostFunc returns the function or function literal around n, or nil.
func innermostFunc(f *flow.File, n ast.Node) ast.Node {
	if fn, ok := unit.Func(cursorOf(f, n)); ok {
		return fn.Node()
	}
	return nil
}

// means reports whether the name of id means the same at pos.
func means(f *flow.File, id *ast.Ident, pos token.Pos) bool {
	scope := f.Pkg.Types.Scope().Innermost(pos)
	if scope == nil {
		return false
	}
	_, o := scope.LookupParent(id.Name, pos)
	return o != nil && o == objectOf(f, id)
}

// madeByCluster reports whether e is a local variable that only calls of the
// cluster set.
func madeByCluster(u *unit.Unit, f *flow.File, e ast.Expr) bool {
	v, ok := objectOf(f, e).(*types.Var)
	if !ok || !isLocal(f, v) {
		return false
	}
	if _, _, isParam := paramOf(f, v); isParam {
		return false
	}
	made := false
	for c := range f.Root.Preorder((*ast.Ident)(nil)) {
		if f.Pkg.TypesInfo.ObjectOf(c.Node().(*ast.Ident)) != types.Object(v) {
			continue
		}
		c = unit.OutermostParen(c)
		switch k, _ := c.ParentEdge(); k {
		case edge.AssignStmt_Lhs:
			as := c.Parent().Node().(*ast.AssignStmt)
			call, ok := ast.Unparen(as.Rhs[0]).(*ast.CallExpr)
			if !ok || len(as.Rhs) != 1 || callSite(u, f, call) == nil {
				return false
			}
			made = true
		case edge.ValueSpec_Names:
			if len(c.Parent().Node().(*ast.ValueSpec).Values) > 0 {
				return false
			}
		case edge.RangeStmt_Key, edge.RangeStmt_Value:
			return false
		case edge.UnaryExpr_X:
			if c.Parent().Node().(*ast.UnaryExpr).Op == token.AND {
				return false
			}
		}
	}
	return made
}
