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

// An errorSource follows errors back to the calls that they come from.
// It follows the values that a variable, a field or a parameter is given, and
// what functions return; behind an interface it takes each method that fits.
// Where it loses the trace it answers yes.
type errorSource struct {
	u    *unit.Unit
	uses map[*ast.Ident]bool // of the cluster
	seen map[types.Object]bool
}

func newErrorSource(u *unit.Unit, c *flow.Cluster) *errorSource {
	s := &errorSource{u, map[*ast.Ident]bool{}, map[types.Object]bool{}}
	for _, site := range c.Sites {
		s.uses[site.Ident] = true
	}
	return s
}

// canBe reports whether the error may come from a use of the cluster: false
// only where all the calls that it can come from are known.
func (s *errorSource) canBe(f *flow.File, x ast.Expr) bool {
	info := f.Pkg.TypesInfo
	if info.Types[x].Value != nil {
		return false
	}
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		if unit.IsNil(f, x) {
			return false
		}
		v, ok := info.ObjectOf(x).(*types.Var)
		return !ok || s.uses[x] || s.kept(f, v)
	case *ast.SelectorExpr:
		v, ok := info.Uses[x.Sel].(*types.Var)
		if !ok || s.uses[x.Sel] {
			return true
		}
		if !v.IsField() {
			return s.kept(f, v)
		}
		if failure(info.TypeOf(x.X)) {
			return s.canBe(f, x.X) // the error in a *net.OpError, say
		}
		return !s.u.Graph.Declares(v) || s.variable(f, v)
	case *ast.TypeAssertExpr:
		return s.canBe(f, x.X)
	case *ast.IndexExpr:
		return s.canBe(f, x.X)
	case *ast.UnaryExpr:
		switch x.Op {
		case token.AND:
			return s.canBe(f, x.X)
		case token.ARROW:
			if ch, ok := ast.Unparen(x.X).(*ast.Ident); ok {
				v, ok := info.Uses[ch].(*types.Var)
				return !ok || s.variable(f, v)
			}
		}
		return true
	case *ast.CompositeLit:
		// An error of the program's own, perhaps with one in it.
		for _, e := range x.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				e = kv.Value
			}
			if failure(info.TypeOf(e)) && s.canBe(f, e) {
				return true
			}
		}
		return false
	case *ast.CallExpr:
		if info.Types[x.Fun].IsType() && len(x.Args) == 1 {
			return s.canBe(f, x.Args[0])
		}
		return s.call(f, x)
	}
	return true
}

// call reports whether the call may return such an error.
func (s *errorSource) call(f *flow.File, x *ast.CallExpr) bool {
	info := f.Pkg.TypesInfo
	fun := ast.Unparen(x.Fun)
	switch i := fun.(type) {
	case *ast.IndexExpr:
		fun = ast.Unparen(i.X)
	case *ast.IndexListExpr:
		fun = ast.Unparen(i.X)
	}
	sel, _ := fun.(*ast.SelectorExpr)
	if sel != nil && s.uses[sel.Sel] {
		return true
	}
	if id, ok := fun.(*ast.Ident); ok && s.uses[id] {
		return true
	}
	fn := calledFunc(f, x)
	if fn == nil {
		if info.Types[fun].IsBuiltin() {
			return slices.ContainsFunc(x.Args, func(x ast.Expr) bool { return failure(info.TypeOf(x)) && s.canBe(f, x) })
		}
		return s.function(f, fun)
	}
	// What it returns may be what it is given.
	given := x.Args
	if sel != nil && info.Selections[sel] != nil {
		given = append([]ast.Expr{sel.X}, given...)
	}
	for _, arg := range given {
		if failure(info.TypeOf(arg)) && s.canBe(f, arg) {
			return true
		}
	}
	if unit.IsInterfaceMethod(fn) && s.methods(fn) {
		return true
	}
	if g, d := declaredAt(s.u, fn.Origin()); d != nil {
		return s.returned(g, d)
	}
	// A function that is not looked at calls what it is given.
	for _, arg := range given {
		if s.leads(f, arg) {
			return true
		}
	}
	return false
}

// methods reports whether a method of the tree that the one of an interface may
// stand for returns such an error.
func (s *errorSource) methods(fn *types.Func) bool {
	if s.seen[fn] || !returnsError(fn.Signature()) {
		return false
	}
	s.seen[fn] = true
	for _, g := range s.u.Graph.InOrder() {
		for _, d := range g.Syntax.Decls {
			d, ok := d.(*ast.FuncDecl)
			if !ok || d.Recv == nil || d.Name.Name != fn.Name() {
				continue
			}
			if m, ok := g.Pkg.TypesInfo.Defs[d.Name].(*types.Func); ok && unit.SameSignature(m, fn) && s.returned(g, d) {
				return true
			}
		}
	}
	return false
}

// function reports whether a call of the function value may return such an
// error.
func (s *errorSource) function(f *flow.File, x ast.Expr) bool {
	info := f.Pkg.TypesInfo
	t := info.TypeOf(x)
	if t == nil {
		return true
	}
	sig, ok := t.Underlying().(*types.Signature)
	if !ok || !returnsError(sig) {
		return !ok
	}
	switch x := ast.Unparen(x).(type) {
	case *ast.FuncLit:
		return s.returns(f, x.Body)
	case *ast.CallExpr:
		if info.Types[x.Fun].IsType() && len(x.Args) == 1 {
			return s.function(f, x.Args[0])
		}
		fn := calledFunc(f, x)
		if fn == nil {
			return true
		}
		g, d := declaredAt(s.u, fn.Origin())
		if d == nil || d.Body == nil {
			return true
		}
		for _, st := range returnsOf(d.Body) {
			for _, r := range st.(*ast.ReturnStmt).Results {
				if s.function(g, r) {
					return true
				}
			}
		}
		return false
	case *ast.Ident, *ast.SelectorExpr:
		id := lastIdent(x)
		if s.uses[id] {
			return true
		}
		switch o := info.Uses[id].(type) {
		case *types.Func:
			if unit.IsInterfaceMethod(o) {
				return s.methods(o)
			}
			g, d := declaredAt(s.u, o.Origin())
			return d != nil && s.returned(g, d)
		case *types.Var:
			return s.given(f, o, s.function)
		}
		return !unit.IsNil(f, x)
	}
	return true
}

// leads reports whether the value may have a method, or be a function, that
// returns such an error.
func (s *errorSource) leads(f *flow.File, x ast.Expr) bool {
	info := f.Pkg.TypesInfo
	t := info.TypeOf(x)
	if t == nil || info.Types[x].IsNil() || info.Types[x].Value != nil || failure(t) {
		return t == nil
	}
	t = types.Unalias(t)
	if isNamed(t, "context", "Context") {
		return false // its error is its own
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return false
	case *types.Signature:
		return s.function(f, x)
	case *types.Interface:
		fits := false
		for m := range u.Methods() {
			fits = s.methods(m) || fits
		}
		if !fits {
			return false
		}
	}
	set := types.NewMethodSet(t)
	for i := range set.Len() {
		fn, ok := set.At(i).Obj().(*types.Func)
		if !ok || !returnsError(fn.Signature()) {
			continue
		}
		if g, d := declaredAt(s.u, fn.Origin()); d != nil && s.returned(g, d) {
			return true
		}
	}
	if inert(t, 4) {
		return false
	}
	// A *bufio.Reader, say, leads to what it was made of.
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident, *ast.SelectorExpr:
		v, ok := info.Uses[lastIdent(x)].(*types.Var)
		if sel, isSel := x.(*ast.SelectorExpr); ok && isSel && !s.u.Graph.Declares(v) {
			return v.IsField() && s.leads(f, sel.X) // the Body of an *http.Response, say
		}
		return ok && s.given(f, v, s.leads)
	case *ast.UnaryExpr:
		return x.Op != token.ARROW && s.leads(f, x.X)
	case *ast.IndexExpr:
		return s.leads(f, x.X)
	case *ast.CompositeLit:
		for _, e := range x.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				e = kv.Value
			}
			if s.leads(f, e) {
				return true
			}
		}
	case *ast.CallExpr:
		if fn := calledFunc(f, x); fn != nil && s.fromUse(f, x) {
			return true
		}
		for _, arg := range x.Args {
			if s.leads(f, arg) {
				return true
			}
		}
	}
	return false
}

// inert reports whether a value of the type, which has no methods that return
// errors, can hold nothing that has.
func inert(t types.Type, depth int) bool {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return true
	case *types.Pointer:
		return inert(u.Elem(), depth)
	case *types.Slice:
		return inert(u.Elem(), depth)
	case *types.Array:
		return inert(u.Elem(), depth)
	case *types.Map:
		return inert(u.Key(), depth) && inert(u.Elem(), depth)
	case *types.Struct:
		if depth == 0 {
			return false
		}
		for v := range u.Fields() {
			if !inert(v.Type(), depth-1) {
				return false
			}
		}
		return true
	}
	return false
}

// fromUse reports whether the call is a use: it returns a connection, a reader
// or a writer.
func (s *errorSource) fromUse(f *flow.File, x *ast.CallExpr) bool {
	switch fun := ast.Unparen(x.Fun).(type) {
	case *ast.Ident:
		return s.uses[fun]
	case *ast.SelectorExpr:
		return s.uses[fun.Sel]
	}
	return false
}

// returned reports whether the function may return such an error.
func (s *errorSource) returned(f *flow.File, d *ast.FuncDecl) bool {
	info := f.Pkg.TypesInfo
	fn := info.Defs[d.Name]
	if d.Body == nil || fn == nil || s.seen[fn] {
		return false
	}
	s.seen[fn] = true
	if r := d.Type.Results; r != nil {
		for _, field := range r.List {
			for _, id := range field.Names {
				if v, ok := info.Defs[id].(*types.Var); ok && failure(v.Type()) && s.variable(f, v) {
					return true
				}
			}
		}
	}
	return s.returns(f, d.Body)
}

// returns reports whether a return statement of the body gives such an error.
func (s *errorSource) returns(f *flow.File, body *ast.BlockStmt) bool {
	for _, st := range returnsOf(body) {
		for _, x := range st.(*ast.ReturnStmt).Results {
			t := f.Pkg.TypesInfo.TypeOf(x)
			if _, several := t.(*types.Tuple); (several || failure(t)) && s.canBe(f, x) {
				return true
			}
		}
	}
	return false
}

// returnsError reports whether functions of the signature return errors.
func returnsError(sig *types.Signature) bool {
	for v := range sig.Results().Variables() {
		if failure(v.Type()) {
			return true
		}
	}
	return false
}

// failure reports whether values of the type are errors.
func failure(t types.Type) bool {
	return t != nil && types.AssignableTo(t, types.Universe.Lookup("error").Type())
}

// kept reports whether the variable may hold such an error. One of a package
// outside of the tree is an error that is made there.
func (s *errorSource) kept(f *flow.File, v *types.Var) bool {
	return (!unit.IsPackageLevel(v) || s.u.Graph.Declares(v)) && s.variable(f, v)
}

// variable reports whether the variable or field may hold such an error.
func (s *errorSource) variable(f *flow.File, v *types.Var) bool { return s.given(f, v, s.canBe) }

// given reports whether is holds of a value that the variable or field gets, or
// whether these are not all known.
func (s *errorSource) given(f *flow.File, v *types.Var, is func(*flow.File, ast.Expr) bool) bool {
	if s.seen[v] {
		return false // as the one that is being looked at
	}
	s.seen[v] = true
	if !v.IsField() && !unit.IsPackageLevel(v) {
		return s.givenIn(f, v, is)
	}
	for _, g := range s.u.Graph.InOrder() {
		if s.givenIn(g, v, is) {
			return true
		}
	}
	return false
}

func (s *errorSource) givenIn(f *flow.File, v *types.Var, is func(*flow.File, ast.Expr) bool) bool {
	info := f.Pkg.TypesInfo
	if v.IsField() && s.givenByOrder(f, v, is) {
		return true
	}
	for c := range f.Root.Preorder((*ast.Ident)(nil)) {
		id := c.Node().(*ast.Ident)
		if o := info.ObjectOf(id); id.Name != v.Name() || o == nil || o != types.Object(v) && !s.u.Graph.Same(o, v) {
			continue
		}
		if k, _ := c.ParentEdge(); k == edge.SelectorExpr_Sel {
			c = c.Parent()
		}
		var from ast.Expr
		switch k, i := c.ParentEdge(); k {
		case edge.AssignStmt_Lhs:
			as := c.Parent().Node().(*ast.AssignStmt)
			from = as.Rhs[0]
			if len(as.Rhs) == len(as.Lhs) {
				from = as.Rhs[i]
			}
		case edge.KeyValueExpr_Key:
			from = c.Parent().Node().(*ast.KeyValueExpr).Value
		case edge.ValueSpec_Names:
			vs := c.Parent().Node().(*ast.ValueSpec)
			switch len(vs.Values) {
			case 0:
				continue // nil, until something is assigned
			case len(vs.Names):
				from = vs.Values[i]
			default:
				from = vs.Values[0]
			}
		case edge.Field_Names:
			if v.IsField() || isResult(f, v) {
				continue
			}
			fn, index, ok := paramOf(f, v)
			if !ok {
				return isReceiver(f, v) == nil
			}
			calls, all := s.u.Calls(f, fn)
			if !all {
				return true
			}
			for _, call := range calls {
				if arg := call.Arg(index); arg == nil || is(call.File, arg) {
					return true
				}
			}
			continue
		case edge.UnaryExpr_X:
			if c.Parent().Node().(*ast.UnaryExpr).Op != token.AND || v.IsField() {
				continue
			}
			call, ok := c.Parent().Parent().Node().(*ast.CallExpr)
			if !ok || asTarget(f, call) < 1 {
				return true
			}
			from = call.Args[asTarget(f, call)-1]
		case edge.RangeStmt_Key, edge.RangeStmt_Value:
			from = c.Parent().Node().(*ast.RangeStmt).X
		case edge.IndexExpr_X:
			// An element of a list.
			at := c.Parent()
			as, ok := at.Parent().Node().(*ast.AssignStmt)
			if k, i := at.ParentEdge(); !ok || k != edge.AssignStmt_Lhs || len(as.Lhs) != len(as.Rhs) {
				continue
			} else {
				from = as.Rhs[i]
			}
		case edge.SendStmt_Chan:
			from = c.Parent().Node().(*ast.SendStmt).Value
		default:
			if _, ok := v.Type().Underlying().(*types.Chan); ok && s.handedOn(f, c, is) {
				return true
			}
			continue
		}
		if is(f, from) {
			return true
		}
	}
	return false
}

// givenByOrder is givenIn for the literals that do not name the field.
func (s *errorSource) givenByOrder(f *flow.File, v *types.Var, is func(*flow.File, ast.Expr) bool) bool {
	for c := range f.Root.Preorder((*ast.CompositeLit)(nil)) {
		lit := c.Node().(*ast.CompositeLit)
		if len(lit.Elts) == 0 {
			continue
		}
		if _, keyed := lit.Elts[0].(*ast.KeyValueExpr); keyed {
			continue
		}
		t := f.Pkg.TypesInfo.TypeOf(lit)
		if t == nil {
			return true
		}
		st, ok := t.Underlying().(*types.Struct)
		if !ok {
			continue
		}
		for i := range min(st.NumFields(), len(lit.Elts)) {
			if s.u.Graph.Same(st.Field(i), v) && is(f, lit.Elts[i]) {
				return true
			}
		}
	}
	return false
}

// handedOn reports whether is holds of what somebody sends who the channel at c
// is handed to.
func (s *errorSource) handedOn(f *flow.File, c inspector.Cursor, is func(*flow.File, ast.Expr) bool) bool {
	switch k, i := c.ParentEdge(); k {
	case edge.UnaryExpr_X, edge.RangeStmt_X:
		return false // a receive
	case edge.CallExpr_Args:
		call := c.Parent().Node().(*ast.CallExpr)
		if f.Pkg.TypesInfo.Types[call.Fun].IsBuiltin() {
			return false
		}
		if fn := calledFunc(f, call); fn != nil {
			if g, d := declaredAt(s.u, fn.Origin()); d != nil {
				if obj, ok := g.Pkg.TypesInfo.Defs[d.Name].(*types.Func); ok && i < obj.Signature().Params().Len() && !obj.Signature().Variadic() {
					return s.given(g, obj.Signature().Params().At(i), is)
				}
			}
		}
	}
	return true
}

// isReceiver returns the method whose receiver v is, or nil.
func isReceiver(f *flow.File, v *types.Var) *ast.FuncDecl {
	for _, d := range f.Syntax.Decls {
		if d, ok := d.(*ast.FuncDecl); ok && d.Recv != nil && d.Recv.Pos() <= v.Pos() && v.Pos() < d.Recv.End() {
			return d
		}
	}
	return nil
}

// isResult reports whether v is a named result.
func isResult(f *flow.File, v *types.Var) bool {
	for c := range f.Root.Preorder((*ast.FuncType)(nil)) {
		if r := c.Node().(*ast.FuncType).Results; r != nil && r.Pos() <= v.Pos() && v.Pos() < r.End() {
			return true
		}
	}
	return false
}
