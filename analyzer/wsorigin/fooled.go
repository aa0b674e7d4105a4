package wsorigin

import (
	"go/ast"
	"go/token"
	"go/types"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
)

// maxHelpers bounds how many calls deep a check is followed.
const maxHelpers = 3

// A reader judges one function of a check: which comparisons of the Origin
// lead to its acceptance.
type reader struct {
	*checker
	known map[types.Object]header
	found []weakness
	depth int
	// careful: some comparison of the function is one of a whole.
	careful bool
}

// fooled reports the comparisons in the functions that the value of a check
// can be.
func (c *checker) fooled(val ast.Expr, tier rule.Confidence) {
	for _, fn := range c.functions(val, make(map[types.Object]bool)) {
		for _, w := range c.weaknesses(fn.Body, make(map[types.Object]header), 0) {
			if c.reported[w.at] {
				continue
			}
			c.reported[w.at] = true
			c.Report(rule.Finding{
				Pos: w.at.Pos(), End: w.at.End(), Category: comparison, Confidence: rule.Min(w.sure, tier),
				Message: "this comparison " + w.what,
			})
		}
	}
}

// functions returns the functions of the package that an expression can stand
// for, as literals.
func (c *checker) functions(e ast.Expr, seen map[types.Object]bool) []*ast.FuncLit {
	switch e := ast.Unparen(e).(type) {
	case *ast.FuncLit:
		return []*ast.FuncLit{e}
	case *ast.CallExpr:
		if c.TypesInfo.Types[e.Fun].IsType() && len(e.Args) == 1 {
			return c.functions(e.Args[0], seen)
		}
		fn, ok := c.object(ast.Unparen(e.Fun)).(*types.Func)
		if !ok || seen[fn] {
			return nil
		}
		seen[fn] = true
		decl := c.bodies[fn.Origin()]
		if decl == nil || decl.Body == nil {
			return nil
		}
		var list []*ast.FuncLit
		for _, ret := range returns(decl.Body) {
			if len(ret.Results) == 1 {
				list = append(list, c.functions(ret.Results[0], seen)...)
			}
		}
		return list
	default:
		switch obj := c.object(e).(type) {
		case *types.Func:
			if decl := c.bodies[obj.Origin()]; decl != nil && decl.Body != nil {
				return []*ast.FuncLit{{Type: decl.Type, Body: decl.Body}}
			}
		case *types.Var:
			if seen[obj] {
				return nil
			}
			seen[obj] = true
			var list []*ast.FuncLit
			for _, v := range c.values[obj] {
				list = append(list, c.functions(v.expr, seen)...)
			}
			return list
		}
	}
	return nil
}

// weaknesses judges a function body; known has what is known of its
// parameters.
func (c *checker) weaknesses(body *ast.BlockStmt, known map[types.Object]header, depth int) []weakness {
	c.derived(body, known)
	r := &reader{checker: c, known: known, depth: depth}
	inspectOwn(body, func(n ast.Node) {
		if e, ok := n.(ast.Expr); ok && c.isBoolExpr(e) {
			if s, _ := c.compare(e, known); s == strict && !r.calls(e) {
				r.careful = true
			}
		}
	})
	inspectOwn(body, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.ReturnStmt:
			if len(n.Results) == 1 && c.isBoolExpr(n.Results[0]) {
				r.accepting(n.Results[0])
			}
		case *ast.IfStmt:
			r.branch(n.Cond, n.Body.List)
		case *ast.SwitchStmt:
			if n.Tag != nil {
				return
			}
			for _, clause := range n.Body.List {
				clause := clause.(*ast.CaseClause)
				for _, cond := range clause.List {
					r.branch(cond, clause.Body)
				}
			}
		}
	})
	return r.found
}

// branch judges a condition by what becomes of the request under it.
func (r *reader) branch(cond ast.Expr, body []ast.Stmt) {
	if len(body) == 0 {
		return
	}
	ret, ok := body[len(body)-1].(*ast.ReturnStmt)
	if !ok || len(ret.Results) != 1 {
		return
	}
	switch {
	case r.acceptance(ret.Results[0]):
		r.accepting(cond)
	case !r.careful && !r.callsBool(ret.Results[0]):
		// What is not refused here is accepted below.
		r.refusing(cond)
	}
}

// accepting judges an expression whose truth accepts the request.
func (r *reader) accepting(e ast.Expr) {
	switch e := ast.Unparen(e).(type) {
	case *ast.BinaryExpr:
		switch e.Op {
		case token.LOR:
			r.accepting(e.X)
			r.accepting(e.Y)
			return
		case token.LAND:
			terms := conjuncts(e)
			for _, t := range terms {
				if s, _ := r.compare(t, r.known); s == strict && !r.calls(t) {
					return // the other terms only narrow it down
				}
			}
			for _, t := range terms {
				r.accepting(t)
			}
			return
		}
	case *ast.UnaryExpr:
		return
	case *ast.Ident:
		if v, ok := r.TypesInfo.Uses[e].(*types.Var); ok && v.Pkg() == r.Pkg && v.Parent() != r.Pkg.Scope() {
			for _, val := range r.values[v] {
				if _, again := ast.Unparen(val.expr).(*ast.Ident); !again {
					r.accepting(val.expr)
				}
			}
		}
		return
	case *ast.CallExpr:
		if r.helper(e) {
			return
		}
	}
	if s, w := r.compare(e, r.known); s == weak {
		r.found = append(r.found, w)
	}
}

// refusing judges an expression whose truth refuses the request: what it
// denies is what accepts.
func (r *reader) refusing(e ast.Expr) {
	switch e := ast.Unparen(e).(type) {
	case *ast.UnaryExpr:
		if e.Op == token.NOT {
			r.accepting(e.X)
		}
	case *ast.BinaryExpr:
		if e.Op == token.LOR || e.Op == token.LAND {
			r.refusing(e.X)
			r.refusing(e.Y)
		}
	}
}

// helper judges a function of the package that gets the Origin, and reports
// whether the call is one of such.
func (r *reader) helper(call *ast.CallExpr) bool {
	if !r.calls(call) || r.depth >= maxHelpers {
		return false
	}
	fn := r.object(ast.Unparen(call.Fun)).(*types.Func)
	decl := r.bodies[fn.Origin()]
	known := make(map[types.Object]header)
	i := 0
	for _, field := range decl.Type.Params.List {
		for _, name := range field.Names {
			if i < len(call.Args) {
				if h := r.from(call.Args[i], r.known); h != 0 {
					known[r.TypesInfo.Defs[name]] = h
				}
			}
			i++
		}
	}
	r.found = append(r.found, r.weaknesses(decl.Body, known, r.depth+1)...)
	return true
}

// calls reports whether an expression is a call of a function of the package.
func (r *reader) calls(e ast.Expr) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return false
	}
	fn, ok := r.object(ast.Unparen(call.Fun)).(*types.Func)
	if !ok {
		return false
	}
	decl := r.bodies[fn.Origin()]
	return decl != nil && decl.Body != nil
}

// callsBool reports whether a returned expression decides by itself.
func (r *reader) callsBool(e ast.Expr) bool {
	return r.isBoolExpr(e) && r.TypesInfo.Types[e].Value == nil
}

func (c *checker) isBoolExpr(e ast.Expr) bool {
	tv, ok := c.TypesInfo.Types[e]
	return ok && tv.IsValue() && tv.Type != nil && isBool(tv.Type)
}

func conjuncts(e ast.Expr) []ast.Expr {
	e = ast.Unparen(e)
	if b, ok := e.(*ast.BinaryExpr); ok && b.Op == token.LAND {
		return append(conjuncts(b.X), conjuncts(b.Y)...)
	}
	return []ast.Expr{e}
}

// inspectOwn visits the nodes of a body that are not in function literals.
func inspectOwn(body *ast.BlockStmt, visit func(ast.Node)) {
	ast.Inspect(body, func(n ast.Node) bool {
		if _, lit := n.(*ast.FuncLit); lit {
			return false
		}
		if n != nil {
			visit(n)
		}
		return true
	})
}
