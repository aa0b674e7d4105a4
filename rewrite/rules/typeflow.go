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

// A typeSet is the set of message types that an int may hold.
type typeSet uint8

const (
	mayText typeSet = 1 << iota
	mayBinary
	mayClose
	mayPing
	mayPong
	mayOther // another number, or nobody knows which

	mayData = mayText | mayBinary
)

func typeOfNumber(n int64) typeSet {
	switch n {
	case 1:
		return mayText
	case 2:
		return mayBinary
	case 8:
		return mayClose
	case 9:
		return mayPing
	case 10:
		return mayPong
	}
	return mayOther
}

// messageTypes returns the message types that the int expression e may have.
// Values are followed through variables, fields, parameters and results of the
// whole tree, without regard to the order of things: what is returned is what
// e can be at most.
func messageTypes(u *unit.Unit, f *flow.File, e ast.Expr) typeSet {
	t := &typeFlow{u: u, seen: map[types.Object]bool{}, rets: map[*ast.FuncDecl]bool{}}
	t.expr(f, e)
	return t.set
}

// A typeFlow collects the values that may reach an expression.
type typeFlow struct {
	u    *unit.Unit
	set  typeSet
	seen map[types.Object]bool
	rets map[*ast.FuncDecl]bool
}

func (t *typeFlow) unknown() { t.set |= mayOther }

func (t *typeFlow) expr(f *flow.File, e ast.Expr) {
	if n, ok := unit.ConstInt(f, e); ok {
		t.set |= typeOfNumber(n)
		return
	}
	info := f.Pkg.TypesInfo
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		if v, ok := info.ObjectOf(e).(*types.Var); ok {
			t.variable(f, v)
			return
		}
	case *ast.SelectorExpr:
		if v, ok := info.ObjectOf(e.Sel).(*types.Var); ok {
			t.variable(f, v)
			return
		}
	case *ast.CallExpr:
		if tv := info.Types[e.Fun]; tv.IsType() && len(e.Args) == 1 {
			t.expr(f, e.Args[0])
			return
		}
		t.result(f, e, 0)
		return
	}
	t.unknown()
}

// variable adds what may be assigned to v.
func (t *typeFlow) variable(f *flow.File, v *types.Var) {
	v = v.Origin()
	for o := range t.seen {
		if t.u.Graph.Same(o, v) {
			return
		}
	}
	t.seen[v] = true
	switch {
	case v.IsField():
		t.field(v)
	case unit.IsPackageLevel(v):
		if t.u.Graph.Public(v) {
			t.unknown()
		}
		for _, g := range t.u.Graph.InOrder() {
			t.assigned(g, v, false)
		}
	default:
		if t.parameter(f, v) {
			return
		}
		t.assigned(f, v, true)
	}
}

// assigned adds what the file assigns to the variable v. A local variable that
// is declared without a value is taken to get one before it is used.
func (t *typeFlow) assigned(f *flow.File, v *types.Var, local bool) {
	any := false
	for c := range f.Root.Preorder((*ast.Ident)(nil)) {
		id := c.Node().(*ast.Ident)
		if id.Name != v.Name() || !t.u.Graph.Same(f.Pkg.TypesInfo.ObjectOf(id), v) {
			continue
		}
		if k, _ := c.ParentEdge(); k == edge.SelectorExpr_Sel {
			c = c.Parent() // pkg.Var
		}
		c = unit.OutermostParen(c)
		switch k, i := c.ParentEdge(); k {
		case edge.AssignStmt_Lhs:
			any = true
			t.assignment(f, c.Parent().Node().(*ast.AssignStmt), i)
		case edge.ValueSpec_Names:
			vs := c.Parent().Node().(*ast.ValueSpec)
			switch {
			case len(vs.Values) == len(vs.Names):
				any = true
				t.expr(f, vs.Values[i])
			case len(vs.Values) == 1:
				any = true
				t.results(f, vs.Values[0], i)
			case !local:
				t.unknown() // 0 until it is assigned
			}
		case edge.RangeStmt_Value:
			any = true
			t.elements(f, c.Parent().Node().(*ast.RangeStmt).X)
		case edge.RangeStmt_Key, edge.IncDecStmt_X:
			t.unknown()
		case edge.UnaryExpr_X:
			if c.Parent().Node().(*ast.UnaryExpr).Op == token.AND {
				t.unknown()
			}
		}
	}
	if local && !any {
		t.unknown()
	}
}

func (t *typeFlow) assignment(f *flow.File, as *ast.AssignStmt, i int) {
	switch {
	case as.Tok != token.ASSIGN && as.Tok != token.DEFINE:
		t.unknown()
	case len(as.Lhs) == len(as.Rhs):
		t.expr(f, as.Rhs[i])
	default:
		t.results(f, as.Rhs[0], i)
	}
}

// results adds result i of an expression with several.
func (t *typeFlow) results(f *flow.File, e ast.Expr, i int) {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		t.unknown()
		return
	}
	t.result(f, call, i)
}

// elements adds the elements of a list that is written where it is ranged
// over, or where the variable is defined that nothing else is done with.
func (t *typeFlow) elements(f *flow.File, x ast.Expr) {
	if v, ok := objectOf(f, x).(*types.Var); ok && !v.IsField() {
		def := soleValue(f, v, func(c inspector.Cursor) bool {
			k, _ := c.ParentEdge()
			return k == edge.RangeStmt_X
		})
		if def != nil && !usedOutside(t.u, f, v) {
			x = def
		}
	}
	lit, ok := ast.Unparen(x).(*ast.CompositeLit)
	if !ok {
		t.unknown()
		return
	}
	if _, ok := f.Pkg.TypesInfo.TypeOf(lit).Underlying().(*types.Slice); !ok {
		t.unknown()
		return
	}
	for _, el := range lit.Elts {
		if _, ok := el.(*ast.KeyValueExpr); ok {
			t.unknown()
			return
		}
		t.expr(f, el)
	}
}

// usedOutside reports whether another file than f uses a variable.
func usedOutside(u *unit.Unit, f *flow.File, v *types.Var) bool {
	for _, g := range sharing(u, f, v) {
		if g == f {
			continue
		}
		for c := range g.Root.Preorder((*ast.Ident)(nil)) {
			if o := g.Pkg.TypesInfo.Uses[c.Node().(*ast.Ident)]; o != nil && samePlace(u, o, v) {
				return true
			}
		}
	}
	return false
}

// result adds result i of a call.
func (t *typeFlow) result(f *flow.File, call *ast.CallExpr, i int) {
	fn := calledFunc(f, call)
	if fn == nil {
		t.unknown()
		return
	}
	fn = fn.Origin()
	if readsMessage(fn) && i == 0 {
		t.set |= mayData
		return
	}
	if unit.IsInterfaceMethod(fn) {
		t.unknown()
		return
	}
	g, d := declaredAt(t.u, fn)
	if d == nil || d.Body == nil {
		t.unknown()
		return
	}
	if t.rets[d] {
		return
	}
	t.rets[d] = true
	results := fn.Signature().Results()
	ast.Inspect(d.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			switch {
			case len(n.Results) == results.Len():
				// Beside an error the type means nothing.
				if last := results.Len() - 1; last > i && isError(results.At(last).Type()) && !unit.IsNil(g, n.Results[last]) {
					if _, ok := unit.ConstInt(g, n.Results[i]); ok {
						return true
					}
				}
				t.expr(g, n.Results[i])
			case len(n.Results) == 1:
				t.results(g, n.Results[0], i)
			default:
				if v, ok := resultVar(g, d, i); ok {
					t.variable(g, v)
				} else {
					t.unknown()
				}
			}
		}
		return true
	})
}

func resultVar(f *flow.File, d *ast.FuncDecl, i int) (*types.Var, bool) {
	n := 0
	if d.Type.Results == nil {
		return nil, false
	}
	for _, fl := range d.Type.Results.List {
		for _, id := range fl.Names {
			if n == i {
				v, ok := f.Pkg.TypesInfo.Defs[id].(*types.Var)
				return v, ok
			}
			n++
		}
	}
	return nil, false
}

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

// readsMessage reports whether fn is a method of the library whose first
// result is the type of a data message.
func readsMessage(fn *types.Func) bool {
	if fn.Pkg() == nil || fn.Pkg().Path() != wsapi.GorillaPath && fn.Pkg().Path() != wsapi.CompatPath {
		return false
	}
	for _, s := range messageSources {
		if wsapi.SymbolOf(fn) == s {
			return true
		}
	}
	return false
}

// funcOf returns the function that e is: a literal, or a function or method
// that the tree declares, with its file. The body is nil if e is neither.
func funcOf(u *unit.Unit, f *flow.File, e ast.Expr) (g *flow.File, d *ast.FuncDecl, typ *ast.FuncType, body *ast.BlockStmt) {
	switch x := ast.Unparen(e).(type) {
	case *ast.FuncLit:
		return f, nil, x.Type, x.Body
	case *ast.Ident, *ast.SelectorExpr:
		fn, ok := f.Pkg.TypesInfo.Uses[lastIdent(x)].(*types.Func)
		if !ok || unit.IsInterfaceMethod(fn) {
			break
		}
		if g, d := declaredAt(u, fn); d != nil && d.Body != nil {
			return g, d, d.Type, d.Body
		}
	}
	return f, nil, nil, nil
}

// declaredAt returns the declaration of a function of the tree, or nil.
func declaredAt(u *unit.Unit, fn *types.Func) (*flow.File, *ast.FuncDecl) {
	for _, g := range u.Graph.InOrder() {
		for _, d := range g.Syntax.Decls {
			if fd, ok := d.(*ast.FuncDecl); ok && fd.Name.Name == fn.Name() && u.Graph.Same(g.Pkg.TypesInfo.Defs[fd.Name], fn) {
				return g, fd
			}
		}
	}
	return nil, nil
}

// parameter adds the arguments for v, if it is a parameter.
func (t *typeFlow) parameter(f *flow.File, v *types.Var) bool {
	fn, index, ok := paramOf(f, v)
	if !ok {
		return false
	}
	// It may be assigned too.
	written := false
	for c := range f.Root.Preorder((*ast.Ident)(nil)) {
		if f.Pkg.TypesInfo.Uses[c.Node().(*ast.Ident)] != types.Object(v) {
			continue
		}
		switch k, _ := c.ParentEdge(); k {
		case edge.AssignStmt_Lhs, edge.IncDecStmt_X:
			written = true
		case edge.UnaryExpr_X:
			written = written || c.Parent().Node().(*ast.UnaryExpr).Op == token.AND
		}
	}
	if written {
		t.assigned(f, v, true)
	}
	calls, all := t.u.Calls(f, fn)
	if !all {
		t.unknown()
	}
	for _, pc := range calls {
		switch arg := pc.Arg(index); {
		case t.u.Marked(pc.Call):
			// It becomes something else.
		case arg != nil:
			t.expr(pc.File, arg)
		case len(pc.Call.Args) == 1 && !pc.Call.Ellipsis.IsValid() && isTuple(pc.File, pc.Call.Args[0]):
			t.results(pc.File, pc.Call.Args[0], index)
		default:
			t.unknown()
		}
	}
	return true
}

// paramOf returns the function literal or declaration that has v as parameter,
// and which one it is.
func paramOf(f *flow.File, v *types.Var) (fn inspector.Cursor, index int, ok bool) {
	for c := range f.Root.Preorder((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		_, ft := unit.Body(c.Node())
		i := 0
		for _, p := range ft.Params.List {
			for _, id := range p.Names {
				if f.Pkg.TypesInfo.Defs[id] == types.Object(v) {
					_, variadic := p.Type.(*ast.Ellipsis)
					return c, i, !variadic
				}
				i++
			}
			if len(p.Names) == 0 {
				i++
			}
		}
	}
	return fn, 0, false
}
