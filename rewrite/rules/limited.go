package rules

import (
	"go/ast"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// limited reports whether a SetReadLimit precedes each read of the cluster.
func limited(u *unit.Unit) bool {
	reads := u.All("Conn.ReadMessage", "Conn.NextReader", "Conn.ReadJSON")
	return len(reads) > 0 && !slices.ContainsFunc(reads, func(r *flow.Site) bool {
		conn := unit.Recv(r)
		return conn == nil || !limitBefore(u, r.File, r.Cursor, conn, map[*types.Var]bool{})
	})
}

// limitBefore reports whether a SetReadLimit on the same expression as conn
// stands before c in the own list of statements of the function around c, or,
// where conn is a parameter of it, before each of its calls. The parameters in
// asked are being looked at.
func limitBefore(u *unit.Unit, f *flow.File, c inspector.Cursor, conn ast.Expr, asked map[*types.Var]bool) bool {
	fn, ok := unit.Func(c)
	if !ok {
		return false
	}
	body, _ := unit.Body(fn.Node())
	for _, l := range u.All("Conn.SetReadLimit") {
		if l.File != f || l.Ident.Pos() > c.Node().Pos() {
			continue
		}
		at, list, _, ok := unit.Stmt(l.Cursor)
		if !ok || len(body.List) == 0 || len(list) != len(body.List) || list[0] != body.List[0] {
			continue
		}
		if _, ok := at.Node().(*ast.ExprStmt); !ok {
			continue
		}
		if x := unit.Recv(l); x != nil && unit.SameExpr(f, x, conn) {
			return true
		}
	}
	v, ok := objectOf(f, conn).(*types.Var)
	if !ok || asked[v] {
		return false
	}
	at, i, ok := paramOf(f, v)
	if !ok || at.Node() != fn.Node() || unit.Assigned(f, body, v) {
		return false
	}
	asked[v] = true
	calls, all := u.Calls(f, fn)
	return all && len(calls) > 0 && !slices.ContainsFunc(calls, func(pc unit.ParamCall) bool {
		arg := pc.Arg(i)
		return arg == nil || !limitBefore(u, pc.File, pc.Cursor, arg, asked)
	})
}
