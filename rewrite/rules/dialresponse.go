package rules

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// response settles what happens to the response of the Dial call at c, and
// lifts the read limit of its connection. After success the target's
// resp.Body is nil, where gorilla's is empty.
func (d *dialPlan) response(s *flow.Site, c inspector.Cursor) {
	u, f := d.u, s.File
	_, passed := hoistable(f, c)
	if k, _ := c.ParentEdge(); passed || k == edge.ReturnStmt_Results {
		planUnlimited(u, s, c, "{resp}.Body = "+u.Import(f, "net/http", "http")+".NoBody")
		return
	}
	var lhs []ast.Expr
	if as, ok := assignment(c); ok {
		lhs = as.Lhs
	}
	var resp, err *types.Var
	if len(lhs) == 3 {
		resp, _ = objectOf(f, lhs[1]).(*types.Var)
		err, _ = objectOf(f, lhs[2]).(*types.Var)
		if resp == nil && !isBlank(lhs[1]) {
			// A field or an element: anything may happen to it.
			planUnlimited(u, s, c, f.Text(lhs[1])+".Body = "+u.Import(f, "net/http", "http")+".NoBody")
			return
		}
	}
	if resp == nil {
		planUnlimited(u, s, c)
		return
	}
	as, _ := assignment(c)
	if resp.Parent() == nil || resp.Parent() == resp.Pkg().Scope() || isParam(f, resp) {
		planUnlimited(u, s, c, resp.Name()+".Body = "+u.Import(f, "net/http", "http")+".NoBody")
		return
	}
	closes, uses, other := d.bodyUses(f, resp, err)
	only, dials := d.dialsInto(f, resp)
	unused := uses == 0 && len(closes) > 0 && !d.testsHandshake(s, c)
	if other || !only || unused && (dials > 1 || as.Tok != token.DEFINE) {
		planUnlimited(u, s, c, resp.Name()+".Body = "+u.Import(f, "net/http", "http")+".NoBody")
		return
	}
	for _, st := range closes {
		if u.Once(st) {
			u.DeleteStmt(f, st)
		}
	}
	if unused {
		u.Replace(f, lhs[1].Pos(), lhs[1].End(), "_")
		if newVars(f, as) == 1 {
			// Only the response was new.
			u.Replace(f, as.TokPos, as.TokPos+2, "=")
		}
	}
	planUnlimited(u, s, c)
}

// bodyUses looks at the uses of a response. closes are statements that do
// nothing but close its body; uses counts what is left of the variable without
// them. other says that its body may be used where Dial has succeeded.
func (d *dialPlan) bodyUses(f *flow.File, resp, err *types.Var) (closes []ast.Stmt, uses int, other bool) {
	for c := range f.Root.Preorder((*ast.Ident)(nil)) {
		id := c.Node().(*ast.Ident)
		if f.Pkg.TypesInfo.Uses[id] != types.Object(resp) {
			continue
		}
		if k, _ := c.ParentEdge(); k == edge.AssignStmt_Lhs {
			continue
		}
		if inErrorBranch(f, c, err) {
			uses++
			continue
		}
		if st, ok := closesBody(f, c, resp); ok {
			if len(closes) == 0 || closes[len(closes)-1] != st {
				closes = append(closes, st)
			}
			continue
		}
		uses++
		switch k, _ := c.ParentEdge(); k {
		case edge.SelectorExpr_X:
			if c.Parent().Node().(*ast.SelectorExpr).Sel.Name == "Body" {
				if kk, _ := c.Parent().ParentEdge(); kk != edge.BinaryExpr_X {
					other = true
				}
			}
		case edge.BinaryExpr_X, edge.BinaryExpr_Y: // resp != nil
		default:
			other = true
		}
	}
	return closes, uses, other
}

// inErrorBranch reports whether c runs only where err is not nil.
func inErrorBranch(f *flow.File, c inspector.Cursor, err *types.Var) bool {
	if err == nil {
		return false
	}
	for is := range c.Enclosing((*ast.IfStmt)(nil), (*ast.FuncLit)(nil), (*ast.FuncDecl)(nil)) {
		n, ok := is.Node().(*ast.IfStmt)
		if !ok {
			return false
		}
		if n.Body.Pos() <= c.Node().Pos() && c.Node().End() <= n.Body.End() && impliesError(f, n.Cond, err) {
			return true
		}
		if n.Cond.Pos() <= c.Node().Pos() && c.Node().End() <= n.Cond.End() {
			// err != nil && resp.Body …
			if b, ok := n.Cond.(*ast.BinaryExpr); ok && b.Op == token.LAND && impliesError(f, b.X, err) && b.Y.Pos() <= c.Node().Pos() {
				return true
			}
		}
	}
	return false
}

// impliesError reports whether cond is true only if err is not nil.
func impliesError(f *flow.File, cond ast.Expr, err types.Object) bool {
	cond = ast.Unparen(cond)
	if unit.IsErrNotNil(f, cond, err) {
		return true
	}
	b, ok := cond.(*ast.BinaryExpr)
	return ok && b.Op == token.LAND && (impliesError(f, b.X, err) || impliesError(f, b.Y, err))
}

// closesBody returns the statement around the use of resp at c that does
// nothing but close its body: a call, a deferred one, one whose result is
// dropped, or an if or deferred function of nothing else.
func closesBody(f *flow.File, c inspector.Cursor, resp *types.Var) (ast.Stmt, bool) {
	at, _, _, ok := unit.Stmt(c)
	if !ok {
		return nil, false
	}
	for {
		st := at.Node().(ast.Stmt)
		if !onlyCloses(f, st, resp) {
			return nil, false
		}
		// An if around it, or a deferred function, may do nothing else either.
		k, _ := at.ParentEdge()
		if k != edge.BlockStmt_List {
			return st, true
		}
		outer, _, _, ok := unit.Stmt(at.Parent())
		if !ok || !onlyCloses(f, outer.Node().(ast.Stmt), resp) {
			return st, true
		}
		at = outer
	}
}

func onlyCloses(f *flow.File, st ast.Stmt, resp *types.Var) bool {
	switch st := st.(type) {
	case *ast.ExprStmt:
		return closeCall(f, st.X, resp)
	case *ast.DeferStmt:
		if lit, ok := st.Call.Fun.(*ast.FuncLit); ok && len(st.Call.Args) == 0 {
			return allClose(f, lit.Body, resp)
		}
		return closeCall(f, st.Call, resp)
	case *ast.AssignStmt:
		return len(st.Lhs) == 1 && isBlank(st.Lhs[0]) && len(st.Rhs) == 1 && closeCall(f, st.Rhs[0], resp)
	case *ast.IfStmt:
		return st.Init == nil && st.Else == nil && testsResponse(f, st.Cond, resp) && allClose(f, st.Body, resp)
	}
	return false
}

func allClose(f *flow.File, b *ast.BlockStmt, resp *types.Var) bool {
	for _, st := range b.List {
		if !onlyCloses(f, st, resp) {
			return false
		}
	}
	return len(b.List) > 0
}

// closeCall reports whether e is resp.Body.Close().
func closeCall(f *flow.File, e ast.Expr, resp *types.Var) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok || len(call.Args) != 0 {
		return false
	}
	m, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || m.Sel.Name != "Close" {
		return false
	}
	b, ok := m.X.(*ast.SelectorExpr)
	return ok && b.Sel.Name == "Body" && objectOf(f, b.X) == types.Object(resp)
}

// testsResponse reports whether cond only compares the response and its body
// with nil.
func testsResponse(f *flow.File, cond ast.Expr, resp *types.Var) bool {
	b, ok := ast.Unparen(cond).(*ast.BinaryExpr)
	if !ok {
		return false
	}
	switch b.Op {
	case token.LAND:
		return testsResponse(f, b.X, resp) && testsResponse(f, b.Y, resp)
	case token.NEQ:
		x := ast.Unparen(b.X)
		if sel, ok := x.(*ast.SelectorExpr); ok && sel.Sel.Name == "Body" {
			x = sel.X
		}
		return unit.IsNil(f, b.Y) && objectOf(f, x) == types.Object(resp)
	}
	return false
}

// testsHandshake reports whether the function around c tests for
// ErrBadHandshake, which needs the response.
func (d *dialPlan) testsHandshake(s *flow.Site, c inspector.Cursor) bool {
	decl := unit.Decl(c)
	for _, o := range d.u.All("ErrBadHandshake") {
		if o.File == s.File && decl != nil && decl.Pos() <= o.Ident.Pos() && o.Ident.Pos() < decl.End() {
			return true
		}
	}
	return false
}

// dialsInto counts the assignments to the variable, and reports whether all
// are of what Dial returns.
func (d *dialPlan) dialsInto(f *flow.File, v *types.Var) (only bool, n int) {
	only = true
	for c := range f.Root.Preorder((*ast.AssignStmt)(nil)) {
		as := c.Node().(*ast.AssignStmt)
		for _, l := range as.Lhs {
			if objectOf(f, l) != types.Object(v) {
				continue
			}
			n++
			call, ok := ast.Unparen(as.Rhs[0]).(*ast.CallExpr)
			if !ok {
				only = false
				continue
			}
			s := callSite(d.u, f, call)
			only = only && s != nil && (s.Symbol == "Dialer.Dial" || s.Symbol == "Dialer.DialContext")
		}
	}
	return only, n
}

// newVars counts the variables that an assignment declares.
func newVars(f *flow.File, as *ast.AssignStmt) int {
	n := 0
	for _, l := range as.Lhs {
		if id, ok := l.(*ast.Ident); ok && f.Pkg.TypesInfo.Defs[id] != nil {
			n++
		}
	}
	return n
}
