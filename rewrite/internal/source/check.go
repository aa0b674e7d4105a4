package source

import (
	"errors"
	"go/ast"
	"go/types"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/golist"
)

// A check is the result for one package, or one variant of it.
type check struct {
	once sync.Once
	pkg  *packages.Package
}

// Check returns the package at path, checked whole. Its Imports are settled by
// Link.
func (u *Universe) Check(path string) *packages.Package {
	p := u.listed[path]
	if u.base != nil && !u.stale[path] {
		return u.base.Check(path)
	}
	return u.once(path, func() *packages.Package {
		return u.check(variant{id: path, path: path, name: p.Name, files: u.compiled(p), from: u}, p)
	})
}

// Tests returns the packages that the tests of the package at path make: the
// package with its internal tests, and its external tests.
func (u *Universe) Tests(path string) []*packages.Package {
	p := u.listed[path]
	if u.base != nil && !u.staleTests(p) {
		return u.base.Tests(path)
	}
	var out []*packages.Package
	suffix := " [" + path + ".test]"
	from := types.Importer(u)
	if len(p.TestGoFiles) > 0 {
		with := u.once(path+suffix, func() *packages.Package {
			files := append(u.compiled(p), p.Files(p.TestGoFiles)...)
			return u.check(variant{id: path + suffix, path: path, name: p.Name, test: path, files: files, from: u}, p)
		})
		out = append(out, with)
		from = &tested{Universe: u, path: path, pkg: with.Types, deps: make(map[string]*dep)}
	}
	if len(p.XTestGoFiles) > 0 {
		id := path + "_test" + suffix
		out = append(out, u.once(id, func() *packages.Package {
			return u.check(variant{id: id, path: path + "_test", name: p.Name + "_test", test: path, files: p.Files(p.XTestGoFiles), from: from}, p)
		}))
	}
	return out
}

func (u *Universe) once(id string, make func() *packages.Package) *packages.Package {
	u.mu.Lock()
	c := u.checks[id]
	if c == nil {
		c = new(check)
		u.checks[id] = c
	}
	u.mu.Unlock()
	c.once.Do(func() { c.pkg = make() })
	return c.pkg
}

// compiled returns the files that the compiler gets.
func (u *Universe) compiled(p *golist.Package) []string {
	if len(p.CompiledGoFiles) > 0 {
		// What cgo made lies in the build cache, under names without an ending.
		return slices.DeleteFunc(p.Files(p.CompiledGoFiles), func(f string) bool {
			ext := filepath.Ext(f)
			return ext != ".go" && ext != ""
		})
	}
	return p.Files(p.GoFiles, p.CgoFiles)
}

// A variant says what a package is to be made of.
type variant struct {
	id, path, name, test string
	files                []string
	from                 types.Importer
}

func (u *Universe) check(v variant, p *golist.Package) *packages.Package {
	pkg := &packages.Package{
		ID: v.id, PkgPath: v.path, Name: v.name, ForTest: v.test, Module: p.Module, Fset: u.Fset, TypesSizes: u.Sizes,
		CompiledGoFiles: v.files, GoFiles: v.files, IgnoredFiles: p.Files(p.IgnoredGoFiles),
	}
	if len(p.CompiledGoFiles) > 0 && v.path == p.ImportPath {
		pkg.GoFiles = append(p.Files(p.GoFiles, p.CgoFiles), v.files[len(u.compiled(p)):]...)
	}
	if p.Error != nil && v.test == "" {
		pkg.Errors = append(pkg.Errors, packages.Error{Pos: p.Error.Pos, Msg: p.Error.Err, Kind: packages.ListError})
	}
	for _, path := range v.files {
		f, err := u.file(path)
		if err != nil {
			pkg.Errors = append(pkg.Errors, parseErrors(err)...)
		}
		if f != nil {
			pkg.Syntax = append(pkg.Syntax, f)
		}
	}
	fetch(pkg.Syntax, p, v.from)
	pkg.TypesInfo = &types.Info{
		Types: make(map[ast.Expr]types.TypeAndValue), Defs: make(map[*ast.Ident]types.Object), Uses: make(map[*ast.Ident]types.Object),
		Implicits: make(map[ast.Node]types.Object), Instances: make(map[*ast.Ident]types.Instance),
		Scopes: make(map[ast.Node]*types.Scope), Selections: make(map[*ast.SelectorExpr]*types.Selection), FileVersions: make(map[*ast.File]string),
	}
	conf := types.Config{
		Importer: resolver{p, v.from}, Sizes: u.Sizes,
		Error: func(err error) { u.typeError(pkg, err) },
	}
	if p.Module != nil && p.Module.GoVersion != "" {
		conf.GoVersion = "go" + p.Module.GoVersion
	}
	u.tokens <- struct{}{}
	defer func() { <-u.tokens }()
	pkg.Types = types.NewPackage(v.path, v.name)
	_ = types.NewChecker(&conf, u.Fset, pkg.Types, pkg.TypesInfo).Files(pkg.Syntax) // errors went to conf.Error
	pkg.IllTyped = len(pkg.Errors) > 0
	return pkg
}

// fetch gets what the files import, side by side.
func fetch(files []*ast.File, p *golist.Package, from types.Importer) {
	var wg sync.WaitGroup
	for _, f := range files {
		for _, spec := range f.Imports {
			if imp, err := strconv.Unquote(spec.Path.Value); err == nil && imp != "C" {
				wg.Go(func() { _, _ = from.Import(p.Resolve(imp)) })
			}
		}
	}
	wg.Wait()
}

// typeError records an error of the type checker.
func (u *Universe) typeError(pkg *packages.Package, err error) {
	te, ok := errors.AsType[types.Error](err)
	if !ok {
		pkg.Errors = append(pkg.Errors, packages.Error{Pos: "-", Msg: err.Error(), Kind: packages.TypeError})
		return
	}
	pkg.TypeErrors = append(pkg.TypeErrors, te)
	pkg.Errors = append(pkg.Errors, packages.Error{Pos: u.Fset.Position(te.Pos).String(), Msg: te.Msg, Kind: packages.TypeError})
}

// tested imports for the external tests of a package: they see it with its
// internal tests, and so does what they import.
type tested struct {
	*Universe
	path string
	pkg  *types.Package

	mu   sync.Mutex
	deps map[string]*dep
}

func (t *tested) Import(path string) (*types.Package, error) {
	switch {
	case path == t.path:
		return t.pkg, nil
	case !t.Universe.imports(path, t.path):
		return t.Universe.Import(path)
	}
	t.mu.Lock()
	d := t.deps[path]
	if d == nil {
		d = new(dep)
		t.deps[path] = d
	}
	t.mu.Unlock()
	d.once.Do(func() { d.pkg, d.err = t.dependency(path, t) })
	return d.pkg, d.err
}

// imports reports whether the package at path imports the one at what,
// directly or not.
func (u *Universe) imports(path, what string) bool {
	return u.leads(path, func(p string) bool { return p == what }, make(map[string]bool))
}

func (u *Universe) leads(path string, to func(string) bool, seen map[string]bool) bool {
	if seen[path] {
		return false
	}
	seen[path] = true
	p := u.listed[path]
	if p == nil {
		return false
	}
	return slices.ContainsFunc(p.Imports, func(imp string) bool { return to(imp) || u.leads(imp, to, seen) })
}

// Link settles the Imports of packages: the roots among them as they were
// checked, others with their types alone. It returns the packages.
func (u *Universe) Link(pkgs []*packages.Package) []*packages.Package {
	light := make(map[string]*packages.Package)
	for _, pkg := range pkgs {
		if pkg.Imports != nil {
			continue
		}
		pkg.Imports = make(map[string]*packages.Package)
		p := u.listed[pkg.PkgPath] // whose name may end in _test, without being a test
		if pkg.ForTest != "" {
			p = u.listed[pkg.ForTest]
		}
		for _, f := range pkg.Syntax {
			for _, spec := range f.Imports {
				path, err := strconv.Unquote(spec.Path.Value)
				if err != nil || path == "C" {
					continue
				}
				pkg.Imports[path] = u.light(p.Resolve(path), light)
			}
		}
	}
	// The tests of a package see it as they were checked with it.
	byID := make(map[string]*packages.Package)
	for _, pkg := range pkgs {
		byID[pkg.ID] = pkg
	}
	for _, pkg := range pkgs {
		if with := byID[pkg.ForTest+" ["+pkg.ForTest+".test]"]; with != nil && with != pkg {
			if _, ok := pkg.Imports[pkg.ForTest]; ok {
				pkg.Imports[pkg.ForTest] = with
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for _, pkg := range pkgs {
			for _, imp := range pkg.Imports {
				if imp.IllTyped && !pkg.IllTyped {
					pkg.IllTyped, changed = true, true
				}
			}
		}
	}
	return pkgs
}

// faulty returns the package at path, or one that it imports, directly or not,
// with which something is wrong that the go command knows of, or nil.
func (u *Universe) faulty(path string, seen map[string]bool) *golist.Package {
	p := u.listed[path]
	if p == nil || seen[path] {
		return nil
	}
	seen[path] = true
	if p.Error != nil {
		return p
	}
	for _, imp := range p.Imports {
		if bad := u.faulty(imp, seen); bad != nil {
			return bad
		}
	}
	return nil
}

// light returns what stands for an imported package.
func (u *Universe) light(path string, seen map[string]*packages.Package) *packages.Package {
	if pkg := seen[path]; pkg != nil {
		return pkg
	}
	if u.roots[path] && !u.cyclic[path] {
		seen[path] = u.Check(path)
		return seen[path]
	}
	pkg := &packages.Package{ID: path, PkgPath: path, Fset: u.Fset, TypesSizes: u.Sizes, TypesInfo: new(types.Info), Imports: make(map[string]*packages.Package)}
	seen[path] = pkg
	if bad := u.faulty(path, make(map[string]bool)); bad != nil {
		// The compiler would not come as far as this package.
		text := bad.Error.Err
		if bad.ImportPath != path {
			text = bad.ImportPath + ": " + text
		}
		pkg.Errors = []packages.Error{{Pos: bad.Error.Pos, Msg: text, Kind: packages.ListError}}
		pkg.IllTyped = true
	}
	p := u.listed[path]
	if p != nil {
		pkg.Name, pkg.Module = p.Name, p.Module
	}
	var err error
	if pkg.Types, err = u.Import(path); err != nil {
		pkg.Types = types.NewPackage(path, pkg.Name)
		if pkg.Errors == nil {
			pkg.Errors = []packages.Error{{Pos: "-", Msg: err.Error(), Kind: packages.ListError}}
		}
		pkg.IllTyped = true
	}
	if p != nil && p.Module != nil && p.Module.Main && !u.cyclic[path] {
		for _, imp := range p.Imports {
			if imp == "C" || u.listed[imp] == nil || u.listed[imp].Module == nil || !u.listed[imp].Module.Main {
				continue
			}
			pkg.Imports[imp] = u.light(imp, seen)
		}
	}
	return pkg
}
