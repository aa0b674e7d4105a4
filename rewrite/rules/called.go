package rules

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/edge"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// eachReturn calls value with what each return statement of the called
// function returns: nil where a variable does. It reports false if that is no
// function of the tree with one result.
func eachReturn(u *unit.Unit, f *flow.File, call *ast.CallExpr, value func(g *flow.File, e ast.Expr)) bool {
	fn := calledFunc(f, call)
	if fn == nil {
		return false
	}
	g, decl := declaration(u, fn)
	if decl == nil || decl.Body == nil || decl.Type.Results.NumFields() != 1 {
		return false
	}
	ast.Inspect(decl.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			if len(n.Results) == 1 {
				value(g, n.Results[0])
			} else {
				value(g, nil)
			}
		}
		return true
	})
	return true
}

// calledFunc returns the function or method that the call names, or nil.
func calledFunc(f *flow.File, call *ast.CallExpr) *types.Func {
	var id *ast.Ident
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		id = fun
	case *ast.SelectorExpr:
		id = fun.Sel
	}
	if id == nil {
		return nil
	}
	fn, _ := f.Pkg.TypesInfo.Uses[id].(*types.Func)
	return fn
}

// declaration returns the declaration of a function of the tree, or nil.
func declaration(u *unit.Unit, fn *types.Func) (*flow.File, *ast.FuncDecl) {
	for _, g := range u.Graph.Files {
		for _, d := range g.Syntax.Decls {
			fd, ok := d.(*ast.FuncDecl)
			if !ok || fd.Name.Name != fn.Name() {
				continue
			}
			if o := g.Pkg.TypesInfo.Defs[fd.Name]; o != nil && samePlace(u, o, fn) {
				return g, fd
			}
		}
	}
	return nil, nil
}

// An arg is an argument of a call in file f.
type arg struct {
	f *flow.File
	e ast.Expr
}

// paramArgs returns what every call passes for the parameter v of a declared
// function. ok is false if v is none, or if calls may escape notice.
func paramArgs(u *unit.Unit, f *flow.File, v *types.Var) (args []arg, ok bool) {
	var fn *types.Func
	index := -1
	for _, d := range f.Syntax.Decls {
		fd, isFunc := d.(*ast.FuncDecl)
		if !isFunc || v.Pos() < fd.Pos() || fd.End() <= v.Pos() {
			continue
		}
		i := 0
		for _, p := range fd.Type.Params.List {
			if _, variadic := p.Type.(*ast.Ellipsis); variadic {
				break
			}
			for _, id := range p.Names {
				if f.Pkg.TypesInfo.Defs[id] == v {
					fn, _ = f.Pkg.TypesInfo.Defs[fd.Name].(*types.Func)
					index = i
				}
				i++
			}
			if len(p.Names) == 0 {
				i++
			}
		}
	}
	if fn == nil || index < 0 || fn.Exported() && fn.Pkg().Name() != "main" {
		return nil, false
	}
	for _, g := range u.Graph.Files {
		if !fn.Exported() && (g.Pkg.Types == nil || g.Pkg.Types.Path() != fn.Pkg().Path()) {
			continue
		}
		for c := range g.Root.Preorder((*ast.Ident)(nil)) {
			id := c.Node().(*ast.Ident)
			if id.Name != fn.Name() {
				continue
			}
			o := g.Pkg.TypesInfo.Uses[id]
			if o == nil {
				continue
			}
			if !samePlace(u, o, fn) {
				if m, ok := o.(*types.Func); ok && m.Signature().Recv() != nil && types.IsInterface(m.Signature().Recv().Type()) {
					return nil, false // may be called through the interface
				}
				continue
			}
			if k, _ := c.ParentEdge(); k == edge.SelectorExpr_Sel {
				c = c.Parent()
			}
			if k, _ := c.ParentEdge(); k != edge.CallExpr_Fun {
				return nil, false // used as a value
			}
			call := c.Parent().Node().(*ast.CallExpr)
			if index >= len(call.Args) {
				return nil, false
			}
			args = append(args, arg{g, call.Args[index]})
		}
	}
	return args, true
}
