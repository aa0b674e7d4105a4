package unit

import (
	"go/ast"
	"go/types"
	"go/version"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
)

// Context returns the expression of the context that a call at c gets: the
// nearest one that lives as long as the call may need it, else
// context.Background(), which is what gorilla's calls amounted to. Imports are
// planned on the way.
func (u *Unit) Context(f *flow.File, c inspector.Cursor) string {
	if u.Background {
		return u.background(f)
	}
	if name, note := u.inReach(f, c); name != "" {
		if note != "" {
			u.Note(f, c.Node().Pos(), "ctx", note)
		}
		return name
	}
	if u.TODO {
		return u.Import(f, "context", "context") + ".TODO()"
	}
	return u.background(f)
}

func (u *Unit) background(f *flow.File) string {
	return u.Import(f, "context", "context") + ".Background()"
}

const (
	ctxNote     = "the end of the context now closes the connection; gorilla's calls had none"
	requestNote = "r.Context() ends when the handler returns, and at the deadline of a middleware that sets one; either now closes the connection"
)

func (u *Unit) inReach(f *flow.File, c inspector.Cursor) (expr, note string) {
	pos := c.Node().Pos()
	scope := f.Pkg.Types.Scope().Innermost(pos)
	if scope == nil {
		return "", ""
	}
	visible := func(v *types.Var) bool {
		_, o := scope.LookupParent(v.Name(), pos)
		return o == v && v.Name() != "_"
	}
	// Whether c runs after the function under scrutiny may have returned.
	escaped := startsGoroutine(c)
	for fn, ok := Func(c); ok; fn, ok = Func(fn) {
		body, ft := Body(fn.Node())
		// Local contexts of this function, the innermost and latest first.
		if v := u.localContext(f, c, scope, body, escaped, visible); v != nil {
			return v.Name(), endNote(f, body, v)
		}
		var hasWriter bool
		var req *types.Var
		for _, p := range params(f, ft) {
			switch {
			case isNamed(p.Type(), "context", "Context"):
				if visible(p) && !endsEarly(f, c, body, p, escaped) && !handlesEnd(f, c, p) && !u.endsAtCaller(f, fn, p) {
					return p.Name(), ctxNote
				}
			case isNamed(p.Type(), "net/http", "ResponseWriter"):
				hasWriter = true
			case isNamed(p.Type(), "net/http", "Request"):
				req = p
			case isNamed(p.Type(), "testing", "T"), isNamed(p.Type(), "testing", "B"):
				if visible(p) && !escaped && u.GoAtLeast(f, "1.24") && !inCleanup(c) {
					return p.Name() + ".Context()", ""
				}
			}
		}
		if req != nil && hasWriter && visible(req) && !Assigned(f, body, req) {
			if !escaped {
				return req.Name() + ".Context()", requestNote
			}
			if u.GoAtLeast(f, "1.21") {
				return u.Import(f, "context", "context") + ".WithoutCancel(" + req.Name() + ".Context())", ""
			}
			return "", ""
		}
		if _, ok := fn.Node().(*ast.FuncLit); ok && !runsInPlace(fn) {
			escaped = true
		}
	}
	return "", ""
}

// localContext returns a context variable that the function of body declares
// before c, or nil.
func (u *Unit) localContext(f *flow.File, c inspector.Cursor, scope *types.Scope, body *ast.BlockStmt, escaped bool, visible func(*types.Var) bool) *types.Var {
	pos := c.Node().Pos()
	var best *types.Var
	for s := scope; s != nil && s != f.Pkg.Types.Scope(); s = s.Parent() {
		for _, name := range s.Names() {
			v, ok := s.Lookup(name).(*types.Var)
			if !ok || !isNamed(v.Type(), "context", "Context") || v.Pos() >= pos || !visible(v) {
				continue
			}
			if body == nil || v.Pos() < body.Lbrace || v.Pos() > body.Rbrace {
				continue // a parameter, or of another function
			}
			if endsEarly(f, c, body, v, escaped) || handlesEnd(f, c, v) {
				continue
			}
			if best == nil || v.Pos() > best.Pos() {
				best = v
			}
		}
	}
	return best
}

// handlesEnd reports whether the function declaration around c waits for the
// end of the context itself, with Done or Err: it may have something to say to
// the peer then, which a connection closed by the context could not.
func handlesEnd(f *flow.File, c inspector.Cursor, v *types.Var) bool {
	d := Decl(c)
	if d == nil {
		return false
	}
	found := false
	ast.Inspect(d, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && (sel.Sel.Name == "Done" || sel.Sel.Name == "Err") {
			if id, ok := sel.X.(*ast.Ident); ok && f.Pkg.TypesInfo.Uses[id] == v {
				found = true
			}
		}
		return !found
	})
	return found
}

// A definition is an assignment of a context to a variable.
type definition struct {
	fn     *types.Func   // what made it, such as context.WithCancel; may be nil
	call   *ast.CallExpr // may be nil
	cancel types.Object  // the function that ends it; may be nil
}

// definitions returns the assignments to v in body.
func definitions(f *flow.File, body *ast.BlockStmt, v *types.Var) []definition {
	if body == nil {
		return nil
	}
	info := f.Pkg.TypesInfo
	var out []definition
	ast.Inspect(body, func(n ast.Node) bool {
		as, ok := n.(*ast.AssignStmt)
		if !ok {
			return true
		}
		for i, l := range as.Lhs {
			id, ok := l.(*ast.Ident)
			if !ok || info.ObjectOf(id) != v {
				continue
			}
			var d definition
			if len(as.Rhs) == 1 {
				i = 0
			}
			if d.call, _ = ast.Unparen(as.Rhs[i]).(*ast.CallExpr); d.call != nil {
				if sel, ok := d.call.Fun.(*ast.SelectorExpr); ok {
					d.fn, _ = info.Uses[sel.Sel].(*types.Func)
				}
			}
			if len(as.Rhs) == 1 && len(as.Lhs) == 2 {
				if id, ok := as.Lhs[1].(*ast.Ident); ok {
					if o := info.ObjectOf(id); o != nil {
						if _, ok := o.Type().Underlying().(*types.Signature); ok {
							d.cancel = o
						}
					}
				}
			}
			out = append(out, d)
		}
		return true
	})
	return out
}

// endsEarly reports whether the context v may end while the connection is still
// in use, where gorilla's calls went on: its timeout was meant for something
// else, it is cancelled before the function returns or by others, or the
// function returns before the call is done, and it ends then.
func endsEarly(f *flow.File, c inspector.Cursor, body *ast.BlockStmt, v *types.Var, escaped bool) bool {
	for _, d := range definitions(f, body, v) {
		if d.fn != nil {
			switch d.fn.Name() {
			case "WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause":
				return true
			}
		}
		if d.cancel != nil && (escaped || !onlyDeferred(f, c, body, d.cancel)) {
			return true
		}
		if escaped && ofRequest(f, d.call) {
			return true
		}
	}
	return false
}

// onlyDeferred reports whether body calls the function in defer statements
// alone, after everything else, and does nothing else with it.
func onlyDeferred(f *flow.File, c inspector.Cursor, body *ast.BlockStmt, fn types.Object) bool {
	pos := c.Node().Pos()
	only := true
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.DeferStmt:
			if id, ok := n.Call.Fun.(*ast.Ident); ok && f.Pkg.TypesInfo.Uses[id] == fn {
				return false
			}
			if _, ok := n.Call.Fun.(*ast.FuncLit); ok && (pos < n.Pos() || pos > n.End()) {
				return false
			}
		case *ast.Ident:
			only = only && f.Pkg.TypesInfo.Uses[n] != fn
		}
		return only
	})
	return only
}

// ofRequest reports whether the call makes a context of an *http.Request's,
// which ends when the handler returns.
func ofRequest(f *flow.File, call *ast.CallExpr) bool {
	found := false
	if call == nil {
		return false
	}
	ast.Inspect(call, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if fn, ok := f.Pkg.TypesInfo.Uses[sel.Sel].(*types.Func); ok && fn.FullName() == "(*net/http.Request).Context" {
				found = true
			}
		}
		return !found
	})
	return found
}

// endNote says what a local context that calls get now brings with it, if it
// can end before its function returns.
func endNote(f *flow.File, body *ast.BlockStmt, v *types.Var) string {
	for _, d := range definitions(f, body, v) {
		switch {
		case ofRequest(f, d.call):
			return requestNote
		case d.call == nil || d.fn == nil:
			return ctxNote
		case endless(f, d.call):
		case d.cancel != nil && len(d.call.Args) > 0:
			if root, ok := ast.Unparen(d.call.Args[0]).(*ast.CallExpr); !ok || !endless(f, root) {
				return ctxNote
			}
		default:
			return ctxNote
		}
	}
	return ""
}

// endless reports whether the call makes a context that does not end, or ends
// with a test.
func endless(f *flow.File, call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	fn, ok := f.Pkg.TypesInfo.Uses[sel.Sel].(*types.Func)
	if !ok || fn.Pkg() == nil {
		return false
	}
	switch path := fn.Pkg().Path(); fn.Name() {
	case "Background", "TODO", "WithoutCancel":
		return path == "context"
	case "Context":
		return path == "testing"
	}
	return false
}

// Assigned reports whether body assigns to v.
func Assigned(f *flow.File, body *ast.BlockStmt, v *types.Var) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		if as, ok := n.(*ast.AssignStmt); ok {
			for _, l := range as.Lhs {
				if id, ok := l.(*ast.Ident); ok && f.Pkg.TypesInfo.ObjectOf(id) == v {
					found = true
				}
			}
		}
		return !found
	})
	return found
}

// runsInPlace reports whether a function literal runs before the statement
// around it ends or when its function returns: it is called where it stands,
// or deferred.
func runsInPlace(lit inspector.Cursor) bool {
	k, _ := lit.ParentEdge()
	if k != edge.CallExpr_Fun {
		return false
	}
	k, _ = lit.Parent().ParentEdge()
	return k != edge.GoStmt_Call
}

// startsGoroutine reports whether c, or the call of the method that c names, is
// the call of a go statement.
func startsGoroutine(c inspector.Cursor) bool {
	for {
		switch k, _ := c.ParentEdge(); k {
		case edge.SelectorExpr_Sel, edge.CallExpr_Fun:
			c = c.Parent()
		default:
			return k == edge.GoStmt_Call
		}
	}
}

func inCleanup(c inspector.Cursor) bool {
	for call := range c.Enclosing((*ast.CallExpr)(nil)) {
		if sel, ok := call.Node().(*ast.CallExpr).Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Cleanup" {
			return true
		}
	}
	return false
}

func params(f *flow.File, ft *ast.FuncType) []*types.Var {
	var out []*types.Var
	for _, fl := range ft.Params.List {
		for _, id := range fl.Names {
			if v, ok := f.Pkg.TypesInfo.Defs[id].(*types.Var); ok {
				out = append(out, v)
			}
		}
	}
	return out
}

func isNamed(t types.Type, path, name string) bool {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == path && n.Obj().Name() == name
}

// GoAtLeast reports whether the go line that holds for the file is v or newer.
func (u *Unit) GoAtLeast(f *flow.File, v string) bool {
	g := u.GoVersion(f.Path)
	if g == "" {
		return false
	}
	return version.Compare("go"+g, "go"+v) >= 0
}

// SetContext makes Ctx return expr for the site: a rule has put a context of
// its own in scope there.
func (u *Unit) SetContext(s *flow.Site, expr string) { u.contexts[s] = expr }

// Ctx returns the context expression for the call of the site: the one that a
// rule has set, else what Context finds.
func (u *Unit) Ctx(s *flow.Site) string {
	if c := u.contexts[s]; c != "" {
		return c
	}
	return u.Context(s.File, s.Cursor)
}

// HasContext reports whether a rule has set the site's context.
func (u *Unit) HasContext(s *flow.Site) bool { return u.contexts[s] != "" }
