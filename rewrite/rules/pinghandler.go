package rules

import (
	"go/ast"
	"go/token"
	"go/types"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// A pingAction is what a ping handler does that is not lost without it: it
// answers, as the target does, and it may move the read deadline.
type pingAction struct {
	*pongAction
	u        *unit.Unit
	frames   []*frame              // the pongs that the cluster sends
	pongs    []*frame              // those of the handler
	answers  bool                  // on every way through
	empty    bool                  // with an empty payload
	logs     bool                  // and leaves lines in a log
	deadline bool                  // and sets a write deadline
	lost     bool                  // and calls others when the answer has failed
	failing  int                   // how deep in code that runs only then
	failed   map[types.Object]bool // hold errors of all that
	home     *types.Var            // a local variable that holds the handler
	of       ast.Expr              // whose method the handler is
	next     *ast.AssignStmt       // asks for the default handler
	sender   *ast.FuncDecl         // sends the pong, for this handler alone
	at       *flow.File            // of sender
}

const (
	pingMore    = "the ping handler does more than answer"
	pingMute    = "the ping handler does not always answer"
	pingPayload = "the ping handler answers with a payload of its own"
	pingError   = "the ping handler returns an error of its own"
	emptyNote   = "the pong has the payload of the ping; the handler's had none"
)

// pingOf takes the ping handler that is set at h apart, or says why it cannot.
func pingOf(u *unit.Unit, h *flow.Site) (*pingAction, string) {
	call := unit.Call(h)
	if call == nil || len(call.Args) != 1 {
		return nil, "SetPingHandler is used as a value"
	}
	a := &pingAction{pongAction: &pongAction{site: h, file: h.File}, u: u, failed: map[types.Object]bool{}}
	a.ping = a
	a.find(call.Args[0])
	if a.body == nil {
		return nil, "what the ping handler does is not known"
	}
	if a.decl != nil {
		if n, all := namings(u, a.file, a.decl); n != 1 || !all {
			return nil, "the ping handler is used elsewhere too"
		}
	}
	a.frames = controlFrames(u, 10)
	if why := a.list(a.body.List, true); why != "" {
		return nil, why
	}
	if !a.answers {
		return nil, pingMute
	}
	return a, ""
}

// find looks for the body of the handler: that of a function literal, perhaps
// in a local variable, or of a function of the tree.
func (a *pingAction) find(h ast.Expr) {
	f := a.file
	if v, ok := objectOf(f, h).(*types.Var); ok && isLocal(f, v) && countUses(f, f.Syntax, v) == 1 {
		if lit, ok := ast.Unparen(orNil(onlyDefinition(f, v))).(*ast.FuncLit); ok {
			a.home, h = v, lit
		}
	}
	a.findBody(a.u, h)
	if a.body == nil {
		return
	}
	if _, a.decl, _, _ = funcOf(a.u, f, h); a.decl != nil {
		if sel, ok := ast.Unparen(h).(*ast.SelectorExpr); ok {
			a.of = sel.X
		}
	}
}

// list looks at statements; top is set for those that always run.
func (a *pingAction) list(stmts []ast.Stmt, top bool) string {
	for _, st := range stmts {
		if why := a.stmt(st, top); why != "" {
			return why
		}
	}
	return ""
}

func (a *pingAction) stmt(st ast.Stmt, top bool) string {
	f := a.file
	switch st := st.(type) {
	case *ast.EmptyStmt:
		return ""
	case *ast.BlockStmt:
		return a.list(st.List, top)
	case *ast.DeclStmt:
		if g, ok := st.Decl.(*ast.GenDecl); ok {
			for _, sp := range g.Specs {
				if vs, ok := sp.(*ast.ValueSpec); !ok || len(vs.Values) > 0 {
					return pingMore
				}
			}
			return ""
		}
	case *ast.ExprStmt:
		why := a.does(st.X, top)
		if why == pingMore && a.failing > 0 && len(a.u.Within(f, st)) == 0 {
			a.lost = true
			return ""
		}
		return why
	case *ast.DeferStmt:
		if isLock(f, st.Call) {
			return ""
		}
	case *ast.AssignStmt:
		return a.assign(st, top)
	case *ast.ReturnStmt:
		return a.returns(st, top)
	case *ast.IfStmt:
		return a.branches(st, top)
	}
	return pingMore
}

// assign looks at an assignment, which may only give a variable of the handler
// an error.
func (a *pingAction) assign(st *ast.AssignStmt, top bool) string {
	f := a.file
	if len(st.Rhs) != 1 {
		return pingMore
	}
	for _, l := range st.Lhs {
		if !isBlank(l) && !a.own(objectOf(f, l)) {
			return pingMore
		}
	}
	rhs := ast.Unparen(st.Rhs[0])
	if _, ok := rhs.(*ast.TypeAssertExpr); !ok && !a.errorMade(rhs) {
		if len(st.Lhs) != 1 {
			return pingMore
		}
		if why := a.does(rhs, top); why != "" {
			return why
		}
	} else if !a.judges(rhs) {
		return pingMore
	}
	for _, l := range st.Lhs {
		if o := objectOf(f, l); !isBlank(l) {
			a.failed[o] = true
		}
	}
	return ""
}

// own reports whether o is a variable that the handler declares, its result
// included.
func (a *pingAction) own(o types.Object) bool {
	v, ok := o.(*types.Var)
	if !ok {
		return false
	}
	fn, ok := unit.Func(cursorOf(a.file, a.body))
	return ok && isLocal(a.file, v) && fn.Node().Pos() <= v.Pos() && v.Pos() < fn.Node().End()
}

// returns looks at what the handler returns: nothing but errors of answering.
func (a *pingAction) returns(st *ast.ReturnStmt, top bool) string {
	if len(st.Results) != 1 {
		return "" // the named result, which is assigned such errors alone
	}
	e := ast.Unparen(st.Results[0])
	switch {
	case unit.IsNil(a.file, e) || a.failed[objectOf(a.file, e)]:
		return ""
	case a.errorMade(e):
		if top && !a.mentions(e) {
			return pingError
		}
		return ""
	}
	if _, ok := e.(*ast.CallExpr); !ok {
		return pingError
	}
	return a.does(e, top)
}

// errorMade reports whether e makes an error of others, or is nil.
func (a *pingAction) errorMade(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return unit.IsNil(a.file, e)
	}
	fn := calledFunc(a.file, call)
	if fn == nil || fn.Pkg() == nil {
		return false
	}
	switch fn.Pkg().Path() {
	case "errors", "github.com/pkg/errors":
		return quietArgs(a.file, call) && len(a.u.Within(a.file, call)) == 0
	case "fmt":
		return fn.Name() == "Errorf" && quietArgs(a.file, call)
	}
	return false
}

// mentions reports whether e uses an error of the handler.
func (a *pingAction) mentions(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			found = found || a.failed[a.file.Pkg.TypesInfo.Uses[id]]
		}
		return true
	})
	return found
}

// judges reports whether e only looks at errors of the handler.
func (a *pingAction) judges(e ast.Expr) bool {
	f, ok := a.file, true
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			fn := calledFunc(f, n)
			if a.errorMade(n) {
				return true
			}
			if fn == nil || fn.Name() != "Temporary" && fn.Name() != "Timeout" && fn.Name() != "Is" && fn.Name() != "As" {
				ok = false
			}
		case *ast.FuncLit:
			ok = false
		case *ast.UnaryExpr:
			ok = ok && n.Op != token.ARROW
		case *ast.Ident:
			v, isVar := f.Pkg.TypesInfo.Uses[n].(*types.Var)
			if isVar && !a.own(v) && !(unit.IsPackageLevel(v) && isError(v.Type())) {
				ok = false
			}
		}
		return ok
	})
	return ok
}

// branches looks at an if statement: about an error, or around log lines.
func (a *pingAction) branches(st *ast.IfStmt, top bool) string {
	if st.Init != nil {
		if why := a.stmt(st.Init, top); why != "" {
			return why
		}
	}
	cond := ast.Unparen(st.Cond)
	if b, ok := cond.(*ast.BinaryExpr); ok && unit.IsNil(a.file, b.Y) {
		if call, ok := ast.Unparen(b.X).(*ast.CallExpr); ok && a.does(call, top) == "" {
			cond = nil // if conn.WriteControl(…) != nil
		}
	}
	if cond != nil && !a.judges(cond) {
		if st.Else == nil && quietLine(a.file, cond) && blockLogs(a.u, a.file, st.Body, 3) {
			a.logs = true
			return ""
		}
		return pingMore
	}
	fails := cond == nil || a.saysFailed(cond)
	if fails {
		a.failing++
	}
	why := a.list(st.Body.List, false)
	if fails {
		a.failing--
	}
	if why != "" {
		return why
	}
	if st.Else != nil {
		return a.stmt(st.Else, false)
	}
	return ""
}

// saysFailed reports whether the condition holds only where an error of the
// handler is not nil.
func (a *pingAction) saysFailed(cond ast.Expr) bool {
	b, ok := ast.Unparen(cond).(*ast.BinaryExpr)
	switch {
	case !ok:
		return false
	case b.Op == token.LAND:
		return a.saysFailed(b.X) || a.saysFailed(b.Y)
	}
	o := objectOf(a.file, b.X)
	return a.failed[o] && isError(o.Type()) && unit.IsErrNotNil(a.file, b, o)
}

// does looks at a call.
func (a *pingAction) does(e ast.Expr, top bool) string {
	f := a.file
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return pingMore
	}
	if answers, why := a.answer(call); answers || why != "" {
		if why == "" && !top {
			return pingMute
		}
		a.answers = true
		return why
	}
	if isLock(f, call) {
		return ""
	}
	if leavesLogLines(a.u, f, call) {
		a.logs = true
		return ""
	}
	s := callSite(a.u, f, call)
	if s == nil || unit.Recv(s) == nil || !a.onConn(connText(a.u, s)) {
		return pingMore
	}
	switch s.Symbol {
	case "Conn.SetWriteDeadline":
		a.deadline = true
		return ""
	case "Conn.SetReadDeadline":
		d, ok := timeout(f, call.Args[0])
		if !ok {
			return "the ping handler sets a read deadline that is not time.Now().Add(d)"
		}
		if a.wait != nil && !sameDuration(f, d, f, a.wait) {
			return "the ping handler sets several read deadlines"
		}
		a.wait, a.move = d, s
		return ""
	}
	return pingMore
}

// drop deletes the handler, and says what differs.
func (a *pingAction) drop() {
	u, f := a.u, a.site.File
	pos := a.site.Ident.Pos()
	a.ping = nil // the rest is as for a pong handler
	a.remove(u)
	u.ClaimWithin(a.file, a.body)
	for _, fr := range a.pongs {
		fr.claim(u)
	}
	if a.next != nil {
		u.DeleteStmt(f, a.next)
	}
	if a.home != nil {
		if at, _, _, ok := unit.Stmt(definitionOf(f, a.home)); ok {
			if st, ok := at.Node().(ast.Stmt); ok {
				u.DeleteStmt(f, st)
			}
		}
	}
	if a.sender != nil {
		deleteDecl(u, a.at, a.sender)
	}
	note := func(when bool, text string) {
		if when {
			u.Note(f, pos, "handler", text)
		}
	}
	note(a.logs, "pings are answered as before, and no longer logged")
	note(a.lost, "what the ping handler did when its answer failed is not done any more; the read fails then")
	note(a.empty, emptyNote)
	note(a.deadline, "the write deadline that the ping handler set no longer holds for what is written later")
}

// definitionOf returns the cursor of the identifier that declares v.
func definitionOf(f *flow.File, v *types.Var) inspector.Cursor {
	for c := range f.Root.Preorder((*ast.Ident)(nil)) {
		if f.Pkg.TypesInfo.Defs[c.Node().(*ast.Ident)] == types.Object(v) {
			return c
		}
	}
	return f.Root
}
