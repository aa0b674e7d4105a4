package wsserver

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

//go:embed doc.go
var doc string

// Analyzer reports HTTP servers and TLS settings that do not go with
// WebSockets.
var Analyzer = rule.Rule{Name: "wsserver", Doc: doc, Facts: []analysis.Fact{new(accepting)}, Run: run}.Analyzer()

// Categories.
const (
	header  = "header"  // no limit for the time that a request takes to come
	h2      = "h2"      // HTTP/1.1 is ruled out
	wrapped = "wrapped" // the connection cannot be taken over
)

func run(pass *rule.Pass) {
	c := &checker{Pass: pass, decls: make(map[*types.Func]*ast.FuncDecl), values: make(map[types.Object][]ast.Expr), upgrading: make(map[ast.Node]token.Pos)}
	c.imported = c.importsHandler()
	if c.imported || c.usesLibrary() && hasHandler(c.Pkg) {
		c.ExportPackageFact(new(accepting))
	}
	c.collect()
	c.each(c.visit)
	c.servers()
}

// accepting is the fact of a package that exports a handler of requests and
// uses a library, or imports such a package.
type accepting struct{}

func (*accepting) AFact()         {}
func (*accepting) String() string { return "accepts" }

func (c *checker) importsHandler() bool {
	return slices.ContainsFunc(c.Pkg.Imports(), func(p *types.Package) bool {
		return c.ImportPackageFact(p, new(accepting))
	})
}

func (c *checker) usesLibrary() bool {
	return slices.ContainsFunc(c.Pkg.Imports(), func(p *types.Package) bool {
		return wsapi.LibraryOf(p.Path()) != nil
	})
}

type checker struct {
	*rule.Pass
	decls  map[*types.Func]*ast.FuncDecl
	values map[types.Object][]ast.Expr // what is assigned to variables and fields
	sets   []fieldSet
	// routes are the handlers by the mux that they are registered on.
	routes    map[types.Object][]ast.Expr
	upgrading map[ast.Node]token.Pos // by function; see upgrades

	imported bool       // a package that it imports is accepting
	first    *token.Pos // see accepts
	literals []server
	funcs    int // servers made by functions of net/http
}

// A server is an http.Server that comes into being.
type server struct {
	at       ast.Expr          // the literal or new(…); nil for a variable
	lit      *ast.CompositeLit // nil if it begins empty
	obj      types.Object      // what it is assigned to, or nil
	pos, end token.Pos
}

// A fieldSet is an assignment to a field of a struct of net/http or crypto/tls.
type fieldSet struct {
	base  types.Object // the variable or field that holds the struct, or nil
	field string
	of    string // "net/http.Server"
	value ast.Expr
}

// each calls visit for the nodes of the files that are no tests.
func (c *checker) each(visit func(ast.Node)) {
	for _, file := range c.Files {
		if strings.HasSuffix(c.Fset.Position(file.FileStart).Filename, "_test.go") {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if n != nil {
				visit(n)
			}
			return true
		})
	}
}

// collect gathers declarations and assignments.
func (c *checker) collect() {
	c.routes = make(map[types.Object][]ast.Expr)
	c.each(func(n ast.Node) {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if fn, ok := c.TypesInfo.Defs[n.Name].(*types.Func); ok {
				c.decls[fn] = n
			}
		case *ast.AssignStmt:
			if len(n.Lhs) == len(n.Rhs) {
				for i := range n.Lhs {
					c.assign(n.Lhs[i], n.Rhs[i])
				}
			}
		case *ast.ValueSpec:
			if len(n.Names) == len(n.Values) {
				for i := range n.Names {
					c.assign(n.Names[i], n.Values[i])
				}
			}
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok {
				if v, ok := c.TypesInfo.Uses[key].(*types.Var); ok && v.IsField() {
					c.values[v] = append(c.values[v], n.Value)
				}
			}
		case *ast.CallExpr:
			c.route(n)
		}
	})
}

func (c *checker) assign(lhs, rhs ast.Expr) {
	lhs = ast.Unparen(lhs)
	if obj := c.object(lhs); obj != nil {
		c.values[obj] = append(c.values[obj], rhs)
	}
	sel, ok := lhs.(*ast.SelectorExpr)
	if !ok || c.TypesInfo.Selections[sel] == nil {
		return
	}
	if of := typeName(c.TypesInfo.TypeOf(sel.X)); of == "net/http.Server" || of == "crypto/tls.Config" {
		c.sets = append(c.sets, fieldSet{c.object(ast.Unparen(sel.X)), sel.Sel.Name, of, rhs})
	}
}

// route records mux.Handle and the like.
func (c *checker) route(call *ast.CallExpr) {
	fn, ok := c.object(ast.Unparen(call.Fun)).(*types.Func)
	if !ok || fn.Pkg() == nil || fn.Pkg().Path() != "net/http" || len(call.Args) != 2 || fn.Name() != "Handle" && fn.Name() != "HandleFunc" {
		return
	}
	var mux types.Object
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && c.TypesInfo.Selections[sel] != nil {
		if mux = c.object(ast.Unparen(sel.X)); mux == nil {
			return
		}
	}
	c.routes[mux] = append(c.routes[mux], call.Args[1])
}

// object returns what an identifier or selector refers to, or nil.
func (c *checker) object(e ast.Expr) types.Object {
	switch e := e.(type) {
	case *ast.Ident:
		return c.TypesInfo.ObjectOf(e)
	case *ast.SelectorExpr:
		return c.TypesInfo.Uses[e.Sel]
	case *ast.UnaryExpr:
		if e.Op == token.AND {
			return c.object(ast.Unparen(e.X))
		}
	case *ast.StarExpr:
		return c.object(ast.Unparen(e.X))
	}
	return nil
}

// typeName returns "path.Name" of the named type that t is or points to.
func typeName(t types.Type) string {
	if t == nil {
		return ""
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.Obj().Pkg() == nil {
		return ""
	}
	return n.Obj().Pkg().Path() + "." + n.Obj().Name()
}

func (c *checker) visit(n ast.Node) {
	switch n := n.(type) {
	case *ast.CompositeLit:
		if typeName(c.TypesInfo.TypeOf(n)) == "net/http.Server" {
			c.literals = append(c.literals, server{at: n, lit: n, obj: c.holder(n), pos: n.Pos(), end: n.Type.End()})
		}
		c.client(n)
	case *ast.ValueSpec:
		// var srv http.Server
		for _, name := range n.Names {
			v, ok := c.TypesInfo.Defs[name].(*types.Var)
			if ok && len(n.Values) == 0 && typeName(v.Type()) == "net/http.Server" && !isPointer(v.Type()) && len(c.values[v]) == 0 {
				c.literals = append(c.literals, server{obj: v, pos: name.Pos(), end: name.End()})
			}
		}
	case *ast.CallExpr:
		c.call(n)
	}
}

func isPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}

// holder returns the variable or field that a literal is assigned to, if it is
// directly.
func (c *checker) holder(lit *ast.CompositeLit) types.Object {
	for obj, values := range c.values {
		for _, v := range values {
			v = ast.Unparen(v)
			if u, ok := v.(*ast.UnaryExpr); ok && u.Op == token.AND {
				v = ast.Unparen(u.X)
			}
			if v == lit {
				return obj
			}
		}
	}
	return nil
}

func (c *checker) call(call *ast.CallExpr) {
	fn, ok := c.object(ast.Unparen(call.Fun)).(*types.Func)
	if !ok {
		if id, ok := ast.Unparen(call.Fun).(*ast.Ident); ok && id.Name == "new" && len(call.Args) == 1 && c.TypesInfo.Types[call.Fun].IsBuiltin() &&
			typeName(c.TypesInfo.TypeOf(call.Args[0])) == "net/http.Server" {
			var holder types.Object
			for obj, values := range c.values {
				for _, v := range values {
					if ast.Unparen(v) == call {
						holder = obj
					}
				}
			}
			c.literals = append(c.literals, server{at: call, obj: holder, pos: call.Pos(), end: call.End()})
		}
		return
	}
	if fn.Pkg() == nil || fn.Pkg().Path() != "net/http" || fn.Signature().Recv() != nil {
		return
	}
	switch fn.Name() {
	case "ListenAndServe", "ListenAndServeTLS", "Serve", "ServeTLS":
		c.funcs++
		if c.acceptsSomewhere() {
			c.Report(rule.Finding{
				Pos: call.Pos(), End: call.End(), Category: header, Confidence: rule.Low,
				Message: fmt.Sprintf("http.%s sets no timeouts: a client that never finishes its request holds a connection and a goroutine; use an http.Server with ReadHeaderTimeout (it and the other timeouts end with the upgrade and leave WebSockets alone)", fn.Name()),
			})
		}
	case "TimeoutHandler":
		if len(call.Args) == 3 {
			c.timeoutHandler(call)
		}
	}
}

// acceptsSomewhere reports whether the package, or one that it imports, accepts
// WebSockets, as far as that can be told.
func (c *checker) acceptsSomewhere() bool { return c.imported || c.accepts().IsValid() }

// hasHandler reports whether a package exports something that takes a request
// and the writer of its answer.
func hasHandler(p *types.Package) bool {
	handles := func(sig *types.Signature) bool {
		var w, r bool
		for v := range sig.Params().Variables() {
			switch typeName(v.Type()) {
			case "net/http.ResponseWriter":
				w = true
			case "net/http.Request":
				r = true
			}
		}
		return w && r
	}
	for _, name := range p.Scope().Names() {
		obj := p.Scope().Lookup(name)
		if !obj.Exported() {
			continue
		}
		switch obj := obj.(type) {
		case *types.Func:
			if handles(obj.Signature()) {
				return true
			}
		case *types.TypeName:
			if named, ok := types.Unalias(obj.Type()).(*types.Named); ok {
				for m := range named.Methods() {
					if m.Exported() && handles(m.Signature()) {
						return true
					}
				}
			}
		}
	}
	return false
}

func related(pos token.Pos, message string) []analysis.RelatedInformation {
	return []analysis.RelatedInformation{{Pos: pos, Message: message}}
}
