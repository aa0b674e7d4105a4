package rules

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

var deadlineRule = &unit.Rule{
	Name: "deadline",
	Doc: `A deadline that is set before a call in the same list of statements becomes a context with a timeout for the calls
it covers, cancelled behind the last of them. gorilla's SetReadDeadline and SetWriteDeadline never return an error,
so a test of it goes. A read that runs into its timeout closes the whole connection; in gorilla writes went on. A
deadline that is set elsewhere, that other functions rely on, or whose end the program looks for makes a type of the
package take the place of Conn, which embeds it and has deadlines; where several packages use the connection, one that
the others import or may import declares it, with exported names.`,
	Plan: planWrapper,
}

// planDeadlineContexts makes contexts of all deadlines.
func planDeadlineContexts(u *unit.Unit) {
	planDeadlines(u, "Conn.SetWriteDeadline", "wctx", "Conn.WriteMessage", "Conn.NextWriter", "Conn.WriteJSON", "WriteJSON", "Conn.WritePreparedMessage")
	planDeadlines(u, "Conn.SetReadDeadline", "rctx", "Conn.ReadMessage", "Conn.NextReader", "Conn.ReadJSON", "ReadJSON")
}

// planDeadlines converts the deadlines that setter sets for the given calls.
func planDeadlines(u *unit.Unit, setter wsapi.Symbol, base string, calls ...wsapi.Symbol) {
	var clears []*flow.Site
	converted, failed := 0, 0
	if setter == "Conn.SetReadDeadline" {
		for _, s := range u.Sites(setter) {
			if !u.Claimed(s) && planRolling(u, s, base, calls) {
				converted++
			}
		}
	}
	for _, s := range u.Sites(setter) {
		if u.Claimed(s) {
			continue
		}
		call := unit.Call(s)
		if call != nil && len(call.Args) == 1 && isZeroTime(s.File, call.Args[0]) {
			clears = append(clears, s)
			continue
		}
		if planDeadline(u, s, call, base, calls) {
			converted++
		} else {
			failed++
		}
	}
	for _, s := range clears {
		c, ok := unit.CallCursor(s)
		if !ok || failed > 0 || !deleteClear(u, s, c) {
			u.RefuseSite(s, "a deadline is cleared that was not converted", "drop the call when the deadline it clears is gone")
		}
	}
	if converted == 0 {
		return
	}
	for _, s := range u.Sites(calls...) {
		if !u.HasContext(s) && isDataCall(s) && !clearedBefore(s, clears) {
			u.Note(s.File, s.Ident.Pos(), "deadline", "a deadline that another call had set still held for this one in gorilla; it has none now")
		}
	}
}

// isDataCall reports whether the site is not a control message.
func isDataCall(s *flow.Site) bool {
	call := unit.Call(s)
	if call == nil || s.Symbol != "Conn.WriteMessage" {
		return true
	}
	n, ok := unit.ConstInt(s.File, call.Args[0])
	return !ok || n < 8
}

func isZeroTime(f *flow.File, e ast.Expr) bool {
	lit, ok := ast.Unparen(e).(*ast.CompositeLit)
	if !ok || len(lit.Elts) != 0 {
		return false
	}
	n, ok := types.Unalias(f.Pkg.TypesInfo.TypeOf(lit)).(*types.Named)
	return ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == "time" && n.Obj().Name() == "Time"
}

// timeout returns d of time.Now().Add(d).
func timeout(f *flow.File, e ast.Expr) (ast.Expr, bool) {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok || len(call.Args) != 1 || !isFunc(f, call.Fun, "time", "Add") {
		return nil, false
	}
	now, ok := ast.Unparen(call.Fun.(*ast.SelectorExpr).X).(*ast.CallExpr)
	if !ok || !isFunc(f, now.Fun, "time", "Now") {
		return nil, false
	}
	return call.Args[0], true
}

// isFunc reports whether e names the function or method of the package.
func isFunc(f *flow.File, e ast.Expr, pkg, name string) bool {
	sel, ok := ast.Unparen(e).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	fn, ok := f.Pkg.TypesInfo.Uses[sel.Sel].(*types.Func)
	return ok && fn.Pkg() != nil && fn.Pkg().Path() == pkg && fn.Name() == name
}

// setterForm returns the statement of a deadline call whose error, which is
// always nil, is dropped or tested.
func setterForm(f *flow.File, c inspector.Cursor) (errorForm, bool) {
	e := formOf(f, c)
	if !e.ok || e.ret {
		return e, false
	}
	if e.err != nil && !e.separate && e.check == nil {
		return e, false // err := …, tested elsewhere
	}
	if e.separate && e.usedOutside(f) {
		as, ok := e.stmt.(*ast.AssignStmt)
		if !ok || as.Tok.String() == ":=" {
			return e, false
		}
	}
	return e, true
}

// deleteSetter deletes the statement of a deadline call.
func deleteSetter(u *unit.Unit, s *flow.Site, c inspector.Cursor) bool {
	e, ok := setterForm(s.File, c)
	if !ok {
		return false
	}
	u.DeleteStmt(s.File, e.stmt)
	if e.separate {
		u.DeleteStmt(s.File, e.check)
	}
	u.Claim(s)
	return true
}

// clearsAtReturn reports whether the setter is deferred to clear a deadline.
func clearsAtReturn(s *flow.Site) bool {
	c, ok := unit.CallCursor(s)
	if !ok || !isZeroTime(s.File, c.Node().(*ast.CallExpr).Args[0]) {
		return false
	}
	k, _ := c.ParentEdge()
	return k == edge.DeferStmt_Call
}

// deleteClear deletes a call that clears a deadline.
func deleteClear(u *unit.Unit, s *flow.Site, c inspector.Cursor) bool {
	switch k, _ := c.ParentEdge(); k {
	case edge.DeferStmt_Call:
		u.Claim(s)
		u.DeleteStmt(s.File, c.Parent().Node().(ast.Stmt))
		return true
	case edge.ReturnStmt_Results:
		if len(c.Parent().Node().(*ast.ReturnStmt).Results) == 1 {
			u.Claim(s)
			u.Replace(s.File, c.Node().Pos(), c.Node().End(), "nil")
			return true
		}
	}
	return deleteSetter(u, s, c)
}

// planDeadline converts one deadline. It reports false after refusing.
func planDeadline(u *unit.Unit, s *flow.Site, call *ast.CallExpr, base string, calls []wsapi.Symbol) bool {
	f := s.File
	no := func(text, help string) bool {
		u.RefuseSite(s, text, help)
		return false
	}
	if call == nil {
		return no("the deadline setter is used as a value", "give the calls a context with a timeout")
	}
	d, ok := timeout(f, call.Args[0])
	if !ok {
		return no("the deadline is not time.Now().Add(d)", "give each call it covers a context with that deadline")
	}
	c, _ := unit.CallCursor(s)
	form, ok := setterForm(f, c)
	if !ok {
		return no("the error of the call, which is always nil, is used", "drop the test")
	}
	if inDeferOrGo(c) {
		return no("the deadline is set in a statement of its own goroutine", "give each call it covers a context with a timeout")
	}
	start := form.index + 1
	if form.separate {
		start++
	}
	// The calls covered: those behind it in its list, up to the next setter.
	end := len(form.list)
	for _, o := range u.All(s.Symbol) {
		if o != s && sameConn(o, s) && !clearsAtReturn(o) {
			if i := within(form.list, o.Ident.Pos()); i >= start && i < end {
				at, _, _, ok := unit.Stmt(o.Cursor)
				if ok && at.Node() == ast.Node(form.list[i]) {
					end = i
				}
			}
		}
	}
	var covered []*flow.Site
	first, last, claimed := len(form.list), -1, false
	for _, o := range u.All(calls...) {
		i := within(form.list, o.Ident.Pos())
		if i < start || i >= end || !sameConn(o, s) || inFuncLit(o, form.list[i]) {
			continue
		}
		if u.Claimed(o) || !isDataCall(o) || overshadowed(u, s, o) {
			claimed = true
			continue
		}
		if movedInLoop(u, s, o) {
			return no("the deadline is moved by another call in the loop that it covers", "give each call a context with a timeout")
		}
		covered = append(covered, o)
		first = min(first, i)
		last = max(last, i, writerEnd(f, form.list, o))
	}
	for _, o := range u.All("Conn.WriteControl") {
		if i := within(form.list, o.Ident.Pos()); i >= start && i < end && sameConn(o, s) && u.Claimed(o) {
			claimed = true
		}
	}
	if len(covered) == 0 {
		if claimed {
			return deleteSetter(u, s, c)
		}
		return no("the deadline holds for calls elsewhere", "give each of them a context with a timeout")
	}
	for _, o := range covered {
		if o.File != f {
			return no("the deadline holds for calls elsewhere", "give each of them a context with a timeout")
		}
		if oc, ok := unit.CallCursor(o); ok && looksForTimeout(u, f, oc) {
			return no("the code looks whether the deadline was over", "look at the context instead: its error is context.DeadlineExceeded")
		}
	}
	// The context is made where the deadline was set, or just before the first
	// call if other statements stand between.
	at := form.stmt
	if first > start && pure(d) {
		at, start = form.list[first], first
	}
	region := form.list[start : last+1]
	ctx := u.Context(f, c)
	pkg := u.Import(f, "context", "context")
	wctx, cancel, op := u.ContextNames(f, c, form.list, at.Pos(), form.list[last].End(), base)
	make := wctx + ", " + cancel + " " + op + " " + pkg + ".WithTimeout(" + ctx + ", "
	ends, results, deferred, ok := placeCancel(f, c, form.list, last, region, covered)
	if !ok {
		return no("control leaves in ways between the deadline and the calls it covers that no cancel can be placed on", "give each call a context with a timeout")
	}
	tail := ")"
	if deferred {
		tail += "\ndefer " + cancel + "()"
	}
	if at == form.stmt {
		u.Replace(f, at.Pos(), at.End(), make, d, tail)
	} else {
		u.DeleteStmt(f, form.stmt)
		u.Replace(f, at.Pos(), at.Pos(), make, d, tail+"\n")
	}
	u.Claim(s)
	if form.separate {
		u.DeleteStmt(f, form.check)
	}
	if !deferred {
		for _, x := range ends {
			u.Insert(f, x.Pos(), cancel+"()\n")
		}
		for _, r := range results {
			err := u.Fresh(f, c, "err")
			u.Replace(f, r.Pos(), r.End(), err+" := ", r.Results[0], "\n"+cancel+"()\nreturn "+err)
		}
		if !leaves(f, form.list[last]) {
			u.Insert(f, form.list[last].End(), "\n"+cancel+"()")
		}
	}
	for _, o := range covered {
		u.SetContext(o, wctx)
	}
	if s.Symbol == "Conn.SetReadDeadline" {
		u.Note(f, s.Ident.Pos(), "deadline", "a read that runs into its timeout closes the connection; in gorilla writes still went on")
	} else {
		u.Note(f, s.Ident.Pos(), "deadline", "a write that runs into its timeout closes the connection; in gorilla reads still went on")
	}
	return true
}

// shared reports whether the list is the function's own, so that a name
// declared in it is visible in all others.
func shared(f *flow.File, list []ast.Stmt, c inspector.Cursor) bool {
	fn, ok := unit.Func(c)
	if !ok {
		return true
	}
	body, _ := unit.Body(fn.Node())
	return len(body.List) > 0 && body.List[0] == list[0]
}

// placeCancel decides where cancel is called: at the exits inside the region
// and behind it, between a covered call and the return of its result, or
// deferred.
func placeCancel(f *flow.File, c inspector.Cursor, list []ast.Stmt, last int, region []ast.Stmt, covered []*flow.Site) (at []ast.Stmt, results []*ast.ReturnStmt, deferred, ok bool) {
	canDefer := !unit.InLoop(c)
	if canDefer && (last == len(list)-1 || last == len(list)-2 && leaves(f, list[last+1])) && shared(f, list, c) {
		return nil, nil, true, true
	}
	for _, st := range region {
	exit:
		for _, x := range exits(f, st) {
			if !inList(f, x) {
				return nil, nil, canDefer, canDefer
			}
			for _, o := range covered {
				if !inside(o, x) {
					continue
				}
				ret, isRet := x.(*ast.ReturnStmt)
				if !isRet || len(ret.Results) != 1 || ast.Expr(unit.Call(o)) != ast.Unparen(ret.Results[0]) {
					return nil, nil, canDefer, canDefer
				}
				results = append(results, ret)
				continue exit
			}
			at = append(at, x)
		}
	}
	return at, results, false, true
}

// inDeferOrGo reports whether the call at c is itself deferred or started.
func inDeferOrGo(c inspector.Cursor) bool {
	k, _ := c.ParentEdge()
	return k == edge.DeferStmt_Call || k == edge.GoStmt_Call
}

// writerEnd returns the index in list of the last statement that uses the
// writer or reader that the call of o returns, or -1.
func writerEnd(f *flow.File, list []ast.Stmt, o *flow.Site) int {
	c, ok := unit.CallCursor(o)
	if !ok {
		return -1
	}
	as, ok := assignment(c)
	if !ok {
		return -1
	}
	var v types.Object
	switch o.Symbol {
	case "Conn.NextWriter":
		v = objectOf(f, as.Lhs[0])
	case "Conn.NextReader":
		if len(as.Lhs) > 1 {
			v = objectOf(f, as.Lhs[1])
		}
	}
	if v == nil {
		return -1
	}
	last := -1
	for i, st := range list {
		ast.Inspect(st, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && f.Pkg.TypesInfo.ObjectOf(id) == v {
				last = i
			}
			return true
		})
	}
	return last
}
