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

// field adds what may be stored in the struct field v. A struct that is made
// without a value for the field has 0 there, which is no message type: gorilla
// refuses it, the target would send it.
func (t *typeFlow) field(v *types.Var) {
	if t.u.Graph.Public(v) {
		t.unknown()
		return
	}
	var owner *types.TypeName
	for _, g := range t.u.Graph.InOrder() {
		info := g.Pkg.TypesInfo
		for c := range g.Root.Preorder((*ast.Ident)(nil), (*ast.CompositeLit)(nil)) {
			switch n := c.Node().(type) {
			case *ast.Ident:
				if n.Name != v.Name() || !t.u.Graph.Same(info.ObjectOf(n), v) {
					continue
				}
				t.fieldUse(g, c)
				if info.Defs[n] != nil {
					owner = structOf(g, c)
				}
			case *ast.CompositeLit:
				t.fieldLiteral(g, n, v)
			}
		}
	}
	if owner == nil {
		return // a struct without a name is made by literals
	}
	for _, g := range t.u.Graph.InOrder() {
		for c := range g.Root.Preorder((*ast.Ident)(nil)) {
			id := c.Node().(*ast.Ident)
			if id.Name == owner.Name() && t.u.Graph.Same(g.Pkg.TypesInfo.Uses[id], owner) && t.makesZero(g, c, owner) {
				t.unknown()
			}
		}
		t.filled(g, owner, v)
	}
}

// fieldUse adds what the use of the field at c assigns.
func (t *typeFlow) fieldUse(g *flow.File, c inspector.Cursor) {
	switch k, _ := c.ParentEdge(); k {
	case edge.KeyValueExpr_Key:
		if lit, _ := c.Parent().ParentEdge(); lit == edge.CompositeLit_Elts {
			t.expr(g, c.Parent().Node().(*ast.KeyValueExpr).Value)
		}
		return
	case edge.SelectorExpr_Sel:
		c = unit.OutermostParen(c.Parent())
	default:
		return
	}
	switch k, i := c.ParentEdge(); k {
	case edge.AssignStmt_Lhs:
		t.assignment(g, c.Parent().Node().(*ast.AssignStmt), i)
	case edge.IncDecStmt_X, edge.RangeStmt_Key, edge.RangeStmt_Value:
		t.unknown()
	case edge.UnaryExpr_X:
		if c.Parent().Node().(*ast.UnaryExpr).Op == token.AND {
			t.unknown()
		}
	}
}

// fieldLiteral adds the value that a literal without field names gives the
// field v, or 0 where the field is left out.
func (t *typeFlow) fieldLiteral(g *flow.File, lit *ast.CompositeLit, v *types.Var) {
	typ := g.Pkg.TypesInfo.TypeOf(lit)
	if p, ok := typ.Underlying().(*types.Pointer); ok {
		typ = p.Elem()
	}
	st, ok := typ.Underlying().(*types.Struct)
	if !ok {
		return
	}
	index := -1
	for i := range st.NumFields() {
		if st.Field(i).Name() == v.Name() && t.u.Graph.Same(st.Field(i).Origin(), v) {
			index = i
		}
	}
	if index < 0 {
		return
	}
	if len(lit.Elts) == 0 {
		if !t.setAtOnce(g, lit, v) {
			t.unknown()
		}
		return
	}
	if _, ok := lit.Elts[0].(*ast.KeyValueExpr); !ok {
		t.expr(g, lit.Elts[index])
		return
	}
	for _, el := range lit.Elts {
		if id, ok := el.(*ast.KeyValueExpr).Key.(*ast.Ident); ok && id.Name == v.Name() {
			return // met as a use
		}
	}
	if !t.setAtOnce(g, lit, v) {
		t.unknown()
	}
}

// structOf returns the named type whose declaration holds the field at c.
func structOf(g *flow.File, c inspector.Cursor) *types.TypeName {
	for ts := range c.Enclosing((*ast.TypeSpec)(nil)) {
		st, ok := ts.Node().(*ast.TypeSpec).Type.(*ast.StructType)
		if !ok {
			return nil
		}
		for _, fl := range st.Fields.List {
			for _, id := range fl.Names {
				if id == c.Node() {
					tn, _ := g.Pkg.TypesInfo.Defs[ts.Node().(*ast.TypeSpec).Name].(*types.TypeName)
					return tn
				}
			}
		}
		return nil
	}
	return nil
}

// makesZero reports whether the use at c of a struct type may make a value of
// it that no literal has filled.
func (t *typeFlow) makesZero(g *flow.File, c inspector.Cursor, owner *types.TypeName) bool {
	if k, _ := c.ParentEdge(); k == edge.SelectorExpr_Sel {
		c = c.Parent()
	}
	c = unit.OutermostParen(c)
	for {
		switch k, _ := c.ParentEdge(); k {
		case edge.CompositeLit_Type, edge.TypeAssertExpr_Type, edge.CaseClause_List:
			return false
		case edge.StarExpr_X:
			return false // a pointer is nil instead
		case edge.ArrayType_Elt:
			if c.Parent().Node().(*ast.ArrayType).Len != nil {
				return true
			}
			c = unit.OutermostParen(c.Parent())
			if k, _ := c.ParentEdge(); k == edge.CallExpr_Args { // make([]T, n)
				call := c.Parent().Node().(*ast.CallExpr)
				n, ok := int64(-1), false
				if len(call.Args) > 1 {
					n, ok = unit.ConstInt(g, call.Args[1])
				}
				return !ok || n != 0
			}
			return false // elements are appended, or those of a literal
		case edge.ChanType_Value:
			return !t.receivesTell(owner)
		case edge.Field_Type:
			fl := c.Parent().Node().(*ast.Field)
			switch k, _ := c.Parent().Parent().ParentEdge(); k {
			case edge.FuncType_Params, edge.FuncDecl_Recv:
				return false
			case edge.FuncType_Results:
				return len(fl.Names) > 0
			}
			return true
		default:
			return true
		}
	}
}

// receivesTell reports whether every receive of such a struct from a channel
// tells whether there was one.
func (t *typeFlow) receivesTell(owner *types.TypeName) bool {
	for _, g := range t.u.Graph.InOrder() {
		for c := range g.Root.Preorder((*ast.UnaryExpr)(nil)) {
			n := c.Node().(*ast.UnaryExpr)
			if n.Op != token.ARROW {
				continue
			}
			ch, ok := g.Pkg.TypesInfo.TypeOf(n.X).Underlying().(*types.Chan)
			if !ok {
				continue
			}
			elem, ok := types.Unalias(ch.Elem()).(*types.Named)
			if !ok || !t.u.Graph.Same(elem.Origin().Obj(), owner) {
				continue
			}
			as, ok := assignment(c)
			if !ok || len(as.Lhs) != 2 || isBlank(as.Lhs[1]) {
				return false
			}
		}
	}
	return true
}

// filled notes that code which looks at types while it runs, such as a decoder,
// may set the exported field v of the struct owner.
func (t *typeFlow) filled(g *flow.File, owner *types.TypeName, v *types.Var) {
	if !v.Exported() {
		return
	}
	info := g.Pkg.TypesInfo
	holds := func(typ types.Type) bool {
		found := false
		var visit func(typ types.Type, depth int)
		visit = func(typ types.Type, depth int) {
			if found || typ == nil || depth > 6 {
				return
			}
			switch typ := types.Unalias(typ).(type) {
			case *types.Named:
				if t.u.Graph.Same(typ.Origin().Obj(), owner) {
					found = true
					return
				}
				visit(typ.Underlying(), depth+1)
			case *types.Pointer:
				visit(typ.Elem(), depth+1)
			case *types.Slice:
				visit(typ.Elem(), depth+1)
			case *types.Array:
				visit(typ.Elem(), depth+1)
			case *types.Map:
				visit(typ.Elem(), depth+1)
			case *types.Struct:
				for i := range typ.NumFields() {
					if typ.Field(i).Exported() {
						visit(typ.Field(i).Type(), depth+1)
					}
				}
			}
		}
		visit(typ, 0)
		return found
	}
	for c := range g.Root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		sig, ok := info.TypeOf(call.Fun).(*types.Signature)
		if !ok {
			continue
		}
		for i, a := range call.Args {
			at := info.TypeOf(a)
			if at == nil {
				continue
			}
			if _, ok := at.Underlying().(*types.Pointer); !ok {
				continue
			}
			p := sig.Params().At(min(i, sig.Params().Len()-1)).Type()
			if sl, ok := p.(*types.Slice); ok && sig.Variadic() && i >= sig.Params().Len()-1 {
				p = sl.Elem()
			}
			if types.IsInterface(p) && holds(at) {
				t.unknown()
				return
			}
		}
	}
}
