package rules

import (
	"go/ast"
	"go/token"

	"golang.org/x/tools/go/ast/inspector"

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
