package rules

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// A frame is a control frame that the program sends: with WriteMessage or
// WriteControl, or by a call of a function that hands its arguments on to one
// of these.
type frame struct {
	site *flow.Site // of the library's method
	file *flow.File
	c    inspector.Cursor // of the call
	call *ast.CallExpr
	conn string   // the connection, as it is written there
	data ast.Expr // the payload
}

// direct reports whether the frame is sent by the library's method itself.
func (fr *frame) direct() bool { return unit.Call(fr.site) == fr.call }

// controlFrames returns the frames of type typ that the cluster sends and no
// rule has claimed.
func controlFrames(u *unit.Unit, typ int64) []*frame {
	var out []*frame
	for _, s := range u.Sites("Conn.WriteMessage", "Conn.WriteControl") {
		c, ok := unit.CallCursor(s)
		if !ok {
			continue
		}
		call := c.Node().(*ast.CallExpr)
		if len(call.Args) < 2 {
			continue
		}
		if n, ok := unit.ConstInt(s.File, call.Args[0]); ok {
			if n == typ {
				out = append(out, &frame{s, s.File, c, call, connText(u, s), call.Args[1]})
			}
			continue
		}
		if w := wrapperOf(u, s, call); w != nil {
			out = append(out, w.frames(u, typ)...)
		}
	}
	return out
}

// arg returns the connection of the frame as an argument for a helper.
func (fr *frame) arg(u *unit.Unit) string {
	if u.Wrapped != "" {
		return fr.conn + ".Conn"
	}
	return fr.conn
}

// onlyWrites reports whether the function at fn does nothing worth keeping
// besides the write of s: locks, a write deadline, the payload, the error.
func onlyWrites(u *unit.Unit, f *flow.File, fn inspector.Cursor, s *flow.Site) bool {
	return doesOnly(u, f, fn, func(call *ast.CallExpr) bool { return call == unit.Call(s) })
}

// doesOnly reports whether the function at fn does nothing worth keeping
// besides the calls that are wanted.
func doesOnly(u *unit.Unit, f *flow.File, fn inspector.Cursor, wanted func(*ast.CallExpr) bool) bool {
	body, _ := unit.Body(fn.Node())
	info := f.Pkg.TypesInfo
	ok := body != nil
	for c := range fn.Preorder() {
		switch n := c.Node().(type) {
		case *ast.ForStmt, *ast.RangeStmt, *ast.SelectStmt, *ast.GoStmt, *ast.SendStmt, *ast.FuncLit, *ast.TypeSwitchStmt, *ast.LabeledStmt, *ast.IncDecStmt:
			if n != fn.Node() {
				ok = false
			}
		case *ast.UnaryExpr:
			ok = ok && n.Op != token.ARROW
		case *ast.AssignStmt:
			for _, l := range n.Lhs {
				v, isVar := objectOf(f, l).(*types.Var)
				if !isBlank(l) && (!isVar || !isLocal(f, v) || v.Pos() < fn.Node().Pos() || v.Pos() > fn.Node().End()) {
					ok = false
				}
			}
		case *ast.IfStmt:
			if len(exits(f, n)) > 0 && !testsError(f, n.Cond) {
				ok = false // a guard
			}
		case *ast.CallExpr:
			ok = ok && (wanted(n) || harmless(u, f, info, n))
		}
	}
	return ok
}

// testsError reports whether cond is x != nil or x == nil for an error x.
func testsError(f *flow.File, cond ast.Expr) bool {
	b, ok := ast.Unparen(cond).(*ast.BinaryExpr)
	if !ok || b.Op != token.NEQ && b.Op != token.EQL || !unit.IsNil(f, b.Y) {
		return false
	}
	t := f.Pkg.TypesInfo.TypeOf(b.X)
	return t != nil && isError(t)
}

// harmless reports whether a call in a wrapper may be left out together with
// the write.
func harmless(u *unit.Unit, f *flow.File, info *types.Info, call *ast.CallExpr) bool {
	if info.Types[call.Fun].IsType() {
		return true
	}
	if id, ok := ast.Unparen(call.Fun).(*ast.Ident); ok {
		if _, ok := info.Uses[id].(*types.Builtin); ok {
			return id.Name != "close" && id.Name != "panic" && id.Name != "delete"
		}
	}
	if isLock(f, call) || isFunc(f, call.Fun, "time", "Now") || isFunc(f, call.Fun, "time", "Add") || isFunc(f, call.Fun, "fmt", "Errorf") || isFunc(f, call.Fun, "errors", "New") {
		return true
	}
	o := callSite(u, f, call)
	return o != nil && (o.Symbol == "Conn.SetWriteDeadline" || o.Symbol == "FormatCloseMessage")
}

// isLock reports whether the call locks or unlocks something of package sync.
func isLock(f *flow.File, call *ast.CallExpr) bool {
	fn := calledFunc(f, call)
	if fn == nil || fn.Pkg() == nil || fn.Pkg().Path() != "sync" {
		return false
	}
	switch fn.Name() {
	case "Lock", "Unlock", "RLock", "RUnlock":
		return true
	}
	return false
}

// underLock reports whether a lock of package sync may be held at the call:
// one is taken before it in its function.
func (fr *frame) underLock() bool {
	fn, ok := unit.Func(fr.c)
	if !ok {
		return true
	}
	for c := range fn.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		if call.Pos() < fr.call.Pos() && isLock(fr.file, call) && strings.HasSuffix(calledFunc(fr.file, call).Name(), "Lock") && !strings.HasSuffix(calledFunc(fr.file, call).Name(), "nlock") {
			return true
		}
	}
	return false
}

// same reports whether the site is a call on the connection of the frame, in
// its function declaration.
func (fr *frame) same(u *unit.Unit, o *flow.Site) bool {
	return o.File == fr.file && unit.Recv(o) != nil && connText(u, o) == fr.conn && unit.Decl(o.Cursor) == unit.Decl(fr.c)
}

// connCall returns the site of one of the named methods that the statement is
// a plain call of, on the frame's connection.
func (fr *frame) connCall(u *unit.Unit, st ast.Stmt, names ...string) *flow.Site {
	call := plainCall(st)
	if call == nil {
		return nil
	}
	o := callSite(u, fr.file, call)
	if o == nil || !fr.same(u, o) {
		return nil
	}
	for _, n := range names {
		if string(o.Symbol) == "Conn."+n {
			return o
		}
	}
	return nil
}

// plainCall returns the call that the statement is, its results dropped.
func plainCall(st ast.Stmt) *ast.CallExpr {
	var e ast.Expr
	switch st := st.(type) {
	case *ast.ExprStmt:
		e = st.X
	case *ast.AssignStmt:
		if len(st.Lhs) != 1 || len(st.Rhs) != 1 || !isBlank(st.Lhs[0]) {
			return nil
		}
		e = st.Rhs[0]
	default:
		return nil
	}
	call, _ := ast.Unparen(e).(*ast.CallExpr)
	return call
}

// deferredClose reports whether the function around the frame defers a Close
// of its connection.
func (fr *frame) deferredClose(u *unit.Unit) bool {
	fn, ok := unit.Func(fr.c)
	if !ok {
		return false
	}
	for _, cl := range u.All("Conn.Close") {
		if !fr.same(u, cl) || !inside(cl, fn.Node()) {
			continue
		}
		for d := range cl.Cursor.Enclosing((*ast.DeferStmt)(nil)) {
			if f, ok := unit.Func(d); ok && f.Node() == fn.Node() {
				return true
			}
		}
	}
	return false
}

// pos returns where notes about the frame belong: at the name of the method or
// function that sends it.
func (fr *frame) pos() token.Pos {
	if id := lastIdent(fr.call.Fun); id != nil {
		return id.Pos()
	}
	return fr.call.Pos()
}

// claim takes on the frame with everything in its call.
func (fr *frame) claim(u *unit.Unit) {
	if fr.direct() {
		u.Claim(fr.site)
	} else {
		u.Mark(fr.call)
	}
	u.ClaimWithin(fr.file, fr.call)
}

// refuse says why the frame cannot be converted.
func (fr *frame) refuse(u *unit.Unit, text, help string) {
	u.ClaimWithin(fr.file, fr.call)
	if fr.direct() {
		u.RefuseSite(fr.site, text, help)
		return
	}
	u.Refuse(u.Graph.Fset.PositionFor(fr.call.Pos(), false), text, help)
}

// dropDeadline deletes a write deadline that is set just before the frame and
// covers nothing else.
func (fr *frame) dropDeadline(u *unit.Unit, form errorForm) {
	if form.index == 0 {
		return
	}
	before := form.list[form.index-1]
	d := fr.connCall(u, before, "SetWriteDeadline")
	if d == nil || u.Claimed(d) {
		return
	}
	for _, o := range u.All("Conn.WriteMessage", "Conn.WriteJSON", "Conn.NextWriter", "Conn.WritePreparedMessage") {
		if unit.Call(o) != fr.call && fr.same(u, o) && isDataCall(o) && within(form.list[form.index:], o.Ident.Pos()) >= 0 {
			return
		}
	}
	u.DeleteStmt(fr.file, before)
}
