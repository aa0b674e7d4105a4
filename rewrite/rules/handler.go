package rules

import (
	"go/ast"
	"go/token"
	"go/types"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

var handlerRule = &unit.Rule{
	Name: "handler",
	Doc: `Handlers that do what the library does anyway are deleted: nil, a ping handler that only sends the pong, a close
handler that only sends the close frame back, a pong handler that does nothing. The target answers pings and close
frames while somebody reads. So does a call that asks for a handler and drops it. What a close handler does besides
answering moves to where reads fail, if it is set at all times and every read has such a place. Other handlers have no
counterpart.`,
	Plan: func(u *unit.Unit) {
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
	if lit, ok := h.(*ast.FuncLit); ok && !redundant {
		redundant = redundantHandler(u, s, lit)
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
		text = "the handler does more than answer, and nhooyr has no hook for pings"
		if u.Target.Name == wsapi.TargetCoder.Name {
			text = "the handler does more than answer, and coder's hook for pings has no connection to act on"
		}
	}
	u.RefuseSite(s, text, m.ByHand)
	u.ClaimWithin(f, call)
}

// redundantHandler reports whether the handler does what the library does
// without it.
func redundantHandler(u *unit.Unit, s *flow.Site, lit *ast.FuncLit) bool {
	f := s.File
	list := lit.Body.List
	conn := unit.Recv(s)
	var param types.Object
	for _, p := range lit.Type.Params.List {
		for _, id := range p.Names {
			if param == nil {
				param = f.Pkg.TypesInfo.Defs[id]
			}
		}
	}
	switch s.Symbol {
	case "Conn.SetPongHandler":
		return len(list) == 1 && returnsNil(f, list[0])
	case "Conn.SetPingHandler":
		if len(list) == 0 {
			return false
		}
		// return c.WriteControl(PongMessage, []byte(data), …)
		if r, ok := list[0].(*ast.ReturnStmt); ok && len(list) == 1 {
			return sendsPong(u, f, r.Results[0], conn, param)
		}
		// err := c.WriteControl(…), then nothing but a look at err
		if as, ok := list[0].(*ast.AssignStmt); ok && len(as.Lhs) == 1 && len(as.Rhs) == 1 && sendsPong(u, f, as.Rhs[0], conn, param) {
			for _, st := range list[1:] {
				if !judgesError(f, st) {
					return false
				}
			}
			return true
		}
		if es, ok := list[0].(*ast.ExprStmt); ok && len(list) == 2 {
			return sendsPong(u, f, es.X, conn, param) && returnsNil(f, list[1])
		}
	}
	return false
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

// sendsPong reports whether e sends a pong with the data of the ping.
func sendsPong(u *unit.Unit, f *flow.File, e ast.Expr, conn ast.Expr, data types.Object) bool {
	args, ok := controlArgs(u, f, e, conn, 10)
	if !ok {
		return false
	}
	conv, ok := ast.Unparen(args[1]).(*ast.CallExpr)
	return ok && len(conv.Args) == 1 && f.Pkg.TypesInfo.Types[conv.Fun].IsType() && data != nil && objectOf(f, conv.Args[0]) == data
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
