package lazyssa

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// A typing is what the type checker says of a package with errors.
type typing struct {
	*types.Info
	faults []token.Pos // where it found something wrong, in order
}

// newTyping returns a typing that may be added to. What the checker merely
// grumbles at, such as a variable that is not used, is no fault, nor are the
// further places that it names, such as another declaration.
func newTyping(info *types.Info, errs []types.Error) *typing {
	reduced := *info
	reduced.Types, reduced.Implicits, reduced.Uses = maps.Clone(info.Types), maps.Clone(info.Implicits), maps.Clone(info.Uses)
	t := &typing{Info: &reduced}
	for _, e := range errs {
		if !e.Soft && e.Pos.IsValid() && !strings.HasPrefix(e.Msg, "\t") {
			t.faults = append(t.faults, e.Pos)
		}
	}
	slices.Sort(t.faults)
	return t
}

// faulty reports whether a fault lies in n, and in none of its parts that are
// given.
func (t *typing) faulty(n ast.Node, parts ...ast.Node) bool {
	i, _ := slices.BinarySearch(t.faults, n.Pos())
	for ; i < len(t.faults) && t.faults[i] < n.End(); i++ {
		if !slices.ContainsFunc(parts, func(p ast.Node) bool { return p.Pos() <= t.faults[i] && t.faults[i] < p.End() }) {
			return true
		}
	}
	return false
}

// A form says what is left of a body that is ill-typed, if anything, and
// whether something unknown may decide in it what happens.
type form func(*ast.BlockStmt, *typing) (left *ast.BlockStmt, guessed bool)

// wellTyped returns the files without what is ill-typed in them, or without the
// bodies of functions that make no sense without that, the type information
// without ill-typed initial values, since the SSA builder asks for packages
// without errors, and the functions that guess.
func wellTyped(files []*ast.File, info *typing, part form) (out []*ast.File, guessed map[types.Object]bool) {
	guessed = make(map[types.Object]bool)
	for _, file := range files {
		copied := *file
		copied.Decls = nil
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if ok && info.faulty(fn.Name) {
				continue // declared twice
			}
			if ok && fn.Body != nil && illTyped(fn.Body, info) {
				bare := *fn
				guess := false
				if bare.Body, guess = part(fn.Body, info); guess {
					guessed[info.Defs[fn.Name]] = true
				}
				decl = &bare
			}
			copied.Decls = append(copied.Decls, decl)
		}
		out = append(out, &copied)
	}
	info.InitOrder = slices.DeleteFunc(slices.Clone(info.InitOrder), func(init *types.Initializer) bool {
		return illTyped(init.Rhs, info)
	})
	return out, guessed
}

// drop leaves nothing of a body.
func drop(*ast.BlockStmt, *typing) (*ast.BlockStmt, bool) { return nil, false }

// illTyped reports whether anything in n lacks a valid type, or is wrong.
func illTyped(n ast.Node, info *typing) bool {
	bad := info.faulty(n)
	ast.Inspect(n, func(n ast.Node) bool {
		if bad {
			return false
		}
		switch n := n.(type) {
		case *ast.BadStmt, *ast.BadExpr, *ast.BadDecl:
			bad = true
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
			bad = !selects(n, info) || generic(n.Sel, info) || odd(n.Sel, info) || illTyped(n.X, info)
			if tv, ok := info.Types[n]; ok && invalid(tv.Type) {
				bad = true
			}
			return false
		case *ast.Ident:
			obj := info.ObjectOf(n)
			if _, ok := obj.(*types.PkgName); ok {
				return false // it has no type, and that is no error
			}
			if generic(n, info) || odd(n, info) {
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
func generic(id *ast.Ident, info *typing) bool {
	fn, ok := info.Uses[id].(*types.Func)
	if !ok || fn.Signature().TypeParams().Len() == 0 {
		return false
	}
	_, instance := info.Instances[id]
	return !instance
}

// selects reports whether a selector is a name of a package, or selects from a
// type what the type has.
func selects(e *ast.SelectorExpr, info *typing) bool {
	if id, ok := e.X.(*ast.Ident); ok {
		if _, ok := info.Uses[id].(*types.PkgName); ok {
			return info.Uses[e.Sel] != nil
		}
	}
	return info.Selections[e] != nil
}

// odd reports whether an identifier stands for a function that has a parameter
// or a result without a valid type.
func odd(id *ast.Ident, info *typing) bool {
	fn, ok := info.Uses[id].(*types.Func)
	if !ok {
		return false
	}
	for _, vars := range []*types.Tuple{fn.Signature().Params(), fn.Signature().Results()} {
		for v := range vars.Variables() {
			if invalid(v.Type()) {
				return true
			}
		}
	}
	return false
}

func invalid(t types.Type) bool { return t == types.Typ[types.Invalid] }
