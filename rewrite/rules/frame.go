package rules

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
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

// A wrapper is a function that does nothing but write a message of the type
// and with the payload that it is given.
type wrapper struct {
	site      *flow.Site
	fn        inspector.Cursor
	typ, data int // parameters; data is -1 where the payload is made from it
	root      types.Object
	rest      string // of the connection, behind its root
}

// wrapperOf returns the function around the call of s as a wrapper, or nil.
func wrapperOf(u *unit.Unit, s *flow.Site, call *ast.CallExpr) *wrapper {
	f := s.File
	v, ok := objectOf(f, call.Args[0]).(*types.Var)
	if !ok {
		return nil
	}
	fn, index, ok := paramOf(f, v)
	if inner, found := unit.Func(s.Cursor); !ok || !found || inner.Node() != fn.Node() {
		return nil
	}
	w := &wrapper{site: s, fn: fn, typ: index, data: -1}
	if d, ok := objectOf(f, call.Args[1]).(*types.Var); ok {
		if g, i, ok := paramOf(f, d); ok && g.Node() == fn.Node() {
			w.data = i
		}
	}
	recv := unit.Recv(s)
	root := chainRoot(recv)
	if root == nil {
		return nil
	}
	w.root = f.Pkg.TypesInfo.ObjectOf(root)
	w.rest = strings.TrimPrefix(connText(u, s), root.Name)
	if w.root == nil || !onlyWrites(u, f, fn, s) {
		return nil
	}
	return w
}

// chainRoot returns the variable that a chain of selectors such as c.peer.conn
// starts with, or nil if e is none.
func chainRoot(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// chainText returns the source of e, of a chain of selectors without comments.
func chainText(u *unit.Unit, f *flow.File, e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		if v, ok := f.Pkg.TypesInfo.Uses[x.Sel].(*types.Var); ok {
			return chainText(u, f, x.X) + "." + fieldName(u, v)
		}
		return chainText(u, f, x.X) + "." + x.Sel.Name
	}
	return f.Text(e)
}

// fieldName returns the name that a variable has afterwards: a field that
// embeds the connection is named by its type.
func fieldName(u *unit.Unit, v *types.Var) string {
	if u.Wrapped != "" && v.Embedded() && (isNamedPointee(v.Type(), wsapi.GorillaPath, "Conn") || isNamedPointee(v.Type(), wsapi.CompatPath, "Conn")) {
		return u.Wrapped
	}
	return v.Name()
}

// arg returns the connection of the frame as an argument for a helper.
func (fr *frame) arg(u *unit.Unit) string {
	if u.Wrapped != "" {
		return fr.conn + ".Conn"
	}
	return fr.conn
}

// connText returns the source of the connection that the method call of s is
// on, with the names of the fields that embed it.
func connText(u *unit.Unit, s *flow.Site) string {
	return chainText(u, s.File, unit.Recv(s)) + embedding(u, s)
}

// embedding returns the fields between the receiver of a method call and the
// connection that it embeds, ".Conn".
func embedding(u *unit.Unit, s *flow.Site) string {
	text := ""
	sel := s.File.Pkg.TypesInfo.Selections[s.Cursor.Parent().Node().(*ast.SelectorExpr)]
	t := sel.Recv()
	for _, i := range sel.Index()[:len(sel.Index())-1] {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		st, ok := t.Underlying().(*types.Struct)
		if !ok {
			break
		}
		text += "." + fieldName(u, st.Field(i))
		t = st.Field(i).Type()
	}
	return text
}

// frames returns the calls of the wrapper with the constant typ.
func (w *wrapper) frames(u *unit.Unit, typ int64) []*frame {
	var out []*frame
	calls, _ := u.Calls(w.site.File, w.fn)
	for _, pc := range calls {
		arg := pc.Arg(w.typ)
		if arg == nil || u.Marked(pc.Call) || !editable(pc.File) || pc.File.Pkg.PkgPath != w.site.File.Pkg.PkgPath {
			continue
		}
		if n, ok := unit.ConstInt(pc.File, arg); !ok || n != typ {
			continue
		}
		if foreignSites(u, pc.File, pc.Call) {
			continue
		}
		conn, ok := w.connAt(u, pc)
		if !ok {
			continue
		}
		fr := &frame{site: w.site, file: pc.File, c: pc.Cursor, call: pc.Call, conn: conn}
		if w.data >= 0 {
			fr.data = pc.Arg(w.data)
		}
		out = append(out, fr)
	}
	return out
}

// editable reports whether the file may be changed.
func editable(f *flow.File) bool { return f.Broken == "" && !f.Generated && !f.Cgo }

// foreignSites reports whether n holds sites of other clusters.
func foreignSites(u *unit.Unit, f *flow.File, n ast.Node) bool {
	for _, s := range f.Sites {
		if inside(s, n) && u.SiteAt(s.Ident) == nil {
			return true
		}
	}
	return false
}

// connAt returns the connection as the caller of the wrapper would write it.
func (w *wrapper) connAt(u *unit.Unit, pc unit.ParamCall) (string, bool) {
	f := w.site.File
	switch d := w.fn.Node().(type) {
	case *ast.FuncDecl:
		if d.Recv != nil && len(d.Recv.List) == 1 && len(d.Recv.List[0].Names) == 1 && f.Pkg.TypesInfo.Defs[d.Recv.List[0].Names[0]] == w.root {
			sel, ok := ast.Unparen(pc.Call.Fun).(*ast.SelectorExpr)
			if !ok || chainRoot(sel.X) == nil {
				return "", false
			}
			s := pc.File.Pkg.TypesInfo.Selections[sel]
			if s == nil || len(s.Index()) != 1 || types.IsInterface(s.Recv()) {
				return "", false
			}
			return chainText(u, pc.File, sel.X) + w.rest, true
		}
	}
	if v, ok := w.root.(*types.Var); ok {
		if fn, i, ok := paramOf(f, v); ok && fn.Node() == w.fn.Node() {
			arg := pc.Arg(i)
			if arg == nil || chainRoot(arg) == nil {
				return "", false
			}
			return chainText(u, pc.File, arg) + w.rest, true
		}
	}
	// A variable around the function: the same one has to be in sight.
	scope := pc.File.Pkg.Types.Scope().Innermost(pc.Call.Pos())
	if scope == nil {
		return "", false
	}
	_, o := scope.LookupParent(w.root.Name(), pc.Call.Pos())
	return w.root.Name() + w.rest, o != nil && o == w.root
}

// onlyWrites reports whether the function at fn does nothing worth keeping
// besides the write of s: locks, a write deadline, the payload, the error.
func onlyWrites(u *unit.Unit, f *flow.File, fn inspector.Cursor, s *flow.Site) bool {
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
			ok = ok && (n == unit.Call(s) || harmless(u, f, info, n))
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
