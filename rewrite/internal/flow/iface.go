package flow

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/packages"
)

func isInterface(t types.Type) bool { return t != nil && types.IsInterface(t) }

// intoInterface records that a value of type t, tied to the library, is
// converted to the interface type dst.
// src is the value's expression, or nil; then call, if not nil, has it as one of
// several results.
func (a *analysis) intoInterface(p *packages.Package, dst, t types.Type, sk key, src ast.Expr, call *ast.CallExpr, result int, pos token.Pos) {
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
			b := Boundary{
				Kind: Interface, Src: src, Call: call, Result: result, To: dst,
				Text: named.Obj().Name() + " is used as " + types.TypeString(dst, types.RelativeTo(p.Types)) + ", which the target's type does not satisfy",
				Help: "give the interface the target's methods, or wrap the connection where it is converted",
			}
			for i := range iface.NumMethods() {
				b.Methods = append(b.Methods, iface.Method(i).Name())
			}
			a.bind(sk, pos, b)
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
		m := a.declaredFunc(iface.Method(i))
		if !a.mentions(m.Type()) {
			continue
		}
		obj, _, _ := types.LookupFieldOrMethod(t, true, m.Pkg(), m.Name())
		fn, ok := obj.(*types.Func)
		if !ok || !a.inTree(fn) {
			continue
		}
		fn = a.declaredFunc(fn)
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
		a.bind(a.obj(field), pos, Boundary{
			Kind: Interface, To: dst, Methods: names, Outer: n,
			Text: n.Obj().Name() + " is used as " + types.TypeString(dst, types.RelativeTo(p.Types)) + " and has " + strings.Join(names, ", ") + " from what it embeds",
			Help: "declare these methods",
		})
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
