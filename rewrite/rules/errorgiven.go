package rules

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// given reports whether is holds of a value that the variable or field gets, or
// whether these are not all known.
func (s *errorSource) given(f *flow.File, v *types.Var, is func(*flow.File, ast.Expr) bool) bool {
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
					ch := obj.Signature().Params().At(i)
					return s.once(asked{ch, sends}, func() bool { return s.given(g, ch, is) })
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
	if s.inert(t, 4) {
		return false
	}
	// A *bufio.Reader, say, leads to what it was made of.
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident, *ast.SelectorExpr:
		v, ok := info.Uses[lastIdent(x)].(*types.Var)
		if sel, isSel := x.(*ast.SelectorExpr); ok && isSel && !s.u.Graph.Declares(v) {
			return v.IsField() && s.leads(f, sel.X) // the Body of an *http.Response, say
		}
		return ok && s.once(asked{v, leadsTo}, func() bool { return s.given(f, v, s.leads) })
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
// errors, can hold nothing that has. Of types from outside of the tree not all
// fields are known.
func (s *errorSource) inert(t types.Type, depth int) bool {
	if n, ok := types.Unalias(t).(*types.Named); ok && !s.u.Graph.Declares(n.Obj()) {
		_, basic := n.Underlying().(*types.Basic)
		return basic
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return true
	case *types.Pointer:
		return s.inert(u.Elem(), depth)
	case *types.Slice:
		return s.inert(u.Elem(), depth)
	case *types.Array:
		return s.inert(u.Elem(), depth)
	case *types.Map:
		return s.inert(u.Key(), depth) && s.inert(u.Elem(), depth)
	case *types.Struct:
		if depth == 0 {
			return false
		}
		for v := range u.Fields() {
			if !s.inert(v.Type(), depth-1) {
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
