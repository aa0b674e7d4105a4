package rules

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

var heartbeatRule = &unit.Rule{
	Name: "heartbeat",
	Doc: `The heartbeat of gorilla's documentation has three parts: a read deadline before the loop, a pong handler that moves
it, and a ticker that writes pings. The first two go, and at the third stands Ping, which waits for the pong that a
concurrent read takes in; when none comes within the read deadline's time, CloseNow ends the connection and with it
the read. Ping runs in a goroutine of its own where the loop has another way out, so that messages need not wait
for a pong. Pong handlers that do more are refused.`,
	Plan: func(u *unit.Unit) {
		var pings []*flow.Site
		for _, s := range u.Sites("Conn.WriteMessage", "Conn.WriteControl") {
			if call := unit.Call(s); call != nil && len(call.Args) >= 2 {
				if n, ok := unit.ConstInt(s.File, call.Args[0]); ok && n == 9 {
					pings = append(pings, s)
				}
			}
		}
		handlers := u.Sites("Conn.SetPongHandler")
		if len(pings)+len(handlers) == 0 {
			return
		}
		planHeartbeat(u, pings, handlers)
		// What is left of the recipe has been refused as a whole.
		for _, s := range append(pings, handlers...) {
			if call := unit.Call(s); call != nil {
				u.ClaimWithin(s.File, call)
			}
		}
	},
}

const heartbeatHelp = "let the ticker call Ping with a timeout in a goroutine of its own, and CloseNow when it fails"

func planHeartbeat(u *unit.Unit, pings, handlers []*flow.Site) {
	if len(pings) == 0 {
		for _, h := range handlers {
			u.RefuseSite(h, "a pong handler, but nothing in the cluster sends pings", "the target has no hook for pongs; let a goroutine Ping")
		}
		return
	}
	if len(u.All("Conn.ReadMessage", "Conn.NextReader", "Conn.ReadJSON", "ReadJSON")) == 0 {
		for _, p := range pings {
			u.RefuseSite(p, "nothing in the cluster reads, and Ping waits for a pong that only a read takes in", "run CloseRead, or read in a goroutine")
		}
		return
	}
	var wait *ast.CallExpr // the time.Now().Add(wait) of a pong handler
	var waitFile *flow.File
	for _, h := range handlers {
		arg, why := pongHandler(u, h)
		if why != "" {
			u.RefuseSite(h, why, heartbeatHelp)
			return
		}
		if arg != nil {
			wait, waitFile = arg, h.File
		}
	}
	if wait == nil {
		for _, p := range pings {
			planKeepalive(u, p)
		}
		for _, h := range handlers {
			deleteHandler(u, h)
		}
		return
	}
	d := wait.Args[0]
	// All read deadlines of the cluster belong to the heartbeat, or none does.
	for _, s := range u.Sites("Conn.SetReadDeadline") {
		if insideAny(s, handlers) {
			continue
		}
		call := unit.Call(s)
		if call == nil || len(call.Args) != 1 {
			u.RefuseSite(s, "the read deadline is set in a way that is no heartbeat", heartbeatHelp)
			return
		}
		c, _ := unit.CallCursor(s)
		e, ok := timeout(s.File, call.Args[0])
		same := ok && sameDuration(s.File, e, waitFile, d)
		if !same && !isZeroTime(s.File, call.Args[0]) {
			u.RefuseSite(s, "a read deadline other than the pong handler's", "give that read a context with a timeout of its own")
			return
		}
		if !deleteSetter(u, s, c) {
			u.RefuseSite(s, "the error of SetReadDeadline, which is always nil, is used", "drop the test")
			return
		}
	}
	for _, h := range handlers {
		deleteHandler(u, h)
	}
	for _, p := range pings {
		planPing(u, p, d, waitFile)
	}
}

func insideAny(s *flow.Site, handlers []*flow.Site) bool {
	for _, h := range handlers {
		if call := unit.Call(h); call != nil && h.File == s.File && inside(s, call) {
			return true
		}
	}
	return false
}

// pongHandler returns the time.Now().Add(d) by which a pong handler moves the
// read deadline; nil for one that does nothing; and why it is neither.
func pongHandler(u *unit.Unit, h *flow.Site) (*ast.CallExpr, string) {
	call := unit.Call(h)
	if call == nil || len(call.Args) != 1 {
		return nil, "SetPongHandler is used as a value"
	}
	f := h.File
	if unit.IsNil(f, call.Args[0]) {
		return nil, ""
	}
	lit, ok := ast.Unparen(call.Args[0]).(*ast.FuncLit)
	if !ok {
		return nil, "the pong handler is not a function literal"
	}
	var found *ast.CallExpr
	for _, st := range lit.Body.List {
		var setter *ast.CallExpr
		switch st := st.(type) {
		case *ast.ExprStmt:
			setter, _ = st.X.(*ast.CallExpr)
		case *ast.AssignStmt:
			if len(st.Rhs) == 1 && len(st.Lhs) == 1 && isBlank(st.Lhs[0]) {
				setter, _ = st.Rhs[0].(*ast.CallExpr)
			}
		case *ast.IfStmt: // if err := SetReadDeadline(…); err != nil { return err }
			if as, ok := st.Init.(*ast.AssignStmt); ok && len(as.Rhs) == 1 {
				setter, _ = as.Rhs[0].(*ast.CallExpr)
			}
		case *ast.ReturnStmt:
			if len(st.Results) == 1 {
				if unit.IsNil(f, st.Results[0]) {
					continue
				}
				setter, _ = st.Results[0].(*ast.CallExpr)
			}
		}
		if setter == nil {
			return nil, "the pong handler does more than move the read deadline"
		}
		o := callSite(u, f, setter)
		if o == nil || o.Symbol != "Conn.SetReadDeadline" || found != nil {
			return nil, "the pong handler does more than move the read deadline"
		}
		add, ok := ast.Unparen(setter.Args[0]).(*ast.CallExpr)
		if _, isAdd := timeout(f, setter.Args[0]); !ok || !isAdd {
			return nil, "the pong handler sets a read deadline that is not time.Now().Add(d)"
		}
		found = add
	}
	return found, ""
}

// deleteHandler deletes the statement that installs a pong handler.
func deleteHandler(u *unit.Unit, h *flow.Site) {
	at, _, _, ok := unit.Stmt(h.Cursor)
	es, isExpr := at.Node().(*ast.ExprStmt)
	if !ok || !isExpr {
		u.RefuseSite(h, "the pong handler is not set in a statement of its own", heartbeatHelp)
		return
	}
	u.DeleteStmt(h.File, es)
}

// sameDuration reports whether two durations are the same constant, or the
// same chain of names of the same types.
func sameDuration(f *flow.File, x ast.Expr, g *flow.File, y ast.Expr) bool {
	if n, ok := unit.ConstInt(f, x); ok {
		m, ok := unit.ConstInt(g, y)
		return ok && n == m
	}
	return pure(x) && pure(y) && f.Text(x) == g.Text(y)
}

// durationAt returns the text of duration d, of file g, as it can be written
// at c in f: constants and package variables anywhere, fields where the same
// name is a variable of the same type.
func durationAt(f *flow.File, c inspector.Cursor, g *flow.File, d ast.Expr) (string, bool) {
	if f.Pkg.PkgPath != g.Pkg.PkgPath && f.Pkg.Types.Name() != g.Pkg.Types.Name() {
		return "", false
	}
	ok := true
	scope := f.Pkg.Types.Scope().Innermost(c.Node().Pos())
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if tv := g.Pkg.TypesInfo.Types[n.Fun]; !tv.IsType() {
				ok = false
			}
		case *ast.SelectorExpr:
			ast.Inspect(n.X, func(m ast.Node) bool {
				if id, isID := m.(*ast.Ident); isID && !sameName(f, scope, c, g, id) {
					ok = false
				}
				return true
			})
			return false
		case *ast.Ident:
			if !sameName(f, scope, c, g, n) {
				ok = false
			}
		}
		return ok
	})
	return g.Text(d), ok
}

// sameName reports whether the name of id, of file g, means the same at c: the
// same package-level object or import, or a variable of the same type.
func sameName(f *flow.File, scope *types.Scope, c inspector.Cursor, g *flow.File, id *ast.Ident) bool {
	o := g.Pkg.TypesInfo.ObjectOf(id)
	if o == nil || scope == nil {
		return false
	}
	_, p := scope.LookupParent(id.Name, c.Node().Pos())
	if p == nil {
		return false
	}
	if o == p {
		return true
	}
	if pn, ok := o.(*types.PkgName); ok {
		qn, ok := p.(*types.PkgName)
		return ok && pn.Imported().Path() == qn.Imported().Path()
	}
	v, ok1 := o.(*types.Var)
	w, ok2 := p.(*types.Var)
	return ok1 && ok2 && !isPackageLevel(v) && !isPackageLevel(w) && types.TypeString(v.Type(), nil) == types.TypeString(w.Type(), nil) && namedPointer(v.Type())
}

func isPackageLevel(v *types.Var) bool { return v.Pkg() != nil && v.Parent() == v.Pkg().Scope() }

// namedPointer reports whether t is a pointer to a named struct, such as a
// receiver: a field of it that is read through another variable of the type
// is taken to be the same setting.
func namedPointer(t types.Type) bool {
	p, ok := types.Unalias(t).(*types.Pointer)
	if !ok {
		return false
	}
	_, ok = types.Unalias(p.Elem()).(*types.Named)
	return ok
}

// planPing converts one ping of a heartbeat.
func planPing(u *unit.Unit, s *flow.Site, d ast.Expr, dFile *flow.File) {
	f := s.File
	c, _ := unit.CallCursor(s)
	form := formOf(f, c)
	wait, ok := durationAt(f, c, dFile, d)
	if !ok {
		u.RefuseSite(s, "the time to wait for a pong cannot be named where the ping is sent", "make it a constant or a package variable")
		return
	}
	recv := unit.Recv(s)
	if !form.ok || !pure(recv) || form.usedOutside(f) {
		u.RefuseSite(s, "the result of writing the ping is used in a way that Ping may not serve", heartbeatHelp)
		return
	}
	u.Claim(s)
	u.ClaimWithin(f, c.Node())
	dropDeadlineBefore(u, s, form)
	pkg := u.Import(f, "context", "context")
	ctx := u.Context(f, c)
	if otherWayOut(f, c) && !form.ret {
		pctx, cancel := u.Unused(f, c, "pctx"), u.Unused(f, c, "cancel")
		err := "err"
		u.Replace(f, form.stmt.Pos(), form.stmt.End(),
			"go func() { // Ping waits for the pong, which a read takes in\n\t"+
				pctx+", "+cancel+" := "+pkg+".WithTimeout("+ctx+", "+wait+")\n\tdefer "+cancel+"()\n\tif "+err+" := ", recv, ".Ping("+pctx+"); "+err+" != nil {\n\t\t", recv, ".CloseNow()\n\t}\n}()")
		u.ClaimWithin(f, form.stmt)
		if form.separate {
			sp := unit.LineSpan(f, form.check.Pos(), form.check.End())
			u.Replace(f, sp.Pos, sp.End)
			u.ClaimWithin(f, form.check)
		}
	} else if !planPingInPlace(u, s, c, form, pkg, ctx, wait) {
		return
	}
	u.Note(f, s.Ident.Pos(), "heartbeat", "a dead peer is noticed "+wait+" after the ping it does not answer, not "+wait+" after its last pong")
}

// planPingInPlace replaces the ping by a Ping that is waited for.
func planPingInPlace(u *unit.Unit, s *flow.Site, c inspector.Cursor, form errorForm, pkg, ctx, wait string) bool {
	f := s.File
	call := c.Node().(*ast.CallExpr)
	end := form.stmt.End()
	if form.separate {
		end = form.check.End()
	}
	pctx, cancel, op := u.ContextNames(f, c, form.list, form.stmt.Pos(), end, "pctx")
	decl := pctx + ", " + cancel + " " + op + " " + pkg + ".WithTimeout(" + ctx + ", " + wait + ")\n"
	switch {
	case form.ret:
		u.Insert(f, form.stmt.Pos(), decl+"defer "+cancel+"()\n")
	case form.check != nil && !form.separate:
		u.Insert(f, form.stmt.Pos(), decl)
		u.Insert(f, form.check.Body.Lbrace+1, "\n"+cancel+"()")
		u.Insert(f, form.stmt.End(), "\n"+cancel+"()")
	default:
		u.Insert(f, form.stmt.Pos(), decl)
		u.Insert(f, form.stmt.End(), "\n"+cancel+"()")
	}
	u.Replace(f, call.Pos(), call.End(), unit.Recv(s), ".Ping("+pctx+")")
	u.Note(f, s.Ident.Pos(), "heartbeat", "the loop waits for the pong before it goes on")
	return true
}

// otherWayOut reports whether the loop around c can end other than by the
// ping's error: another case of its select, or a loop condition.
func otherWayOut(f *flow.File, c inspector.Cursor) bool {
	for e := range c.Enclosing((*ast.SelectStmt)(nil), (*ast.ForStmt)(nil), (*ast.RangeStmt)(nil), (*ast.FuncLit)(nil), (*ast.FuncDecl)(nil)) {
		switch n := e.Node().(type) {
		case *ast.SelectStmt:
			for _, cl := range n.Body.List {
				if cl.Pos() <= c.Node().Pos() && c.Node().End() <= cl.End() {
					continue
				}
				for _, st := range cl.(*ast.CommClause).Body {
					for _, x := range exits(f, st) {
						if r, ok := x.(*ast.ReturnStmt); ok || r == nil && isLabeledBreak(x) {
							return true
						}
					}
				}
			}
		case *ast.ForStmt:
			return n.Cond != nil
		case *ast.RangeStmt:
			return false
		default:
			return false
		}
	}
	return false
}

func isLabeledBreak(s ast.Stmt) bool {
	b, ok := s.(*ast.BranchStmt)
	return ok && b.Label != nil && b.Tok == token.BREAK
}

// planKeepalive converts a ping that nobody waits for the answer of: it only
// keeps middle boxes from closing the connection.
func planKeepalive(u *unit.Unit, s *flow.Site) {
	f := s.File
	c, _ := unit.CallCursor(s)
	form := formOf(f, c)
	recv := unit.Recv(s)
	if !form.ok || form.ret || form.usedOutside(f) || !pure(recv) {
		u.RefuseSite(s, "the result of writing the ping is used in a way that Ping may not serve", heartbeatHelp)
		return
	}
	if form.check != nil && !otherWayOut(f, c) {
		u.RefuseSite(s, "a failed ping is the loop's only way out, and Ping also fails when only the pong is late", heartbeatHelp)
		return
	}
	u.Claim(s)
	u.ClaimWithin(f, c.Node())
	dropDeadlineBefore(u, s, form)
	pkg, tm := u.Import(f, "context", "context"), u.Import(f, "time", "time")
	ctx := u.Context(f, c)
	pctx, cancel := u.Unused(f, c, "pctx"), u.Unused(f, c, "cancel")
	u.Replace(f, form.stmt.Pos(), form.stmt.End(),
		"go func() { // Ping waits for the pong; a late one is no error here\n\t"+
			pctx+", "+cancel+" := "+pkg+".WithTimeout("+ctx+", 10*"+tm+".Second)\n\tdefer "+cancel+"()\n\t", recv, ".Ping("+pctx+")\n}()")
	u.ClaimWithin(f, form.stmt)
	if form.separate {
		sp := unit.LineSpan(f, form.check.Pos(), form.check.End())
		u.Replace(f, sp.Pos, sp.End)
		u.ClaimWithin(f, form.check)
	}
	u.Note(f, s.Ident.Pos(), "heartbeat", "a ping that cannot be written is no longer an error of its own; the next write or read fails")
}
