package rules

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

var closeframeRule = &unit.Rule{
	Name: "closeframe",
	Doc: `A close frame written with WriteMessage or WriteControl becomes Close with the same code and reason, if the
connection is done with afterwards: the function returns, ends or closes it. Close sends the frame and then waits up
to five seconds for the peer's, where gorilla went on at once. Code that waits for the peer itself, or that only
says goodbye, gets go c.Close(code, reason). An empty frame is Close(StatusNoStatusRcvd, ""). Codes 1006 and 1015
cannot be sent.`,
	Plan: func(u *unit.Unit) {
		for _, s := range u.Sites("Conn.WriteMessage", "Conn.WriteControl") {
			call := unit.Call(s)
			if call == nil || len(call.Args) < 2 {
				continue
			}
			if n, ok := unit.ConstInt(s.File, call.Args[0]); ok && n == 8 {
				planCloseFrame(u, s, call)
			}
		}
	},
}

// A closePayload is what a close frame carries.
type closePayload struct {
	code, text []any
	def        ast.Stmt // the statement that made it, to be deleted; or nil
	sites      []*flow.Site
}

func planCloseFrame(u *unit.Unit, s *flow.Site, call *ast.CallExpr) {
	f := s.File
	p, reason := payload(u, s, call.Args[1], 2)
	if p == nil {
		refuseCall(u, s, call, reason, "call Close with a code and a reason")
		return
	}
	c, _ := unit.CallCursor(s)
	form := formOf(f, c)
	if !form.ok {
		refuseCall(u, s, call, "the result of writing the close frame is used in a way that Close may not serve", "call Close with the code and reason and look at its error")
		return
	}
	claim := func() {
		u.Claim(s)
		u.ClaimWithin(f, call)
		u.Claim(p.sites...)
		if p.def != nil {
			u.DeleteStmt(f, p.def)
		}
		dropDeadlineBefore(u, s, form)
	}
	recv := unit.Recv(s)
	parts := []any{recv, ".Close("}
	parts = append(parts, p.code...)
	parts = append(parts, ", ")
	parts = append(parts, p.text...)
	parts = append(parts, ")")
	if done(u, s, c, form) {
		claim()
		u.Replace(f, call.Pos(), call.End(), parts...)
		u.Note(f, call.Pos(), "closeframe", "Close waits up to five seconds for the peer's close frame; gorilla wrote the frame and went on")
		return
	}
	if writesAfter(u, s, c) {
		refuseCall(u, s, call, "the connection is written to after the close frame", "call Close as the last thing")
		return
	}
	if form.ret || form.usedOutside(f) || form.check != nil && !leavesOrLogs(f, form.check.Body) {
		refuseCall(u, s, call, "the code goes on after the close frame and looks at the error of writing it", "call Close in a goroutine and drop the error")
		return
	}
	claim()
	start, end := form.stmt.Pos(), form.stmt.End()
	if form.separate {
		sp := unit.LineSpan(f, form.check.Pos(), form.check.End())
		u.Replace(f, sp.Pos, sp.End)
		u.ClaimWithin(f, form.check)
	}
	u.Replace(f, start, end, append([]any{"go "}, parts...)...)
	u.ClaimWithin(f, form.stmt)
	u.Note(f, call.Pos(), "closeframe", "the close frame is sent in the background, as Close waits for the peer's; an error of sending it is not seen")
}

// refuseCall refuses a call with all that its arguments use.
func refuseCall(u *unit.Unit, s *flow.Site, call *ast.CallExpr, text, help string) {
	u.ClaimWithin(s.File, call)
	u.RefuseSite(s, text, help)
}

// leavesOrLogs reports whether the block may be dropped together with the
// error it handles: it only logs and leaves.
func leavesOrLogs(f *flow.File, b *ast.BlockStmt) bool {
	for _, s := range b.List {
		switch s := s.(type) {
		case *ast.ReturnStmt, *ast.BranchStmt:
		case *ast.ExprStmt:
			if _, ok := s.X.(*ast.CallExpr); !ok {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// done reports whether nothing happens with the connection after the frame:
// the function returns or ends, or closes it.
func done(u *unit.Unit, s *flow.Site, c inspector.Cursor, form errorForm) bool {
	if form.ret {
		return true
	}
	next := form.next()
	if next == nil {
		return endsFunction(c, form)
	}
	switch n := next.(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.BranchStmt:
		return n.Tok == token.BREAK && n.Label == nil && breaksLoop(c) && !writesAfter(u, s, c)
	}
	return connCall(u, s, next, "Close") != nil || leaves(s.File, next)
}

// breaksLoop reports whether a break beside c leaves a loop, and not a switch
// or select.
func breaksLoop(c inspector.Cursor) bool {
	for e := range c.Enclosing((*ast.ForStmt)(nil), (*ast.RangeStmt)(nil), (*ast.SwitchStmt)(nil), (*ast.TypeSwitchStmt)(nil), (*ast.SelectStmt)(nil), (*ast.FuncLit)(nil)) {
		switch e.Node().(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			return true
		}
		return false
	}
	return false
}

// endsFunction reports whether the statement is the last that its function
// runs.
func endsFunction(c inspector.Cursor, form errorForm) bool {
	fn, ok := unit.Func(c)
	if !ok {
		return false
	}
	body, _ := unit.Body(fn.Node())
	last := form.stmt
	if form.separate {
		last = form.check
	}
	// Climb through blocks and ifs that end with the statement.
	for {
		if len(body.List) > 0 && body.List[len(body.List)-1] == last {
			return true
		}
		grown := false
		for p := range c.Enclosing((*ast.IfStmt)(nil), (*ast.BlockStmt)(nil), (*ast.FuncLit)(nil), (*ast.ForStmt)(nil), (*ast.RangeStmt)(nil), (*ast.SelectStmt)(nil), (*ast.SwitchStmt)(nil)) {
			switch n := p.Node().(type) {
			case *ast.IfStmt:
				if n.Pos() < last.Pos() && last.End() <= n.End() && n != last && endsBlock(n, last) {
					last, grown = n, true
				}
			case *ast.BlockStmt:
			default:
				return false
			}
			if grown {
				break
			}
		}
		if !grown {
			return false
		}
	}
}

// endsBlock reports whether last is the final statement of a branch of n.
func endsBlock(n *ast.IfStmt, last ast.Stmt) bool {
	if l := n.Body.List; len(l) > 0 && l[len(l)-1] == last {
		return true
	}
	switch e := n.Else.(type) {
	case *ast.BlockStmt:
		return len(e.List) > 0 && e.List[len(e.List)-1] == last
	case *ast.IfStmt:
		return ast.Stmt(e) == last
	}
	return false
}

// writesAfter reports whether a message may be written on the connection
// after the site, in its function.
func writesAfter(u *unit.Unit, s *flow.Site, c inspector.Cursor) bool {
	fn, ok := unit.Func(c)
	if !ok {
		return true
	}
	from, again := c.Node().End(), unit.InLoop(c)
	if _, list, _, ok := unit.Stmt(c); ok {
		last := list[len(list)-1]
		switch b, _ := last.(*ast.BranchStmt); {
		case b == nil && leaves(s.File, last):
			return false
		case b != nil && b.Tok == token.BREAK && b.Label == nil && breaksLoop(c):
			// What follows is behind the loop, unless another loop is around.
			for l := range c.Enclosing((*ast.ForStmt)(nil), (*ast.RangeStmt)(nil)) {
				from, again = l.Node().End(), unit.InLoop(l.Parent())
				break
			}
		}
	}
	for _, o := range u.All("Conn.WriteMessage", "Conn.WriteJSON", "Conn.NextWriter", "Conn.WritePreparedMessage", "Conn.WriteControl") {
		if o == s || !sameConn(o, s) || !inside(o, fn.Node()) {
			continue
		}
		if again || o.Ident.Pos() > from {
			return true
		}
	}
	return false
}

// dropDeadlineBefore deletes a write deadline that is set just before the
// frame and covers nothing else.
func dropDeadlineBefore(u *unit.Unit, s *flow.Site, form errorForm) {
	if form.index == 0 {
		return
	}
	before := form.list[form.index-1]
	d := connCall(u, s, before, "SetWriteDeadline")
	if d == nil || u.Claimed(d) {
		return
	}
	for _, o := range u.All("Conn.WriteMessage", "Conn.WriteJSON", "Conn.NextWriter", "Conn.WritePreparedMessage") {
		if o != s && sameConn(o, s) && isDataCall(o) && within(form.list[form.index:], o.Ident.Pos()) >= 0 {
			return
		}
	}
	u.DeleteStmt(s.File, before)
}

// payload takes a close frame's payload apart; the text says why it cannot.
func payload(u *unit.Unit, s *flow.Site, e ast.Expr, depth int) (*closePayload, string) {
	f := s.File
	const unknown = "the payload of the close frame is not made by FormatCloseMessage in place"
	e = ast.Unparen(e)
	empty := &closePayload{code: []any{u.Lib(f) + ".StatusNoStatusRcvd"}, text: []any{`""`}}
	if unit.IsNil(f, e) {
		return empty, ""
	}
	switch e := e.(type) {
	case *ast.CompositeLit:
		if len(e.Elts) == 0 {
			return empty, ""
		}
	case *ast.CallExpr:
		if tv := f.Pkg.TypesInfo.Types[e.Fun]; tv.IsType() && len(e.Args) == 1 {
			if v := f.Pkg.TypesInfo.Types[e.Args[0]].Value; v != nil && v.Kind() == constant.String && constant.StringVal(v) == "" {
				return empty, ""
			}
			return nil, unknown
		}
		if id, ok := e.Fun.(*ast.Ident); ok && id.Name == "make" {
			if n, ok := unit.ConstInt(f, e.Args[len(e.Args)-1]); ok && n == 0 {
				return empty, ""
			}
		}
		fs := callSite(u, f, e)
		if fs == nil || fs.Symbol != "FormatCloseMessage" || len(e.Args) != 2 {
			return nil, unknown
		}
		code, why := closeCode(u, f, e.Args[0])
		if code == nil {
			return nil, why
		}
		p := &closePayload{code: code, text: []any{e.Args[1]}, sites: u.Within(f, e)}
		if v := f.Pkg.TypesInfo.Types[e.Args[1]].Value; v != nil && v.Kind() == constant.String {
			if len(constant.StringVal(v)) > 123 {
				return nil, "the reason is longer than the 123 bytes of a close frame"
			}
		} else {
			u.Note(f, e.Args[1].Pos(), "closeframe", "a reason of more than 123 bytes makes Close send code 1011; gorilla sent no frame at all")
		}
		return p, ""
	case *ast.Ident:
		if depth == 0 {
			break
		}
		v := objectOf(f, e)
		def, rhs := singleUse(f, v)
		if def == nil {
			break
		}
		p, why := payload(u, s, rhs, depth-1)
		if p == nil {
			return nil, why
		}
		for _, part := range append(append([]any{}, p.code...), p.text...) {
			if x, ok := part.(ast.Expr); ok && !pure(x) {
				return nil, unknown
			}
		}
		p.def = def
		p.code, p.text = flat(f, p.code), flat(f, p.text)
		return p, ""
	}
	return nil, unknown
}

// flat turns quoted expressions into text, for use at another place.
func flat(f *flow.File, parts []any) []any {
	out := make([]any, len(parts))
	for i, p := range parts {
		if x, ok := p.(ast.Expr); ok {
			p = f.Text(x)
		}
		out[i] = p
	}
	return out
}

// singleUse returns the statement that defines v and the expression, if v is
// a local variable defined once by := and used once.
func singleUse(f *flow.File, v types.Object) (ast.Stmt, ast.Expr) {
	if v == nil {
		return nil, nil
	}
	uses := 0
	var def ast.Stmt
	var rhs ast.Expr
	for c := range f.Root.Preorder((*ast.Ident)(nil)) {
		id := c.Node().(*ast.Ident)
		if f.Pkg.TypesInfo.Uses[id] == v {
			uses++
		}
		if f.Pkg.TypesInfo.Defs[id] == v {
			if as, ok := c.Parent().Node().(*ast.AssignStmt); ok && len(as.Lhs) == 1 && len(as.Rhs) == 1 && inList(f, as) {
				def, rhs = as, as.Rhs[0]
			}
		}
	}
	if uses != 1 {
		return nil, nil
	}
	return def, rhs
}

// closeCode returns the parts of a close code as the target's StatusCode.
func closeCode(u *unit.Unit, f *flow.File, e ast.Expr) ([]any, string) {
	if n, ok := unit.ConstInt(f, e); ok {
		if n == 1006 || n == 1015 {
			return nil, "code " + strconv.FormatInt(n, 10) + " must not be sent in a close frame"
		}
		if id := lastIdent(e); id != nil {
			if cs := u.SiteAt(id); cs != nil {
				if m, ok := wsapi.MappingOf(cs.Symbol); ok && len(m.To(u.Target)) > 0 {
					return []any{u.Lib(f) + "." + string(m.To(u.Target)[0])}, ""
				}
			}
		}
		if b, ok := f.Pkg.TypesInfo.Types[e].Type.(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
			return []any{e}, ""
		}
		if _, ok := ast.Unparen(e).(*ast.BasicLit); ok {
			return []any{e}, ""
		}
	}
	if len(u.Within(f, e)) > 0 {
		if sel, ok := ast.Unparen(e).(*ast.SelectorExpr); ok {
			if cs := u.SiteAt(sel.Sel); cs != nil && cs.Symbol == "CloseError.Code" {
				return []any{e}, "" // a StatusCode after the conversion
			}
		}
	}
	return []any{u.Lib(f) + ".StatusCode(", e, ")"}, ""
}

// lastIdent returns the identifier that names e: x, or Sel of a.x.
func lastIdent(e ast.Expr) *ast.Ident {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return e.Sel
	}
	return nil
}
