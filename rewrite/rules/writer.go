package rules

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

var writerRule = &unit.Rule{
	Name: "writer",
	Doc: `NextWriter becomes Writer with a context, and is closed on every path that goes on using the connection:
gorilla closes an open writer at the next write, the target waits for it forever. The context must live until
Close. A streamed message ends with an empty final frame. A writer that goes to other code becomes one that collects
the message and sends it when it is closed.`,
	Plan: func(u *unit.Unit) {
		for _, s := range u.Sites("Conn.NextWriter") {
			c, ok := unit.CallCursor(s)
			if !ok {
				u.RefuseSite(s, "NextWriter is used as a value", "call it in a function literal")
				continue
			}
			u.Claim(s)
			planWriter(u, s, c)
		}
	},
}

const writerHelp = "close the writer before every way out, or collect the message in a bytes.Buffer and write it at once"

func planWriter(u *unit.Unit, s *flow.Site, c inspector.Cursor) {
	f := s.File
	call := c.Node().(*ast.CallExpr)
	w := &openWriter{u: u, s: s}
	why := w.find(c)
	if why != "" && (!w.escapes || u.HasContext(s)) {
		u.Refuse(s.Pos, why, writerHelp)
		return
	}
	if why != "" && !useHelper(u, s, "newMessageWriter") {
		return
	}
	if !convertType(u, s, call.Args[0]) {
		refuseType(u, s)
		return
	}
	if why != "" {
		u.Replace(f, call.Fun.Pos(), call.Args[0].Pos(), "newMessageWriter("+u.Ctx(s)+", ", unit.Recv(s), embedding(u, s)+", ")
		u.Note(f, call.Pos(), "writer", "the message is collected in memory and sent by Close; gorilla sent one that was never closed before the next")
		return
	}
	rename(u, s, "Writer")
	addContext(u, s, call)
	w.closeAll()
}

const messageWriterHelper = `

// newMessageWriter returns a writer that collects a message and sends it when
// it is closed.
func newMessageWriter(ctx context.Context, c messageSender, typ websocket.MessageType) (io.WriteCloser, error) {
	return &messageWriter{ctx: ctx, c: c, typ: typ}, nil
}

// A messageSender is a connection.
type messageSender interface {
	Write(context.Context, websocket.MessageType, []byte) error
}

// A messageWriter is a message that is not complete.
type messageWriter struct {
	ctx    context.Context
	c      messageSender
	typ    websocket.MessageType
	buf    bytes.Buffer
	closed bool
}

// Write adds to the message.
func (w *messageWriter) Write(p []byte) (int, error) {
	if w.closed {
		return 0, errors.New("websocket: write closed")
	}
	return w.buf.Write(p)
}

// Close sends the message.
func (w *messageWriter) Close() error {
	if w.closed {
		return errors.New("websocket: write closed")
	}
	w.closed = true
	return w.c.Write(w.ctx, w.typ, w.buf.Bytes())
}
`

// An openWriter is a writer and the places where it has to be closed.
type openWriter struct {
	u *unit.Unit
	s *flow.Site
	v types.Object // that holds it
	// escapes is set where other code may hold on to it.
	escapes bool
	// exits leave without closing it; end is the last statement of a list that
	// does.
	exits []ast.Stmt
	end   ast.Stmt
}

// find looks for the ends of the writer that the call at c returns. It says
// why they cannot be told, or "".
func (o *openWriter) find(c inspector.Cursor) string {
	u, s, f := o.u, o.s, o.s.File
	escapes := func(why string) string {
		o.escapes = true
		return why
	}
	as, ok := assignment(c)
	if !ok || len(as.Lhs) != 2 {
		return escapes("the writer is passed on at once")
	}
	w := objectOf(f, as.Lhs[0])
	o.v = w
	at, list, i, ok := unit.Stmt(c)
	if w == nil || !ok || at.Node() != ast.Node(as) || as.Tok != token.DEFINE && !isLocal(f, w) {
		return escapes("the writer is kept in a variable that other code may use")
	}
	if why := writerUses(f, w, list[i:]); why != "" {
		return escapes(why)
	}
	safeReturn := deferredClose(u, s)
	for j := i + 1; j < len(list); j++ {
		st := list[j]
		if d, ok := st.(*ast.DeferStmt); ok && isMethodCall(f, d.Call, w, "Close") {
			if unit.InLoop(c) {
				return "the writer is closed when the function ends, but the call is in a loop"
			}
			for _, x := range u.All("Conn.WriteMessage", "Conn.WriteJSON", "Conn.NextWriter") {
				if x != s && sameConn(x, s) && x.Ident.Pos() > d.Pos() && within(list[j:], x.Ident.Pos()) >= 0 {
					return "the connection is written to while the writer is open"
				}
			}
			return ""
		}
		for _, x := range u.All("Conn.WriteMessage", "Conn.WriteJSON", "Conn.NextWriter", "Conn.WritePreparedMessage") {
			if x != s && sameConn(x, s) && inside(x, st) {
				return "the connection is written to while the writer is open"
			}
		}
		if closesIn(f, st, w) {
			return ""
		}
		// The check of NextWriter's own error leaves without a writer.
		if j == i+1 {
			if chk, ok := st.(*ast.IfStmt); ok {
				if err := objectOf(f, as.Lhs[1]); err != nil && chk.Init == nil && unit.IsErrNotNil(f, chk.Cond, err) {
					continue
				}
			}
		}
		for _, x := range exits(f, st) {
			if closedBefore(f, x, w) {
				continue
			}
			if _, ret := x.(*ast.ReturnStmt); ret && (safeReturn || writeFailed(f, st, w)) {
				continue
			}
			if closable(f, x, w) {
				return escapes("a path hands the writer on without closing it")
			}
			if uses(f, x, w) || !inList(f, x) {
				return "a path leaves without closing the writer"
			}
			o.exits = append(o.exits, x)
		}
	}
	if last := list[len(list)-1]; !leaves(f, last) {
		o.end = last
	}
	return ""
}

// closable reports whether n gives v to code that can close it: returned, or as
// an argument whose type has a method Close. Code that only writes to it leaves
// the message open for good.
func closable(f *flow.File, n ast.Node, v types.Object) bool {
	is := func(e ast.Expr) bool {
		id, ok := ast.Unparen(e).(*ast.Ident)
		return ok && f.Pkg.TypesInfo.Uses[id] == v
	}
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			sig, ok := f.Pkg.TypesInfo.TypeOf(n.Fun).(*types.Signature)
			for i, a := range n.Args {
				if ok && is(a) && sig.Params().Len() > 0 {
					t := sig.Params().At(min(i, sig.Params().Len()-1)).Type()
					m, _, _ := types.LookupFieldOrMethod(t, true, f.Pkg.Types, "Close")
					found = found || m != nil
				}
			}
		case *ast.ReturnStmt:
			found = found || slices.ContainsFunc(n.Results, is)
		case *ast.FuncLit, *ast.CompositeLit, *ast.UnaryExpr:
			found = found || uses(f, n, v)
		}
		return !found
	})
	return found
}

// uses reports whether n names v.
func uses(f *flow.File, n ast.Node, v types.Object) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && f.Pkg.TypesInfo.Uses[id] == v {
			found = true
		}
		return !found
	})
	return found
}

// closeAll closes the writer where the code leaves it open.
func (o *openWriter) closeAll() {
	if len(o.exits) == 0 && o.end == nil {
		return
	}
	f, text := o.s.File, o.v.Name()+".Close()"
	for _, x := range o.exits {
		o.u.Insert(f, x.Pos(), text+"\n")
	}
	if o.end != nil {
		o.u.Insert(f, o.end.End(), "\n"+text)
	}
	o.u.Note(f, o.s.Ident.Pos(), "writer", "a message whose writer was left open ends there; gorilla ended it at the next write")
}

func isLocal(f *flow.File, v types.Object) bool {
	x, ok := v.(*types.Var)
	return ok && !x.IsField() && x.Parent() != nil && x.Parent() != f.Pkg.Types.Scope()
}

// writerUses says which use of w lets other code hold on to it, or "".
func writerUses(f *flow.File, w types.Object, list []ast.Stmt) string {
	for c := range f.Root.Preorder((*ast.Ident)(nil)) {
		id := c.Node().(*ast.Ident)
		if f.Pkg.TypesInfo.Uses[id] != w {
			continue
		}
		if within(list, id.Pos()) < 0 {
			return "the writer is used outside the list of statements that opens it"
		}
		if fn, ok := unit.Func(c); ok {
			if lit, ok := fn.Node().(*ast.FuncLit); ok && within(list, lit.Pos()) >= 0 && lit.Pos() > list[0].Pos() {
				return "the writer is used in a function literal"
			}
		}
		switch k, _ := c.ParentEdge(); k {
		case edge.SelectorExpr_X, edge.CallExpr_Args, edge.AssignStmt_Lhs, edge.BinaryExpr_X, edge.BinaryExpr_Y:
		default:
			return "the writer is kept in another variable"
		}
	}
	return ""
}

// isMethodCall reports whether call is v.name(…).
func isMethodCall(f *flow.File, call *ast.CallExpr, v types.Object, name string) bool {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	return ok && sel.Sel.Name == name && objectOf(f, sel.X) == v
}

// closesIn reports whether the statement closes w whatever happens in it: it
// is the call itself, or an if or assignment that makes it.
func closesIn(f *flow.File, st ast.Stmt, w types.Object) bool {
	switch st := st.(type) {
	case *ast.ReturnStmt:
		return slices.ContainsFunc(st.Results, func(r ast.Expr) bool { return closesWithin(f, r, w) })
	case *ast.IfStmt:
		if st.Init == nil {
			return closesWithin(f, st.Cond, w)
		}
	}
	return closesWithin(f, evaluated(st), w)
}

// evaluated returns the one expression that a statement evaluates whatever
// happens, which may be the first thing that an if does; nil if it is none or
// not the only one.
func evaluated(st ast.Stmt) ast.Expr {
	switch st := st.(type) {
	case *ast.ExprStmt:
		return st.X
	case *ast.AssignStmt:
		if len(st.Rhs) == 1 {
			return st.Rhs[0]
		}
	case *ast.ReturnStmt:
		if len(st.Results) == 1 {
			return st.Results[0]
		}
	case *ast.IfStmt:
		if as, ok := st.Init.(*ast.AssignStmt); ok {
			return evaluated(as)
		}
	}
	return nil
}

// closesWithin reports whether evaluating e closes w.
func closesWithin(f *flow.File, e ast.Expr, w types.Object) bool {
	found := false
	if e == nil {
		return false
	}
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.BinaryExpr:
			if n.Op == token.LAND || n.Op == token.LOR { // the right side may not run
				found = found || closesWithin(f, n.X, w)
				return false
			}
		case *ast.CallExpr:
			found = found || isMethodCall(f, n, w, "Close")
		}
		return !found
	})
	return found
}

// closedBefore reports whether the statement before x in its list closes w.
func closedBefore(f *flow.File, x ast.Stmt, w types.Object) bool {
	at, list, i, ok := unit.Stmt(cursorOf(f, x))
	if !ok || at.Node() != ast.Node(x) {
		return false
	}
	for j := i - 1; j >= 0; j-- {
		if closesIn(f, list[j], w) {
			return true
		}
	}
	return closesIn(f, x, w)
}

// writeFailed reports whether the statement is `if …w.Write(…)…; err != nil`:
// the target closes the connection when a write fails.
func writeFailed(f *flow.File, st ast.Stmt, w types.Object) bool {
	is, ok := st.(*ast.IfStmt)
	if !ok || is.Init == nil {
		return false
	}
	as, ok := is.Init.(*ast.AssignStmt)
	if !ok || len(as.Rhs) != 1 {
		return false
	}
	call, ok := as.Rhs[0].(*ast.CallExpr)
	return ok && isMethodCall(f, call, w, "Write")
}
