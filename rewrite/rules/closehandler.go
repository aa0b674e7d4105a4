package rules

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
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
	early      bool // may return before its end
	sometimes  bool // and then does not answer
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
	switch {
	case a.answers && a.sometimes:
		notes = append(notes, "the target answers each close frame, which the handler may not have; "+repeatsReason)
	case a.answers:
		notes = append(notes, repeatsReason)
	default:
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
	a.params()
	return a, a.scan(u)
}

// params looks for the parameters of the handler.
func (a *closeAction) params() {
	var vars []*types.Var
	for _, p := range a.lit.Type.Params.List {
		for _, id := range p.Names {
			v, _ := a.site.File.Pkg.TypesInfo.Defs[id].(*types.Var)
			vars = append(vars, v)
		}
	}
	if len(vars) == 2 {
		a.code, a.text = vars[0], vars[1]
	}
}

// returnsOf returns the return statements of a body, without those of function
// literals in it.
func returnsOf(body ast.Stmt) []ast.Stmt {
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
				a.answered()
				if !isBlank(st.Lhs[0]) {
					failed = objectOf(f, st.Lhs[0])
				}
				continue
			}
		case *ast.ExprStmt:
			if a.isAnswer(u, st.X, message) {
				a.answered()
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
				a.answered()
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
		if slices.ContainsFunc(u.Within(f, st), func(s *flow.Site) bool { return statusOf(u, s) == "" }) {
			return "the close handler does more with the connection than answer"
		}
		for _, x := range exits(f, st) {
			if !returnsNil(f, x) {
				return "the close handler returns an error of its own"
			}
			a.early = true
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

// answered notes that the handler answers, if it comes that far.
func (a *closeAction) answered() { a.answers, a.sometimes = true, a.sometimes || a.early }

// statusOf returns what the target calls the close code that the site names,
// or "".
func statusOf(u *unit.Unit, s *flow.Site) string {
	m, _ := wsapi.MappingOf(s.Symbol)
	if to := m.To(u.Target); m.Kind == wsapi.Const && len(to) == 1 && strings.HasPrefix(string(to[0]), "Status") {
		return string(to[0])
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
