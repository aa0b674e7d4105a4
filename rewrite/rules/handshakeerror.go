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
	if !ok || len(as.Lhs) != 2 || !isBlank(as.Lhs[0]) && !namesHandshakeError(f, c, as) {
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
	if !isBlank(as.Lhs[0]) {
		name := f.Text(as.Lhs[0])
		yes = name + " != nil"
		if !direct {
			yes = "isHandshakeError(" + name + ")"
		} else if redundantElse(u, f, is, err) {
			u.Replace(f, is.Body.End(), is.End())
		}
		u.ClaimWithin(f, is.Body) // its method Error is any error's
		u.Replace(f, as.Pos(), is.Cond.End(), name+" := "+f.Text(assert.X)+"; "+yes)
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

// namesHandshakeError reports whether the HandshakeError whose type is at c is
// a variable of an if that any error may take the place of:
//
//	if he, ok := err.(websocket.HandshakeError); ok { … }
func namesHandshakeError(f *flow.File, c inspector.Cursor, as *ast.AssignStmt) bool {
	is, ok := c.Parent().Parent().Parent().Node().(*ast.IfStmt)
	if !ok || is.Init != ast.Stmt(as) || as.Tok != token.DEFINE {
		return false
	}
	cond, ok := ast.Unparen(is.Cond).(*ast.Ident)
	okVar, isVar := objectOf(f, as.Lhs[1]).(*types.Var)
	he, isHe := objectOf(f, as.Lhs[0]).(*types.Var)
	if !ok || !isVar || !isHe || f.Pkg.TypesInfo.Uses[cond] != types.Object(okVar) || countUses(f, is, okVar) != 1 || is.Else != nil && countUses(f, is.Else, he) > 0 {
		return false
	}
	for id := range cursorOf(f, is.Body).Preorder((*ast.Ident)(nil)) {
		if f.Pkg.TypesInfo.Uses[id.Node().(*ast.Ident)] != types.Object(he) {
			continue
		}
		switch k, _ := id.ParentEdge(); k {
		case edge.CallExpr_Args, edge.SelectorExpr_X, edge.ReturnStmt_Results:
		default:
			return false
		}
	}
	return true
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
	if s == nil || s.Symbol != "Upgrader.Upgrade" && s.Symbol != "Upgrade" {
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
