package rules

import (
	"go/ast"

	"golang.org/x/tools/go/ast/edge"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

var closeRule = &unit.Rule{
	Name: "close",
	Doc: `Close becomes CloseNow: gorilla's Close ends the TCP connection without a close frame, and so does CloseNow. The
target's own Close sends a close frame and waits up to five seconds for the peer's.`,
	Plan: func(u *unit.Unit) {
		for _, s := range u.Sites("Conn.Close") {
			u.Claim(s)
			rename(u, s, "CloseNow")
			if !dropsError(s) {
				u.Note(s.File, s.Ident.Pos(), "close", "CloseNow also fails where a read that failed or a close frame has ended the connection; gorilla's Close did not")
			}
		}
	},
}

// dropsError reports whether nothing looks at the error of the call.
func dropsError(s *flow.Site) bool {
	if unit.Call(s) == nil {
		return false
	}
	for c := range s.Cursor.Enclosing((*ast.CallExpr)(nil)) {
		switch k, _ := c.ParentEdge(); k {
		case edge.ExprStmt_X, edge.DeferStmt_Call, edge.GoStmt_Call:
			return true
		case edge.AssignStmt_Rhs:
			as := c.Parent().Node().(*ast.AssignStmt)
			return len(as.Lhs) == 1 && isBlank(as.Lhs[0])
		}
		return false
	}
	return false
}
