package flow

import (
	"go/types"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/load"
)

// Public reports whether code outside the tree can name what o declares.
func (g *Graph) Public(o types.Object) bool { return g.a.api[g.a.obj(o)] }

// InTree reports whether o is declared in the tree.
func (g *Graph) InTree(o types.Object) bool { return g.a.inTree(o) }

// Same reports whether two objects are one declaration, through whatever
// variants of its package they are seen.
func (g *Graph) Same(x, y types.Object) bool {
	if x == y {
		return x != nil
	}
	k := g.a.obj(x)
	return k != key{} && k == g.a.obj(y)
}

// InOrder returns the files sorted by path.
func (g *Graph) InOrder() []*File { return g.a.sortedFiles() }

// Importable reports whether code outside the tree can import the package.
func (g *Graph) Importable(p *packages.Package) bool { return importable(p) && !g.a.apps[p.PkgPath] }

// findAPI fills a.api with what code outside the tree can name: the exported
// declarations of packages that others may import, and the exported fields and
// methods of the types that these are made of.
func (a *analysis) findAPI() {
	a.api = map[key]bool{}
	a.apps = applications(a.tree)
	e := &exports{a: a, seen: map[types.Type]bool{}}
	for _, v := range a.tree.Views {
		for _, p := range v.Packages {
			if p.Types == nil || p.ForTest != "" || !importable(p) || a.apps[p.PkgPath] {
				continue
			}
			scope := p.Types.Scope()
			for _, name := range scope.Names() {
				if o := scope.Lookup(name); o.Exported() {
					e.object(o)
				}
			}
		}
	}
}

// exports walks the types of exported declarations.
type exports struct {
	a    *analysis
	seen map[types.Type]bool
}

func (e *exports) object(o types.Object) {
	e.a.api[e.a.obj(o)] = true
	e.walk(o.Type())
}

func (e *exports) walk(t types.Type) {
	if t == nil || e.seen[t] {
		return
	}
	e.seen[t] = true
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		for i := range t.TypeArgs().Len() {
			e.walk(t.TypeArgs().At(i))
		}
		if !e.a.inTree(t.Obj()) {
			return
		}
		t = t.Origin()
		for i := range t.NumMethods() {
			if m := t.Method(i); m.Exported() {
				e.object(m)
			}
		}
		e.walk(t.Underlying())
	case *types.Struct:
		for i := range t.NumFields() {
			if v := t.Field(i); v.Exported() {
				e.object(v)
			} else if v.Embedded() {
				e.walk(v.Type()) // its exported members are promoted
			}
		}
	case *types.Interface:
		for i := range t.NumMethods() {
			if m := t.Method(i); m.Exported() {
				e.object(m)
			}
		}
	case *types.Signature:
		e.tuple(t.Params())
		e.tuple(t.Results())
	case *types.Pointer:
		e.walk(t.Elem())
	case *types.Slice:
		e.walk(t.Elem())
	case *types.Array:
		e.walk(t.Elem())
	case *types.Chan:
		e.walk(t.Elem())
	case *types.Map:
		e.walk(t.Key())
		e.walk(t.Elem())
	}
}

func (e *exports) tuple(t *types.Tuple) {
	for i := range t.Len() {
		e.walk(t.At(i).Type())
	}
}

// importable reports whether another module could import the package.
func importable(p *packages.Package) bool {
	if p.Name == "main" || strings.Contains("/"+p.PkgPath+"/", "/internal/") {
		return false
	}
	// A path without a dot in its first element cannot be fetched.
	first, _, _ := strings.Cut(p.PkgPath, "/")
	return strings.Contains(first, ".") && first != "example.com"
}

// applications returns the packages that are parts of an application rather
// than a library: a command of their module imports them, directly or not.
// Examples and the tools of a library do not count: commands in folders so
// named, and all commands of a module that has an importable package at its
// root.
func applications(t *load.Tree) map[string]bool {
	byPath := map[string]*packages.Package{}
	for _, v := range t.Views {
		for _, p := range v.Packages {
			if p.ForTest == "" {
				byPath[p.PkgPath] = p
			}
		}
	}
	out := map[string]bool{}
	var visit func(p *packages.Package)
	visited := map[*packages.Package]bool{}
	visit = func(p *packages.Package) {
		if visited[p] {
			return
		}
		visited[p] = true
		out[p.PkgPath] = true
		for path := range p.Imports {
			if imp := byPath[path]; imp != nil && imp.Module != nil && !t.Libraries[imp.Module.Path] {
				visit(imp)
			}
		}
	}
	for _, v := range t.Views {
		for _, p := range v.Packages {
			if p.Name == "main" && p.ForTest == "" && len(p.GoFiles) > 0 && isCommand(t, p.GoFiles[0]) {
				visit(p)
			}
		}
	}
	for file, imports := range t.Commands {
		if !isCommand(t, file) {
			continue
		}
		for _, path := range imports {
			if p := byPath[path]; p != nil && p.Module != nil && !t.Libraries[p.Module.Path] {
				visit(p)
			}
		}
	}
	return out
}

// isCommand reports whether a file of package main tells that its module is an
// application: it is not an example.
func isCommand(t *load.Tree, file string) bool {
	m := t.ModuleOf(file)
	if m == nil {
		return false
	}
	dir, err := filepath.Rel(m.Dir, filepath.Dir(file))
	return err == nil && !isExample(filepath.ToSlash(dir))
}

// isExample reports whether a folder of a module shows or tests the rest of
// it.
func isExample(dir string) bool {
	for dir = strings.ToLower(dir); dir != "" && dir != "/" && dir != "."; dir = path.Dir(dir) {
		switch strings.Trim(path.Base(dir), "_") {
		case "example", "examples", "sample", "samples", "demo", "demos", "tutorial", "tutorials", "test", "tests", "e2e", "integration",
			"benchmark", "benchmarks", "bench", "autobahn", "hack", "scripts", "tools":
			return true
		}
	}
	return false
}
