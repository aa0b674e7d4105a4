package unit

import (
	"go/ast"
	"go/types"
	"path/filepath"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
)

// Import asks for an import of path in f and returns the name to use: the one
// the file already has for it, or base.
func (u *Unit) Import(f *flow.File, path, base string) string {
	if name, ok := importName(f, path); ok && name != "_" && name != "." {
		return name
	}
	e := u.Edits(f)
	if name, ok := e.Imports[path]; ok {
		return name
	}
	name := base
	for i := 2; nameTaken(f, name); i++ {
		name = "std" + base
		if i > 2 {
			name += string(rune('0' + i))
		}
	}
	e.Imports[path] = name
	return name
}

// importName returns the name under which f imports path.
func importName(f *flow.File, path string) (string, bool) {
	for _, imp := range f.Syntax.Imports {
		if imp.Path.Value == `"`+path+`"` {
			if imp.Name != nil {
				return imp.Name.Name, true
			}
			if pn := f.Pkg.TypesInfo.PkgNameOf(imp); pn != nil {
				return pn.Name(), true
			}
			return filepath.Base(path), true
		}
	}
	return "", false
}

// nameTaken reports whether name means something in f other than the package
// it is wanted for: a declaration of the package, another import, or a local
// name anywhere in the file.
func nameTaken(f *flow.File, name string) bool {
	if f.Pkg.Types != nil && f.Pkg.Types.Scope().Lookup(name) != nil {
		return true
	}
	for _, imp := range f.Syntax.Imports {
		if pn := f.Pkg.TypesInfo.PkgNameOf(imp); pn != nil && pn.Name() == name {
			return true
		}
	}
	taken := false
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == name {
			if f.Pkg.TypesInfo.Defs[id] != nil {
				if v, ok := f.Pkg.TypesInfo.Defs[id].(*types.Var); ok && v.IsField() {
					return true
				}
				taken = true
			}
		}
		return !taken
	})
	return taken
}

// Lib returns the name under which f knows the target's package once it is
// converted: that of the library it replaces.
func (u *Unit) Lib(f *flow.File) string {
	for _, path := range []string{wsapi.GorillaPath, wsapi.CompatPath} {
		if name, ok := importName(f, path); ok && name != "_" && name != "." {
			return name
		}
	}
	return u.Import(f, u.Target.Path, "websocket")
}

// JSON returns the name of the target's wsjson package in f.
func (u *Unit) JSON(f *flow.File) string { return u.Import(f, u.Target.Path+"/wsjson", "wsjson") }
