package rules

import (
	"go/ast"
	"go/token"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

var handlerRule = &unit.Rule{
	Name: "handler",
	Doc: `Handlers that do what the library does anyway are deleted: nil, a ping handler that sends the pong, a close
handler that only sends the close frame back, a pong handler that does nothing. The target answers pings and close
frames while somebody reads. A ping handler may answer by a function of its own or by the handler that was there
before, take locks, set a write deadline and judge how the answer went; lines that it writes to a log, and what it does
where the answer fails, are lost, with a note. One that moves the read deadline is part of a heartbeat. A call that asks
for a handler and drops it goes too. What a close handler does besides answering moves to where reads fail, if it is set
at all times and every read has such a place; one that returns early becomes a function there. Other close handlers stay
on a type that takes Conn's place, whose reads call them. For coder, handlers of pings and pongs that do more stay as
well: the type gives coder's options functions that call what the program has set, and a pong that such a handler writes
is sent when it has returned. nhooyr has no hook for pings.`,
	Plan: func(u *unit.Unit) {
		if hasHooks(u.Wrapped) {
			keepHandlers(u)
		}
		if hasCloses(u.Wrapped) {
			keepCloseHandlers(u)
		}
		for _, s := range u.Sites("Conn.PingHandler", "Conn.PongHandler", "Conn.CloseHandler") {
			if st, ok := droppedCall(s); ok && pure(unit.Recv(s)) {
				u.DeleteStmt(s.File, st)
			}
		}
		for _, s := range u.Sites("Conn.SetPingHandler", "Conn.SetCloseHandler", "Conn.SetPongHandler") {
			planHandler(u, s)
		}
	},
}

// droppedCall returns the statement that calls the method at s and does nothing
// with its result.
func droppedCall(s *flow.Site) (ast.Stmt, bool) {
	call := unit.Call(s)
	if call == nil {
		return nil, false
	}
	at, _, _, ok := unit.Stmt(s.Cursor)
	st, isStmt := at.Node().(ast.Stmt)
	return st, ok && isStmt && plainCall(st) == call
}

func planHandler(u *unit.Unit, s *flow.Site) {
	f := s.File
	c, ok := unit.CallCursor(s)
	if !ok {
		return
	}
	call := c.Node().(*ast.CallExpr)
	at, _, _, ok := unit.Stmt(c)
	st, isExpr := at.Node().(*ast.ExprStmt)
	h := ast.Unparen(call.Args[0])
	redundant := unit.IsNil(f, h)
	if lit, ok := h.(*ast.FuncLit); ok && s.Symbol == "Conn.SetPongHandler" {
		redundant = len(lit.Body.List) == 1 && returnsNil(f, lit.Body.List[0])
	}
	if ok && isExpr && ast.Unparen(st.X) == ast.Expr(call) && redundant {
		u.Claim(s)
		u.DeleteStmt(f, st)
		if s.Symbol == "Conn.SetCloseHandler" {
			u.Note(f, st.Pos(), "handler", repeatsReason)
		}
		return
	}
	if s.Symbol == "Conn.SetPongHandler" {
		return // part of a heartbeat
	}
	m, _ := wsapi.MappingOf(s.Symbol)
	text := "the handler does more than answer, and the target has no hook for close frames"
	if s.Symbol == "Conn.SetCloseHandler" && ok && isExpr && ast.Unparen(st.X) == ast.Expr(call) {
		why := planCloseHandler(u, s, st)
		if why == "" {
			return
		}
		text = why + ", and the target has no hook for close frames"
	}
	if s.Symbol == "Conn.SetPingHandler" {
		a, why := pingOf(u, s)
		switch {
		case !ok || !isExpr:
			why = "the ping handler is not set in a statement of its own"
		case why == "" && a.wait != nil:
			return // part of a heartbeat
		case why == "":
			a.drop()
			return
		}
		text = why + ", and " + noPingHook(u)
	}
	u.RefuseSite(s, text, m.ByHand)
	u.ClaimWithin(f, call)
}

// noPingHook says why the target cannot call a ping handler.
func noPingHook(u *unit.Unit) string {
	if u.Target.Name == wsapi.TargetCoder.Name {
		return "coder's hook for pings has no connection to act on"
	}
	return "nhooyr has no hook for pings"
}

// controlArgs returns the arguments of a WriteControl of a type on conn.
func controlArgs(u *unit.Unit, f *flow.File, e ast.Expr, conn ast.Expr, typ int64) ([]ast.Expr, bool) {
	call, ok := ast.Unparen(orNil(e)).(*ast.CallExpr)
	if !ok {
		return nil, false
	}
	s := callSite(u, f, call)
	if s == nil || s.Symbol != "Conn.WriteControl" || len(call.Args) != 3 || !unit.SameExpr(f, unit.Recv(s), conn) {
		return nil, false
	}
	n, ok := unit.ConstInt(f, call.Args[0])
	return call.Args, ok && n == typ
}

func returnsNil(f *flow.File, st ast.Stmt) bool {
	r, ok := st.(*ast.ReturnStmt)
	return ok && len(r.Results) == 1 && unit.IsNil(f, r.Results[0])
}

// judgesError reports whether the statement only decides what error to return.
func judgesError(f *flow.File, st ast.Stmt) bool {
	ok := true
	ast.Inspect(st, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			fn := calledFunc(f, n)
			if fn == nil || fn.Name() != "Temporary" && fn.Name() != "Timeout" && fn.Name() != "Is" && fn.Name() != "As" {
				ok = false
			}
		case *ast.AssignStmt:
			ok = ok && n.Tok == token.DEFINE
		case *ast.SendStmt, *ast.GoStmt, *ast.DeferStmt, *ast.IncDecStmt:
			ok = false
		}
		return ok
	})
	return ok
}
