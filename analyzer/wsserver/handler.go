package wsserver

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

func isLibrary(pkg *types.Package) bool { return pkg != nil && wsapi.LibraryOf(pkg.Path()) != nil }

// accepts returns where the package accepts a WebSocket first, or NoPos.
func (c *checker) accepts() token.Pos {
	if c.first != nil {
		return *c.first
	}
	first := token.NoPos
	c.each(func(n ast.Node) {
		if first.IsValid() {
			return
		}
		switch n := n.(type) {
		case *ast.CallExpr:
			if c.handshake(n) {
				first = n.Pos()
			}
		case *ast.CompositeLit:
			if t := c.TypesInfo.TypeOf(n); t != nil && isUpgrader(t) {
				first = n.Pos()
			}
		}
	})
	c.first = &first
	return first
}

// handshake reports whether a call answers a handshake, or makes a handler of
// the library that does.
func (c *checker) handshake(call *ast.CallExpr) bool {
	if tv := c.TypesInfo.Types[call.Fun]; tv.IsType() {
		return isUpgrader(tv.Type)
	}
	fn, ok := c.object(ast.Unparen(call.Fun)).(*types.Func)
	if !ok {
		return false
	}
	_, row := wsapi.Lookup(fn)
	return row != nil && row.Roles.Has(wsapi.Upgrades)
}

// isUpgrader reports whether a library's type is itself an http.Handler that
// accepts WebSockets.
func isUpgrader(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || !isLibrary(n.Obj().Pkg()) {
		return false
	}
	for m := range n.Methods() {
		if _, row := wsapi.Lookup(m); row != nil && row.Roles.Has(wsapi.Upgrades) && m.Name() == "ServeHTTP" {
			return true
		}
	}
	return false
}

// timeoutHandler reports http.TimeoutHandler around a handler that accepts
// WebSockets.
func (c *checker) timeoutHandler(call *ast.CallExpr) {
	at := c.upgradedBy(call.Args[0], 0)
	if !at.IsValid() {
		return
	}
	c.Report(rule.Finding{
		Pos: call.Pos(), End: call.End(), Category: wrapped, Confidence: rule.High,
		Message: fmt.Sprintf("http.TimeoutHandler gives its handler a ResponseWriter that is no http.Hijacker, so the handshake at %s fails each time; put it around the other handlers alone, and set deadlines on the WebSocket", c.Site(at)),
		Related: related(at, "accepts WebSockets"),
	}, at)
}

// maxDepth bounds how far a handler is followed.
const maxDepth = 4

// upgradedBy returns where a handler certainly has its handshake, or NoPos.
func (c *checker) upgradedBy(e ast.Expr, depth int) token.Pos {
	e = ast.Unparen(e)
	if depth > maxDepth || e == nil {
		return token.NoPos
	}
	if t := c.TypesInfo.TypeOf(e); t != nil && isUpgrader(t) {
		return e.Pos()
	}
	switch e := e.(type) {
	case *ast.FuncLit:
		return c.upgradesIn(e.Body, depth)
	case *ast.CallExpr:
		if c.TypesInfo.Types[e.Fun].IsType() && len(e.Args) == 1 { // http.HandlerFunc(f)
			return c.upgradedBy(e.Args[0], depth+1)
		}
		return token.NoPos
	}
	obj := c.object(e)
	switch obj := obj.(type) {
	case *types.Func:
		if decl := c.decls[obj]; decl != nil && decl.Body != nil {
			return c.upgradesIn(decl.Body, depth)
		}
		return token.NoPos
	case *types.Var:
		if typeName(obj.Type()) == "net/http.ServeMux" {
			for _, h := range c.routes[obj] {
				if at := c.upgradedBy(h, depth+1); at.IsValid() {
					return at
				}
			}
			return token.NoPos
		}
		if values := c.values[obj]; len(values) == 1 && types.IsInterface(obj.Type()) {
			return c.upgradedBy(values[0], depth+1)
		}
	}
	// A type of the package with a method ServeHTTP.
	t := c.TypesInfo.TypeOf(e)
	if t == nil || types.IsInterface(t) {
		return token.NoPos
	}
	m, _, _ := types.LookupFieldOrMethod(t, true, c.Pkg, "ServeHTTP")
	if fn, ok := m.(*types.Func); ok {
		if decl := c.decls[fn]; decl != nil && decl.Body != nil {
			return c.upgradesIn(decl.Body, depth)
		}
	}
	return token.NoPos
}

// upgradesIn returns where a body, or a function of the package that it calls,
// has a handshake. Functions that it starts or keeps for later do not count.
func (c *checker) upgradesIn(body *ast.BlockStmt, depth int) token.Pos {
	if depth > maxDepth {
		return token.NoPos
	}
	if at, ok := c.upgrading[body]; ok {
		return at
	}
	c.upgrading[body] = token.NoPos // for recursion
	found := token.NoPos
	ast.Inspect(body, func(n ast.Node) bool {
		if found.IsValid() {
			return false
		}
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			if c.handshake(n) && !c.TypesInfo.Types[n.Fun].IsType() {
				found = n.Pos()
				return false
			}
			if fn, ok := c.object(ast.Unparen(n.Fun)).(*types.Func); ok {
				if decl := c.decls[fn]; decl != nil && decl.Body != nil {
					found = c.upgradesIn(decl.Body, depth+1)
				}
			}
		}
		return true
	})
	c.upgrading[body] = found
	return found
}
