package rules

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// The answer of a ping handler: a pong on its own connection, by a call of the
// library, of a function of the program, or of the handler that was there
// before.

// answer reports whether the call sends the pong, or says why it is another
// than the target's.
func (a *pingAction) answer(call *ast.CallExpr) (bool, string) {
	if a.asksDefault(call) {
		return true, ""
	}
	fr, data, why := a.pong(call)
	if fr == nil || why != "" {
		return false, why
	}
	if a.sender != nil && !onlyWrites(a.u, a.at, cursorOf(a.at, a.sender), fr.site) {
		return false, pingMore
	}
	a.pongs = append(a.pongs, fr)
	return true, a.payload(a.file, data)
}

// pong returns the pong that the call sends, on the connection of the handler,
// with its payload as the handler writes it: the call is one of the library, or
// of a function of the tree that is called for it alone. It returns nil for
// other calls.
func (a *pingAction) pong(call *ast.CallExpr) (sent *frame, data ast.Expr, why string) {
	f := a.file
	for _, fr := range a.frames {
		if fr.call == call {
			if !a.onConn(fr.conn) {
				return nil, nil, pingMore
			}
			return fr, fr.data, ""
		}
	}
	fn := calledFunc(f, call)
	if fn == nil || unit.IsInterfaceMethod(fn) {
		return nil, nil, ""
	}
	g, d := declaredAt(a.u, fn)
	if d == nil || d.Body == nil || !editable(g) {
		return nil, nil, ""
	}
	for _, fr := range a.frames {
		if !fr.direct() || fr.file != g || !inside(fr.site, d.Body) {
			continue
		}
		root := chainRoot(unit.Recv(fr.site))
		if n, all := namings(a.u, g, d); n != 1 || !all || root == nil {
			return nil, nil, pingMore
		}
		w := &wrapper{site: fr.site, fn: cursorOf(g, d), root: g.Pkg.TypesInfo.ObjectOf(root), rest: strings.TrimPrefix(fr.conn, root.Name)}
		if conn, ok := w.connAt(a.u, unit.ParamCall{File: f, Cursor: cursorOf(f, call), Call: call}); !ok || !a.onConn(conn) {
			return nil, nil, pingMore
		}
		a.sender, a.at = d, g
		if v, ok := objectOf(g, unwrapBytes(g, fr.data)).(*types.Var); ok {
			if of, i, ok := paramOf(g, v); ok && of.Node() == ast.Node(d) && i < len(call.Args) {
				return fr, call.Args[i], ""
			}
		}
		if !emptyPayload(g, fr.data) {
			return nil, nil, pingPayload
		}
		return fr, fr.data, ""
	}
	return nil, nil, ""
}

// payload says what is wrong with the payload of the answer, or "".
func (a *pingAction) payload(f *flow.File, e ast.Expr) string {
	if e != nil && a.data != nil && objectOf(f, unwrapBytes(f, e)) == types.Object(a.data) {
		return ""
	}
	if emptyPayload(f, e) {
		a.empty = true
		return ""
	}
	return pingPayload
}

// asksDefault reports whether the call is one of the handler that was set
// before, gorilla's own.
func (a *pingAction) asksDefault(call *ast.CallExpr) bool {
	f := a.file
	v, ok := objectOf(f, call.Fun).(*types.Var)
	if !ok || !isLocal(f, v) || len(call.Args) != 1 || a.data == nil || objectOf(f, call.Args[0]) != types.Object(a.data) {
		return false
	}
	def, ok := ast.Unparen(orNil(onlyDefinition(f, v))).(*ast.CallExpr)
	if !ok {
		return false
	}
	s := callSite(a.u, f, def)
	if s == nil || s.Symbol != "Conn.PingHandler" || !sameConn(s, a.site) || countUses(f, f.Syntax, v) != 1 {
		return false
	}
	for _, o := range a.u.All("Conn.SetPingHandler") {
		if c := unit.Call(o); o != a.site && (c == nil || len(c.Args) != 1 || !unit.IsNil(o.File, c.Args[0])) {
			return false
		}
	}
	at, _, _, ok := unit.Stmt(s.Cursor)
	as, isAssign := at.Node().(*ast.AssignStmt)
	if !ok || !isAssign || len(as.Lhs) != 1 {
		return false
	}
	a.next = as
	return true
}

// onConn reports whether a connection of the handler's code, as it is written
// there, is the one that it is set for.
func (a *pingAction) onConn(conn string) bool {
	f := a.site.File
	at := connText(a.u, a.site)
	if a.decl == nil {
		return conn == at
	}
	recv := receiverVar(a.decl)
	if recv == nil || a.of == nil || chainRoot(a.of) == nil {
		return false
	}
	field, ok := strings.CutPrefix(conn, recv.Name+".")
	if !ok {
		return false
	}
	if chainText(a.u, f, a.of)+"."+field == at {
		return true
	}
	// x := &T{field: conn} comes before conn.SetPingHandler(x.method).
	v, ok := objectOf(f, a.of).(*types.Var)
	if !ok || !isLocal(f, v) {
		return false
	}
	def := ast.Unparen(orNil(onlyDefinition(f, v)))
	if and, ok := def.(*ast.UnaryExpr); ok && and.Op == token.AND {
		def = ast.Unparen(and.X)
	}
	lit, ok := def.(*ast.CompositeLit)
	if !ok {
		return false
	}
	for _, el := range lit.Elts {
		if kv, ok := el.(*ast.KeyValueExpr); ok && f.Text(kv.Key) == field && unit.SameExpr(f, kv.Value, unit.Recv(a.site)) {
			return true
		}
	}
	return false
}
