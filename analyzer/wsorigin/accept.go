package wsorigin

import (
	"go/ast"
	"go/token"
	"go/types"
)

// An answer to the question whether a check accepts every Origin.
type answer int

const (
	unknown answer = iota
	no
	yes
)

// A verdict is an answer with its ground.
type verdict struct {
	answer  answer
	at      token.Pos // the function that accepts everything
	certain bool      // false where another value is possible too
	trivial bool      // the function does nothing but accept
	far     string    // the function in words, if another package has it
}

// accepts judges the value of a check: a function of type func(…) bool or
// func(…) error, or an expression that yields one.
func (c *checker) accepts(e ast.Expr) verdict {
	return c.acceptsSeen(e, make(map[types.Object]bool))
}

func (c *checker) acceptsSeen(e ast.Expr, seen map[types.Object]bool) verdict {
	e = ast.Unparen(e)
	if c.TypesInfo.Types[e].IsNil() {
		return verdict{answer: no}
	}
	switch e := e.(type) {
	case *ast.FuncLit:
		return c.body(e, e.Type, e.Body)
	case *ast.CallExpr:
		if c.TypesInfo.Types[e.Fun].IsType() && len(e.Args) == 1 {
			return c.acceptsSeen(e.Args[0], seen)
		}
		return c.factory(e, seen)
	case *ast.IndexExpr:
		return c.acceptsSeen(e.X, seen) // an instance of a generic function
	}
	switch obj := c.object(e).(type) {
	case *types.Func:
		if decl := c.bodies[obj.Origin()]; decl != nil && decl.Body != nil {
			return c.body(decl, decl.Type, decl.Body)
		}
		return c.imported(obj, false, e)
	case *types.Var:
		if seen[obj] {
			return verdict{}
		}
		seen[obj] = true
		return c.any(c.values[obj], seen)
	}
	return verdict{}
}

// any combines the values that a variable can have.
func (c *checker) any(values []value, seen map[types.Object]bool) verdict {
	var sum verdict
	sum.certain = true
	for _, v := range values {
		one := c.acceptsSeen(v.expr, seen)
		if one.answer == yes {
			if sum.answer != yes {
				sum.answer, sum.at, sum.trivial, sum.far = yes, one.at, false, one.far
			}
			sum.certain = sum.certain && one.certain
		}
		if one.answer != yes || !v.certain {
			sum.certain = false
		}
	}
	return sum
}

// factory judges a call of a function that returns a check.
func (c *checker) factory(call *ast.CallExpr, seen map[types.Object]bool) verdict {
	var body *ast.BlockStmt
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.FuncLit:
		body = fun.Body
	default:
		fn, ok := c.object(fun).(*types.Func)
		if !ok || seen[fn] {
			return verdict{}
		}
		seen[fn] = true
		if decl := c.bodies[fn.Origin()]; decl != nil {
			body = decl.Body
		} else {
			return c.imported(fn, true, call)
		}
	}
	if body == nil {
		return verdict{}
	}
	return c.made(body, seen)
}

// made judges what a function with the body returns.
func (c *checker) made(body *ast.BlockStmt, seen map[types.Object]bool) verdict {
	var values []value
	for _, ret := range returns(body) {
		if len(ret.Results) != 1 {
			return verdict{}
		}
		values = append(values, value{ret.Results[0], true})
	}
	return c.any(values, seen)
}

// body judges the body of a check: it accepts everything if every return says
// so. A result that is set and returned by name counts too.
func (c *checker) body(fn ast.Node, typ *ast.FuncType, body *ast.BlockStmt) verdict {
	var named *types.Var
	if typ.Results == nil || typ.Results.NumFields() != 1 {
		return verdict{}
	}
	if names := typ.Results.List[0].Names; len(names) == 1 {
		named, _ = c.TypesInfo.Defs[names[0]].(*types.Var)
	}
	rets := returns(body)
	if len(rets) == 0 {
		return verdict{} // it panics or loops
	}
	for _, ret := range rets {
		if len(ret.Results) == 1 {
			if !c.acceptance(ret.Results[0]) {
				return verdict{answer: no}
			}
			continue
		}
		if named == nil || len(c.values[named]) == 0 {
			return verdict{answer: no}
		}
	}
	for _, v := range c.values[named] {
		if !c.acceptance(v.expr) || !v.certain {
			return verdict{answer: no}
		}
	}
	return verdict{answer: yes, at: fn.Pos(), certain: true, trivial: len(body.List) == 1}
}

// acceptance reports whether e says yes: true, or a nil error.
func (c *checker) acceptance(e ast.Expr) bool {
	e = ast.Unparen(e)
	if c.TypesInfo.Types[e].IsNil() || isTrue(c.TypesInfo, e) {
		return true
	}
	switch e := e.(type) {
	case *ast.BinaryExpr:
		return e.Op == token.LOR && (c.acceptance(e.X) || c.acceptance(e.Y)) ||
			e.Op == token.LAND && c.acceptance(e.X) && c.acceptance(e.Y)
	case *ast.Ident:
		// A variable that is only ever true.
		v, ok := c.TypesInfo.Uses[e].(*types.Var)
		if !ok || v.Pkg() != c.Pkg || v.Parent() == c.Pkg.Scope() || len(c.values[v]) == 0 {
			return false
		}
		for _, val := range c.values[v] {
			if _, again := ast.Unparen(val.expr).(*ast.Ident); again && !isTrue(c.TypesInfo, val.expr) || !c.acceptance(val.expr) {
				return false
			}
		}
		return true
	}
	return false
}

// resolve returns the expressions that e can stand for, itself unless e is a
// variable whose assignments are known.
func (c *checker) resolve(e ast.Expr) []value {
	if v, ok := c.object(ast.Unparen(e)).(*types.Var); ok && len(c.values[v]) > 0 {
		return c.values[v]
	}
	return []value{{e, true}}
}

// object returns what an identifier or selector refers to, or nil.
func (c *checker) object(e ast.Expr) types.Object {
	switch e := e.(type) {
	case *ast.Ident:
		return c.TypesInfo.ObjectOf(e)
	case *ast.SelectorExpr:
		return c.TypesInfo.Uses[e.Sel]
	}
	return nil
}

// returns lists the return statements of a body, without those of the
// function literals in it.
func returns(body *ast.BlockStmt) []*ast.ReturnStmt {
	var list []*ast.ReturnStmt
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			list = append(list, n)
		}
		return true
	})
	return list
}
