package rules

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

const dialOptionsHelper = `
// dialOptionsWith returns a copy of opts for a Dial that sends header: a Host
// field names the host, and subprotocols are those it asks for. Nil opts stand
// for 45 seconds and the proxy of the environment; without a client there is
// neither. No redirect is followed.
func dialOptionsWith(opts *websocket.DialOptions, header http.Header) *websocket.DialOptions {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if opts == nil {
		client.Timeout = 45 * time.Second
		opts = &websocket.DialOptions{HTTPClient: client}
	}
	o := *opts
	if o.HTTPClient == nil {
		client.Transport = &http.Transport{DisableKeepAlives: true}
		o.HTTPClient = client
	}
	if header == nil {
		return &o
	}
	o.HTTPHeader, o.Host = header.Clone(), header.Get("Host")
	for k, vs := range header {
		if strings.EqualFold(k, "Sec-WebSocket-Protocol") {
			delete(o.HTTPHeader, k)
			o.Subprotocols = strings.Split(strings.ReplaceAll(strings.Join(vs, ","), " ", ""), ",")
		}
	}
	return &o
}
`

const dialClientHelper = `
// dialClientOf gives opts an http.Client of their own, like the one they had,
// and returns it for changes.
func dialClientOf(opts *websocket.DialOptions) *http.Client {
	client := http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DisableKeepAlives: true},
	}
	if opts.HTTPClient != nil {
		client = *opts.HTTPClient
	}
	opts.HTTPClient = &client
	return &client
}
`

const dialTransportHelper = `
// dialTransportOf gives opts an http.Transport of their own, like the one they
// had, and returns it for changes.
func dialTransportOf(opts *websocket.DialOptions) *http.Transport {
	client := http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DisableKeepAlives: true},
	}
	if opts.HTTPClient != nil {
		client = *opts.HTTPClient
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment}
	if t, ok := client.Transport.(*http.Transport); ok {
		transport = t.Clone()
	}
	client.Transport = transport
	opts.HTTPClient = &client
	return transport
}
`

const dialContextHelper = `
// dialContextOf returns dial as a function that takes a context, or nil.
func dialContextOf(dial func(network, addr string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	if dial == nil {
		return nil
	}
	return func(_ context.Context, network, addr string) (net.Conn, error) {
		return dial(network, addr)
	}
}
`

const compressionModeHelper = `
// compressionModeOf returns the mode in which compression is on or off.
func compressionModeOf(on bool) websocket.CompressionMode {
	if on {
		return websocket.CompressionNoContextTakeover
	}
	return websocket.CompressionDisabled
}
`

// withHelper returns the third argument of the Dial call of s as a call of
// dialOptionsWith, which finds out when the program runs what cannot be known
// before: whether there are options, and what the header asks for.
func (d *dialPlan) withHelper(s *flow.Site, recv, header ast.Expr) ([]any, bool) {
	u := d.u
	if !useHelper(u, s, "dialOptionsWith") {
		return nil, false
	}
	parts := []any{"dialOptionsWith("}
	x := ast.Unparen(recv)
	_, pointer := types.Unalias(unit.TypeOf(s, x)).(*types.Pointer)
	if dl := d.inline[x]; dl != nil {
		lit, ok := dl.compose(u, composed{amp: true})
		if !ok {
			return nil, false
		}
		parts = append(parts, lit...)
	} else {
		if !pointer {
			parts = append(parts, "&")
		}
		parts = append(parts, x)
	}
	return append(parts, ", ", header, ")"), true
}

// address returns the address of the Dialer x for a helper.
func (d *dialPlan) address(s *flow.Site, x ast.Expr) []any {
	if _, pointer := types.Unalias(unit.TypeOf(s, x)).(*types.Pointer); pointer {
		return []any{x}
	}
	if star, ok := ast.Unparen(x).(*ast.StarExpr); ok {
		return []any{star.X}
	}
	return []any{"&", x}
}

// fieldByHelper converts a use of a field whose client is not known: a helper
// gives the options a client of their own first.
func (d *dialPlan) fieldByHelper(s *flow.Site, x *ast.SelectorExpr, as *ast.AssignStmt) bool {
	u, f := d.u, s.File
	helper, name := "dialTransportOf", transportField(s.Ident.Name)
	switch s.Ident.Name {
	case "HandshakeTimeout":
		helper, name = "dialClientOf", "Timeout"
	case "Jar":
		helper = "dialClientOf"
	case "NetDial":
		if as == nil && !comparedWithNil(f, cursorOf(f, x)) {
			return false
		}
	case "Proxy", "TLSClientConfig", "NetDialContext", "NetDialTLSContext":
	default:
		return false
	}
	if as == nil && !d.changedHere(s, x) || !pure(x.X) || !useHelper(u, s, helper) {
		return false
	}
	parts := append([]any{helper + "("}, d.address(s, x.X)...)
	u.Replace(f, x.Pos(), x.End(), append(parts, ")."+name)...)
	if s.Ident.Name == "NetDial" && as != nil {
		parts, ok := wrapNetDial(u, s, as.Rhs[0], &literalWriter{})
		if !ok {
			return false
		}
		u.Replace(f, as.Rhs[0].Pos(), as.Rhs[0].End(), parts...)
	}
	return true
}

// changedHere reports whether the dialer that the field is read from is a
// copy that the function around it has made, or one that it changes anyway, so
// that a helper may change it too.
func (d *dialPlan) changedHere(s *flow.Site, x *ast.SelectorExpr) bool {
	f := s.File
	decl := unit.Decl(s.Cursor)
	if decl == nil {
		return false
	}
	if v, ok := objectOf(f, x.X).(*types.Var); ok && !isParam(f, v) && decl.Pos() <= v.Pos() && v.Pos() < decl.End() {
		if _, pointer := types.Unalias(v.Type()).(*types.Pointer); !pointer {
			return true
		}
	}
	for _, o := range d.u.Within(f, decl) {
		if !isFieldOf(o, "Dialer.") || unit.Recv(o) == nil || !unit.SameExpr(f, unit.Recv(o), x.X) {
			continue
		}
		if k, _ := o.Cursor.Parent().ParentEdge(); k == edge.AssignStmt_Lhs {
			return true
		}
	}
	return false
}

// comparedWithNil reports whether the expression at c is compared with nil.
func comparedWithNil(f *flow.File, c inspector.Cursor) bool {
	c = unit.OutermostParen(c)
	switch k, _ := c.ParentEdge(); k {
	case edge.BinaryExpr_X:
		return unit.IsNil(f, c.Parent().Node().(*ast.BinaryExpr).Y)
	case edge.BinaryExpr_Y:
		return unit.IsNil(f, c.Parent().Node().(*ast.BinaryExpr).X)
	}
	return false
}

// certain reports whether x, a Dialer or a pointer to one, certainly has
// options with a client.
func (d *dialPlan) certain(s *flow.Site, x ast.Expr) bool {
	if _, pointer := types.Unalias(unit.TypeOf(s, x)).(*types.Pointer); pointer && d.replacedIfNil(s, x) {
		return true
	}
	for _, o := range d.origins(s.File, x) {
		if o.kind != literalOrigin && o.kind != defaultOrigin && o.kind != someOrigin {
			return false
		}
	}
	return true
}

// replacedIfNil reports whether a statement before the one of s replaces a nil
// x, or leaves:
//
//	if x == nil { x = &websocket.Dialer{…} }
func (d *dialPlan) replacedIfNil(s *flow.Site, x ast.Expr) bool {
	f := s.File
	c := s.Cursor
	for {
		at, list, i, ok := unit.Stmt(c)
		if !ok {
			return false
		}
		for j := i - 1; j >= 0; j-- {
			is, ok := list[j].(*ast.IfStmt)
			if ok && is.Init == nil && is.Else == nil && testsNil(f, is.Cond, x) && (terminates(f, is.Body) || d.sets(f, is.Body, x)) {
				_, isVar := ast.Unparen(x).(*ast.Ident)
				return isVar || j == i-1 // a field may change in what stands between
			}
			if assignsTo(f, list[j], x) {
				return false
			}
		}
		if _, isFunc := at.Parent().Parent().Node().(*ast.FuncLit); isFunc {
			return false
		}
		c = at.Parent()
	}
}

// testsNil reports whether cond is `x == nil`.
func testsNil(f *flow.File, cond, x ast.Expr) bool {
	b, ok := ast.Unparen(cond).(*ast.BinaryExpr)
	return ok && b.Op == token.EQL && (unit.SameExpr(f, b.X, x) && unit.IsNil(f, b.Y) || unit.SameExpr(f, b.Y, x) && unit.IsNil(f, b.X))
}

// sets reports whether the last statement of b that assigns to x gives it
// options.
func (d *dialPlan) sets(f *flow.File, b *ast.BlockStmt, x ast.Expr) bool {
	for i := len(b.List) - 1; i >= 0; i-- {
		as, ok := b.List[i].(*ast.AssignStmt)
		if ok && as.Tok == token.ASSIGN && len(as.Lhs) == 1 && unit.SameExpr(f, as.Lhs[0], x) {
			t := &tracer{u: d.u, seen: map[token.Pos]bool{}}
			t.expr(f, as.Rhs[0], 4)
			for _, o := range t.out {
				if o.kind != literalOrigin && o.kind != defaultOrigin {
					return false
				}
			}
			return true
		}
		if assignsTo(f, b.List[i], x) {
			return false
		}
	}
	return false
}

// assignsTo reports whether the statement may change what x names.
func assignsTo(f *flow.File, st ast.Stmt, x ast.Expr) bool {
	root := rootObject(f, x)
	found := false
	ast.Inspect(st, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, l := range n.Lhs {
				found = found || unit.SameExpr(f, l, x) || root != nil && objectOf(f, l) == root
			}
		case *ast.UnaryExpr:
			found = found || n.Op == token.AND && unit.SameExpr(f, n.X, x)
		}
		return !found
	})
	return found
}
