package flow

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/packages"
)

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
