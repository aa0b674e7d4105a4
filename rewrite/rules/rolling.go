package rules

import (
	"go/ast"

	"golang.org/x/tools/go/ast/edge"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// clearedBefore reports whether one of the sites that clear a deadline stands
// before s in its function.
func clearedBefore(s *flow.Site, clears []*flow.Site) bool {
	fn, ok := unit.Func(s.Cursor)
	if !ok {
		return false
	}
	for _, c := range clears {
		if sameConn(c, s) && inside(c, fn.Node()) && c.Ident.Pos() < s.Ident.Pos() {
			return true
		}
	}
	return false
}

// movedInLoop reports whether the call o is repeated by a loop behind s in
// which another setter stands, so that the deadline of s holds for the first
// time round at most.
func movedInLoop(u *unit.Unit, s, o *flow.Site) bool {
	for l := range o.Cursor.Enclosing((*ast.ForStmt)(nil), (*ast.RangeStmt)(nil)) {
		if inside(s, l.Node()) {
			return false
		}
		for _, p := range u.All(s.Symbol) {
			if p != s && sameConn(p, s) && !clearsAtReturn(p) && inside(p, l.Node()) {
				return true
			}
		}
	}
	return false
}

// overshadowed reports whether another setter stands between s and the call o,
// so that its deadline is the one that holds.
func overshadowed(u *unit.Unit, s, o *flow.Site) bool {
	for _, p := range u.All(s.Symbol) {
		if p != s && sameConn(p, s) && !clearsAtReturn(p) && s.Ident.Pos() < p.Ident.Pos() && p.Ident.Pos() < o.Ident.Pos() {
			return true
		}
	}
	return false
}

// planRolling converts a read deadline that is moved behind each read of a
// loop, together with the one before the loop: every read gets a context with
// the timeout.
func planRolling(u *unit.Unit, s *flow.Site, base string, calls []wsapi.Symbol) bool {
	f := s.File
	c, ok := unit.CallCursor(s)
	if !ok {
		return false
	}
	form, ok := setterForm(f, c)
	if !ok {
		return false
	}
	d, ok := timeout(f, c.Node().(*ast.CallExpr).Args[0])
	if !ok {
		return false
	}
	loop, found := cursorOf(f, form.stmt).Parent(), false
	if k, _ := loop.ParentEdge(); k == edge.ForStmt_Body || k == edge.RangeStmt_Body {
		loop, found = loop.Parent(), true
	}
	if !found || !pure(d) {
		return false
	}
	// The one read of the loop stands before the setter, in its list.
	var read *flow.Site
	for _, o := range u.All(calls...) {
		if !sameConn(o, s) || !inside(o, loop.Node()) {
			continue
		}
		at, list, i, ok := unit.Stmt(o.Cursor)
		if read != nil || u.Claimed(o) || !ok || len(list) == 0 || list[0] != form.list[0] || i >= form.index || at.Node() != ast.Node(form.list[i]) {
			return false
		}
		if _, ok := at.Node().(*ast.AssignStmt); !ok {
			return false
		}
		read = o
	}
	if read == nil {
		return false
	}
	if oc, ok := unit.CallCursor(read); !ok || looksForTimeout(u, f, oc) {
		return false
	}
	// Every other setter on this connection in the function is the same
	// deadline, set before the loop or elsewhere in it.
	fn, ok := unit.Func(c)
	if !ok {
		return false
	}
	var others []*flow.Site
	for _, o := range u.All(s.Symbol) {
		if o == s {
			continue
		}
		call := unit.Call(o)
		if !sameConn(o, s) || !inside(o, fn.Node()) || call == nil {
			return false
		}
		e, ok := timeout(f, call.Args[0])
		if !ok || !sameDuration(f, e, f, d) {
			return false
		}
		if !u.Claimed(o) {
			others = append(others, o)
		}
	}
	for _, o := range others {
		oc, ok := unit.CallCursor(o)
		if !ok || !deleteSetter(u, o, oc) {
			return false
		}
	}
	if !deleteSetter(u, s, c) {
		return false
	}
	at, _, _, _ := unit.Stmt(read.Cursor)
	pkg := u.Import(f, "context", "context")
	rctx, cancel, op := u.ContextNames(f, c, form.list, at.Node().Pos(), at.Node().End(), base)
	u.Insert(f, at.Node().Pos(), rctx+", "+cancel+" "+op+" "+pkg+".WithTimeout("+u.Context(f, read.Cursor)+", "+f.Text(d)+")\n")
	u.Insert(f, at.Node().End(), "\n"+cancel+"()")
	u.SetContext(read, rctx)
	u.Note(f, read.Ident.Pos(), "deadline", "a read that runs into its timeout closes the connection; in gorilla writes still went on")
	return true
}
