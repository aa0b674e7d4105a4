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

// A pongAction is what a pong handler does: it moves the read deadline, and
// perhaps something else, which is done where Ping returns instead.
type pongAction struct {
	site  *flow.Site // SetPongHandler
	file  *flow.File // of the handler's body
	body  *ast.BlockStmt
	wait  ast.Expr   // d of SetReadDeadline(time.Now().Add(d)), or nil
	move  *flow.Site // that call
	extra []ast.Stmt
	param *types.Var    // what extra reads the pong's payload from, or nil
	data  *types.Var    // that the handler gets the payload in, where extra is all of it
	decl  *ast.FuncDecl // of a handler that has a name
	named ast.Expr      // that name
	moved bool          // extra stands elsewhere already
	ping  *pingAction   // set where the handler is one of pings
}

// does reports whether the handler is of any use.
func (a *pongAction) does() bool { return a != nil && (a.wait != nil || len(a.extra) > 0) }

// pongOf takes the pong handler that is set at h apart, or says why it cannot.
func pongOf(u *unit.Unit, h *flow.Site) (*pongAction, string) {
	call := unit.Call(h)
	if call == nil || len(call.Args) != 1 {
		return nil, "SetPongHandler is used as a value"
	}
	f := h.File
	a := &pongAction{site: h, file: f}
	var ft *ast.FuncType
	switch x := ast.Unparen(call.Args[0]).(type) {
	case *ast.FuncLit:
		a.body, ft = x.Body, x.Type
	case *ast.Ident, *ast.SelectorExpr:
		if unit.IsNil(f, x) {
			return a, ""
		}
		if chainRoot(x) != nil {
			if fn, ok := f.Pkg.TypesInfo.Uses[lastIdent(x)].(*types.Func); ok && !unit.IsInterfaceMethod(fn) {
				a.file, a.decl = declaredAt(u, fn)
				a.named = x
			}
		}
		if a.decl == nil || a.decl.Body == nil || !editable(a.file) {
			return nil, "what the pong handler does is not known"
		}
		if n, all := namings(u, a.file, a.decl); n != 1 || !all {
			return nil, "the pong handler is used elsewhere too"
		}
		a.body, ft = a.decl.Body, a.decl.Type
	default:
		return nil, "what the pong handler does is not known"
	}
	if why := a.scan(u); why != "" {
		return nil, why
	}
	for _, p := range ft.Params.List {
		for _, id := range p.Names {
			if v, ok := a.file.Pkg.TypesInfo.Defs[id].(*types.Var); ok {
				for _, st := range a.extra {
					if countUses(a.file, st, v) > 0 {
						a.param = v
					}
				}
			}
		}
	}
	return a, ""
}

// namings returns how often the function is named in the tree, and whether
// nothing outside of it can name it.
func namings(u *unit.Unit, f *flow.File, d *ast.FuncDecl) (int, bool) {
	obj := f.Pkg.TypesInfo.Defs[d.Name]
	if obj == nil || u.Graph.Public(obj) {
		return 0, false
	}
	n := 0
	for _, g := range u.Graph.InOrder() {
		for c := range g.Root.Preorder((*ast.Ident)(nil)) {
			id := c.Node().(*ast.Ident)
			if id.Name == d.Name.Name && g.Pkg.TypesInfo.Uses[id] != nil && u.Graph.Same(g.Pkg.TypesInfo.Uses[id], obj) {
				n++
			}
		}
	}
	return n, true
}

// scan looks at the statements of the handler.
func (a *pongAction) scan(u *unit.Unit) string {
	f, list := a.file, a.body.List
	var moved types.Object // holds the error of moving the deadline, nil
	for i := 0; i < len(list); i++ {
		st := list[i]
		sites := u.Within(f, st)
		if len(sites) == 0 {
			if r, ok := st.(*ast.ReturnStmt); ok {
				if i == len(list)-1 && (returnsNil(f, r) || len(r.Results) == 1 && moved != nil && objectOf(f, r.Results[0]) == moved) {
					continue
				}
				return "the pong handler returns an error of its own"
			}
			if len(exits(f, st)) > 0 {
				return "the pong handler returns early"
			}
			a.extra = append(a.extra, st)
			continue
		}
		if len(sites) > 1 || sites[0].Symbol != "Conn.SetReadDeadline" || a.wait != nil {
			return "the pong handler does more with the connection than move the read deadline"
		}
		c, ok := unit.CallCursor(sites[0])
		if !ok {
			return "the pong handler does more with the connection than move the read deadline"
		}
		form := formOf(f, c)
		if !form.ok || form.stmt != st {
			return "the pong handler does not always move the read deadline"
		}
		d, ok := timeout(f, c.Node().(*ast.CallExpr).Args[0])
		if !ok {
			return "the pong handler sets a read deadline that is not time.Now().Add(d)"
		}
		a.wait, a.move = d, sites[0]
		if form.separate {
			i++
		} else if form.check == nil {
			moved = form.err
		}
	}
	return ""
}

// remove deletes the handler: the call that sets it, and from a handler with a
// name the read deadline.
func (a *pongAction) remove(u *unit.Unit) {
	if a.ping != nil {
		a.ping.drop()
		return
	}
	deleteHandler(u, a.site)
	if a.decl == nil {
		return
	}
	f := a.file
	if len(a.extra) == 0 {
		deleteDecl(u, f, a.decl)
		return
	}
	if a.move == nil {
		return
	}
	c, _ := unit.CallCursor(a.move)
	form := formOf(f, c)
	switch {
	case form.ret:
		u.Replace(f, c.Node().Pos(), c.Node().End(), "nil")
	case form.err != nil && form.check == nil:
		last := a.body.List[len(a.body.List)-1]
		if r, ok := last.(*ast.ReturnStmt); ok && !returnsNil(f, r) {
			u.Replace(f, r.Results[0].Pos(), r.Results[0].End(), "nil")
		}
		u.DeleteStmt(f, form.stmt)
	default:
		u.DeleteStmt(f, form.stmt)
		if form.separate {
			u.DeleteStmt(f, form.check)
		}
	}
	u.Claim(a.move)
}

// deleteDecl deletes a function with its comment.
func deleteDecl(u *unit.Unit, f *flow.File, d *ast.FuncDecl) {
	pos := d.Pos()
	if d.Doc != nil {
		pos = d.Doc.Pos()
		u.Moved(f, d.Doc.Pos(), d.Doc.End())
	}
	sp := unit.LineSpan(f, pos, d.End())
	u.Replace(f, sp.Pos, sp.End)
	u.ClaimWithin(f, d)
}

// inside reports whether the site lies in the handler.
func (a *pongAction) inside(s *flow.Site) bool {
	return a.body != nil && s.File == a.file && inside(s, a.body)
}

// at returns what the handler does besides as code for the place of the ping.
func (a *pongAction) at(u *unit.Unit, fr *frame) (code string, ok bool) {
	p := a.port(u, fr)
	payload := `""`
	if !emptyPayload(fr.file, fr.data) {
		if fr.data == nil || !pure(unwrapBytes(fr.file, fr.data)) {
			return "", false
		}
		payload = "string(" + fr.file.Text(fr.data) + ")"
		if x := unwrapBytes(fr.file, fr.data); x != fr.data {
			payload = fr.file.Text(x)
		}
	}
	if a.named != nil {
		name, ok := p.expr(a.named)
		if a.param == nil {
			payload = `""`
		}
		return name + "(" + payload + ")", ok
	}
	var lines []string
	if a.param != nil {
		uses := 0
		for _, st := range a.extra {
			uses += countUses(a.file, st, a.param)
		}
		p.rename[a.param] = payload
		if uses > 1 {
			p.rename[a.param] = a.param.Name()
			lines = append(lines, a.param.Name()+" := "+payload)
		}
	}
	moved, ok := p.move(a.extra, a.moved)
	a.moved = a.moved || ok
	return together(append(lines, moved...), a.extra), ok
}

// port returns a port from the handler to the place of a ping.
func (a *pongAction) port(u *unit.Unit, fr *frame) *port {
	// The receivers of the two methods.
	home := unit.Decl(a.site.Cursor)
	if a.decl != nil && a.named == nil {
		home = a.decl
	}
	p := portBetween(u, a.site, a.file, home, fr.file, fr.c, fr.conn)
	p.together = a.extra
	return p
}

// emptyPayload reports whether e is nil or an empty list of bytes.
func emptyPayload(f *flow.File, e ast.Expr) bool {
	if e == nil {
		return false
	}
	if unit.IsNil(f, e) {
		return true
	}
	switch x := ast.Unparen(e).(type) {
	case *ast.CompositeLit:
		return len(x.Elts) == 0
	case *ast.CallExpr:
		y := unwrapBytes(f, x)
		v := f.Pkg.TypesInfo.Types[y].Value
		return y != ast.Expr(x) && v != nil && v.ExactString() == `""`
	}
	return false
}

// unwrapBytes returns s of []byte(s), else e.
func unwrapBytes(f *flow.File, e ast.Expr) ast.Expr {
	if call, ok := ast.Unparen(e).(*ast.CallExpr); ok && len(call.Args) == 1 && f.Pkg.TypesInfo.Types[call.Fun].IsType() {
		if b, ok := f.Pkg.TypesInfo.TypeOf(call.Args[0]).Underlying().(*types.Basic); ok && b.Info()&types.IsString != 0 {
			return call.Args[0]
		}
	}
	return e
}

// sharesWithReader returns the name of a variable that the handler sets
// without a lock and that a function which reads from the connection uses: the
// handler runs between its reads, what takes its place does not. It returns ""
// if there is none.
func (a *pongAction) sharesWithReader(u *unit.Unit) string {
	set, locked := a.sets(u)
	if locked {
		return ""
	}
	for _, r := range u.All("Conn.ReadMessage", "Conn.NextReader", "Conn.ReadJSON", "ReadJSON") {
		fn, ok := unit.Func(r.Cursor)
		if !ok {
			continue
		}
		for c := range fn.Preorder((*ast.Ident)(nil)) {
			id := c.Node().(*ast.Ident)
			if r.File == a.file && a.body.Pos() <= id.Pos() && id.Pos() < a.body.End() || definedHere(r.File, c) {
				continue
			}
			if in, ok := unit.Func(c); !ok || in.Node() != fn.Node() {
				continue // a goroutine or a handler of its own
			}
			for v := range set {
				if v.Name() == id.Name && u.Graph.Same(r.File.Pkg.TypesInfo.ObjectOf(id), v) {
					return id.Name
				}
			}
		}
	}
	return ""
}

// sets returns the variables that the handler sets, one level into functions of
// the package, and whether it takes a lock.
func (a *pongAction) sets(u *unit.Unit) (set map[types.Object]bool, locked bool) {
	f := a.file
	set = map[types.Object]bool{}
	note := func(e ast.Expr) {
		switch x := ast.Unparen(e).(type) {
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		}
		if id := lastIdent(e); id != nil && id.Name != "_" {
			if v, ok := f.Pkg.TypesInfo.Uses[id].(*types.Var); ok {
				set[v] = true
			}
		}
	}
	var nodes []ast.Node
	for _, st := range a.extra {
		nodes = append(nodes, st)
		// One level into functions of the tree.
		ast.Inspect(st, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if fn := calledFunc(f, call); fn != nil && !unit.IsInterfaceMethod(fn) {
					if g, d := declaredAt(u, fn); d != nil && d.Body != nil && g.Pkg == f.Pkg {
						nodes = append(nodes, d.Body)
					}
				}
			}
			return true
		})
	}
	for _, n := range nodes {
		ast.Inspect(n, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				locked = locked || isLock(f, n)
			case *ast.AssignStmt:
				if n.Tok != token.DEFINE {
					for _, l := range n.Lhs {
						note(l)
					}
				}
			case *ast.IncDecStmt:
				note(n.X)
			}
			return true
		})
	}
	return set, locked
}

// definedHere reports whether the identifier at c is one that its statement
// sets, rather than reads.
func definedHere(f *flow.File, c inspector.Cursor) bool {
	if f.Pkg.TypesInfo.Defs[c.Node().(*ast.Ident)] != nil {
		return true
	}
	k, _ := c.ParentEdge()
	return k == edge.KeyValueExpr_Key
}
