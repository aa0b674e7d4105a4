package rules

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// A dialer is what one literal, or a copy of DefaultDialer, says.
type dialer struct {
	f      *flow.File
	site   *flow.Site // of the type or of DefaultDialer
	at     token.Pos
	base   bool // starts from DefaultDialer's settings
	amp    bool // a pointer to it is wanted
	shared bool // may share a client that is declared once a file
	elems  []dialerField
	tail   []*ast.Comment // behind the last field
	// transport names the variable that holds the transport, if the program
	// goes on setting it.
	transport string
	local     bool // is made anew each time a function runs
}

// A dialerField is one field of a dialer, with the comments before it and
// behind it.
type dialerField struct {
	name  string
	value ast.Expr
	lead  []*ast.Comment
	trail []*ast.Comment
}

// A dialDef is a dialer that a variable is defined by.
type dialDef struct {
	*dialer
	site       *flow.Site
	v          *types.Var
	stmt       ast.Stmt // of a local variable; nil at package level
	spec       *ast.ValueSpec
	decl       *ast.GenDecl // at package level
	start, end token.Pos    // what the literal and the assignments it takes in replace
	prefix     string       // before the literal
}

// typeSite converts one use of the type Dialer.
func (d *dialPlan) typeSite(s *flow.Site) {
	u := d.u
	u.Claim(s)
	c := s.Cursor
	if c.Node() != ast.Node(unit.Qualified(s)) {
		c = c.Parent()
	}
	if lit := literalOf(s); lit != nil {
		dl, ok := d.read(s, lit)
		if ok {
			d.literal(s, unit.OutermostParen(c.Parent()), dl)
		}
		return
	}
	pointer := false
	c = unit.OutermostParen(c)
	for {
		if k, _ := c.ParentEdge(); k != edge.StarExpr_X {
			break
		}
		pointer = true
		c = unit.OutermostParen(c.Parent())
	}
	k, _ := c.ParentEdge()
	switch k {
	case edge.CallExpr_Args:
		call := c.Parent()
		if id, ok := call.Node().(*ast.CallExpr).Fun.(*ast.Ident); ok && id.Name == "new" && !pointer {
			d.literal(s, unit.OutermostParen(call), &dialer{f: s.File, site: s, at: s.Ident.Pos(), amp: true})
			return
		}
	case edge.ValueSpec_Type:
		vs := c.Parent().Node().(*ast.ValueSpec)
		if pointer || len(vs.Values) > 0 {
			qualify(u, s, "DialOptions")
			return
		}
		if len(vs.Names) == 1 {
			d.zeroVar(s, c.Parent(), vs)
			return
		}
		qualify(u, s, "DialOptions")
		return
	case edge.Field_Type:
		fl := c.Parent().Node().(*ast.Field)
		if pointer {
			qualify(u, s, "DialOptions")
			return
		}
		if kk, _ := c.Parent().Parent().ParentEdge(); kk == edge.StructType_Fields {
			if len(fl.Names) == 0 {
				u.Refuse(s.Pos, "a Dialer is embedded", "name the field")
				return
			}
		}
		qualify(u, s, "DialOptions")
		return
	case edge.TypeAssertExpr_Type, edge.CaseClause_List:
		if pointer {
			qualify(u, s, "DialOptions")
			return
		}
	}
	m, _ := wsapi.MappingOf(s.Symbol)
	u.Refuse(s.Pos, "this use of the type Dialer is not one that can be converted for certain", m.ByHand)
}

// read returns what a literal says. It reports false after refusing.
func (d *dialPlan) read(s *flow.Site, lit *ast.CompositeLit) (*dialer, bool) {
	u, f := d.u, s.File
	dl := &dialer{f: f, site: s, at: lit.Pos()}
	for _, el := range lit.Elts {
		kv, ok := el.(*ast.KeyValueExpr)
		if !ok {
			u.Refuse(s.Pos, "the literal has no field names", "name the fields")
			return nil, false
		}
		id := kv.Key.(*ast.Ident)
		if fs := u.SiteAt(id); fs != nil {
			u.Claim(fs)
		}
		dl.elems = append(dl.elems, dialerField{name: id.Name, value: kv.Value})
	}
	line := func(p token.Pos) int { return u.Graph.Fset.PositionFor(p, false).Line }
	for _, c := range commentsWithin(f, lit.Lbrace, lit.Rbrace) {
		i := slices.IndexFunc(lit.Elts, func(e ast.Expr) bool { return e.Pos() >= c.End() })
		switch {
		case slices.ContainsFunc(lit.Elts, func(e ast.Expr) bool {
			return e.(*ast.KeyValueExpr).Value.Pos() <= c.Pos() && c.Pos() < e.End()
		}):
		case i != 0 && len(lit.Elts) > 0 && line(lit.Elts[max(i, 0)+len(lit.Elts)*b2i(i < 0)-1].End()) == line(c.Pos()):
			j := i - 1
			if i < 0 {
				j = len(lit.Elts) - 1
			}
			dl.elems[j].trail = append(dl.elems[j].trail, c)
		case i < 0:
			dl.tail = append(dl.tail, c)
		default:
			dl.elems[i].lead = append(dl.elems[i].lead, c)
		}
	}
	return dl, true
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// commentsWithin returns the comments between two positions.
func commentsWithin(f *flow.File, from, to token.Pos) []*ast.Comment {
	var out []*ast.Comment
	for _, g := range f.Syntax.Comments {
		for _, c := range g.List {
			if from <= c.Pos() && c.End() <= to {
				out = append(out, c)
			}
		}
	}
	return out
}

// literal settles a dialer that the expression at c makes: in place, or with
// the variable that it defines.
func (d *dialPlan) literal(s *flow.Site, c inspector.Cursor, dl *dialer) {
	if k, _ := c.ParentEdge(); k == edge.UnaryExpr_X && c.Parent().Node().(*ast.UnaryExpr).Op == token.AND {
		dl.amp = true
		c = unit.OutermostParen(c.Parent())
	}
	_, dl.local = unit.Func(c)
	k, _ := c.ParentEdge()
	e := c.Node().(ast.Expr)
	switch k {
	case edge.SelectorExpr_X:
		fs := d.u.SiteAt(c.Parent().Node().(*ast.SelectorExpr).Sel)
		if fs == nil || fs.Symbol != "Dialer.Dial" && fs.Symbol != "Dialer.DialContext" {
			d.u.Refuse(s.Pos, "a setting of a new Dialer is read", "write the value")
			return
		}
		d.inline[ast.Unparen(e)] = dl
		return
	case edge.AssignStmt_Rhs:
		as := c.Parent().Node().(*ast.AssignStmt)
		if len(as.Lhs) == 1 && as.Tok == token.DEFINE {
			if v, ok := objectOf(dl.f, as.Lhs[0]).(*types.Var); ok {
				d.defs[v.Pos()] = &dialDef{dialer: dl, site: s, v: v, stmt: as, start: e.Pos(), end: e.End()}
				return
			}
		}
	case edge.ValueSpec_Values:
		vs := c.Parent().Node().(*ast.ValueSpec)
		if len(vs.Names) == 1 && vs.Names[0].Name != "_" {
			def := &dialDef{dialer: dl, site: s, v: dl.f.Pkg.TypesInfo.Defs[vs.Names[0]].(*types.Var), spec: vs, start: e.Pos(), end: e.End()}
			def.place(c.Parent())
			d.defs[def.v.Pos()] = def
			return
		}
	}
	parts, ok := dl.compose(d.u, composed{amp: dl.amp})
	if ok {
		d.u.Replace(dl.f, e.Pos(), e.End(), parts...)
	}
}

// field converts a use of a field outside literals.
func (d *dialPlan) field(s *flow.Site) {
	u, f := d.u, s.File
	u.Claim(s)
	m, _ := wsapi.MappingOf(s.Symbol)
	k, _ := s.Cursor.ParentEdge()
	if k != edge.SelectorExpr_Sel {
		u.Refuse(s.Pos, string(s.Symbol)+" is set in a literal whose type is not written", "write the type")
		return
	}
	sel := s.Cursor.Parent()
	x := sel.Node().(*ast.SelectorExpr)
	var as *ast.AssignStmt
	if k, _ := sel.ParentEdge(); k == edge.AssignStmt_Lhs {
		as = sel.Parent().Node().(*ast.AssignStmt)
		at, _, _, ok := unit.Stmt(sel)
		if !ok || at.Node() != ast.Node(as) || len(as.Lhs) != 1 || as.Tok != token.ASSIGN {
			u.Refuse(s.Pos, string(s.Symbol)+" is set together with other variables", m.ByHand)
			return
		}
	}
	name := s.Ident.Name
	switch {
	case name == "Subprotocols", d.globalField(s, x, as):
		return
	case slices.Contains([]string{"ReadBufferSize", "WriteBufferSize", "WriteBufferPool"}, name):
		if as != nil && pure(as.Rhs[0]) {
			u.DeleteStmt(f, as)
			return
		}
	case name == "EnableCompression" && as != nil:
		if tv := f.Pkg.TypesInfo.Types[as.Rhs[0]]; tv.Value != nil {
			mode, extra := "CompressionDisabled", ""
			if constant.BoolVal(tv.Value) {
				mode = "CompressionNoContextTakeover"
				extra = "\n" + d.text(f, x.X) + ".CompressionThreshold = 1"
			}
			rename(u, s, "CompressionMode")
			u.Replace(f, as.Rhs[0].Pos(), as.Rhs[0].End(), u.Lib(f)+"."+mode+extra)
			return
		}
		if pure(x.X) && useHelper(u, s, "compressionModeOf") {
			rename(u, s, "CompressionMode")
			u.Replace(f, as.Rhs[0].Pos(), as.Rhs[0].End(), "compressionModeOf(", as.Rhs[0], ")\n"+d.text(f, x.X)+".CompressionThreshold = 1")
			u.Note(f, as.Pos(), "compression", compressedLimitNote)
			return
		}
	case slices.Contains(transportFields, name):
		def := d.defOf(s)
		if def == nil || def.transport == "" {
			break
		}
		if name == "NetDial" && as == nil && !comparedWithNil(f, sel) {
			break
		}
		u.Replace(f, x.Pos(), x.End(), def.transport+"."+transportField(name))
		if name == "NetDial" && as != nil {
			parts, ok := wrapNetDial(u, s, as.Rhs[0], &literalWriter{})
			if !ok {
				break
			}
			u.Replace(f, as.Rhs[0].Pos(), as.Rhs[0].End(), parts...)
		}
		return
	case name == "HandshakeTimeout" || name == "Jar":
		if !d.ownClient(s, x.X) {
			break
		}
		rename(u, s, "HTTPClient."+map[string]string{"HandshakeTimeout": "Timeout", "Jar": "Jar"}[name])
		return
	}
	if u.Try(func() {
		if !d.fieldByHelper(s, x, as) {
			u.Refuse(s.Pos, "", "")
		}
	}) {
		return
	}
	u.Refuse(s.Pos, string(s.Symbol)+" is set or read where the client behind the options is not known", "set it in the literal. "+m.ByHand)
}

// ownClient reports whether x holds options with a client that no others
// share: all it can be are literals, none copied from another variable.
func (d *dialPlan) ownClient(s *flow.Site, x ast.Expr) bool {
	os := d.origins(s.File, x)
	if len(os) == 0 {
		return false
	}
	for _, o := range os {
		if o.kind != literalOrigin {
			return false
		}
	}
	if _, ok := types.Unalias(unit.TypeOf(s, x)).(*types.Pointer); ok {
		return true
	}
	// A value that was copied from another shares that one's client.
	return d.defOf(s) != nil || len(os) == 1
}

func transportField(name string) string {
	switch name {
	case "NetDial", "NetDialContext":
		return "DialContext"
	case "NetDialTLSContext":
		return "DialTLSContext"
	}
	return name
}
