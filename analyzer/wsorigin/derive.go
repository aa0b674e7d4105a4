package wsorigin

import (
	"go/ast"
	"go/constant"
	"go/types"
	"strings"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// A header is a bit set of the headers that a value is taken from.
type header uint8

const (
	originHeader header = 1 << iota
	refererHeader
)

// headerNamed returns the header with the name that e has as a constant.
func (c *checker) headerNamed(e ast.Expr) header {
	tv := c.TypesInfo.Types[e]
	if tv.Value == nil || tv.Value.Kind() != constant.String {
		return 0
	}
	switch strings.ToLower(constant.StringVal(tv.Value)) {
	case "origin":
		return originHeader
	case "referer", "referrer":
		return refererHeader
	}
	return 0
}

// from returns the headers that the value of e is taken from: the header
// itself, in another case or type, its parts, or what is parsed from it. known
// has what is known of variables.
func (c *checker) from(e ast.Expr, known map[types.Object]header) header {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return known[c.TypesInfo.ObjectOf(e)]
	case *ast.SelectorExpr:
		if field, ok := c.TypesInfo.Uses[e.Sel].(*types.Var); ok && field.IsField() {
			if field.Name() == "Origin" && field.Pkg() != nil && wsapi.LibraryOf(field.Pkg().Path()) != nil {
				return originHeader
			}
			return c.from(e.X, known)
		}
	case *ast.IndexExpr:
		if h := c.headerNamed(e.Index); h != 0 {
			return h // of an http.Header
		}
		return c.from(e.X, known)
	case *ast.SliceExpr:
		return c.from(e.X, known)
	case *ast.StarExpr:
		return c.from(e.X, known)
	case *ast.UnaryExpr:
		return c.from(e.X, known)
	case *ast.CallExpr:
		return c.fromCall(e, known)
	}
	return 0
}

func (c *checker) fromCall(call *ast.CallExpr, known map[types.Object]header) header {
	if c.TypesInfo.Types[call.Fun].IsType() && len(call.Args) == 1 {
		return c.from(call.Args[0], known)
	}
	fn, ok := c.object(ast.Unparen(call.Fun)).(*types.Func)
	if !ok || fn.Pkg() == nil {
		return 0
	}
	if fn.Name() == "Origin" && wsapi.LibraryOf(fn.Pkg().Path()) != nil {
		return originHeader
	}
	if fn.Name() == "Referer" && fn.Pkg().Path() == "net/http" {
		return refererHeader
	}
	sel, method := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	method = method && c.TypesInfo.Selections[sel] != nil
	if method {
		for _, arg := range call.Args {
			if h := c.headerNamed(arg); h != 0 {
				return h // Get, Values, Peek, GetHeader and their like
			}
		}
		// Hostname and String of a URL.
		return c.from(sel.X, known)
	}
	switch fn.Pkg().Path() {
	case "strings", "bytes", "net", "net/url", "slices":
		var h header
		for _, arg := range call.Args {
			h |= c.from(arg, known)
		}
		return h
	}
	return 0
}

// derived finds the variables of a function that are taken from a header, and
// adds them to known.
func (c *checker) derived(body *ast.BlockStmt, known map[types.Object]header) {
	assign := func(lhs []ast.Expr, rhs []ast.Expr) (changed bool) {
		for i, l := range lhs {
			id, ok := ast.Unparen(l).(*ast.Ident)
			if !ok {
				continue
			}
			obj := c.TypesInfo.ObjectOf(id)
			r := rhs[0]
			if len(rhs) == len(lhs) {
				r = rhs[i]
			}
			if obj == nil || !carriesText(obj.Type()) {
				continue
			}
			if h := c.from(r, known); h&^known[obj] != 0 {
				known[obj] |= h
				changed = true
			}
		}
		return changed
	}
	for changed := true; changed; {
		changed = false
		ast.Inspect(body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				changed = assign(n.Lhs, n.Rhs) || changed
			case *ast.RangeStmt:
				if n.Value != nil {
					changed = assign([]ast.Expr{n.Value}, []ast.Expr{n.X}) || changed
				}
			case *ast.ValueSpec:
				if len(n.Values) > 0 {
					var lhs []ast.Expr
					for _, name := range n.Names {
						lhs = append(lhs, name)
					}
					changed = assign(lhs, n.Values) || changed
				}
			}
			return true
		})
	}
}

// carriesText reports whether a variable of the type can have a header or part
// of it: not an error or a bool, which say something about one.
func carriesText(t types.Type) bool {
	switch t := t.Underlying().(type) {
	case *types.Basic:
		return t.Info()&types.IsString != 0
	case *types.Interface:
		return false
	}
	return true
}
