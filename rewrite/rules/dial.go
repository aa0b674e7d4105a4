package rules

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

var dialRule = &unit.Rule{
	Name: "dial",
	Doc: `A Dialer becomes DialOptions and Dial becomes the function Dial, which goes through net/http: network, TLS and
proxy settings move to an http.Transport, timeout and cookies to an http.Client. DefaultDialer becomes a client with
its 45 seconds. As in gorilla no redirect is followed, and a transport that is made where it dials keeps no idle
connection of a refused handshake. Headers become HTTPHeader, a Host header becomes Host. Whether a Dialer is nil or
zero, and which subprotocols a header asks for, a helper finds out where only the running program knows; others
change the settings of a client that several may share. A DefaultDialer that the program changes becomes a variable
of the package. Where the program's own function dials and takes no notice of the address, a helper gives a URL that has no
host one, since net/http wants it. After success the target's resp.Body is nil: closing it is deleted, and where it is used otherwise it becomes
http.NoBody.`,
	Plan: func(u *unit.Unit) {
		d := &dialPlan{u: u, inline: map[ast.Expr]*dialer{}, defs: map[token.Pos]*dialDef{}}
		for _, s := range u.Sites("Dialer") {
			d.typeSite(s)
		}
		for _, s := range u.Sites("DefaultDialer") {
			d.defaultDialer(s)
		}
		d.finishDefs()
		for _, s := range u.Sites() {
			if isFieldOf(s, "Dialer.") {
				d.field(s)
			}
		}
		for _, s := range u.Sites("Dialer.Dial", "Dialer.DialContext") {
			d.call(s)
		}
	},
}

// A dialPlan converts the Dialers of one unit.
type dialPlan struct {
	u *unit.Unit
	// inline are the dialers that are written where they dial:
	// (&websocket.Dialer{…}).Dial(…). The key is the receiver.
	inline map[ast.Expr]*dialer
	// defs are the dialers that define a variable, by its position.
	defs map[token.Pos]*dialDef
	// changed is where the program changes DefaultDialer, once looked for.
	changed ast.Node
	looked  bool
	// global takes the place of a DefaultDialer that the program changes.
	global *dialGlobal
	own    bool // the one use of DefaultDialer defines a local variable
}

const (
	subprotocolNote = "a server that picks a subprotocol that was not asked for now fails the handshake"
	proxyNote       = "through a proxy, ws:// now asks the proxy for the upgrade itself, not for a tunnel with CONNECT"
)

// call converts one call of Dial or DialContext.
func (d *dialPlan) call(s *flow.Site) {
	u, f := d.u, s.File
	u.Claim(s)
	c, ok := unit.CallCursor(s)
	if !ok {
		u.Refuse(s.Pos, string(s.Symbol)+" is used as a value", "call it in a function literal")
		return
	}
	call := c.Node().(*ast.CallExpr)
	want := 2
	if s.Symbol == "Dialer.DialContext" {
		want = 3
	}
	recv := unit.Recv(s)
	switch {
	case len(call.Args) != want:
		u.Refuse(s.Pos, "the arguments come from a call with several results", "assign them to variables first")
		return
	case recv == nil || promoted(s):
		u.Refuse(s.Pos, "the Dialer is embedded", "name the field")
		return
	}
	h := call.Args[want-1]
	var opts []any
	native := func() {
		hdr, ok := d.header(s, c, h)
		if ok {
			opts, _ = d.options(s, c, recv, hdr)
		}
	}
	helped := func() { opts, _ = d.withHelper(s, recv, h) }
	if !u.Try(native) && !u.Try(helped) {
		native()
		return
	}
	e := call.Args[want-2]
	url := d.withHost(s, e)
	open, shut, ok := dialHead(u, s)
	if !ok {
		return
	}
	head := []any{open}
	if s.Symbol == "Dialer.Dial" {
		head = append(head, u.Ctx(s)+", ")
	}
	if quotesFrom(opts, recv) {
		// The options quote the receiver: one edit has to span both.
		parts := head
		if want == 3 {
			parts = append(parts, call.Args[0], ", ")
		}
		parts = append(append(append(append(parts, url...), ", "), opts...), ")"+shut)
		u.Replace(f, call.Pos(), call.End(), parts...)
	} else {
		u.Replace(f, call.Pos(), call.Lparen+1, head...)
		if len(url) > 1 {
			u.Replace(f, e.Pos(), e.End(), url...)
		}
		u.Replace(f, h.Pos(), h.End(), opts...)
		if shut != "" {
			u.Replace(f, call.Rparen, call.Rparen+1, ")"+shut) // inside of the call, which may be quoted
		}
	}
	u.Note(f, call.Pos(), "dial", subprotocolNote)
	d.response(s, c)
}

// quotesFrom reports whether a part lies within e.
func quotesFrom(parts []any, e ast.Expr) bool {
	for _, p := range parts {
		switch p := p.(type) {
		case ast.Node:
			if e.Pos() <= p.Pos() && p.End() <= e.End() {
				return true
			}
		case unit.Span:
			if e.Pos() <= p.Pos && p.End <= e.End() {
				return true
			}
		}
	}
	return false
}

// promoted reports whether the site is a member of an embedded field.
func promoted(s *flow.Site) bool {
	if k, _ := s.Cursor.ParentEdge(); k != edge.SelectorExpr_Sel {
		return false
	}
	sel := s.File.Pkg.TypesInfo.Selections[s.Cursor.Parent().Node().(*ast.SelectorExpr)]
	return sel != nil && len(sel.Index()) > 1
}

// options returns the third argument of Dial for the receiver of a call.
func (d *dialPlan) options(s *flow.Site, c inspector.Cursor, recv ast.Expr, hdr dialHeader) ([]any, bool) {
	u, f := d.u, s.File
	if dl := d.inline[ast.Unparen(recv)]; dl != nil {
		return dl.compose(u, composed{amp: true, header: hdr})
	}
	x := ast.Unparen(recv)
	_, pointer := types.Unalias(unit.TypeOf(s, x)).(*types.Pointer)
	if star, ok := x.(*ast.StarExpr); ok {
		x, pointer = ast.Unparen(star.X), true
	}
	if un, ok := x.(*ast.UnaryExpr); ok && un.Op == token.AND {
		x, pointer = ast.Unparen(un.X), false
	}
	if !pure(x) {
		if !pointer || !hdr.none() {
			u.Refuse(s.Pos, "the Dialer is computed in the call", "assign it to a variable first")
			return nil, false
		}
		return []any{d.text(f, x)}, true
	}
	if !d.certain(s, x) {
		u.Refuse(s.Pos, "the Dialer may be nil, which stands for the default one", "make sure that there is one")
		return nil, false
	}
	if hdr.none() {
		if pointer {
			return []any{d.text(f, x)}, true
		}
		return []any{"&" + f.Text(x)}, true
	}
	at, ok := statementBefore(c)
	if !ok {
		u.Refuse(s.Pos, "the request header has to be put into the options before the call", "copy the options, set HTTPHeader, and Dial with them")
		return nil, false
	}
	name, amp := d.text(f, x), "&"
	if pointer {
		amp = ""
	}
	if !d.usedOnceHere(s, c, x) {
		star := ""
		if pointer {
			star = "*"
		}
		name, amp = u.Fresh(f, c, "opts"), "&"
		u.Insert(f, at.Node().Pos(), name+" := "+star+d.text(f, x)+"\n")
	}
	var parts []any
	if len(hdr.value) > 0 {
		parts = append(append([]any{name + ".HTTPHeader = "}, hdr.value...), "\n")
	}
	if len(hdr.host) > 0 {
		parts = append(append(append(parts, name+".Host = "), hdr.host...), "\n")
	}
	if len(hdr.subprotocols) > 0 {
		parts = append(append(append(parts, name+".Subprotocols = "), hdr.subprotocols...), "\n")
	}
	u.Replace(f, at.Node().Pos(), at.Node().Pos(), parts...)
	return []any{amp + name}, true
}

// usedOnceHere reports whether x is a variable of the function around c that
// holds the result of one literal and that no call but the one at c dials
// with, so that the header can be put into it.
func (d *dialPlan) usedOnceHere(s *flow.Site, c inspector.Cursor, x ast.Expr) bool {
	id, ok := x.(*ast.Ident)
	if !ok {
		return false
	}
	f := s.File
	v, ok := f.Pkg.TypesInfo.ObjectOf(id).(*types.Var)
	if !ok || d.defs[v.Pos()] == nil {
		return false
	}
	fn, ok := unit.Func(c)
	if !ok {
		return false
	}
	body, _ := unit.Body(fn.Node())
	if v.Pos() < body.Lbrace || v.Pos() > body.Rbrace {
		return false
	}
	for use := range f.Root.Preorder((*ast.Ident)(nil)) {
		o := use.Node().(*ast.Ident)
		if f.Pkg.TypesInfo.Uses[o] != v || o == id {
			continue
		}
		k, _ := use.ParentEdge()
		if k != edge.SelectorExpr_X {
			return false
		}
		sel := use.Parent().Node().(*ast.SelectorExpr)
		if fs := d.u.SiteAt(sel.Sel); fs == nil || !isFieldOf(fs, "Dialer.") {
			return false
		}
	}
	return true
}

// defaultDialer converts one use of DefaultDialer.
func (d *dialPlan) defaultDialer(s *flow.Site) {
	u, f := d.u, s.File
	u.Claim(s)
	where := d.defaultChanged()
	if where != nil && !d.own && d.global == nil {
		if d.own = d.ownDefault(); !d.own {
			d.global = d.makeGlobal()
		}
	}
	if d.global != nil {
		x := unit.Qualified(s)
		u.Replace(f, x.Pos(), x.End(), d.global.name)
		return
	}
	if where != nil && !d.own {
		p := u.Graph.Fset.PositionFor(where.Pos(), false)
		u.Refuse(s.Pos, "DefaultDialer is changed in the program, at "+shortPos(p), "make a Dialer of your own with those settings, and use it wherever the changed one was meant")
		return
	}
	if d.own {
		u.Note(f, s.Ident.Pos(), "dial", ownDefaultNote)
	}
	x := unit.Qualified(s)
	cur := s.Cursor
	if cur.Node() != ast.Node(x) {
		cur = cur.Parent()
	}
	cur = unit.OutermostParen(cur)
	k, _ := cur.ParentEdge()
	switch k {
	case edge.SelectorExpr_X:
		if fs := u.SiteAt(cur.Parent().Node().(*ast.SelectorExpr).Sel); fs != nil {
			switch fs.Symbol {
			case "Dialer.Dial", "Dialer.DialContext":
				d.inline[x] = &dialer{f: f, site: s, at: s.Ident.Pos(), base: true, shared: d.dialsByDefault(f)}
				return
			}
		}
		if d.defaultField(cur) {
			return
		}
		u.Refuse(s.Pos, "a setting of DefaultDialer is read", "write the value: the timeout is 45 seconds, the proxy that of the environment")
		return
	case edge.StarExpr_X:
		e := unit.OutermostParen(cur.Parent())
		d.literal(s, e, &dialer{f: f, site: s, at: s.Ident.Pos(), base: true})
		return
	case edge.BinaryExpr_X, edge.BinaryExpr_Y:
		u.Refuse(s.Pos, "DefaultDialer is compared", "decide without the comparison")
		return
	}
	d.literal(s, cur, &dialer{f: f, site: s, at: s.Ident.Pos(), base: true, amp: true})
}

// dialsByDefault reports whether the file calls Dial on DefaultDialer more
// than once, so that the calls share a client.
func (d *dialPlan) dialsByDefault(f *flow.File) bool {
	n := 0
	for _, s := range f.Sites {
		if s.Symbol != "DefaultDialer" {
			continue
		}
		c := s.Cursor
		if k, _ := c.ParentEdge(); k == edge.SelectorExpr_Sel {
			c = c.Parent()
		}
		if k, _ := unit.OutermostParen(c).ParentEdge(); k == edge.SelectorExpr_X {
			n++
		}
	}
	return n > 1
}

// defaultChanged returns the first place of the program that assigns to
// DefaultDialer or to one of its fields, or nil.
func (d *dialPlan) defaultChanged() ast.Node {
	if !d.looked {
		d.looked, d.changed = true, d.findChange()
	}
	return d.changed
}

func (d *dialPlan) findChange() ast.Node {
	for _, cl := range d.u.Graph.Clusters {
		var values bool
		for _, s := range cl.Sites {
			if s.Symbol != "DefaultDialer" || s.Path != wsapi.GorillaPath && s.Path != wsapi.CompatPath {
				continue
			}
			c := s.Cursor
			if k, _ := c.ParentEdge(); k == edge.SelectorExpr_Sel {
				c = c.Parent()
			}
			switch k, _ := c.ParentEdge(); k {
			case edge.AssignStmt_Lhs:
				return c.Node()
			case edge.UnaryExpr_X:
				return c.Node() // its address is taken
			case edge.SelectorExpr_X:
				if flow.Written(c.Parent()) {
					return c.Node()
				}
			case edge.StarExpr_X:
				if flow.Written(c.Parent()) {
					return c.Node()
				}
			default:
				values = true
			}
		}
		if !values {
			continue
		}
		for _, s := range cl.Sites {
			if !isFieldOf(s, "Dialer.") {
				continue
			}
			if k, _ := s.Cursor.ParentEdge(); k != edge.SelectorExpr_Sel || !flow.Written(s.Cursor.Parent()) {
				continue
			}
			x := unit.Recv(s)
			if _, ok := types.Unalias(unit.TypeOf(s, x)).(*types.Pointer); !ok {
				continue
			}
			for _, o := range d.origins(s.File, x) {
				if o.kind == defaultOrigin || o.kind == unknownOrigin {
					return x
				}
			}
		}
	}
	return nil
}

// shortPos is a position without its folders.
func shortPos(p token.Position) string {
	for i := len(p.Filename) - 1; i >= 0; i-- {
		if p.Filename[i] == '/' || p.Filename[i] == '\\' {
			p.Filename = p.Filename[i+1:]
			break
		}
	}
	return p.String()
}
