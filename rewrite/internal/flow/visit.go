package flow

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/packages"
)

// flow unites the places of f between which Go demands identical types, and
// gives every site its key.
func (a *analysis) flow(f *File) {
	p, info := f.Pkg, f.Pkg.TypesInfo
	for c := range f.Root.Preorder(
		(*ast.AssignStmt)(nil), (*ast.ValueSpec)(nil), (*ast.ReturnStmt)(nil), (*ast.CallExpr)(nil),
		(*ast.CompositeLit)(nil), (*ast.SendStmt)(nil), (*ast.RangeStmt)(nil), (*ast.BinaryExpr)(nil),
		(*ast.TypeSwitchStmt)(nil), (*ast.Field)(nil), (*ast.FuncDecl)(nil), (*ast.FuncLit)(nil), (*ast.TypeSpec)(nil),
	) {
		switch n := c.Node().(type) {
		case *ast.AssignStmt:
			if n.Tok == token.ASSIGN || n.Tok == token.DEFINE {
				a.assignStmt(p, n.Lhs, n.Rhs)
			}
		case *ast.ValueSpec:
			lhs := make([]ast.Expr, len(n.Names))
			for i, id := range n.Names {
				lhs[i] = id
			}
			if len(n.Values) > 0 {
				a.assignStmt(p, lhs, n.Values)
			}
			for _, id := range n.Names {
				a.declared(f, info.Defs[id])
			}
		case *ast.ReturnStmt:
			a.returns(p, c, n)
		case *ast.CallExpr:
			a.args(p, n)
		case *ast.CompositeLit:
			a.composite(p, n)
		case *ast.SendStmt:
			if t := typeOf(info, n.Value); a.mentions(t) {
				a.uf.union(a.expr(p, n.Chan), a.expr(p, n.Value))
			}
		case *ast.RangeStmt:
			if a.mentions(typeOf(info, n.X)) {
				k := a.expr(p, n.X)
				for _, e := range []ast.Expr{n.Key, n.Value} {
					if e != nil && a.mentions(typeOf(info, e)) {
						a.uf.union(k, a.expr(p, e))
					}
				}
			}
		case *ast.BinaryExpr:
			if (n.Op == token.EQL || n.Op == token.NEQ) && a.mentions(typeOf(info, n.X)) && a.mentions(typeOf(info, n.Y)) {
				a.uf.union(a.expr(p, n.X), a.expr(p, n.Y))
			}
		case *ast.TypeSwitchStmt:
			for _, cl := range n.Body.List {
				o := info.Implicits[cl]
				if o == nil || !a.mentions(o.Type()) {
					continue
				}
				// The variables of all clauses are declared at one place.
				a.clause[o] = a.at(cl.Pos(), 'o')
				if !isInterface(o.Type()) {
					a.uf.union(a.asserted(o.Type()), a.obj(o))
				}
			}
		case *ast.Field:
			for _, id := range n.Names {
				a.declared(f, info.Defs[id])
			}
			if len(n.Names) == 0 && a.mentions(typeOf(info, n.Type)) {
				// An anonymous parameter's object stands where its type does,
				// an embedded field's where the type's name does.
				k := a.at(n.Type.Pos(), 'o')
				id := embeddedName(n.Type)
				a.uf.union(k, a.at(id.Pos(), 'o'))
				if id, ok := id.(*ast.Ident); ok {
					a.declared(f, info.Defs[id])
				}
			}
		case *ast.FuncDecl:
			a.declared(f, info.Defs[n.Name])
		case *ast.FuncLit:
			if t := typeOf(info, n); a.mentions(t) {
				a.tieSignature(a.at(n.Pos(), 'e'), t)
			}
		case *ast.TypeSpec:
			if o := info.Defs[n.Name]; o != nil && a.mentions(o.Type()) {
				a.declared(f, o)
				a.tieSignature(a.obj(o), o.Type())
			}
		}
	}
	for _, s := range f.Sites {
		k, ok := a.owner(s)
		if !ok {
			a.loose = append(a.loose, s)
			k = a.at(s.Ident.Pos(), 's')
		}
		a.site[s] = k
	}
}

// embeddedName returns the identifier that names an embedded field's type.
func embeddedName(e ast.Expr) ast.Expr {
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.SelectorExpr:
			return x.Sel
		case *ast.IndexExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return e
		}
	}
}

// declared handles the declaration of o: named types in its type, and the
// exported API.
func (a *analysis) declared(f *File, o types.Object) {
	if o == nil || !a.mentions(o.Type()) {
		return
	}
	k := a.obj(o)
	a.carriers(k, o.Type(), o.Pos())
	if fn, ok := o.(*types.Func); ok {
		a.tieSignature(k, fn.Type())
	}
	if !a.api[k] {
		return
	}
	mod := f.Pkg.PkgPath
	if f.Pkg.Module != nil {
		mod = f.Pkg.Module.Path
	}
	a.boundary(k, API, o.Pos(), o.Name()+" is exported API of "+mod, "-api break lets it change")
}

// carriers unites k, declared or written at pos, with the named types of the
// tree that t is written with. A named type of a dependency that is made of
// the library's types is a boundary.
func (a *analysis) carriers(k key, t types.Type, pos token.Pos) {
	switch t := t.(type) {
	case *types.Alias:
		if a.inTree(t.Obj()) {
			a.uf.union(k, a.obj(t.Obj()))
		}
		a.carriers(k, types.Unalias(t), pos)
	case *types.Named:
		switch {
		case a.isLib(t.Obj()) || !a.mentions(t):
			return
		case a.inTree(t.Obj()):
			a.uf.union(k, a.obj(t.Obj()))
		case a.mentions(t.Underlying()) && !isStruct(t):
			a.dependency(k, pos, t.Obj())
		}
		for i := range t.TypeArgs().Len() {
			a.carriers(k, t.TypeArgs().At(i), pos)
		}
	case *types.Pointer:
		a.carriers(k, t.Elem(), pos)
	case *types.Slice:
		a.carriers(k, t.Elem(), pos)
	case *types.Array:
		a.carriers(k, t.Elem(), pos)
	case *types.Chan:
		a.carriers(k, t.Elem(), pos)
	case *types.Map:
		a.carriers(k, t.Key(), pos)
		a.carriers(k, t.Elem(), pos)
	}
}

func isStruct(t types.Type) bool {
	_, ok := t.Underlying().(*types.Struct)
	return ok
}

// tieSignature unites k with the parameters, results, methods and fields that
// t is made of, when t is used as a value's type.
func (a *analysis) tieSignature(k key, t types.Type) {
	switch t := types.Unalias(t).(type) {
	case *types.Signature:
		for _, tup := range []*types.Tuple{t.Params(), t.Results()} {
			for i := range tup.Len() {
				if v := tup.At(i); a.mentions(v.Type()) {
					a.uf.union(k, a.obj(v))
				}
			}
		}
	case *types.Named:
		if a.inTree(t.Obj()) {
			a.tieSignature(k, t.Underlying())
		}
	case *types.Interface:
		for i := range t.NumMethods() {
			if m := t.Method(i); a.mentions(m.Type()) {
				a.uf.union(k, a.obj(m))
				a.tieSignature(k, m.Type())
			}
		}
	case *types.Struct:
		for i := range t.NumFields() {
			if v := t.Field(i); a.mentions(v.Type()) {
				a.uf.union(k, a.obj(v))
			}
		}
	case *types.Pointer:
		a.tieSignature(k, t.Elem())
	case *types.Slice:
		a.tieSignature(k, t.Elem())
	case *types.Map:
		a.tieSignature(k, t.Elem())
	case *types.Chan:
		a.tieSignature(k, t.Elem())
	}
}

func (a *analysis) assignStmt(p *packages.Package, lhs, rhs []ast.Expr) {
	info := p.TypesInfo
	if len(lhs) == len(rhs) {
		for i := range lhs {
			if id, ok := lhs[i].(*ast.Ident); ok && id.Name == "_" {
				continue
			}
			a.assign(p, typeOf(info, lhs[i]), a.exprIf(p, lhs[i]), rhs[i])
		}
		return
	}
	if len(rhs) != 1 {
		return
	}
	// x, ok := v.(T), <-ch, m[k], or f() with several results.
	call, isCall := ast.Unparen(rhs[0]).(*ast.CallExpr)
	for i := range lhs {
		if id, ok := lhs[i].(*ast.Ident); ok && id.Name == "_" {
			continue
		}
		t := typeOf(info, lhs[i])
		if !a.mentions(t) && !isInterface(t) {
			continue
		}
		if !isCall {
			if i == 0 {
				a.uf.union(a.exprIf(p, lhs[i]), a.expr(p, rhs[0]))
			}
			continue
		}
		fn := calleeFunc(info, call.Fun)
		if fn != nil && a.isLib(fn) {
			if a.mentions(t) {
				a.uf.union(a.expr(p, lhs[i]), a.call(p, call))
			}
			continue
		}
		var sig *types.Signature
		if fn != nil {
			sig = fn.Origin().Type().(*types.Signature)
		} else if s, ok := typeOf(info, call.Fun).Underlying().(*types.Signature); ok {
			sig = s
		}
		if sig == nil || i >= sig.Results().Len() || !a.mentions(sig.Results().At(i).Type()) {
			if a.mentions(t) {
				a.uf.union(a.expr(p, lhs[i]), a.call(p, call))
			}
			continue
		}
		if fn != nil && !a.inTree(fn) {
			a.uf.union(a.expr(p, lhs[i]), a.foreign(p, call.Fun, fn))
			continue
		}
		k := a.result(call, sig, i)
		if isInterface(t) {
			a.intoInterface(p, t, sig.Results().At(i).Type(), k, call.Pos())
		}
		a.uf.union(a.exprIf(p, lhs[i]), k)
	}
}

func isInterface(t types.Type) bool { return t != nil && types.IsInterface(t) }

// exprIf is expr for places that hold values tied to the library, and no key
// for others.
func (a *analysis) exprIf(p *packages.Package, e ast.Expr) key {
	if !a.mentions(typeOf(p.TypesInfo, e)) {
		return key{}
	}
	return a.expr(p, e)
}

// assign records that src flows to a place of type dst with key k.
func (a *analysis) assign(p *packages.Package, dst types.Type, k key, src ast.Expr) {
	t := typeOf(p.TypesInfo, src)
	if t == nil || dst == nil {
		return
	}
	if isInterface(dst) && !isInterface(t) {
		a.promoted(p, dst, t, src.Pos())
	}
	if !a.mentions(t) {
		// A concrete type whose methods mention the library may still be
		// bound by an interface.
		if isInterface(dst) && a.mentions(dst) {
			a.methods(dst, t, src.Pos())
		}
		return
	}
	sk := a.expr(p, src)
	if d := a.foreignType(dst); d != nil {
		a.dependency(sk, src.Pos(), d)
	}
	if fn := calleeFunc(p.TypesInfo, src); fn != nil && a.inTree(fn) {
		a.tieSignature(sk, fn.Origin().Type()) // a function used as a value
	}
	if isInterface(dst) && !isInterface(t) {
		a.intoInterface(p, dst, t, sk, src.Pos())
		a.uf.union(k, sk)
		return
	}
	a.uf.union(k, sk)
	a.tieSignature(k, dst)
	a.tieSignature(sk, t)
}

// intoInterface records that a value of type t, tied to the library, is
// converted to the interface type dst.
func (a *analysis) intoInterface(p *packages.Package, dst, t types.Type, sk key, pos token.Pos) {
	iface, ok := dst.Underlying().(*types.Interface)
	if !ok {
		return
	}
	if _, ok := types.Unalias(dst).(*types.TypeParam); ok {
		return
	}
	if iface.NumMethods() == 0 {
		a.boxed(sk, t)
		return
	}
	a.methods(dst, t, pos)
	for n := t; ; {
		if ptr, ok := types.Unalias(n).(*types.Pointer); ok {
			n = ptr.Elem()
			continue
		}
		named, ok := types.Unalias(n).(*types.Named)
		if ok && a.isLib(named.Obj()) && !errorLike(named) {
			a.boundary(sk, Interface, pos, named.Obj().Name()+" is used as "+types.TypeString(dst, types.RelativeTo(p.Types))+", which the target's type does not satisfy", "give the interface the target's methods, or wrap the connection where it is converted")
		}
		return
	}
}

// foreignType returns the named type of a dependency that t is, if that is
// made of the library's types, else nil.
func (a *analysis) foreignType(t types.Type) types.Object {
	n, ok := types.Unalias(deref(t)).(*types.Named)
	if !ok || a.isLib(n.Obj()) || a.inTree(n.Obj()) || n.Obj().Pkg() == nil || isStruct(n) || !a.mentions(n.Underlying()) {
		return nil
	}
	return n.Obj()
}

// methods ties the methods of t to those of the interface dst by name.
func (a *analysis) methods(dst, t types.Type, pos token.Pos) {
	iface, ok := dst.Underlying().(*types.Interface)
	if !ok {
		return
	}
	for i := range iface.NumMethods() {
		m := iface.Method(i)
		if !a.mentions(m.Type()) {
			continue
		}
		obj, _, _ := types.LookupFieldOrMethod(t, true, m.Pkg(), m.Name())
		fn, ok := obj.(*types.Func)
		if !ok || !a.inTree(fn) {
			continue
		}
		ms, fs := m.Type().(*types.Signature), fn.Origin().Type().(*types.Signature)
		a.pair(ms.Params(), fs.Params())
		a.pair(ms.Results(), fs.Results())
		if !a.inTree(m) {
			a.tieSignature(a.obj(fn), fs)
			a.dependency(a.obj(fn), pos, m)
		}
	}
}

// promoted records that dst, an interface, wants methods that t has from a
// library value it embeds.
func (a *analysis) promoted(p *packages.Package, dst, t types.Type, pos token.Pos) {
	n, ok := types.Unalias(deref(t)).(*types.Named)
	if !ok || !isStruct(n) || a.isLib(n.Obj()) || !a.embeds(n) {
		return
	}
	iface, ok := dst.Underlying().(*types.Interface)
	if !ok {
		return
	}
	var field *types.Var
	var names []string
	for i := range iface.NumMethods() {
		m := iface.Method(i)
		obj, index, _ := types.LookupFieldOrMethod(t, true, m.Pkg(), m.Name())
		if !a.isLib(obj) {
			continue
		}
		if f := embedded(n, index); f != nil && a.inTree(f) {
			field = f
			names = append(names, m.Name())
		}
	}
	if field != nil {
		a.boundary(a.obj(field), Interface, pos,
			n.Obj().Name()+" is used as "+types.TypeString(dst, types.RelativeTo(p.Types))+" and has "+strings.Join(names, ", ")+" from what it embeds", "declare these methods")
	}
}

// embeds reports whether the struct type n embeds a library type, directly or
// not.
func (a *analysis) embeds(n *types.Named) bool {
	if r, ok := a.embed[n]; ok {
		return r
	}
	a.embed[n] = false
	s, ok := n.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for i := range s.NumFields() {
		v := s.Field(i)
		if !v.Embedded() {
			continue
		}
		if m, ok := types.Unalias(deref(v.Type())).(*types.Named); ok && (a.isLib(m.Obj()) || a.embeds(m)) {
			a.embed[n] = true
			break
		}
	}
	return a.embed[n]
}

// embedded returns the last embedded field on the way of index from a value
// of type t.
func embedded(t types.Type, index []int) *types.Var {
	var field *types.Var
	for _, i := range index[:max(len(index)-1, 0)] {
		s, ok := deref(t).Underlying().(*types.Struct)
		if !ok {
			return nil
		}
		field = s.Field(i)
		t = field.Type()
	}
	return field
}

func (a *analysis) pair(x, y *types.Tuple) {
	for i := range min(x.Len(), y.Len()) {
		if a.mentions(x.At(i).Type()) || a.mentions(y.At(i).Type()) {
			a.uf.union(a.obj(x.At(i)), a.obj(y.At(i)))
		}
	}
}

func (a *analysis) returns(p *packages.Package, c inspector.Cursor, n *ast.ReturnStmt) {
	var sig *types.Signature
	for enc := range c.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		switch fn := enc.Node().(type) {
		case *ast.FuncDecl:
			if o, ok := p.TypesInfo.Defs[fn.Name].(*types.Func); ok {
				sig = o.Type().(*types.Signature)
			}
		case *ast.FuncLit:
			sig, _ = typeOf(p.TypesInfo, fn).(*types.Signature)
		}
		break
	}
	if sig == nil {
		return
	}
	if len(n.Results) == sig.Results().Len() {
		for i, e := range n.Results {
			r := sig.Results().At(i)
			a.assign(p, r.Type(), a.objIf(r), e)
		}
		return
	}
	if len(n.Results) != 1 {
		return
	}
	call, ok := ast.Unparen(n.Results[0]).(*ast.CallExpr)
	if !ok {
		return
	}
	for i := range sig.Results().Len() {
		r := sig.Results().At(i)
		if a.mentions(r.Type()) {
			a.uf.union(a.obj(r), a.callResult(p, call, i))
		}
	}
}

// callResult returns the key of result i of a call.
func (a *analysis) callResult(p *packages.Package, call *ast.CallExpr, i int) key {
	fn := calleeFunc(p.TypesInfo, call.Fun)
	if fn != nil && a.inTree(fn) {
		sig := fn.Origin().Type().(*types.Signature)
		if i < sig.Results().Len() {
			return a.result(call, sig, i)
		}
	}
	return a.call(p, call)
}

func (a *analysis) objIf(v *types.Var) key {
	if !a.mentions(v.Type()) {
		return key{}
	}
	return a.obj(v)
}

func (a *analysis) args(p *packages.Package, n *ast.CallExpr) {
	info := p.TypesInfo
	if tv, ok := info.Types[n.Fun]; ok && tv.IsType() {
		if len(n.Args) == 1 {
			a.conversion(p, n, tv.Type)
		}
		return
	}
	if id, ok := ast.Unparen(n.Fun).(*ast.Ident); ok {
		if _, ok := info.Uses[id].(*types.Builtin); ok {
			var first key
			list, _ := typeOf(info, n).Underlying().(*types.Slice)
			for i, arg := range n.Args {
				if tv := info.Types[arg]; tv.IsType() || !a.mentions(tv.Type) {
					continue
				}
				if i > 0 && id.Name == "append" && list != nil && isInterface(list.Elem()) {
					a.assign(p, list.Elem(), key{}, arg)
					continue
				}
				k := a.expr(p, arg)
				if first == (key{}) {
					first = k
				}
				a.uf.union(first, k)
			}
			return
		}
	}
	fn := calleeFunc(info, n.Fun)
	if fn != nil && a.isLib(fn) {
		// A library value given to the library: WritePreparedMessage, ReadJSON.
		for _, arg := range n.Args {
			if a.mentions(typeOf(info, arg)) {
				a.uf.union(a.call(p, n), a.expr(p, arg))
			}
		}
		return
	}
	sig, _ := typeOf(info, n.Fun).Underlying().(*types.Signature)
	if sig == nil {
		return
	}
	decl := sig
	if fn != nil {
		decl = fn.Origin().Type().(*types.Signature)
	}
	// An instance of a generic function or a method of a generic type ties
	// everything that its type arguments reach.
	if fn != nil && !a.mentions(decl) && a.mentions(sig) {
		k := a.at(n.Lparen, 'e')
		if sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr); ok && info.Selections[sel] != nil {
			a.uf.union(k, a.expr(p, sel.X))
		}
		for _, arg := range n.Args {
			if a.mentions(typeOf(info, arg)) {
				a.uf.union(k, a.expr(p, arg))
			}
		}
		a.constraints(p, n, k)
		return
	}
	looksInside := fn != nil && fn.Pkg() != nil && fn.Pkg().Path() == "reflect"
	for i, arg := range n.Args {
		if looksInside && a.mentions(typeOf(info, arg)) {
			a.boundary(a.expr(p, arg), Reflect, n.Pos(), "reflect."+fn.Name()+" looks inside it", "")
		}
		v := param(decl, i)
		if v == nil {
			break
		}
		t := v.Type()
		if decl.Variadic() && i >= decl.Params().Len()-1 && !n.Ellipsis.IsValid() {
			t = t.(*types.Slice).Elem()
		}
		if fn != nil && !a.inTree(fn) && a.mentions(t) && a.mentions(typeOf(info, arg)) && !isInterface(t) {
			a.uf.union(a.expr(p, arg), a.foreign(p, n.Fun, fn))
			continue
		}
		a.assign(p, t, a.objIf(v), arg)
	}
}

// conversion handles T(x).
func (a *analysis) conversion(p *packages.Package, n *ast.CallExpr, to types.Type) {
	x := n.Args[0]
	from := typeOf(p.TypesInfo, x)
	if b, ok := to.Underlying().(*types.Basic); ok && b.Kind() == types.UnsafePointer && a.mentions(from) {
		a.boundary(a.expr(p, x), Reflect, n.Pos(), "its memory is looked at through unsafe.Pointer", "")
		return
	}
	if s, ok := deref(to).Underlying().(*types.Struct); ok {
		// Two struct types with the same fields.
		if t, ok := deref(from).Underlying().(*types.Struct); ok && s != t {
			for i := range min(s.NumFields(), t.NumFields()) {
				if v, w := s.Field(i), t.Field(i); a.mentions(v.Type()) {
					a.uf.union(a.obj(v), a.obj(w))
				}
			}
		}
	}
	k := key{}
	if a.mentions(to) && a.mentions(from) {
		k = a.expr(p, x)
		a.carriers(k, to, n.Pos())
	}
	a.assign(p, to, k, x)
}

// constraints records where a library type is the type argument for a type
// parameter whose constraint has methods.
func (a *analysis) constraints(p *packages.Package, n *ast.CallExpr, k key) {
	id := funcIdent(n.Fun)
	if id == nil {
		return
	}
	inst, ok := p.TypesInfo.Instances[id]
	if !ok {
		return
	}
	sig, ok := p.TypesInfo.Uses[id].Type().(*types.Signature)
	if !ok {
		return
	}
	for i := range min(sig.TypeParams().Len(), inst.TypeArgs.Len()) {
		if iface, ok := sig.TypeParams().At(i).Constraint().Underlying().(*types.Interface); ok {
			t := inst.TypeArgs.At(i)
			a.promoted(p, iface, t, n.Pos())
			if iface.NumMethods() > 0 && a.mentions(t) && !isInterface(t) {
				a.intoInterface(p, iface, t, k, n.Pos())
			}
		}
	}
}

// funcIdent returns the identifier that names a called function.
func funcIdent(fun ast.Expr) *ast.Ident {
	switch f := ast.Unparen(fun).(type) {
	case *ast.Ident:
		return f
	case *ast.SelectorExpr:
		return f.Sel
	case *ast.IndexExpr:
		return funcIdent(f.X)
	case *ast.IndexListExpr:
		return funcIdent(f.X)
	}
	return nil
}

func param(sig *types.Signature, i int) *types.Var {
	n := sig.Params().Len()
	if sig.Variadic() && i >= n-1 {
		i = n - 1
	}
	if i >= n || i < 0 {
		return nil
	}
	return sig.Params().At(i)
}

func (a *analysis) composite(p *packages.Package, n *ast.CompositeLit) {
	info := p.TypesInfo
	t := typeOf(info, n)
	if t == nil {
		return
	}
	own := a.at(n.Lbrace, 'e')
	if a.mentions(t) {
		a.carriers(own, t, n.Pos())
	}
	u := t.Underlying()
	if ptr, ok := u.(*types.Pointer); ok {
		u = ptr.Elem().Underlying()
	}
	switch u := u.(type) {
	case *types.Struct:
		for i, el := range n.Elts {
			var field *types.Var
			val := el
			if kv, ok := el.(*ast.KeyValueExpr); ok {
				val = kv.Value
				if id, ok := kv.Key.(*ast.Ident); ok {
					field, _ = info.Uses[id].(*types.Var)
				}
			} else if i < u.NumFields() {
				field = u.Field(i)
			}
			if field == nil {
				continue
			}
			if a.isLib(field) {
				if a.mentions(typeOf(info, val)) {
					a.uf.union(own, a.expr(p, val))
				}
				continue
			}
			if !a.inTree(field) {
				if a.mentions(field.Origin().Type()) && a.mentions(typeOf(info, val)) {
					a.uf.union(a.expr(p, val), a.foreign(p, val, field))
				} else {
					a.assign(p, field.Type(), key{}, val)
				}
				continue
			}
			a.assign(p, field.Type(), a.objIf(field), val)
		}
	case *types.Slice:
		a.elements(p, n, own, nil, u.Elem())
	case *types.Array:
		a.elements(p, n, own, nil, u.Elem())
	case *types.Map:
		a.elements(p, n, own, u.Key(), u.Elem())
	}
}

func (a *analysis) elements(p *packages.Package, n *ast.CompositeLit, own key, keyType, elem types.Type) {
	for _, el := range n.Elts {
		if kv, ok := el.(*ast.KeyValueExpr); ok {
			if keyType != nil {
				a.element(p, own, keyType, kv.Key)
			}
			el = kv.Value
		}
		a.element(p, own, elem, el)
	}
}

func (a *analysis) element(p *packages.Package, own key, t types.Type, e ast.Expr) {
	k := own
	if !a.mentions(t) {
		k = key{}
	}
	a.assign(p, t, k, e)
}

// owner returns the key of the place that the site belongs to, and false for
// sites that only their surroundings can place: constants and functions.
func (a *analysis) owner(s *Site) (key, bool) {
	p := s.File.Pkg
	c := s.Cursor
	kind, _ := c.ParentEdge()
	if kind == edge.KeyValueExpr_Key {
		if lit, ok := c.Parent().Parent().Node().(*ast.CompositeLit); ok {
			return a.at(lit.Lbrace, 'e'), true
		}
	}
	if kind == edge.SelectorExpr_Sel {
		sel := c.Parent().Node().(*ast.SelectorExpr)
		if p.TypesInfo.Selections[sel] != nil {
			if _, isType := s.Obj.(*types.TypeName); !isType {
				if tv := p.TypesInfo.Types[sel.X]; tv.IsType() { // method expression
					return a.at(s.Ident.Pos(), 'e'), true
				}
				if n, ok := types.Unalias(deref(typeOf(p.TypesInfo, sel.X))).(*types.Named); ok && a.isLib(n.Obj()) && errorLike(n) {
					return key{}, false
				}
				return a.receiver(p, sel), true
			}
		}
		c = c.Parent()
	}
	if tn, ok := s.Obj.(*types.TypeName); ok {
		if n, ok := types.Unalias(tn.Type()).(*types.Named); ok && errorLike(n) {
			return key{}, false
		}
		return a.typeOwner(p, c)
	}
	if v, ok := s.Obj.(*types.Var); ok && a.mentions(v.Type()) {
		// DefaultDialer: tied to what the expression flows to.
		return a.at(s.Ident.Pos(), 'e'), true
	}
	return key{}, false
}

func deref(t types.Type) types.Type {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

// typeOwner returns the key of the declaration or expression that a type
// expression at c belongs to.
func (a *analysis) typeOwner(p *packages.Package, c inspector.Cursor) (key, bool) {
	for {
		kind, _ := c.ParentEdge()
		parent := c.Parent()
		switch n := parent.Node().(type) {
		case *ast.Field:
			if len(n.Names) == 0 {
				k := a.at(n.Type.Pos(), 'o')
				return k, true
			}
			k := a.obj(p.TypesInfo.Defs[n.Names[0]])
			for _, id := range n.Names[1:] {
				a.uf.union(k, a.obj(p.TypesInfo.Defs[id]))
			}
			return k, k != key{}
		case *ast.ValueSpec:
			if kind != edge.ValueSpec_Type {
				return a.at(n.Pos(), 'e'), true
			}
			k := a.obj(p.TypesInfo.Defs[n.Names[0]])
			for _, id := range n.Names[1:] {
				a.uf.union(k, a.obj(p.TypesInfo.Defs[id]))
			}
			if k == (key{}) {
				k = a.at(n.Type.Pos(), 'e') // var _ T
			}
			return k, true
		case *ast.TypeSpec:
			return a.obj(p.TypesInfo.Defs[n.Name]), true
		case *ast.CompositeLit:
			return a.at(n.Lbrace, 'e'), true
		case *ast.CallExpr:
			if kind == edge.CallExpr_Fun {
				// A conversion: its value is its argument's.
				if len(n.Args) == 1 && a.mentions(typeOf(p.TypesInfo, n.Args[0])) {
					return a.expr(p, n.Args[0]), true
				}
			}
			return a.at(n.Lparen, 'e'), true
		case *ast.TypeAssertExpr:
			return a.asserted(typeOf(p.TypesInfo, n.Type)), true
		case *ast.CaseClause:
			return a.asserted(typeOf(p.TypesInfo, c.Node().(ast.Expr))), true
		case *ast.IndexExpr, *ast.IndexListExpr:
			if kind == edge.IndexExpr_Index || kind == edge.IndexListExpr_Indices {
				// A type argument: of a generic call, or of a generic type
				// whose own place follows further out.
				if call, ok := parent.Parent().Node().(*ast.CallExpr); ok && call.Fun == parent.Node() {
					return a.at(call.Lparen, 'e'), true
				}
			}
		case ast.Stmt, ast.Decl, *ast.File:
			return a.at(c.Node().Pos(), 'e'), true
		}
		c = parent
	}
}
