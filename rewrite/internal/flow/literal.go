package flow

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/packages"
)

func (a *analysis) composite(p *packages.Package, n *ast.CompositeLit) {
	info := p.TypesInfo
	t := typeOf(info, n)
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
