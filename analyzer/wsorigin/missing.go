package wsorigin

import (
	"go/ast"
	"go/constant"
	"go/types"
	"strings"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// literal reports a configuration without a check, for types whose value is
// itself the handler (a Server that has no method to be called by hand).
func (c *checker) literal(lit *ast.CompositeLit, stack []ast.Node) {
	up := upgraderType(c.TypesInfo.TypeOf(lit))
	if up == nil || up.Unset != wsapi.NoCheck || up.Check == "" || !isHandler(c.TypesInfo.TypeOf(lit)) {
		return
	}
	if c.sets(lit, up.Check) || c.checks[c.assignee(lit, stack)] {
		return
	}
	c.Report(rule.Finding{
		Pos: lit.Pos(), End: lit.Type.End(), Category: missing,
		Confidence: c.confidence(lit, stack),
		Message: string(up.Type) + " without " + string(up.Check) + " accepts every Origin, " +
			"so any web site that a user visits can open this WebSocket in the user's name; set " + string(up.Check) + " and compare the Origin in it",
	})
}

// call reports a handshake by a library that checks nothing by itself, where
// neither the configuration nor the surrounding function does.
func (c *checker) call(call *ast.CallExpr, stack []ast.Node) {
	fn, ok := c.object(ast.Unparen(call.Fun)).(*types.Func)
	if !ok {
		c.conversion(call, stack)
		return
	}
	lib, row := wsapi.Lookup(fn)
	if row == nil || !row.Roles.Has(wsapi.Upgrades) {
		return
	}
	typ, _, _ := strings.Cut(string(row.Sym), ".")
	for i := range lib.Upgraders {
		up := &lib.Upgraders[i]
		if up.Pkg != row.Pkg || string(up.Type) != typ || up.Unset != wsapi.NoCheck {
			continue
		}
		if up.Check != "" && c.configured(call, up) {
			return
		}
		if c.isServerLiteral(call) {
			return // reported at the literal
		}
		lists, given := c.listed(call, lib)
		if given {
			return
		}
		decl := enclosing(stack)
		if decl != nil && c.readsOrigin(decl, nil) {
			return
		}
		f := rule.Finding{
			Pos: call.Pos(), End: call.End(), Category: missing, Confidence: rule.Medium,
			Message: lib.Name + " does not look at the Origin header and nothing here does, " +
				"so any web site that a user visits can open this WebSocket in the user's name; compare the Origin before " + fn.Name(),
		}
		if lists != "" {
			f.Message = lib.Name + " accepts every Origin while " + lists + " is empty, " +
				"so any web site that a user visits can open this WebSocket in the user's name; list the Origins that may connect"
		}
		if c.inTest(call.Pos()) || c.packageReadsOrigin() {
			f.Confidence = rule.Low
		}
		c.Report(f)
		return
	}
}

// listed returns the field in which the call could be given the Origins that
// may connect, as Type.Field, and whether it is, or may be.
func (c *checker) listed(call *ast.CallExpr, lib *wsapi.Library) (field string, given bool) {
	for i := range lib.Upgraders {
		up := &lib.Upgraders[i]
		if up.Lists == "" {
			continue
		}
		field = string(up.Type + "." + up.Lists)
		for _, arg := range call.Args {
			if upgraderType(c.TypesInfo.TypeOf(arg)) != up {
				continue
			}
			for _, v := range c.resolve(arg) {
				lit, ok := literalOf(v.expr)
				if !ok || c.sets(lit, up.Lists) {
					return field, true
				}
			}
			if c.checks[c.root(arg)] {
				return field, true
			}
		}
	}
	return field, false
}

// conversion reports x/net's websocket.Handler(f): it asks for an Origin
// that parses and compares it with nothing.
func (c *checker) conversion(call *ast.CallExpr, stack []ast.Node) {
	tv := c.TypesInfo.Types[call.Fun]
	if !tv.IsType() || len(call.Args) != 1 {
		return
	}
	up := upgraderType(tv.Type)
	if up == nil || up.Unset != wsapi.PresentOnly || c.packageReadsOrigin() {
		return
	}
	for _, n := range stack {
		// Server{Handler: Handler(f)} is judged as a Server.
		if lit, ok := n.(*ast.CompositeLit); ok && upgraderType(c.TypesInfo.TypeOf(lit)) != nil {
			return
		}
	}
	c.Report(rule.Finding{
		Pos: call.Pos(), End: call.End(), Category: missing, Confidence: rule.Low,
		Message: string(up.Type) + " asks for an Origin and compares it with nothing; " +
			"use Server with a Handshake that compares it, unless something in front does",
	})
}

// configured reports whether the receiver of a call to an upgrader's method
// was given a check, or may have been elsewhere.
func (c *checker) configured(call *ast.CallExpr, up *wsapi.Upgrader) bool {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	if c.TypesInfo.Selections[sel] == nil {
		return false // a package-level function
	}
	obj := c.root(sel.X)
	if c.checks[obj] {
		return true
	}
	switch obj := obj.(type) {
	case *types.Var:
		if obj.Pkg() != c.Pkg {
			// The library's own default has no check; of another package's
			// variable nothing is known.
			return wsapi.LibraryOf(obj.Pkg().Path()) == nil
		}
		values := c.values[obj]
		if len(values) == 0 {
			// A parameter or field may come configured; a declared variable
			// of the type itself is empty.
			return obj.IsField() || c.isParam(obj)
		}
		for _, v := range values {
			lit, ok := literalOf(v.expr)
			if !ok || c.sets(lit, up.Check) {
				return true // a check that accepts all is reported at its place
			}
		}
		return false
	}
	if lit, ok := literalOf(sel.X); ok {
		return c.sets(lit, up.Check)
	}
	return true
}

func (c *checker) isParam(v *types.Var) bool {
	for _, decl := range c.bodies {
		if decl.Pos() <= v.Pos() && decl.Body != nil && v.Pos() < decl.Body.Pos() {
			return true
		}
	}
	return false
}

// isServerLiteral reports whether the receiver of a call is a value that
// literal judges.
func (c *checker) isServerLiteral(call *ast.CallExpr) bool {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	return ok && c.TypesInfo.Selections[sel] != nil && isHandler(c.TypesInfo.TypeOf(sel.X))
}

// sets reports whether a literal gives the field a value.
func (c *checker) sets(lit *ast.CompositeLit, field wsapi.Symbol) bool {
	for _, elt := range lit.Elts {
		kv, ok := elt.(*ast.KeyValueExpr)
		if !ok {
			return true // unkeyed: every field is given
		}
		if key, ok := kv.Key.(*ast.Ident); ok && key.Name == string(field) {
			return !c.TypesInfo.Types[kv.Value].IsNil()
		}
	}
	return false
}

// assignee returns the variable that a literal initialises, or nil.
func (c *checker) assignee(lit *ast.CompositeLit, stack []ast.Node) types.Object {
	for i := len(stack) - 1; i >= 0; i-- {
		switch n := stack[i].(type) {
		case *ast.UnaryExpr, *ast.ParenExpr:
		case *ast.AssignStmt:
			if len(n.Lhs) == 1 {
				return c.root(n.Lhs[0])
			}
			return nil
		case *ast.ValueSpec:
			if len(n.Names) == 1 {
				return c.TypesInfo.Defs[n.Names[0]]
			}
			return nil
		default:
			return nil
		}
	}
	return nil
}

// root returns the variable or field that an expression starts from: u for u,
// (*u) and &u, the field for s.u.
func (c *checker) root(e ast.Expr) types.Object {
	switch e := ast.Unparen(e).(type) {
	case *ast.StarExpr:
		return c.root(e.X)
	case *ast.UnaryExpr:
		return c.root(e.X)
	case *ast.Ident, *ast.SelectorExpr:
		if v, ok := c.object(e).(*types.Var); ok {
			return v
		}
	}
	return nil
}

// readsOrigin reports whether the function asks for the Origin header outside
// the node except: it names the header in a string or calls the library's
// Origin function.
func (c *checker) readsOrigin(fn, except ast.Node) bool {
	found := false
	ast.Inspect(fn, func(n ast.Node) bool {
		if n == nil || found || n == except {
			return false
		}
		switch n := n.(type) {
		case *ast.BasicLit:
			tv := c.TypesInfo.Types[n]
			if tv.Value != nil && tv.Value.Kind() == constant.String && strings.EqualFold(constant.StringVal(tv.Value), "Origin") {
				found = true
			}
		case *ast.SelectorExpr:
			if obj := c.TypesInfo.Uses[n.Sel]; obj != nil && obj.Name() == "Origin" && obj.Pkg() != nil && wsapi.LibraryOf(obj.Pkg().Path()) != nil {
				found = true
			}
		}
		return true
	})
	return found
}

// singlesOut reports whether a function that is asked about each header treats
// the Origin like no other.
func (c *checker) singlesOut(fn ast.Expr) bool {
	if f, ok := c.object(ast.Unparen(fn)).(*types.Func); ok {
		decl := c.bodies[f]
		return decl != nil && c.readsOrigin(decl, nil)
	}
	return c.readsOrigin(fn, nil)
}

// packageReadsOrigin reports whether any function of the package does.
func (c *checker) packageReadsOrigin() bool {
	for _, decl := range c.bodies {
		if decl.Body != nil && c.readsOrigin(decl, nil) {
			return true
		}
	}
	return false
}
