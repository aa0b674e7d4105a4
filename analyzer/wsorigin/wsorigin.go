package wsorigin

import (
	_ "embed"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

//go:embed doc.go
var doc string

// Analyzer reports handshakes that accept any Origin.
var Analyzer = rule.Rule{
	Name: "wsorigin", Doc: doc, Run: run,
	// A package that has nothing to do with WebSockets may have the check.
	Facts: []analysis.Fact{new(acceptsAll)}, Beyond: servesHTTP,
}.Analyzer()

// servesHTTP reports whether a package can have a check.
func servesHTTP(pkg *types.Package) bool {
	for _, imp := range pkg.Imports() {
		if imp.Path() == "net/http" {
			return true
		}
	}
	return false
}

// Categories.
const (
	always      = "always"      // a check that accepts everything
	conditional = "conditional" // such a check, set under a condition
	skip        = "skip"        // the check switched off
	wildcard    = "wildcard"    // a pattern that matches every host
	missing     = "missing"     // a library without a check, and none in the program
	comparison  = "comparison"  // a check that more pass than are meant to
)

// A checker looks at one package.
type checker struct {
	*rule.Pass
	bodies map[*types.Func]*ast.FuncDecl
	values map[*types.Var][]value // what the package assigns to a variable
	checks map[types.Object]bool  // configurations that a check was given to
	// reported has the comparisons that were reported: two configurations may
	// share a check.
	reported map[ast.Expr]bool
}

// A value is an expression assigned to a variable or field; certain is false
// where the assignment stands under a condition.
type value struct {
	expr    ast.Expr
	certain bool
}

func run(pass *rule.Pass) {
	c := &checker{
		Pass:   pass,
		bodies: make(map[*types.Func]*ast.FuncDecl),
		values: make(map[*types.Var][]value),
		checks: make(map[types.Object]bool),

		reported: make(map[ast.Expr]bool),
	}
	for _, file := range pass.Files {
		for _, decl := range file.Decls {
			if decl, ok := decl.(*ast.FuncDecl); ok {
				if fn, ok := pass.TypesInfo.Defs[decl.Name].(*types.Func); ok {
					c.bodies[fn] = decl
				}
			}
		}
	}
	c.walk(c.collect)
	if len(pass.Libraries) > 0 {
		c.walk(c.judge)
	}
	c.export()
}

func (c *checker) walk(f func(n ast.Node, stack []ast.Node)) {
	for _, file := range c.Files {
		ast.PreorderStack(file, nil, func(n ast.Node, stack []ast.Node) bool {
			f(n, stack)
			return true
		})
	}
}

// collect records what is assigned to variables.
func (c *checker) collect(n ast.Node, stack []ast.Node) {
	switch n := n.(type) {
	case *ast.ValueSpec:
		for i, name := range n.Names {
			if len(n.Values) == len(n.Names) {
				c.assigned(name, n.Values[i], stack)
			}
		}
	case *ast.AssignStmt:
		if len(n.Lhs) > len(n.Rhs) {
			c.assigned(n.Lhs[0], n.Rhs[0], stack) // the first result stands for the call
			return
		}
		for i, lhs := range n.Lhs {
			c.assigned(lhs, n.Rhs[i], stack)
			if sel, ok := ast.Unparen(lhs).(*ast.SelectorExpr); ok {
				if field, ok := c.TypesInfo.Uses[sel.Sel].(*types.Var); ok && field.IsField() && upgraderCheck(field) {
					if obj := c.root(sel.X); obj != nil {
						c.checks[obj] = true
					}
				}
			}
		}
	}
}

func (c *checker) assigned(lhs, rhs ast.Expr, stack []ast.Node) {
	id, ok := ast.Unparen(lhs).(*ast.Ident)
	if !ok {
		return
	}
	if v, ok := c.TypesInfo.ObjectOf(id).(*types.Var); ok {
		c.values[v] = append(c.values[v], value{rhs, !inBranch(stack)})
	}
}

// judge reports what is wrong with a node.
func (c *checker) judge(n ast.Node, stack []ast.Node) {
	switch n := n.(type) {
	case *ast.CompositeLit:
		st, ok := structOf(c.TypesInfo.TypeOf(n))
		if !ok {
			return
		}
		for i, elt := range n.Elts {
			kv, keyed := elt.(*ast.KeyValueExpr)
			switch {
			case keyed:
				if key, ok := kv.Key.(*ast.Ident); ok {
					if field, ok := c.TypesInfo.Uses[key].(*types.Var); ok {
						c.field(field, kv, kv.Value, stack, n)
					}
				}
			case i < st.NumFields():
				c.field(st.Field(i), elt, elt, stack, n)
			}
		}
		c.literal(n, stack)
	case *ast.AssignStmt:
		for i, lhs := range n.Lhs {
			sel, ok := ast.Unparen(lhs).(*ast.SelectorExpr)
			if !ok || len(n.Rhs) != len(n.Lhs) {
				continue
			}
			if field, ok := c.TypesInfo.Uses[sel.Sel].(*types.Var); ok && field.IsField() {
				c.field(field, n, n.Rhs[i], stack, nil)
			}
		}
	case *ast.CallExpr:
		c.call(n, stack)
	}
}

// field judges a value given to a field: site is the element or assignment,
// lit the literal it stands in, if any.
func (c *checker) field(field *types.Var, site ast.Node, val ast.Expr, stack []ast.Node, lit *ast.CompositeLit) {
	lib, up, sym := upgraderField(field)
	if up == nil {
		return
	}
	name := string(sym[strings.LastIndexByte(string(sym), '.')+1:])
	f := rule.Finding{Pos: site.Pos(), End: site.End(), Confidence: c.confidence(site, stack)}
	switch {
	case name == string(up.Check):
		v := c.accepts(val)
		if v.answer != yes || up.ByHeader && c.singlesOut(val) {
			c.fooled(val, f.Confidence)
			return
		}
		f.Category = always
		f.Message = name + " accepts every Origin, so any web site that a user visits can open this WebSocket in the user's name"
		if up.Unset == wsapi.SameHost {
			f.Message += "; without " + name + ", " + lib.Name + " allows the request's own host only"
		} else {
			f.Message += "; compare the Origin with the hosts that may connect"
		}
		if v.far != "" {
			f.Message += " (" + v.far + " accepts it)"
		}
		if v.far == "" && v.at.IsValid() && v.at != val.Pos() {
			f.Related = []analysis.RelatedInformation{{Pos: v.at, Message: "this function accepts every Origin"}}
		}
		if lit == nil && inBranch(stack) || !v.certain {
			f.Category = conditional
			f.Confidence = rule.Low
		}
		if lit != nil && up.Unset == wsapi.SameHost && f.Category == always && v.trivial {
			f.Fixes = c.remove(lit, site, "Remove "+name+": "+lib.Name+" then compares the Origin with the Host")
		}
	case name == string(up.Lists):
		pattern := c.wildcardIn(val, func(s string) bool { return s == "*" })
		if pattern == nil {
			return
		}
		f.Pos, f.End = pattern.Pos(), pattern.End()
		f.Category = wildcard
		f.Message = "this entry lets every Origin in, so any web site that a user visits can open this WebSocket in the user's name; list the Origins that may connect"
	case !switchesOff(up, name):
		return
	case isBool(field.Type()):
		if !isTrue(c.TypesInfo, val) {
			return
		}
		f.Category = skip
		f.Message = name + " switches the Origin check off, so any web site that a user visits can open this WebSocket in the user's name; list the hosts that may connect in OriginPatterns"
		if lit == nil && inBranch(stack) {
			f.Category = conditional
			f.Confidence = rule.Low
		}
		if lit != nil {
			f.Fixes = c.remove(lit, site, "Remove "+name+": "+lib.Name+" then compares the Origin with the Host")
		}
	default:
		pattern := c.wildcardIn(val, everyHost)
		if pattern == nil {
			return
		}
		f.Pos, f.End = pattern.Pos(), pattern.End()
		f.Category = wildcard
		f.Message = "this pattern matches every Origin, so any web site that a user visits can open this WebSocket in the user's name; list the hosts that may connect"
	}
	c.Report(f)
}

// confidence is high unless something else may guard the handshake: the
// surrounding function reads the Origin itself, or only a test runs it.
func (c *checker) confidence(n ast.Node, stack []ast.Node) rule.Confidence {
	if c.inTest(n.Pos()) {
		return rule.Low
	}
	if decl := enclosing(stack); decl != nil && c.readsOrigin(decl, n) {
		return rule.Low
	}
	return rule.High
}

func (c *checker) inTest(pos token.Pos) bool {
	return strings.HasSuffix(c.Fset.Position(pos).Filename, "_test.go")
}

// upgraderField returns the library and the configuration type that field
// belongs to, or nils.
func upgraderField(field *types.Var) (*wsapi.Library, *wsapi.Upgrader, wsapi.Symbol) {
	if field.Pkg() == nil {
		return nil, nil, ""
	}
	lib := wsapi.LibraryOf(field.Pkg().Path())
	if lib == nil {
		return nil, nil, ""
	}
	sym, ok := wsapi.FieldSymbol(field)
	if !ok {
		return nil, nil, ""
	}
	typ, _, _ := strings.Cut(string(sym), ".")
	for i := range lib.Upgraders {
		u := &lib.Upgraders[i]
		if u.Pkg == field.Pkg().Path() && string(u.Type) == typ {
			return lib, u, sym
		}
	}
	return nil, nil, ""
}

func upgraderCheck(field *types.Var) bool {
	_, up, sym := upgraderField(field)
	return up != nil && (up.Check != "" && strings.HasSuffix(string(sym), "."+string(up.Check)) || up.Lists != "" && strings.HasSuffix(string(sym), "."+string(up.Lists)))
}

func switchesOff(up *wsapi.Upgrader, field string) bool {
	for _, off := range up.Off {
		if string(off) == field {
			return true
		}
	}
	return false
}

// wildcardIn returns the first element of a slice of patterns that all says
// matches everything, or nil.
func (c *checker) wildcardIn(e ast.Expr, all func(pattern string) bool) ast.Expr {
	matches := func(e ast.Expr) bool {
		v := c.TypesInfo.Types[e].Value
		return v != nil && v.Kind() == constant.String && all(constant.StringVal(v))
	}
	for _, v := range c.resolve(e) {
		lit, ok := ast.Unparen(v.expr).(*ast.CompositeLit)
		if !ok {
			if call, ok := ast.Unparen(v.expr).(*ast.CallExpr); ok && isAppend(c.TypesInfo, call) {
				for _, arg := range call.Args[1:] {
					if matches(arg) {
						return arg
					}
				}
			}
			continue
		}
		for _, elt := range lit.Elts {
			if kv, ok := elt.(*ast.KeyValueExpr); ok {
				elt = kv.Value
			}
			if matches(elt) {
				return elt
			}
		}
	}
	return nil
}

// everyHost reports whether a pattern is one such as "*" or "https://*".
func everyHost(pattern string) bool {
	if _, host, ok := strings.Cut(pattern, "://"); ok {
		pattern = host
	}
	pattern = strings.TrimSuffix(pattern, ":*")
	return pattern != "" && strings.Trim(pattern, "*") == ""
}
