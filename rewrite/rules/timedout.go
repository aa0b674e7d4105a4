package rules

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// looksForTimeout reports whether the program may find out whether the call at
// c failed because its deadline was over. The error of a context that has
// ended does not say so: the target may report the connection closed instead.
func looksForTimeout(u *unit.Unit, f *flow.File, c inspector.Cursor) bool {
	t := &timeoutTests{u: u, seen: map[token.Pos]bool{}}
	return t.any() && t.call(f, c, -1, 4)
}

// timeoutTests follows errors to tests for a timeout.
type timeoutTests struct {
	u    *unit.Unit
	seen map[token.Pos]bool
	// unboxing is set while an error that was taken out of a value of the type
	// any is followed, which is done within its function alone.
	unboxing bool
}

// any reports whether anything in the tree looks whether an error is a timeout.
func (t *timeoutTests) any() bool {
	for _, g := range t.u.Graph.Files {
		for c := range g.Root.Preorder((*ast.SelectorExpr)(nil)) {
			switch o := g.Pkg.TypesInfo.Uses[c.Node().(*ast.SelectorExpr).Sel].(type) {
			case *types.Func:
				if o.Name() == "Timeout" && o.Signature().Recv() != nil || isStd(o, "os", "IsTimeout") {
					return true
				}
			case *types.Var:
				if isStd(o, "os", "ErrDeadlineExceeded") {
					return true
				}
			}
		}
	}
	return false
}

func isStd(o types.Object, pkg, name string) bool {
	return o != nil && o.Pkg() != nil && o.Pkg().Path() == pkg && o.Name() == name
}

// call reports whether result i of the call at c, or the last for -1, may
// reach a test.
func (t *timeoutTests) call(f *flow.File, c inspector.Cursor, i, depth int) bool {
	if as, ok := assignment(c); ok {
		if i < 0 || i >= len(as.Lhs) {
			i = len(as.Lhs) - 1
		}
		if isBlank(as.Lhs[i]) {
			return false
		}
		v, ok := objectOf(f, as.Lhs[i]).(*types.Var)
		return !ok || t.variable(f, v, depth)
	}
	k, _ := unit.OutermostParen(c).ParentEdge()
	_, several := f.Pkg.TypesInfo.TypeOf(c.Node().(ast.Expr)).(*types.Tuple)
	switch {
	case k == edge.ExprStmt_X, k == edge.GoStmt_Call, k == edge.DeferStmt_Call:
		return false
	case several && k == edge.ReturnStmt_Results:
		return t.callers(f, c, c.Node().Pos(), i, depth)
	case several:
		return true
	}
	return t.use(f, c, depth)
}

// variable reports whether the error that the variable holds may reach a test.
func (t *timeoutTests) variable(f *flow.File, v *types.Var, depth int) bool {
	if v.IsField() || v.Parent() == nil || v.Parent() == v.Pkg().Scope() || depth == 0 {
		return true
	}
	if t.seen[v.Pos()] {
		return false
	}
	t.seen[v.Pos()] = true
	for c := range f.Root.Preorder((*ast.Ident)(nil)) {
		if f.Pkg.TypesInfo.Uses[c.Node().(*ast.Ident)] == types.Object(v) && t.use(f, c, depth) {
			return true
		}
	}
	return namedResult(f, v) && t.callers(f, f.Root, v.Pos(), -1, depth)
}

// use reports whether the error that the expression at c yields may be tested
// there.
func (t *timeoutTests) use(f *flow.File, c inspector.Cursor, depth int) bool {
	c = unit.OutermostParen(c)
	info := f.Pkg.TypesInfo
	switch k, i := c.ParentEdge(); k {
	case edge.BinaryExpr_X, edge.BinaryExpr_Y:
		b := c.Parent().Node().(*ast.BinaryExpr)
		other := b.X
		if k == edge.BinaryExpr_X {
			other = b.Y
		}
		return isTimeoutValue(f, other)
	case edge.AssignStmt_Lhs:
		return false
	case edge.AssignStmt_Rhs:
		as := c.Parent().Node().(*ast.AssignStmt)
		if len(as.Lhs) != len(as.Rhs) || isBlank(as.Lhs[i]) {
			return !isBlank(as.Lhs[0])
		}
		v, ok := objectOf(f, as.Lhs[i]).(*types.Var)
		return !ok || t.variable(f, v, depth-1)
	case edge.SelectorExpr_X:
		return c.Parent().Node().(*ast.SelectorExpr).Sel.Name != "Error"
	case edge.TypeAssertExpr_X:
		ta := c.Parent().Node().(*ast.TypeAssertExpr)
		return ta.Type == nil || hasTimeout(info.TypeOf(ta.Type))
	case edge.ReturnStmt_Results:
		return t.callers(f, c, c.Node().Pos(), i, depth)
	case edge.CallExpr_Args:
		return t.argument(f, c.Parent(), i, depth)
	}
	return true
}

// argument reports whether argument i of the call at c may be tested by it.
func (t *timeoutTests) argument(f *flow.File, c inspector.Cursor, i, depth int) bool {
	call := c.Node().(*ast.CallExpr)
	fn := calledFunc(f, call)
	if fn == nil || fn.Pkg() == nil {
		if id, ok := ast.Unparen(call.Fun).(*ast.Ident); ok && id.Name == "panic" {
			return false
		}
		return true
	}
	switch fn.Pkg().Path() {
	case "log", "log/slog", "testing", wsapi.GorillaPath, wsapi.CompatPath:
		return false
	case "fmt":
		if fn.Name() == "Errorf" {
			return t.call(f, c, -1, depth-1)
		}
		return false
	case "errors":
		switch {
		case i != 0 || len(call.Args) != 2:
			return true
		case fn.Name() == "Is":
			return isTimeoutValue(f, call.Args[1])
		case fn.Name() == "As":
			p, ok := f.Pkg.TypesInfo.TypeOf(call.Args[1]).(*types.Pointer)
			return !ok || hasTimeout(p.Elem())
		}
		return true
	}
	g, decl := declaration(t.u, fn)
	sig := fn.Signature()
	if boxes(sig, i) {
		// Code of the tree has to unbox it first; other code formats it.
		if decl != nil {
			return t.unboxes(depth)
		}
		return sig.Results().Len() > 0 && t.call(f, c, -1, depth-1)
	}
	// A function of the tree: what it does with the parameter.
	if decl == nil || decl.Body == nil || sig.Variadic() || i >= sig.Params().Len() || depth <= 1 {
		return true
	}
	n := 0
	for _, p := range decl.Type.Params.List {
		for _, id := range p.Names {
			if n == i {
				v, ok := g.Pkg.TypesInfo.Defs[id].(*types.Var)
				return ok && t.variable(g, v, depth-1)
			}
			n++
		}
		if len(p.Names) == 0 {
			n++
		}
	}
	return false
}

// boxes reports whether parameter i of the signature has the type any.
func boxes(sig *types.Signature, i int) bool {
	v := sig.Params()
	if v.Len() == 0 || i >= v.Len() && !sig.Variadic() {
		return false
	}
	p := v.At(min(i, v.Len()-1)).Type()
	if s, ok := p.(*types.Slice); ok && sig.Variadic() && i >= v.Len()-1 {
		p = s.Elem()
	}
	e, ok := p.Underlying().(*types.Interface)
	if _, param := types.Unalias(p).(*types.TypeParam); param {
		return false
	}
	return ok && e.NumMethods() == 0
}

// unboxes reports whether an error that the tree takes out of a value of the
// type any may be tested.
func (t *timeoutTests) unboxes(depth int) bool {
	was := t.unboxing
	t.unboxing = true
	defer func() { t.unboxing = was }()
	for _, g := range t.u.Graph.Files {
		for c := range g.Root.Preorder((*ast.TypeAssertExpr)(nil)) {
			x := c.Node().(*ast.TypeAssertExpr)
			if i, ok := g.Pkg.TypesInfo.TypeOf(x.X).Underlying().(*types.Interface); !ok || i.NumMethods() > 0 {
				continue
			}
			switch {
			case x.Type == nil:
				if t.switched(g, c, depth) {
					return true
				}
			case hasTimeout(g.Pkg.TypesInfo.TypeOf(x.Type)), isError(g.Pkg.TypesInfo.TypeOf(x.Type)) && t.call(g, c, 0, depth-1):
				return true
			}
		}
	}
	return false
}

// switched reports whether a clause of the type switch around c may test an
// error.
func (t *timeoutTests) switched(g *flow.File, c inspector.Cursor, depth int) bool {
	for sw := range c.Enclosing((*ast.TypeSwitchStmt)(nil)) {
		for _, cl := range sw.Node().(*ast.TypeSwitchStmt).Body.List {
			for _, e := range cl.(*ast.CaseClause).List {
				to := g.Pkg.TypesInfo.TypeOf(e)
				v, ok := g.Pkg.TypesInfo.Implicits[cl].(*types.Var)
				if to != nil && (hasTimeout(to) || isError(to) && ok && t.variable(g, v, depth-1)) {
					return true
				}
			}
		}
		break
	}
	return false
}

// callers reports whether result i, or the last for -1, of the function around
// pos may be tested by what calls it.
func (t *timeoutTests) callers(f *flow.File, c inspector.Cursor, pos token.Pos, i, depth int) bool {
	if t.unboxing {
		return false
	}
	if depth == 0 {
		return true
	}
	if fn, ok := unit.Func(c); ok {
		if _, lit := fn.Node().(*ast.FuncLit); lit {
			return true
		}
	}
	for _, d := range f.Syntax.Decls {
		fd, ok := d.(*ast.FuncDecl)
		if !ok || pos < fd.Pos() || fd.End() <= pos {
			continue
		}
		fn, ok := f.Pkg.TypesInfo.Defs[fd.Name].(*types.Func)
		return !ok || t.calls(fn, i, depth)
	}
	return true
}

// calls reports whether result i of the function may be tested where it is
// called.
func (t *timeoutTests) calls(fn *types.Func, i, depth int) bool {
	if t.seen[fn.Pos()] {
		return false
	}
	t.seen[fn.Pos()] = true
	if fn.Exported() && offersAPI(t.u) {
		return true
	}
	for _, g := range t.u.Graph.Files {
		for c := range g.Root.Preorder((*ast.Ident)(nil)) {
			id := c.Node().(*ast.Ident)
			if id.Name != fn.Name() {
				continue
			}
			o, ok := g.Pkg.TypesInfo.Uses[id].(*types.Func)
			if !ok || !samePlace(t.u, o, fn) && !throughInterface(o) {
				continue
			}
			if k, _ := c.ParentEdge(); k == edge.SelectorExpr_Sel {
				c = c.Parent()
			}
			if k, _ := c.ParentEdge(); k != edge.CallExpr_Fun || t.call(g, c.Parent(), i, depth-1) {
				return true
			}
		}
	}
	return false
}

// throughInterface reports whether the method is one of an interface.
func throughInterface(fn *types.Func) bool {
	recv := fn.Signature().Recv()
	return recv != nil && types.IsInterface(recv.Type())
}

// isTimeoutValue reports whether e is an error that says that a deadline was
// over.
func isTimeoutValue(f *flow.File, e ast.Expr) bool {
	sel, ok := ast.Unparen(e).(*ast.SelectorExpr)
	return ok && isStd(f.Pkg.TypesInfo.Uses[sel.Sel], "os", "ErrDeadlineExceeded")
}

// hasTimeout reports whether errors of the type say whether they are a
// timeout.
func hasTimeout(t types.Type) bool {
	obj, _, _ := types.LookupFieldOrMethod(t, true, nil, "Timeout")
	_, ok := obj.(*types.Func)
	return ok
}

// namedResult reports whether v is a named result of its function.
func namedResult(f *flow.File, v *types.Var) bool {
	for c := range f.Root.Preorder((*ast.FuncType)(nil)) {
		ft := c.Node().(*ast.FuncType)
		if ft.Results == nil || v.Pos() < ft.Results.Pos() || ft.Results.End() <= v.Pos() {
			continue
		}
		return true
	}
	return false
}
