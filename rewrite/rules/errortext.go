package rules

import (
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// planErrorTexts refuses a cluster whose errors are told by gorilla's words:
// the target's read otherwise, and such code would take the other way without
// anybody noticing. A timeout that is looked for is told by its value as well.
func planErrorTexts(u *unit.Unit) {
	words := u.Graph.Words()
	if len(words) == 0 {
		return
	}
	makers := make(map[*flow.Cluster]map[string]wsapi.Role)
	anybody := make(map[string]bool) // folders in which some cluster makes errors
	for _, c := range u.Graph.Clusters {
		makers[c] = errorMakers(c)
		for dir := range makers[c] {
			anybody[dir] = true
		}
	}
	for _, w := range words {
		about := func(c *flow.Cluster) bool { return speaksOf(w, c, makers[c], anybody) }
		if !about(u.Cluster) || !comparesError(w.File, w.Cursor) && !(w.Own && !tells(w.Cursor)) {
			continue
		}
		// Two clusters would both add to the condition.
		alone := !slices.ContainsFunc(u.Graph.Clusters, func(c *flow.Cluster) bool { return c != u.Cluster && about(c) })
		if w.Expiry && alone && addExpiry(u, w) {
			continue
		}
		u.Refuse(u.Graph.Fset.PositionFor(w.Cursor.Node().Pos(), false),
			"the code tells an error by gorilla's words ("+strconv.Quote(w.Found)+"), and those of "+u.Target.Path+" are others",
			w.ByHand)
	}
}

// speaksOf reports whether a text can be that of an error which the cluster
// makes: one that is made beside it or, where none are, anywhere.
func speaksOf(w flow.Word, c *flow.Cluster, makers map[string]wsapi.Role, anybody map[string]bool) bool {
	if len(w.Setting) > 0 && !slices.ContainsFunc(c.Sites, func(s *flow.Site) bool { return slices.Contains(w.Setting, s.Symbol) }) {
		return false
	}
	dir := filepath.Dir(w.File.Path)
	if anybody[dir] {
		return w.Makers.Any(makers[dir])
	}
	for _, roles := range makers {
		if w.Makers.Any(roles) {
			return true
		}
	}
	return false
}

// errorMakers returns the roles of the calls of the cluster that make errors,
// by folder.
func errorMakers(c *flow.Cluster) map[string]wsapi.Role {
	out := make(map[string]wsapi.Role)
	for _, s := range c.Sites {
		fn, _ := s.Obj.(*types.Func)
		if _, known := wsapi.Lookup(fn); known != nil {
			out[filepath.Dir(s.File.Path)] |= known.Roles
		}
	}
	return out
}

// comparesError reports whether the string at c is compared with the text of
// an error, or is looked for in one.
func comparesError(f *flow.File, c inspector.Cursor) bool {
	c = unit.OutermostParen(c)
	if k, _ := c.ParentEdge(); k == edge.SelectorExpr_Sel {
		c = unit.OutermostParen(c.Parent())
	}
	switch k, _ := c.ParentEdge(); k {
	case edge.BinaryExpr_X, edge.BinaryExpr_Y:
		b := c.Parent().Node().(*ast.BinaryExpr)
		return (b.Op == token.EQL || b.Op == token.NEQ) && (errorText(f, b.X) || errorText(f, b.Y))
	case edge.CaseClause_List:
		sw, ok := c.Parent().Parent().Parent().Node().(*ast.SwitchStmt)
		return ok && sw.Tag != nil && errorText(f, sw.Tag)
	case edge.CallExpr_Args:
		call := c.Parent().Node().(*ast.CallExpr)
		fn := calledFunc(f, call)
		if fn == nil || fn.Pkg() == nil {
			return false
		}
		if fn.Pkg().Path() == "strings" {
			return slices.ContainsFunc(call.Args, func(x ast.Expr) bool { return errorText(f, x) })
		}
		if !mayCompare(fn.Name()) {
			return false
		}
		return slices.ContainsFunc(call.Args, func(x ast.Expr) bool { return errorText(f, x) || isError(f.Pkg.TypesInfo.TypeOf(x)) })
	}
	return false
}

// mayCompare reports whether a function with the name may compare its arguments:
// those of packages for tests do.
func mayCompare(name string) bool {
	for _, word := range []string{"Equal", "Contains", "ErrorMatches", "Regexp", "EqError", "StrContains"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// errorText reports whether x is the text of an error: what its method Error
// returns, perhaps by way of a function of package strings or a variable.
func errorText(f *flow.File, x ast.Expr) bool { return isErrorText(f, x, 4) }

func isErrorText(f *flow.File, x ast.Expr, depth int) bool {
	if depth == 0 {
		return false
	}
	switch x := ast.Unparen(x).(type) {
	case *ast.CallExpr:
		if sel, ok := ast.Unparen(x.Fun).(*ast.SelectorExpr); ok && sel.Sel.Name == "Error" && len(x.Args) == 0 {
			t := f.Pkg.TypesInfo.TypeOf(sel.X)
			return t != nil && types.AssignableTo(t, types.Universe.Lookup("error").Type())
		}
		fn := calledFunc(f, x)
		if fn == nil || fn.Pkg() == nil || len(x.Args) == 0 {
			return false
		}
		switch fn.Pkg().Path() {
		case "strings":
			return isErrorText(f, x.Args[0], depth-1)
		case "fmt":
			return strings.HasPrefix(fn.Name(), "Sprint") && slices.ContainsFunc(x.Args, func(x ast.Expr) bool { return isError(f.Pkg.TypesInfo.TypeOf(x)) })
		}
	case *ast.Ident:
		v, ok := f.Pkg.TypesInfo.Uses[x].(*types.Var)
		if !ok || v.Pkg() == nil || v.Parent() == v.Pkg().Scope() {
			return false
		}
		for c := range f.Root.Preorder((*ast.AssignStmt)(nil)) {
			as := c.Node().(*ast.AssignStmt)
			for i, l := range as.Lhs {
				if len(as.Lhs) == len(as.Rhs) && objectOf(f, l) == types.Object(v) {
					if call, ok := ast.Unparen(as.Rhs[i]).(*ast.CallExpr); ok && isErrorText(f, call, depth-1) {
						return true
					}
				}
			}
		}
	}
	return false
}

// tells reports whether the string at c goes to people, or becomes an error of
// the program's own.
func tells(c inspector.Cursor) bool {
	for {
		k, _ := c.ParentEdge()
		switch k {
		case edge.BinaryExpr_X, edge.BinaryExpr_Y, edge.ParenExpr_X:
			if b, ok := c.Parent().Node().(*ast.BinaryExpr); ok && b.Op != token.ADD {
				return false
			}
			c = c.Parent()
			continue
		case edge.ReturnStmt_Results:
			return true // what an error's method returns, or a name
		case edge.CallExpr_Args:
			name := ""
			switch fun := ast.Unparen(c.Parent().Node().(*ast.CallExpr).Fun).(type) {
			case *ast.Ident:
				name = fun.Name
			case *ast.SelectorExpr:
				name = fun.Sel.Name
			}
			for _, word := range []string{"Print", "Log", "Debug", "Info", "Warn", "Error", "Fatal", "Panic", "Skip", "New", "Wrap", "WithMessage", "Msg", "panic", "Write"} {
				if strings.HasPrefix(name, word) && !mayCompare(name) {
					return true
				}
			}
			return strings.HasSuffix(name, "f")
		}
		return false
	}
}
