package rules

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// What a close handler does moves to the reads that take in its close frame.

// readsOf returns the reads that see the close frames of the connection whose
// handler is set at s, or says why they are not known.
func readsOf(u *unit.Unit, s *flow.Site) ([]*flow.Site, string) {
	if len(u.All("Conn.SetCloseHandler")) > 1 {
		return nil, "several close handlers are set"
	}
	makers := u.All("Dialer.Dial", "Dialer.DialContext", "NewClient", "Upgrader.Upgrade", "Upgrade")
	var when ast.Node // the branch in which the handler is set, or nil
	for b := range s.Cursor.Enclosing((*ast.IfStmt)(nil), (*ast.CaseClause)(nil), (*ast.CommClause)(nil), (*ast.FuncLit)(nil), (*ast.FuncDecl)(nil)) {
		if fn, ok := unit.Func(s.Cursor); !ok || fn.Node() != b.Node() {
			when = b.Node()
		}
		break
	}
	var out []*flow.Site
	for _, r := range u.All("Conn.ReadMessage", "Conn.NextReader", "Conn.ReadJSON", "ReadJSON") {
		if len(makers) != 1 && !sameConn(r, s) && (fieldOf(r) == nil || fieldOf(r) != fieldOf(s)) {
			return nil, "which reads see the peer's close frame is not known"
		}
		fn, ok := unit.Func(s.Cursor)
		here := ok && r.File == s.File && inside(r, fn.Node())
		if when != nil && !(r.File == s.File && inside(r, when)) {
			return nil, "the close handler is set only sometimes"
		}
		if here && r.Ident.Pos() < s.Ident.Pos() {
			if inLoopWith(r, s) {
				return nil, "a read comes before the close handler is set"
			}
			continue
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		return nil, "nothing in the cluster reads, and only a read takes in a close frame"
	}
	return out, ""
}

// fieldOf returns the field that the connection at s is read from, or nil.
func fieldOf(s *flow.Site) *types.Var {
	sel, ok := ast.Unparen(orNil(unit.Recv(s))).(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	v, _ := s.File.Pkg.TypesInfo.Uses[sel.Sel].(*types.Var)
	return v
}

// inLoopWith reports whether a loop holds both sites of one function.
func inLoopWith(a, b *flow.Site) bool {
	for l := range a.Cursor.Enclosing((*ast.ForStmt)(nil), (*ast.RangeStmt)(nil)) {
		if inside(b, l.Node()) {
			return true
		}
	}
	return false
}

// move plans what the handler does at the read r, or returns why it cannot.
func (a *closeAction) move(u *unit.Unit, r *flow.Site) string {
	f := r.File
	c, ok := unit.CallCursor(r)
	if !ok {
		return "a read is used as a value"
	}
	at, list, i, ok := unit.Stmt(c)
	if !ok {
		return "a read is not a statement of its own"
	}
	var err *ast.Ident
	var check *ast.IfStmt
	pos := at.Node().End()
	switch st := at.Node().(type) {
	case *ast.AssignStmt:
		err = lastName(st, c.Node())
		if err != nil && i+1 < len(list) {
			if chk, ok := unit.ErrCheck(f, list[i+1], f.Pkg.TypesInfo.ObjectOf(err)); ok {
				check = chk
			}
		}
	case *ast.IfStmt:
		if as, ok := st.Init.(*ast.AssignStmt); ok {
			if err = lastName(as, c.Node()); err != nil && unit.IsErrNotNil(f, st.Cond, f.Pkg.TypesInfo.ObjectOf(err)) {
				check = st
			} else {
				err = nil
			}
		}
	}
	if err == nil {
		return "the error of a read is not looked at"
	}
	if unit.InLoop(c) && (check == nil || !leavesLoop(c, check)) {
		return "the loop may go on when a read has failed"
	}
	ce := u.Unused(f, c, "ce")
	body, ok := a.at(u, r, c, ce)
	if !ok {
		return "what the close handler does means nothing at a read"
	}
	asks := u.Lib(f) + ".CloseStatus(" + err.Name + ") != -1"
	if a.looks() {
		asks = ce + " := (" + u.Lib(f) + ".CloseError{}); " + u.Import(f, "errors", "errors") + ".As(" + err.Name + ", &" + ce + ")"
	}
	code := "\nif " + asks + " {\n" + body + "\n}"
	if check != nil {
		pos = check.Body.Lbrace + 1
	}
	u.Insert(f, pos, code)
	return ""
}

// lastName returns the variable that gets the last result of the call, or nil.
func lastName(as *ast.AssignStmt, call ast.Node) *ast.Ident {
	if len(as.Rhs) != 1 || ast.Node(ast.Unparen(as.Rhs[0])) != call {
		return nil
	}
	id, ok := as.Lhs[len(as.Lhs)-1].(*ast.Ident)
	if !ok || id.Name == "_" {
		return nil
	}
	return id
}

// leavesLoop reports whether the block of the check of the read at c, in a
// loop, ends with a way out of it.
func leavesLoop(c inspector.Cursor, check *ast.IfStmt) bool {
	if len(check.Body.List) == 0 {
		return false
	}
	switch st := check.Body.List[len(check.Body.List)-1].(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.BranchStmt:
		return st.Tok == token.BREAK && (st.Label != nil || breaksLoop(c))
	}
	return false
}

// looks reports whether the handler uses what it is given.
func (a *closeAction) looks() bool {
	return a.named != nil || a.code != nil && slices.ContainsFunc(a.extra, func(st ast.Stmt) bool {
		return countUses(a.site.File, st, a.code)+countUses(a.site.File, st, a.text) > 0
	})
}

// at returns what the handler does as code for the place of the read, where the
// close error is called ce.
func (a *closeAction) at(u *unit.Unit, r *flow.Site, c inspector.Cursor, ce string) (string, bool) {
	p := portBetween(u, a.site, a.site.File, unit.Decl(a.site.Cursor), r.File, c, connText(u, r))
	if a.named != nil {
		name, ok := p.expr(a.named)
		return name + "(int(" + ce + ".Code), " + ce + ".Reason)", ok
	}
	p.together = a.extra
	p.instead = map[ast.Node]string{}
	for _, st := range a.extra {
		for _, x := range returnsOf(st) {
			p.instead[x] = "return"
		}
		for _, s := range u.Within(a.site.File, st) {
			p.instead[unit.Qualified(s)] = "int(" + u.Lib(r.File) + "." + statusOf(u, s) + ")"
		}
	}
	if a.code != nil {
		p.rename[a.code], p.rename[a.text] = "int("+ce+".Code)", ce+".Reason"
	}
	lines, ok := p.move(a.extra, a.moved)
	a.moved = a.moved || ok
	return together(lines, a.extra), ok
}
