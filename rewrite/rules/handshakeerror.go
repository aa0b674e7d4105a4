package rules

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

const isHandshakeErrorHelper = `
// isHandshakeError reports whether err says that a handshake was refused.
func isHandshakeError(err error) bool {
	return err != nil && (strings.HasPrefix(err.Error(), "failed to accept WebSocket connection: ") || err.Error() == ` + originErrorText + `)
}
`

// planHandshakeError converts `_, ok := err.(websocket.HandshakeError)`. Every
// error of Accept is a refused handshake, so that an error which is certainly
// Accept's need only be one. Others are told by their text.
func planHandshakeError(u *unit.Unit, s *flow.Site) {
	f := s.File
	u.Claim(s)
	c := qualifiedCursor(s)
	as, ok := assertion(c)
	if !ok || len(as.Lhs) != 2 || !isBlank(as.Lhs[0]) {
		m, _ := wsapi.MappingOf(s.Symbol)
		u.Refuse(s.Pos, "the HandshakeError is used other than in a test for its type", m.ByHand)
		return
	}
	assert := ast.Unparen(as.Rhs[0]).(*ast.TypeAssertExpr)
	err, _ := objectOf(f, assert.X).(*types.Var)
	direct := err != nil && ofUpgrade(u, f, c, err)
	is, _ := c.Parent().Parent().Parent().Node().(*ast.IfStmt)
	yes, no := "", ""
	switch {
	case direct:
		yes, no = f.Text(assert.X)+" != nil", f.Text(assert.X)+" == nil"
	case useHelper(u, s, "isHandshakeError"):
		yes = "isHandshakeError(" + f.Text(assert.X) + ")"
		no = "!" + yes
	default:
		return
	}
	okVar := objectOf(f, as.Lhs[1])
	if is == nil || is.Init != ast.Stmt(as) || okVar == nil || countUses(f, is, okVar.(*types.Var)) != 1 {
		u.Replace(f, as.Lhs[0].Pos(), as.End(), as.Lhs[1], " "+as.Tok.String()+" "+yes)
		return
	}
	switch cond := ast.Unparen(is.Cond).(type) {
	case *ast.Ident:
		if direct && redundantElse(u, f, is, err) {
			u.Replace(f, is.Body.End(), is.End())
		}
		u.Replace(f, as.Pos(), is.Cond.End(), yes)
	case *ast.UnaryExpr:
		if _, plain := ast.Unparen(cond.X).(*ast.Ident); cond.Op == token.NOT && plain {
			at, _, _, inList := unit.Stmt(cursorOf(f, is))
			if direct && inList && at.Node() == ast.Node(is) && is.Else == nil && inErrorBranch(f, cursorOf(f, is), err) && len(u.Within(f, is)) == 1 {
				u.DeleteStmt(f, is)
				u.Note(f, is.Pos(), "upgrade", "every error of Accept is a refused handshake, so the code for other errors is gone")
				return
			}
			u.Replace(f, as.Pos(), is.Cond.End(), no)
			return
		}
		u.Replace(f, as.Lhs[0].Pos(), as.End(), as.Lhs[1], " "+as.Tok.String()+" "+yes)
	default:
		u.Replace(f, as.Lhs[0].Pos(), as.End(), as.Lhs[1], " "+as.Tok.String()+" "+yes)
	}
}

// assertion returns the assignment `x, ok := err.(T)` whose T is at c.
func assertion(c inspector.Cursor) (*ast.AssignStmt, bool) {
	if k, _ := c.ParentEdge(); k != edge.TypeAssertExpr_Type {
		return nil, false
	}
	return assignment(c.Parent())
}

// ofUpgrade reports whether err, where it is used at c, is what an Upgrade
// returned and nothing else.
func ofUpgrade(u *unit.Unit, f *flow.File, c inspector.Cursor, err *types.Var) bool {
	var last *ast.AssignStmt
	for a := range f.Root.Preorder((*ast.AssignStmt)(nil)) {
		as := a.Node().(*ast.AssignStmt)
		for _, l := range as.Lhs {
			if objectOf(f, l) == types.Object(err) && as.Pos() < c.Node().Pos() {
				last = as
			}
		}
	}
	if last == nil || len(last.Rhs) != 1 {
		return false
	}
	call, ok := ast.Unparen(last.Rhs[0]).(*ast.CallExpr)
	if !ok {
		return false
	}
	s := callSite(u, f, call)
	if s == nil || s.Symbol != "Upgrader.Upgrade" {
		return false
	}
	// The test follows in the same list, or inside of what follows.
	at, list, i, ok := unit.Stmt(cursorOf(f, last))
	j := within(list, c.Node().Pos())
	return ok && (j > i || at.Node() != ast.Node(last) && j == i)
}

// redundantElse reports whether what follows `if err is a refused handshake`
// is only for other errors, of which there are none.
func redundantElse(u *unit.Unit, f *flow.File, is *ast.IfStmt, err types.Object) bool {
	els, ok := is.Else.(*ast.IfStmt)
	if !ok || els.Init != nil || els.Else != nil || !unit.IsErrNotNil(f, els.Cond, err) {
		return false
	}
	return len(u.Within(f, els)) == 0 && len(commentsWithin(f, els.Pos(), els.End())) == 0
}

// leavesOnHandshakeError reports whether the statement leaves if err is a
// HandshakeError, and if it is any other error:
//
//	if _, ok := err.(websocket.HandshakeError); ok { return } else if err != nil { return }
func leavesOnHandshakeError(u *unit.Unit, f *flow.File, is *ast.IfStmt, err types.Object) bool {
	els, ok := is.Else.(*ast.IfStmt)
	if !ok || els.Init != nil || !unit.IsErrNotNil(f, els.Cond, err) || !terminates(f, els.Body) || !terminates(f, is.Body) {
		return false
	}
	for _, s := range u.Within(f, is) {
		if s.Symbol == "HandshakeError" && is.Init != nil && inside(s, is.Init) {
			return true
		}
	}
	return false
}
