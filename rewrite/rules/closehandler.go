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

// A closeAction is what a close handler does besides answering the close frame.
type closeAction struct {
	site       *flow.Site // SetCloseHandler
	lit        *ast.FuncLit
	named      ast.Expr // the handler, where it is a function that has a name
	extra      []ast.Stmt
	code, text *types.Var // the parameters
	next       *ast.AssignStmt
	answers    bool // sends the close frame back, as the target does
	moved      bool // extra stands elsewhere already
}

const repeatsReason = "the answer to a close frame repeats its reason, and the connection is closed after it"

// planCloseHandler moves what a close handler does to where reads fail. It
// returns why it cannot, or "".
func planCloseHandler(u *unit.Unit, s *flow.Site, st ast.Stmt) string {
	a, why := closeActionOf(u, s)
	if why != "" {
		return why
	}
	var notes []string
	if a.named != nil || len(a.extra) > 0 {
		reads, why := readsOf(u, s)
		if why != "" {
			return why
		}
		ok := u.Try(func() {
			for _, r := range reads {
				if why = a.move(u, r); why != "" {
					u.RefuseSite(s, why, "")
					return
				}
			}
		})
		if !ok {
			return why
		}
		notes = append(notes, "what the close handler did happens where the read has failed, and not for a close frame in the midst of a message")
	}
	f := s.File
	if a.lit != nil {
		u.ClaimWithin(f, a.lit)
	}
	u.Claim(s)
	u.DeleteStmt(f, st)
	if a.next != nil {
		u.ClaimWithin(f, a.next)
		u.DeleteStmt(f, a.next)
	}
	if a.answers {
		notes = append(notes, repeatsReason)
	} else {
		notes = append(notes, "the target answers the close frame, which the handler did not")
	}
	u.Note(f, st.Pos(), "handler", strings.Join(notes, "; "))
	return ""
}

// closeActionOf takes the close handler that is set at s apart, or says why it
// cannot.
func closeActionOf(u *unit.Unit, s *flow.Site) (*closeAction, string) {
	f := s.File
	a := &closeAction{site: s}
	switch h := ast.Unparen(unit.Call(s).Args[0]).(type) {
	case *ast.FuncLit:
		a.lit = h
	case *ast.Ident, *ast.SelectorExpr:
		fn, ok := f.Pkg.TypesInfo.Uses[lastIdent(h)].(*types.Func)
		if !ok || unit.IsInterfaceMethod(fn) || chainRoot(h) == nil {
			return nil, "what the close handler does is not known"
		}
		g, d := declaredAt(u, fn)
		if d == nil || d.Body == nil || len(u.Within(g, d.Body)) > 0 {
			return nil, "the close handler does more with the connection than answer"
		}
		for _, r := range returnsOf(d.Body) {
			if !returnsNil(g, r) {
				return nil, "the close handler returns an error of its own"
			}
		}
		a.named = h
		return a, ""
	default:
		return nil, "what the close handler does is not known"
	}
	var vars []*types.Var
	for _, p := range a.lit.Type.Params.List {
		for _, id := range p.Names {
			v, _ := f.Pkg.TypesInfo.Defs[id].(*types.Var)
			vars = append(vars, v)
		}
	}
	if len(vars) == 2 {
		a.code, a.text = vars[0], vars[1]
	}
	return a, a.scan(u)
}

// returnsOf returns the return statements of a body, without those of function
// literals in it.
func returnsOf(body *ast.BlockStmt) []ast.Stmt {
	var out []ast.Stmt
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			out = append(out, n)
		}
		return true
	})
	return out
}

// scan sorts the statements of the handler: those that answer, and the others.
func (a *closeAction) scan(u *unit.Unit) string {
	f := a.site.File
	var message, failed types.Object // the close frame's payload; the error of sending it
	for i, st := range a.lit.Body.List {
		last := i == len(a.lit.Body.List)-1
		switch st := st.(type) {
		case *ast.AssignStmt:
			if len(st.Lhs) != 1 || len(st.Rhs) != 1 {
				break
			}
			if st.Tok == token.DEFINE && a.code != nil && isCloseFrame(u, f, st.Rhs[0], a.code) {
				message = objectOf(f, st.Lhs[0])
				continue
			}
			if a.isAnswer(u, st.Rhs[0], message) {
				a.answers = true
				if !isBlank(st.Lhs[0]) {
					failed = objectOf(f, st.Lhs[0])
				}
				continue
			}
		case *ast.ExprStmt:
			if a.isAnswer(u, st.X, message) {
				a.answers = true
				continue
			}
			if a.closes(u, st.X) {
				continue
			}
		case *ast.ReturnStmt:
			if !last || len(st.Results) != 1 {
				return "the close handler returns early"
			}
			if a.isAnswer(u, st.Results[0], message) {
				a.answers = true
				continue
			}
			if unit.IsNil(f, st.Results[0]) || failed != nil && objectOf(f, st.Results[0]) == failed {
				continue
			}
			return "the close handler returns an error of its own"
		case *ast.IfStmt:
			if st.Init == nil && failed != nil && unit.IsErrNotNil(f, st.Cond, failed) && judgesError(f, st) {
				continue
			}
		}
		if len(u.Within(f, st)) > 0 {
			return "the close handler does more with the connection than answer"
		}
		if len(exits(f, st)) > 0 {
			return "the close handler returns early"
		}
		for _, o := range []types.Object{message, failed} {
			if v, ok := o.(*types.Var); ok && countUses(f, st, v) > 0 {
				return "the close handler looks at how its answer went"
			}
		}
		a.extra = append(a.extra, st)
	}
	return ""
}

// isCloseFrame reports whether e is FormatCloseMessage of the code, with
// whatever reason.
func isCloseFrame(u *unit.Unit, f *flow.File, e ast.Expr, code types.Object) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok || len(call.Args) != 2 {
		return false
	}
	s := callSite(u, f, call)
	return s != nil && s.Symbol == "FormatCloseMessage" && objectOf(f, call.Args[0]) == code
}

// isAnswer reports whether e sends the close frame back: with WriteControl, or
// by the handler that was set before.
func (a *closeAction) isAnswer(u *unit.Unit, e ast.Expr, message types.Object) bool {
	f := a.site.File
	if args, ok := controlArgs(u, f, e, unit.Recv(a.site), 8); ok {
		return message != nil && objectOf(f, args[1]) == message || a.code != nil && isCloseFrame(u, f, args[1], a.code)
	}
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok || len(call.Args) != 2 || a.code == nil || objectOf(f, call.Args[0]) != a.code || objectOf(f, call.Args[1]) != a.text {
		return false
	}
	v, ok := objectOf(f, call.Fun).(*types.Var)
	if !ok || unit.IsPackageLevel(v) {
		return false
	}
	def, ok := ast.Unparen(orNil(onlyDefinition(f, v))).(*ast.CallExpr)
	if !ok {
		return false
	}
	s := callSite(u, f, def)
	if s == nil || s.Symbol != "Conn.CloseHandler" || !sameConn(s, a.site) {
		return false
	}
	at, _, _, ok := unit.Stmt(s.Cursor)
	as, isAssign := at.Node().(*ast.AssignStmt)
	if !ok || !isAssign || len(as.Lhs) != 1 || countUses(f, f.Syntax, v) != 1 {
		return false
	}
	a.next = as
	return true
}

// closes reports whether e closes the connection, which the target has done by
// the time that the read fails.
func (a *closeAction) closes(u *unit.Unit, e ast.Expr) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return false
	}
	s := callSite(u, a.site.File, call)
	return s != nil && s.Symbol == "Conn.Close" && sameConn(s, a.site)
}

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
	if a.code != nil {
		p.rename[a.code], p.rename[a.text] = "int("+ce+".Code)", ce+".Reason"
	}
	lines, ok := p.move(a.extra, a.moved)
	a.moved = a.moved || ok
	return together(lines, a.extra), ok
}
