package rules

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

var closeframeRule = &unit.Rule{
	Name: "closeframe",
	Doc: `A close frame written with WriteMessage or WriteControl becomes Close with the same code and reason, if the
connection is done with afterwards: the function returns, ends or closes it. Close sends the frame and then waits up
to five seconds for the peer's, where gorilla went on at once. Code that waits for the peer itself gets
go c.Close(code, reason), and other code that goes on a helper that gives the frame time to go out. An empty frame is
Close(StatusNoStatusRcvd, ""). Codes 1006 and 1015 cannot be sent.`,
	Plan: func(u *unit.Unit) {
		for _, fr := range controlFrames(u, 8) {
			planCloseFrame(u, fr)
		}
		for _, s := range u.Sites("FormatCloseMessage") {
			// The payload is sent by code that is not known here.
			if !useHelper(u, s, "formatClosePayload") {
				continue
			}
			u.Claim(s)
			x := unit.Qualified(s)
			u.Replace(s.File, x.Pos(), x.End(), "formatClosePayload")
			if call := unit.Call(s); call != nil {
				u.Mark(call)
			}
		}
	},
}

const (
	waitsNote = "Close waits up to five seconds for the peer's close frame; gorilla wrote the frame and went on"
	failsNote = "Close also fails when the peer does not answer with a close frame; gorilla only told whether the frame was written"
)

func planCloseFrame(u *unit.Unit, fr *frame) {
	f := fr.file
	p, reason := payload(u, fr)
	if p == nil {
		fr.refuse(u, reason, "call Close with a code and a reason")
		return
	}
	form := formOf(f, fr.c)
	finish := func() {
		fr.claim(u)
		u.Claim(p.sites...)
		if p.def != nil {
			u.DeleteStmt(f, p.def)
		}
		if form.stmt != nil {
			fr.dropDeadline(u, form)
		}
	}
	call := func(fun string) []any {
		return append(append([]any{fun}, p.args()...), ")")
	}
	writes, reads := fr.usedAfter(u)
	if reads {
		defer u.Note(f, fr.call.Pos(), "closeframe", "a read after the close frame may fail with net.ErrClosed; gorilla's went on until the peer's close frame and told its code")
	}
	switch {
	case form.ok && fr.done(u, form), writes && !reads:
		// What is written later fails as it did after gorilla's close frame.
		finish()
		u.Replace(f, fr.call.Pos(), fr.call.End(), call(fr.conn+".Close(")...)
		u.Note(f, fr.call.Pos(), "closeframe", waitsNote)
		if !form.ok || form.ret || form.err != nil || form.check != nil {
			u.Note(f, fr.call.Pos(), "closeframe", failsNote)
		}
	case writes:
		fr.refuse(u, "the connection is written to and read from after the close frame", "call Close as the last thing")
	case form.ok && !form.ret && waits(f, form.next()) && !form.usedOutside(f) && (form.check == nil || leavesOrLogs(f, form.check.Body)):
		finish()
		if form.separate {
			sp := unit.LineSpan(f, form.check.Pos(), form.check.End())
			u.Replace(f, sp.Pos, sp.End)
			u.ClaimWithin(f, form.check)
		}
		u.Replace(f, form.stmt.Pos(), form.stmt.End(), call("go "+fr.conn+".Close(")...)
		u.ClaimWithin(f, form.stmt)
		u.Note(f, fr.call.Pos(), "closeframe", "the close frame is sent in the background, as Close waits for the peer's and discards what comes before it; an error of sending it is not seen")
	default:
		helper := "closeInBackground"
		if p.raw != nil && !needHelper(u, f, fr.call.Pos(), "closeWithPayload") || !needHelper(u, f, fr.call.Pos(), helper) {
			return
		}
		finish()
		if p.raw != nil {
			u.Replace(f, fr.call.Pos(), fr.call.End(), "closeWithPayload("+fr.arg(u)+", ", p.raw, ")")
		} else {
			u.Replace(f, fr.call.Pos(), fr.call.End(), call(helper+"("+fr.arg(u)+", ")...)
		}
		u.Note(f, fr.call.Pos(), "closeframe", "the close frame is sent in the background, as Close waits for the peer's and discards what comes before it; of its errors only those are seen that come at once")
	}
}

const closeInBackgroundHelper = `
// closeInBackground begins the close handshake. It does not wait for the
// peer's close frame, as Close does, but for its own to be out; an error that
// comes at once, as on a connection that is closed, is returned.
func closeInBackground(c *websocket.Conn, code websocket.StatusCode, reason string) error {
	result := make(chan error, 1)
	go func() { result <- c.Close(code, reason) }()
	select {
	case err := <-result:
		return err
	case <-time.After(50 * time.Millisecond):
		return nil
	}
}
`

const closeWithPayloadHelper = `
// closeWithPayload begins the close handshake with the payload of a close
// frame.
func closeWithPayload(c *websocket.Conn, p []byte) error {
	code, reason := splitClosePayload(p)
	return closeInBackground(c, code, reason)
}
`

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
func (fr *frame) done(u *unit.Unit, form errorForm) bool {
	if form.ret {
		return true
	}
	next := form.next()
	if next == nil {
		return endsFunction(fr.c, form)
	}
	switch n := next.(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.BranchStmt:
		writes, _ := fr.usedAfter(u)
		return n.Tok == token.BREAK && n.Label == nil && breaksLoop(fr.c) && !writes
	}
	return fr.connCall(u, next, "Close") != nil || leaves(fr.file, next)
}

// waits reports whether the statement waits for something: it receives,
// selects, sleeps, or calls a method Wait.
func waits(f *flow.File, st ast.Stmt) bool {
	found := false
	if st == nil {
		return false
	}
	ast.Inspect(st, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit, *ast.GoStmt, *ast.DeferStmt:
			return false
		case *ast.SelectStmt:
			found = true
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW
		case *ast.SelectorExpr:
			if fn, ok := f.Pkg.TypesInfo.Uses[n.Sel].(*types.Func); ok {
				found = found || fn.FullName() == "time.Sleep" || fn.Name() == "Wait"
			}
		}
		return !found
	})
	return found
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

// usedAfter reports whether a message may be written on the connection, or
// read from it, after the frame in its function.
func (fr *frame) usedAfter(u *unit.Unit) (writes, reads bool) {
	fn, ok := unit.Func(fr.c)
	if !ok {
		return true, true
	}
	from, again := fr.call.End(), unit.InLoop(fr.c)
	if _, list, _, ok := unit.Stmt(fr.c); ok {
		last := list[len(list)-1]
		switch b, _ := last.(*ast.BranchStmt); {
		case b == nil && leaves(fr.file, last):
			return false, false
		case b != nil && b.Tok == token.BREAK && b.Label == nil && breaksLoop(fr.c):
			// What follows is behind the loop, unless another loop is around.
			for l := range fr.c.Enclosing((*ast.ForStmt)(nil), (*ast.RangeStmt)(nil)) {
				from, again = l.Node().End(), unit.InLoop(l.Parent())
				break
			}
		}
	}
	later := func(pos token.Pos) bool { return again || pos > from }
	for _, o := range u.All("Conn.WriteMessage", "Conn.WriteJSON", "Conn.NextWriter", "Conn.WritePreparedMessage", "Conn.WriteControl", "Conn.ReadMessage", "Conn.NextReader", "Conn.ReadJSON") {
		if unit.Call(o) == fr.call || !fr.same(u, o) || !inside(o, fn.Node()) || !later(o.Ident.Pos()) {
			continue
		}
		switch o.Symbol {
		case "Conn.ReadMessage", "Conn.NextReader", "Conn.ReadJSON":
			if in, ok := unit.Func(o.Cursor); ok && in.Node() == fn.Node() {
				reads = true
			}
		default:
			writes = true
		}
	}
	if !fr.direct() {
		// More calls of the function that writes for this one.
		for c := range fn.Preorder((*ast.CallExpr)(nil)) {
			call := c.Node().(*ast.CallExpr)
			if call != fr.call && later(call.Pos()) && calledFunc(fr.file, call) != nil && calledFunc(fr.file, call) == calledFunc(fr.file, fr.call) {
				writes = true
			}
		}
	}
	return writes, reads
}
