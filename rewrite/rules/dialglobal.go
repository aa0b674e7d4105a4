package rules

import (
	"go/ast"
	"go/token"
	"path/filepath"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// A dialGlobal is the variable that takes the place of a DefaultDialer that
// the program changes.
type dialGlobal struct {
	name string
	// transport names the variable that holds the transport. It is empty where
	// the options are passed on, copied or replaced: then a helper gives them a
	// new transport before each change.
	transport string
}

// defaultSites returns the uses of DefaultDialer in the whole tree.
func (d *dialPlan) defaultSites() []*flow.Site {
	var out []*flow.Site
	for _, g := range d.u.Graph.Files {
		for _, s := range g.Sites {
			if s.Symbol == "DefaultDialer" {
				out = append(out, s)
			}
		}
	}
	return out
}

// qualifiedCursor returns the cursor of the whole expression that names a
// package-level identifier, with the parentheses around it.
func qualifiedCursor(s *flow.Site) inspector.Cursor {
	c := s.Cursor
	if k, _ := c.ParentEdge(); k == edge.SelectorExpr_Sel {
		c = c.Parent()
	}
	return unit.OutermostParen(c)
}

// ownDefault reports whether the one use of DefaultDialer in the tree defines
// a local variable, so that what is set through the variable concerns nobody
// else.
func (d *dialPlan) ownDefault() bool {
	sites := d.defaultSites()
	if len(sites) != 1 {
		return false
	}
	c := qualifiedCursor(sites[0])
	k, _ := c.ParentEdge()
	if k != edge.AssignStmt_Rhs {
		return false
	}
	as := c.Parent().Node().(*ast.AssignStmt)
	return as.Tok == token.DEFINE && len(as.Lhs) == 1
}

// makeGlobal gives the package a variable in place of the DefaultDialer that
// it changes, if all uses are in one package.
func (d *dialPlan) makeGlobal() *dialGlobal {
	u := d.u
	sites := d.defaultSites()
	first, direct := sites[0], true
	for _, s := range sites {
		if u.SiteAt(s.Ident) == nil || filepath.Dir(s.File.Path) != filepath.Dir(first.File.Path) || s.File.Syntax.Name.Name != first.File.Syntax.Name.Name {
			return nil
		}
		if s.File.Path < first.File.Path || s.File == first.File && s.Ident.Pos() < first.Ident.Pos() {
			first = s
		}
		switch c := qualifiedCursor(s); {
		case addressTaken(c):
			return nil
		default:
			k, _ := c.ParentEdge()
			direct = direct && k == edge.SelectorExpr_X
		}
	}
	f := first.File
	for _, s := range sites {
		// A test's declarations are not there when the package is built.
		if isTestFile(f) && !isTestFile(s.File) {
			f = s.File
			first = s
		}
	}
	g := &dialGlobal{name: freePackageName(u, f, "dialOptions")}
	http, time := u.Import(f, "net/http", "http"), u.Import(f, "time", "time")
	transport, decl := "", ""
	if direct {
		g.transport = freePackageName(u, f, "dialTransport")
		transport = "\t\tTransport: " + g.transport + ",\n"
		decl = "// " + g.transport + " is the transport of " + g.name + ".\nvar " + g.transport + " = &" + http + ".Transport{Proxy: " + http + ".ProxyFromEnvironment}\n\n"
	}
	u.Declare(f, declStart(f, first.Ident.Pos()), g.name, decl+"// "+g.name+" are the settings that WebSocket connections are opened with.\nvar "+g.name+" = &"+u.Lib(f)+".DialOptions{\n"+
		"\tHTTPClient: &"+http+".Client{\n\t\tTimeout: 45 * "+time+".Second,\n"+transport+
		"\t\tCheckRedirect: func(*"+http+".Request, []*"+http+".Request) error {\n\t\t\treturn "+http+".ErrUseLastResponse\n\t\t},\n\t},\n}\n\n")
	u.Note(f, first.Ident.Pos(), "dial", "what is set on DefaultDialer no longer concerns packages outside of the tree that dial by it")
	u.Note(f, first.Ident.Pos(), "dial", proxyNote)
	return g
}

func isTestFile(f *flow.File) bool {
	const suffix = "_test.go"
	return len(f.Path) > len(suffix) && f.Path[len(f.Path)-len(suffix):] == suffix
}

// addressTaken reports whether the address of the variable at c is taken, or
// what it points to is replaced.
func addressTaken(c inspector.Cursor) bool {
	switch k, _ := c.ParentEdge(); k {
	case edge.UnaryExpr_X:
		return c.Parent().Node().(*ast.UnaryExpr).Op == token.AND
	case edge.StarExpr_X:
		return flow.Written(c.Parent())
	}
	return false
}

// isDefault reports whether the expression is DefaultDialer.
func (d *dialPlan) isDefault(f *flow.File, e ast.Expr) bool {
	s := dialerSite(d.u, f, e)
	return s != nil && s.Symbol == "DefaultDialer"
}

// text returns the source of a Dialer's expression, with the variable that
// takes DefaultDialer's place.
func (d *dialPlan) text(f *flow.File, x ast.Expr) string {
	if d.global != nil && d.isDefault(f, x) {
		return d.global.name
	}
	return f.Text(x)
}

// defaultField converts a setting of an unchanged DefaultDialer that is read
// to its value.
func (d *dialPlan) defaultField(c inspector.Cursor) bool {
	u := d.u
	sel := c.Parent()
	x := sel.Node().(*ast.SelectorExpr)
	fs := u.SiteAt(x.Sel)
	if fs == nil {
		return false
	}
	f := fs.File
	var value string
	switch fs.Symbol {
	case "Dialer.HandshakeTimeout":
		value = "45 * " + u.Import(f, "time", "time") + ".Second"
		switch k, _ := unit.OutermostParen(sel).ParentEdge(); k {
		case edge.BinaryExpr_X, edge.BinaryExpr_Y, edge.SelectorExpr_X:
			value = "(" + value + ")"
		}
	case "Dialer.Proxy":
		if comparedWithNil(f, sel) {
			return false
		}
		value = u.Import(f, "net/http", "http") + ".ProxyFromEnvironment"
	default:
		return false
	}
	u.Claim(fs)
	u.Replace(f, x.Pos(), x.End(), value)
	return true
}

// declStart returns the start of the declaration around pos, with its comment.
func declStart(f *flow.File, pos token.Pos) token.Pos {
	for _, d := range f.Syntax.Decls {
		if pos < d.Pos() || d.End() <= pos {
			continue
		}
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Doc != nil {
				return d.Doc.Pos()
			}
		case *ast.GenDecl:
			if d.Doc != nil {
				return d.Doc.Pos()
			}
		}
		return d.Pos()
	}
	return f.Syntax.FileStart
}

// globalField converts a use of a field of the DefaultDialer that the program
// changes.
func (d *dialPlan) globalField(s *flow.Site, x *ast.SelectorExpr, as *ast.AssignStmt) bool {
	u, f, g := d.u, s.File, d.global
	if g == nil || g.transport == "" || !d.isDefault(f, x.X) {
		return false
	}
	switch s.Ident.Name {
	case "HandshakeTimeout":
		u.Replace(f, x.Pos(), x.End(), g.name+".HTTPClient.Timeout")
	case "Jar":
		u.Replace(f, x.Pos(), x.End(), g.name+".HTTPClient.Jar")
	case "NetDial":
		if as == nil {
			return false
		}
		parts, ok := wrapNetDial(u, s, as.Rhs[0], &literalWriter{})
		if !ok {
			return false
		}
		u.Replace(f, as.Rhs[0].Pos(), as.Rhs[0].End(), parts...)
		u.Replace(f, x.Pos(), x.End(), g.transport+".DialContext")
	case "Proxy", "TLSClientConfig", "NetDialContext", "NetDialTLSContext":
		u.Replace(f, x.Pos(), x.End(), g.transport+"."+transportField(s.Ident.Name))
	default:
		return false
	}
	return true
}

// ownDefaultNote says what it means that a DefaultDialer that is changed
// becomes a dialer of the function that changes it.
const ownDefaultNote = "what one call sets on DefaultDialer no longer holds for all that is dialled later"
