package lazyssa

import (
	"go/ast"
	"go/types"
	"maps"
)

// wellTyped returns the files without ill-typed statements, or without the
// bodies of functions that make no sense without them, and the type
// information without ill-typed initial values: the SSA builder asks for
// packages without errors. What is left of an ill-typed body, if anything, is
// for part to say.
func wellTyped(files []*ast.File, info *types.Info, part func(*ast.BlockStmt, *types.Info) *ast.BlockStmt) ([]*ast.File, *types.Info) {
	var out []*ast.File
	reduced := *info
	reduced.Types, reduced.Implicits = maps.Clone(info.Types), maps.Clone(info.Implicits)
	for _, file := range files {
		copied := *file
		copied.Decls = nil
		for _, decl := range file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Body != nil && illTyped(fn.Body, info) {
				bare := *fn
				bare.Body = part(fn.Body, &reduced)
				decl = &bare
			}
			copied.Decls = append(copied.Decls, decl)
		}
		out = append(out, &copied)
	}
	reduced.InitOrder = nil
	for _, init := range info.InitOrder {
		if !illTyped(init.Rhs, info) {
			reduced.InitOrder = append(reduced.InitOrder, init)
		}
	}
	return out, &reduced
}

// drop leaves nothing of a body.
func drop(*ast.BlockStmt, *types.Info) *ast.BlockStmt { return nil }

// illTyped reports whether any expression in n lacks a valid type.
func illTyped(n ast.Node, info *types.Info) bool {
	bad := false
	ast.Inspect(n, func(n ast.Node) bool {
		if bad {
			return false
		}
		switch n := n.(type) {
		case *ast.BranchStmt:
			return false // its label is no expression
		case *ast.LabeledStmt:
			bad = illTyped(n.Stmt, info)
			return false
		case *ast.KeyValueExpr:
			// The key of a struct literal has an object and no type.
			if key, ok := n.Key.(*ast.Ident); ok {
				bad = info.Uses[key] == nil || illTyped(n.Value, info)
				return false
			}
		case *ast.SelectorExpr:
			bad = info.Uses[n.Sel] == nil || illTyped(n.X, info)
			if tv, ok := info.Types[n]; ok && invalid(tv.Type) {
				bad = true
			}
			return false
		case *ast.Ident:
			obj := info.ObjectOf(n)
			if _, ok := obj.(*types.PkgName); ok {
				return false // it has no type, and that is no error
			}
			_, symbolic := info.Defs[n] // the variable of a type switch
			bad = obj == nil && !symbolic && n.Name != "_" || obj != nil && invalid(obj.Type())
		case ast.Expr:
			tv, ok := info.Types[n]
			bad = ok && invalid(tv.Type)
		}
		return !bad
	})
	return bad
}

func invalid(t types.Type) bool { return t == types.Typ[types.Invalid] }
