package rules

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

var heartbeatRule = &unit.Rule{
	Name: "heartbeat",
	Doc: `The heartbeat of gorilla's documentation has three parts: a read deadline before the loop, a pong handler that moves
it, and a ticker that writes pings. The first two go, and at the third stands Ping, which waits for the pong that a
concurrent read takes in; when none comes within the read deadline's time, CloseNow ends the connection and with it
the read. A ping handler that moves the read deadline goes as well, where pings are sent too. Ping runs in a goroutine of its own where the loop has another way out, so that messages need not wait
for a pong; where the result of writing the ping decides how the code goes on, a helper does that. Pings are found
behind functions that write a message of the type they are given. What else a pong handler does is done where Ping
returns. A handler that means nothing there, say because the time to wait is a parameter, stays: the type that takes
Conn's place then has deadlines and a SetPongHandler, and calls the handler when one of its pings is answered.`,
	Plan: func(u *unit.Unit) {
		pings := controlFrames(u, 9)
		handlers := u.Sites("Conn.SetPongHandler", "Conn.SetPingHandler")
		if len(pings)+len(handlers) == 0 {
			return
		}
		if hasPongs(u.Wrapped) && u.Try(func() { keepPongHandlers(u) }) {
			return
		}
		planHeartbeat(u, pings, handlers)
		// What is left of the recipe has been refused as a whole.
		for _, fr := range pings {
			u.ClaimWithin(fr.file, fr.call)
		}
		for _, h := range handlers {
			if call := unit.Call(h); call != nil {
				u.ClaimWithin(h.File, call)
			}
		}
	},
}

const pingHelp = "keep the handler with -to coder; with nhooyr, let a goroutine Ping, and CloseNow when that fails"

const heartbeatHelp = "let the ticker call Ping with a timeout in a goroutine of its own, and CloseNow when it fails"

func planHeartbeat(u *unit.Unit, pings []*frame, handlers []*flow.Site) {
	var acts []*pongAction
	beats := false
	for _, h := range handlers {
		a, why := actionOf(u, h)
		if a == nil {
			u.RefuseSite(h, why, heartbeatHelp)
			return
		}
		beats = beats || a.wait != nil
		acts = append(acts, a)
	}
	if len(pings) == 0 {
		if refuseUnknownPings(u, acts, (*pongAction).does) {
			return
		}
		for _, a := range acts {
			if a.ping != nil {
				u.RefuseSite(a.site, "the peer's pings move the read deadline, and "+noPingHook(u), pingHelp)
				continue
			}
			if a.wait != nil && !movedByReads(u, a, acts) {
				u.RefuseSite(a.site, "a pong handler, but nothing in the cluster sends pings", "the target has no hook for pongs; let a goroutine Ping")
				continue
			}
			a.remove(u)
			switch {
			case len(a.extra) > 0:
				u.Note(a.site.File, a.site.Ident.Pos(), "heartbeat", "a pong that no ping has asked for is not noticed")
			case a.wait != nil:
				u.Note(a.site.File, a.site.Ident.Pos(), "heartbeat", "a pong that no ping has asked for does not move the read deadline; a read does")
			}
		}
		return
	}
	if beats {
		if len(u.All("Conn.ReadMessage", "Conn.NextReader", "Conn.ReadJSON", "ReadJSON")) == 0 {
			for _, p := range pings {
				p.refuse(u, "nothing in the cluster reads, and Ping waits for a pong that only a read takes in", "run CloseRead, or read in a goroutine")
			}
			return
		}
		if !dropReadDeadlines(u, acts) {
			return
		}
	}
	for _, fr := range pings {
		a, ok := actionFor(u, fr, acts)
		if !ok {
			fr.refuse(u, "which of the pong handlers belongs to this ping is not known", heartbeatHelp)
			continue
		}
		planPing(u, fr, a)
	}
	// A dead peer is noticed by the pings that are known.
	if refuseUnknownPings(u, acts, func(a *pongAction) bool { return len(a.extra) > 0 }) {
		return
	}
	for _, a := range acts {
		if a.ping != nil {
			u.Note(a.site.File, a.site.Ident.Pos(), "heartbeat", "a ping of the peer no longer counts as a sign of life; the answer to one that is sent here does")
		}
		a.remove(u)
	}
}

// actionOf takes a pong handler apart, or a ping handler that moves the read
// deadline.
func actionOf(u *unit.Unit, h *flow.Site) (*pongAction, string) {
	if h.Symbol == "Conn.SetPongHandler" {
		return pongOf(u, h)
	}
	p, why := pingOf(u, h)
	if p == nil {
		return nil, why
	}
	return p.pongAction, why
}

// movedByReads reports whether the loop that reads moves the read deadline too:
// pongs need not, where nothing asks for them.
func movedByReads(u *unit.Unit, a *pongAction, acts []*pongAction) bool {
	for _, s := range u.Sites("Conn.SetReadDeadline") {
		if !sameConn(s, a.site) || slices.ContainsFunc(acts, func(a *pongAction) bool { return a.inside(s) }) {
			continue
		}
		for loop := range s.Cursor.Enclosing((*ast.ForStmt)(nil), (*ast.RangeStmt)(nil)) {
			for _, r := range u.All("Conn.ReadMessage", "Conn.NextReader", "Conn.ReadJSON", "ReadJSON") {
				if sameConn(r, s) && inside(r, loop.Node()) {
					return true
				}
			}
		}
	}
	return false
}

// refuseUnknownPings refuses a pong handler that needs all pings if a message
// whose type is a variable may be one. It reports whether it has.
func refuseUnknownPings(u *unit.Unit, acts []*pongAction, needs func(a *pongAction) bool) bool {
	s := unknownPing(u)
	for _, a := range acts {
		if s != nil && needs(a) {
			u.RefuseSite(a.site, "a ping may be written as a message whose type is a variable", heartbeatHelp)
			return true
		}
	}
	return false
}

// unknownPing returns a write of a message that may be a ping and is none of
// those that are known, or nil.
func unknownPing(u *unit.Unit) *flow.Site {
	for _, s := range u.Sites("Conn.WriteMessage", "Conn.WriteControl") {
		call := unit.Call(s)
		if call == nil || len(call.Args) == 0 {
			continue
		}
		if _, constant := unit.ConstInt(s.File, call.Args[0]); !constant && messageTypes(u, s.File, call.Args[0])&(mayPing|mayOther) != 0 {
			return s
		}
	}
	return nil
}

// dropReadDeadlines deletes the read deadlines that belong to the heartbeat.
// It reports false after refusing.
func dropReadDeadlines(u *unit.Unit, acts []*pongAction) bool {
next:
	for _, s := range u.Sites("Conn.SetReadDeadline") {
		for _, a := range acts {
			if a.inside(s) {
				continue next
			}
		}
		call := unit.Call(s)
		if call == nil || len(call.Args) != 1 {
			u.RefuseSite(s, "the read deadline is set in a way that is no heartbeat", heartbeatHelp)
			return false
		}
		c, _ := unit.CallCursor(s)
		e, ok := timeout(s.File, call.Args[0])
		same, other := isZeroTime(s.File, call.Args[0]), true
		for _, a := range acts {
			if a.wait != nil {
				same = same || ok && sameDuration(s.File, e, a.file, a.wait)
				other = other && strings.HasSuffix(s.File.Path, "_test.go") != strings.HasSuffix(a.file.Path, "_test.go")
			}
		}
		if !same {
			if other {
				continue // the peer, in a test
			}
			u.RefuseSite(s, "a read deadline other than the pong handler's", "give that read a context with a timeout of its own")
			return false
		}
		if !deleteSetter(u, s, c) {
			u.RefuseSite(s, "the error of SetReadDeadline, which is always nil, is used", "drop the test")
			return false
		}
	}
	return true
}

// actionFor returns the pong handler that belongs to the ping, or nil if there
// is none. ok is false if several may.
func actionFor(u *unit.Unit, fr *frame, acts []*pongAction) (found *pongAction, ok bool) {
	var all, near []*pongAction
	pongs := slices.ContainsFunc(acts, func(a *pongAction) bool { return a.ping == nil && a.does() })
	for _, a := range acts {
		if !a.does() || pongs && a.ping != nil {
			continue
		}
		all = append(all, a)
		if x, y := unit.Recv(a.site), unit.Recv(fr.site); x != nil && y != nil && lastIdent(x) != nil && lastIdent(y) != nil &&
			(u.Graph.Same(a.site.File.Pkg.TypesInfo.ObjectOf(lastIdent(x)), fr.site.File.Pkg.TypesInfo.ObjectOf(lastIdent(y))) || fr.same(u, a.site)) {
			near = append(near, a)
		}
	}
	if len(near) > 0 {
		all = near
	}
	if len(all) == 0 {
		return nil, true
	}
	for _, a := range all[1:] {
		if len(a.extra)+len(all[0].extra) > 0 || a.wait == nil || all[0].wait == nil || !sameDuration(a.file, a.wait, all[0].file, all[0].wait) {
			return nil, false
		}
	}
	return all[0], true
}

// deleteHandler deletes the statement that installs a pong handler.
func deleteHandler(u *unit.Unit, h *flow.Site) {
	at, _, _, ok := unit.Stmt(h.Cursor)
	es, isExpr := at.Node().(*ast.ExprStmt)
	if !ok || !isExpr {
		u.RefuseSite(h, "the pong handler is not set in a statement of its own", heartbeatHelp)
		return
	}
	u.DeleteStmt(h.File, es)
}

// sameDuration reports whether two durations are the same constant, or the
// same chain of names of the same types.
func sameDuration(f *flow.File, x ast.Expr, g *flow.File, y ast.Expr) bool {
	if n, ok := unit.ConstInt(f, x); ok {
		m, ok := unit.ConstInt(g, y)
		return ok && n == m
	}
	return pure(x) && pure(y) && f.Text(x) == g.Text(y)
}

// namedPointer reports whether t is a pointer to a named struct, such as a
// receiver: a field of it that is read through another variable of the type
// is taken to be the same setting.
func namedPointer(t types.Type) bool {
	p, ok := types.Unalias(t).(*types.Pointer)
	if !ok {
		return false
	}
	_, ok = types.Unalias(p.Elem()).(*types.Named)
	return ok
}

// otherWayOut reports whether the loop around c can end other than by the
// ping's error: another case of its select, or a loop condition.
func otherWayOut(f *flow.File, c inspector.Cursor) bool {
	for e := range c.Enclosing((*ast.SelectStmt)(nil), (*ast.ForStmt)(nil), (*ast.RangeStmt)(nil), (*ast.FuncLit)(nil), (*ast.FuncDecl)(nil)) {
		switch n := e.Node().(type) {
		case *ast.SelectStmt:
			for _, cl := range n.Body.List {
				if cl.Pos() <= c.Node().Pos() && c.Node().End() <= cl.End() {
					continue
				}
				for _, st := range cl.(*ast.CommClause).Body {
					for _, x := range exits(f, st) {
						if r, ok := x.(*ast.ReturnStmt); ok || r == nil && isLabeledBreak(x) {
							return true
						}
					}
				}
			}
		case *ast.ForStmt:
			return n.Cond != nil
		case *ast.RangeStmt:
			return false
		default:
			return false
		}
	}
	return false
}

func isLabeledBreak(s ast.Stmt) bool {
	b, ok := s.(*ast.BranchStmt)
	return ok && b.Label != nil && b.Tok == token.BREAK
}
