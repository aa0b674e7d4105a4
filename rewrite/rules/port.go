package rules

import (
	"go/ast"
	"go/scanner"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// A port writes code of one place so that it means the same at another.
type port struct {
	u        *unit.Unit
	from, to *flow.File
	at       inspector.Cursor
	scope    *types.Scope
	// rename holds variables that are called otherwise there.
	rename map[types.Object]string
	// together are statements that move as well: what they declare goes along.
	together []ast.Stmt
	// instead holds what is written in place of nodes.
	instead map[ast.Node]string
}

func newPort(u *unit.Unit, from, to *flow.File, at inspector.Cursor) *port {
	return &port{u: u, from: from, to: to, at: at, scope: to.Pkg.Types.Scope().Innermost(at.Node().Pos()), rename: map[types.Object]string{}}
}

// portBetween returns a port from a function that is set as a handler of the
// connection at s to c, where that is called conn: the connection, what holds
// it, and the receivers of the two methods are the same. home is the method
// that the code of the handler stands in.
func portBetween(u *unit.Unit, s *flow.Site, from *flow.File, home *ast.FuncDecl, to *flow.File, c inspector.Cursor, conn string) *port {
	p := newPort(u, from, to, c)
	if p.scope == nil {
		return p
	}
	same := func(o types.Object, name string) {
		_, there := p.scope.LookupParent(name, c.Node().Pos())
		if o != nil && there != nil && types.TypeString(o.Type(), nil) == types.TypeString(there.Type(), nil) {
			p.rename[o] = name
		}
	}
	if x, y := receiverVar(home), receiverVar(unit.Decl(c)); x != nil && y != nil {
		same(s.File.Pkg.TypesInfo.Defs[x], y.Name)
	}
	root := chainRoot(unit.Recv(s))
	if root == nil {
		return p
	}
	name, rest, _ := strings.Cut(conn, ".")
	if rest != "" {
		rest = "." + rest
	}
	if strings.TrimPrefix(connText(u, s), root.Name) == rest {
		same(s.File.Pkg.TypesInfo.ObjectOf(root), name)
	}
	return p
}

func receiverVar(d *ast.FuncDecl) *ast.Ident {
	if d == nil || d.Recv == nil || len(d.Recv.List) != 1 || len(d.Recv.List[0].Names) != 1 {
		return nil
	}
	return d.Recv.List[0].Names[0]
}

// text returns the source of [pos, end), which the nodes make up, for the
// other place. ok is false where a name means something else there.
func (p *port) text(pos, end token.Pos, nodes ...ast.Node) (string, bool) {
	return p.render(pos, end, 2, nodes...)
}

// expr is text for an expression that stands alone, without its comments.
func (p *port) expr(e ast.Expr) (string, bool) {
	text, ok := p.text(e.Pos(), e.End(), e)
	text = withoutComments(text)
	if _, isIdent := e.(*ast.Ident); isIdent {
		text = strings.TrimSuffix(strings.TrimPrefix(text, "("), ")")
	}
	return text, ok
}

func (p *port) render(pos, end token.Pos, depth int, nodes ...ast.Node) (string, bool) {
	if p.scope == nil {
		return "", false
	}
	var b strings.Builder
	last, ok := pos, true
	for _, n := range nodes {
		c, found := p.from.Root.FindNode(n)
		if !found {
			return "", false
		}
		for ic := range c.Preorder((*ast.Ident)(nil)) {
			id := ic.Node().(*ast.Ident)
			if n, text := p.replaced(ic); n != nil {
				if last <= n.Pos() {
					b.WriteString(string(p.from.Src[p.from.Offset(last):p.from.Offset(n.Pos())]))
					b.WriteString(text)
					for _, c := range commentsWithin(p.from, n.Pos(), n.End()) {
						ok = ok && strings.HasPrefix(c.Text, "/*") // the other kind would hide what follows
						b.WriteString(" " + c.Text)
					}
					last = n.End()
				}
				continue
			}
			o := p.free(ic, id, pos, end)
			if o == nil {
				continue
			}
			name, same := p.name(id, o, depth)
			if !same {
				ok = false
			}
			b.WriteString(string(p.from.Src[p.from.Offset(last):p.from.Offset(id.Pos())]))
			b.WriteString(name)
			last = id.End()
		}
	}
	b.WriteString(string(p.from.Src[p.from.Offset(last):p.from.Offset(end)]))
	return b.String(), ok
}

// replaced returns the node around c that is written otherwise, and how.
func (p *port) replaced(c inspector.Cursor) (ast.Node, string) {
	if len(p.instead) > 0 {
		for e := range c.Enclosing() {
			if text, ok := p.instead[e.Node()]; ok {
				return e.Node(), text
			}
		}
	}
	return nil, ""
}

// free returns the object that the identifier names, if its meaning depends on
// what surrounds [pos, end).
func (p *port) free(c inspector.Cursor, id *ast.Ident, pos, end token.Pos) types.Object {
	info := p.from.Pkg.TypesInfo
	if k, _ := c.ParentEdge(); k == edge.SelectorExpr_Sel || k == edge.LabeledStmt_Label || k == edge.BranchStmt_Label {
		return nil
	}
	o := info.Uses[id]
	if o == nil {
		return nil
	}
	if v, ok := o.(*types.Var); ok && v.IsField() {
		return nil // the key of a literal
	}
	if p.u.Graph.Fset.File(o.Pos()) != p.u.Graph.Fset.File(pos) {
		return o
	}
	if pos <= o.Pos() && o.Pos() < end {
		return nil
	}
	for _, st := range p.together {
		if st.Pos() <= o.Pos() && o.Pos() < st.End() {
			return nil
		}
	}
	return o
}

// name returns what o is called at the other place.
func (p *port) name(id *ast.Ident, o types.Object, depth int) (string, bool) {
	if name, ok := p.rename[o]; ok {
		return name, true
	}
	_, there := p.scope.LookupParent(id.Name, p.at.Node().Pos())
	if there == o || there != nil && p.u.Graph.Same(there, o) {
		return id.Name, true
	}
	switch o := o.(type) {
	case *types.PkgName:
		if q, ok := there.(*types.PkgName); ok && q.Imported().Path() == o.Imported().Path() {
			return id.Name, true
		}
		if there == nil {
			return p.u.Import(p.to, o.Imported().Path(), id.Name), true
		}
	case *types.Var:
		if unit.IsPackageLevel(o) {
			return id.Name, false
		}
		if w, ok := there.(*types.Var); ok && !unit.IsPackageLevel(w) && types.TypeString(o.Type(), nil) == types.TypeString(w.Type(), nil) && namedPointer(o.Type()) {
			return id.Name, true
		}
		if def := onlyDefinition(p.from, o); def != nil && depth > 0 && pure(def) {
			text, ok := p.render(def.Pos(), def.End(), depth-1, def)
			if _, bin := ast.Unparen(def).(*ast.BinaryExpr); bin {
				text = "(" + text + ")"
			}
			return text, ok
		}
	}
	return id.Name, false
}

// together returns the code of statements that stood in a function of their
// own: in one, if they end it or defer a call to its end.
func together(lines []string, stmts []ast.Stmt) string {
	code := strings.Join(lines, "\n")
	if slices.ContainsFunc(stmts, func(st ast.Stmt) bool { return defers(st) || len(returnsOf(st)) > 0 }) {
		return "func() {\n" + code + "\n}()"
	}
	return code
}

// defers reports whether the statement puts a call off to the end of its
// function.
func defers(st ast.Stmt) bool {
	found := false
	ast.Inspect(st, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.DeferStmt:
			found = true
		}
		return true
	})
	return found
}

// withoutComments returns a piece of source without its comments.
func withoutComments(src string) string {
	var s scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, len(src))
	s.Init(file, []byte(src), nil, scanner.ScanComments)
	var b strings.Builder
	last := 0
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return b.String() + src[last:]
		}
		if tok == token.COMMENT {
			at := file.Offset(pos)
			b.WriteString(src[last:at])
			last = at + len(lit)
		}
	}
}

// onlyDefinition returns the value that a local variable is defined with, if it
// never gets another.
func onlyDefinition(f *flow.File, v *types.Var) ast.Expr {
	return soleValue(f, v, func(c inspector.Cursor) bool {
		switch k, _ := c.ParentEdge(); k {
		case edge.UnaryExpr_X:
			return c.Parent().Node().(*ast.UnaryExpr).Op != token.AND
		case edge.IncDecStmt_X, edge.RangeStmt_Key, edge.RangeStmt_Value:
			return false
		}
		return true
	})
}

// soleValue returns the value that a variable is defined with in the file, if
// it is assigned no other there and may be used as it is elsewhere in the file.
func soleValue(f *flow.File, v *types.Var, may func(use inspector.Cursor) bool) ast.Expr {
	var def ast.Expr
	n := 0
	for c := range f.Root.Preorder((*ast.Ident)(nil)) {
		if f.Pkg.TypesInfo.ObjectOf(c.Node().(*ast.Ident)) != types.Object(v) {
			continue
		}
		switch k, i := c.ParentEdge(); k {
		case edge.AssignStmt_Lhs:
			n++
			if as := c.Parent().Node().(*ast.AssignStmt); as.Tok == token.DEFINE && len(as.Lhs) == len(as.Rhs) {
				def = as.Rhs[i]
			}
		case edge.ValueSpec_Names:
			n++
			if vs := c.Parent().Node().(*ast.ValueSpec); len(vs.Names) == len(vs.Values) {
				def = vs.Values[i]
			}
		default:
			if !may(c) {
				return nil
			}
		}
	}
	if n != 1 {
		return nil
	}
	return def
}

// move returns the statements, each in a line of its own, for the other place,
// where the comments stay with the first of several copies.
func (p *port) move(list []ast.Stmt, again bool) ([]string, bool) {
	var lines []string
	for _, st := range list {
		text, ok := p.text(st.Pos(), st.End(), st)
		if !ok {
			return nil, false
		}
		if again {
			text = withoutComments(text)
		}
		lines = append(lines, text)
		p.u.Moved(p.from, st.Pos(), st.End())
	}
	return lines, true
}
