package rules

import (
	"go/ast"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

var limitRule = &unit.Rule{
	Name: "limit",
	Doc: `SetReadLimit keeps its name. gorilla has no limit until it is called, and takes 0 for none; the target starts at
32768 bytes and takes only negative numbers for none, so a limit of 0 or less becomes -1, and connections whose
reads no SetReadLimit precedes get SetReadLimit(-1) where they are made. gorilla counts the bytes on the wire, the
target counts them decompressed.`,
	Plan: func(u *unit.Unit) {
		for _, s := range u.Sites("Conn.SetReadLimit") {
			call := unit.Call(s)
			if call == nil {
				u.RefuseSite(s, "SetReadLimit is used as a value", "call it directly")
				continue
			}
			u.Claim(s)
			arg := call.Args[0]
			if n, ok := unit.ConstInt(s.File, arg); ok {
				if n <= 0 {
					u.Replace(s.File, arg.Pos(), arg.End(), "-1")
				}
				continue
			}
			c, _ := unit.CallCursor(s)
			at, _, _, ok := unit.Stmt(c)
			st, isExpr := at.Node().(*ast.ExprStmt)
			if !ok || !isExpr || ast.Unparen(st.X) != ast.Expr(call) || !pure(arg) && !pure(unit.Recv(s)) {
				u.Refuse(s.Pos, "the limit is computed, and 0 means none in gorilla and nothing at all in the target", "assign the limit to a variable first")
				continue
			}
			// Only a positive limit means the same.
			head, limit := []any{"if ", arg}, ""
			if !pure(arg) {
				if limit = "limit"; names(s.File.Text(unit.Recv(s)), limit) { // it is in sight in the branches alone
					limit = u.Fresh(s.File, c, limit)
				}
				head = []any{"if " + limit + " := ", arg, "; " + limit}
			}
			then := []any{st.X}
			if limit != "" {
				then = []any{unit.Recv(s), ".SetReadLimit(" + limit + ")"}
			}
			parts := append(append(head, " > 0 {\n\t"), then...)
			u.Replace(s.File, st.Pos(), st.End(), append(parts, "\n} else {\n\t", unit.Recv(s), ".SetReadLimit(-1)\n}")...)
		}
	},
}
