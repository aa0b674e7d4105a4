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
target's own Close sends a close frame and waits up to five seconds for the peer's. CloseNow fails where a close frame
has ended the connection before; behind one, a helper takes that for success, as gorilla's Close did.`,
	Plan: func(u *unit.Unit) {
		for _, s := range u.Sites("Conn.Close") {
			u.Claim(s)
			if dropsError(s) {
				rename(u, s, "CloseNow")
				continue
			}
			call := unit.Call(s)
			if call == nil || !besideCloseFrame(u, s) || hiddenPath(u, s, "CloseNow") != "" {
				rename(u, s, "CloseNow")
				u.Note(s.File, s.Ident.Pos(), "close", "CloseNow also fails where a read that failed or a close frame has ended the connection; gorilla's Close did not")
				continue
			}
			if useHelper(u, s, "closeNow") {
				u.Replace(s.File, call.Pos(), call.End(), "closeNow(", ast.Unparen(call.Fun).(*ast.SelectorExpr).X, ")")
				u.Note(s.File, s.Ident.Pos(), "close", "a second Close succeeds now; in gorilla it failed")
			}
		}
	},
}

const closeNowHelper = `
// closeNow closes a connection without a close frame. It may be closed already.
func closeNow(c interface{ CloseNow() error }) error {
	if err := c.CloseNow(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
`

// besideCloseFrame reports whether the function around s also sends a close
// frame, with which the target closes the connection.
func besideCloseFrame(u *unit.Unit, s *flow.Site) bool {
	for c := range s.Cursor.Enclosing((*ast.FuncDecl)(nil)) {
		for _, o := range u.All("CloseMessage", "FormatCloseMessage") {
			if o.File == s.File && c.Contains(o.Cursor) {
				return true
			}
		}
	}
	return false
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
