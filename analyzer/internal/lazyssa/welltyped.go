package lazyssa

import (
	"go/ast"
	"go/types"
	"maps"
)

// A form says what is left of a body that is ill-typed, if anything, and
// whether something unknown decides in it what happens.
type form func(*ast.BlockStmt, *types.Info) (left *ast.BlockStmt, guessed bool)

// wellTyped returns the files without what is ill-typed in them, or without the
// bodies of functions that make no sense without that, the type information
// without ill-typed initial values, since the SSA builder asks for packages
// without errors, and the functions that guess.
func wellTyped(files []*ast.File, info *types.Info, part form) (out []*ast.File, left *types.Info, guessed map[types.Object]bool) {
	reduced := *info
	reduced.Types, reduced.Implicits, reduced.Uses = maps.Clone(info.Types), maps.Clone(info.Implicits), maps.Clone(info.Uses)
	guessed = make(map[types.Object]bool)
	for _, file := range files {
		copied := *file
		copied.Decls = nil
		for _, decl := range file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Body != nil && illTyped(fn.Body, info) {
				bare := *fn
				guess := false
				if bare.Body, guess = part(fn.Body, &reduced); guess {
					guessed[info.Defs[fn.Name]] = true
				}
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
	return out, &reduced, guessed
}

// strict is trim without guesses.
func strict(body *ast.BlockStmt, info *types.Info) (*ast.BlockStmt, bool) {
	out, guessed := trim(body, info)
	if guessed {
		return nil, false
	}
	return out, false
}

// drop leaves nothing of a body.
func drop(*ast.BlockStmt, *types.Info) (*ast.BlockStmt, bool) { return nil, false }

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
			bad = info.Uses[n.Sel] == nil || generic(n.Sel, info) || illTyped(n.X, info)
			if tv, ok := info.Types[n]; ok && invalid(tv.Type) {
				bad = true
			}
			return false
		case *ast.Ident:
			obj := info.ObjectOf(n)
			if _, ok := obj.(*types.PkgName); ok {
				return false // it has no type, and that is no error
			}
			if generic(n, info) {
				bad = true
				return false
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

// generic reports whether an identifier stands for a generic function without
// type arguments: they could not be inferred.
func generic(id *ast.Ident, info *types.Info) bool {
	fn, ok := info.Uses[id].(*types.Func)
	if !ok || fn.Signature().TypeParams().Len() == 0 {
		return false
	}
	_, instance := info.Instances[id]
	return !instance
}

func invalid(t types.Type) bool { return t == types.Typ[types.Invalid] }
