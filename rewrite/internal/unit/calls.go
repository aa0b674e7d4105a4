package unit

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
)

// A ParamCall is a call of a function whose parameters are looked at.
type ParamCall struct {
	File   *flow.File
	Cursor inspector.Cursor // of the call
	Call   *ast.CallExpr
}

// Arg returns the argument for parameter i, or nil.
func (p ParamCall) Arg(i int) ast.Expr {
	if i >= len(p.Call.Args) || p.Call.Ellipsis.IsValid() {
		return nil
	}
	return p.Call.Args[i]
}

// Calls returns the calls of the function literal or declaration at fn, and
// whether these are all.
func (u *Unit) Calls(f *flow.File, fn inspector.Cursor) (calls []ParamCall, all bool) {
	all = true
	// use adds the call that the name at c is of.
	use := func(g *flow.File, c inspector.Cursor) {
		if k, _ := c.ParentEdge(); k == edge.SelectorExpr_Sel {
			c = c.Parent()
			if tv := g.Pkg.TypesInfo.Types[c.Node().(*ast.SelectorExpr).X]; tv.IsType() {
				all = false // a method expression
				return
			}
		}
		c = OutermostParen(c)
		if k, _ := c.ParentEdge(); k != edge.CallExpr_Fun {
			all = false
			return
		}
		calls = append(calls, ParamCall{g, c.Parent(), c.Parent().Node().(*ast.CallExpr)})
	}
	switch n := fn.Node().(type) {
	case *ast.FuncDecl:
		obj, _ := f.Pkg.TypesInfo.Defs[n.Name].(*types.Func)
		if obj == nil || u.Graph.Public(obj) || n.Name.Name == "main" && n.Recv == nil {
			return nil, false
		}
		for _, g := range u.Graph.InOrder() {
			for c := range g.Root.Preorder((*ast.Ident)(nil)) {
				id := c.Node().(*ast.Ident)
				if id.Name != n.Name.Name {
					continue
				}
				o, _ := g.Pkg.TypesInfo.Uses[id].(*types.Func)
				if o == nil {
					continue
				}
				o = o.Origin()
				// Calls through interfaces may reach a method.
				if u.Graph.Same(o, obj) || n.Recv != nil && IsInterfaceMethod(o) && SameSignature(o, obj) {
					use(g, c)
				}
			}
		}
		if obj.Exported() && (len(calls) == 0 || n.Recv != nil && u.wanted(obj)) {
			all = false // a dependency may call it
		}
	case *ast.FuncLit:
		c := OutermostParen(fn)
		k, i := c.ParentEdge()
		var v types.Object
		switch p := c.Parent().Node().(type) {
		case *ast.CallExpr:
			if k == edge.CallExpr_Fun {
				return []ParamCall{{f, c.Parent(), p}}, true
			}
		case *ast.AssignStmt:
			if k == edge.AssignStmt_Rhs && len(p.Lhs) == len(p.Rhs) {
				if id, ok := ast.Unparen(p.Lhs[i]).(*ast.Ident); ok {
					v = f.Pkg.TypesInfo.ObjectOf(id)
				}
			}
		case *ast.ValueSpec:
			if k == edge.ValueSpec_Values && len(p.Names) == len(p.Values) {
				v = f.Pkg.TypesInfo.Defs[p.Names[i]]
			}
		}
		if x, ok := v.(*types.Var); !ok || x.IsField() || IsPackageLevel(x) {
			return nil, false
		}
		for c := range f.Root.Preorder((*ast.Ident)(nil)) {
			if f.Pkg.TypesInfo.Uses[c.Node().(*ast.Ident)] != v {
				continue
			}
			if k, _ := c.ParentEdge(); k != edge.AssignStmt_Lhs {
				use(f, c)
			}
		}
	}
	return calls, all
}

// wanted reports whether a dependency declares an interface with the method.
func (u *Unit) wanted(m *types.Func) bool {
	tree, seen := map[string]bool{}, map[string]bool{}
	for _, f := range u.Graph.InOrder() {
		tree[f.Pkg.PkgPath] = true
	}
	for _, f := range u.Graph.InOrder() {
		for _, p := range f.Pkg.Types.Imports() {
			if tree[p.Path()] || seen[p.Path()] {
				continue
			}
			seen[p.Path()] = true
			for _, name := range p.Scope().Names() {
				tn, ok := p.Scope().Lookup(name).(*types.TypeName)
				if !ok {
					continue
				}
				i, ok := tn.Type().Underlying().(*types.Interface)
				if !ok {
					continue
				}
				for k := range i.NumMethods() {
					if i.Method(k).Name() == m.Name() && SameSignature(i.Method(k), m) {
						return true
					}
				}
			}
		}
	}
	return false
}

// SameSignature reports whether two functions have the same parameters and
// results, by name too.
func SameSignature(x, y *types.Func) bool {
	s, t := x.Signature(), y.Signature()
	return s.Variadic() == t.Variadic() && types.TypeString(s.Params(), nil) == types.TypeString(t.Params(), nil) &&
		types.TypeString(s.Results(), nil) == types.TypeString(t.Results(), nil)
}

// OutermostParen returns the outermost pair of parentheses around c alone, or c.
func OutermostParen(c inspector.Cursor) inspector.Cursor {
	for {
		if k, _ := c.ParentEdge(); k != edge.ParenExpr_X {
			return c
		}
		c = c.Parent()
	}
}

// IsInterfaceMethod reports whether fn is a method of an interface.
func IsInterfaceMethod(fn *types.Func) bool {
	recv := fn.Signature().Recv()
	return recv != nil && types.IsInterface(recv.Type())
}

// IsPackageLevel reports whether v is declared outside of functions.
func IsPackageLevel(v *types.Var) bool { return v.Pkg() != nil && v.Parent() == v.Pkg().Scope() }
