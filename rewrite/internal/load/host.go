package load

import (
	"bytes"
	"context"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/golist"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/source"
)

// listHost lists the main modules' packages in the host's configuration.
func (t *Tree) listHost(ctx context.Context) error {
	host := Build{Tags: t.Config.Tags}
	var patterns []string
	for _, m := range t.Modules {
		if m.Path != "" {
			patterns = append(patterns, m.Path+"/...")
		}
	}
	var err error
	t.listed, err = t.listDeps(ctx, t.query(host, nil), append(patterns, t.testImports(host)...)...)
	return err
}

// hostView type-checks those packages of the host's configuration that have to
// do with a library. It returns nil if none has.
func (t *Tree) hostView(ctx context.Context) (*View, error) {
	host, listed := Build{Tags: t.Config.Tags}, t.listed
	own, err := t.take(listed)
	if err != nil {
		return nil, err
	}
	roots := make(map[string]bool)
	u := t.universe(host, listed, roots)
	t.choose(own, listed, u, roots)
	for _, p := range own {
		if !roots[p.ImportPath] {
			t.others = append(t.others, p.ImportPath)
		}
	}
	sort.Strings(t.others)
	if len(roots) == 0 {
		return nil, nil
	}
	var paths []string
	for path := range roots {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	v, err := t.sourceView(ctx, host, paths, listed, roots, u)
	if err == nil {
		for _, p := range own {
			v.all = append(v.all, p.ImportPath)
		}
	}
	return v, err
}

// take notes what the list tells of the tree as a whole, and returns the
// packages of the main modules.
func (t *Tree) take(listed []*golist.Package) ([]*golist.Package, error) {
	var own []*golist.Package
	broken, loaded := "", false
	for _, p := range listed {
		if p.Module == nil || !p.Module.Main {
			t.takeForeign(p)
			// A pattern that names nothing is listed without a module.
			if p.Error != nil && p.Module == nil && !p.DepOnly && t.own(p.ImportPath) && broken == "" {
				broken = p.Error.Err
			}
			continue
		}
		own = append(own, p)
		if p.ImportPath == p.Module.Path && p.Name != "main" && len(p.GoFiles)+len(p.CgoFiles) > 0 {
			t.Libraries[p.ImportPath] = true
		}
		if len(p.GoFiles)+len(p.CgoFiles)+len(p.TestGoFiles)+len(p.XTestGoFiles) > 0 {
			loaded = true
		}
		if p.Error != nil && broken == "" {
			broken = p.Error.Err
		}
	}
	t.Listed = len(own)
	if !loaded && broken != "" {
		return nil, &ListError{cleanListError(broken)}
	}
	return own, nil
}

// foreign notes what those of the packages tell that are outside the main
// modules.
func (t *Tree) foreign(listed []*golist.Package) {
	for _, p := range listed {
		if p.Module == nil || !p.Module.Main {
			t.takeForeign(p)
		}
	}
}

// takeForeign notes what a package outside the main modules tells.
func (t *Tree) takeForeign(p *golist.Package) {
	if p.Module != nil && p.Module.Version != "" {
		t.Deps[p.Module.Path] = p.Module.Version
	}
	if t.Config.Reaches(p.ImportPath) {
		return
	}
	for _, imp := range p.Imports {
		if t.Config.Reaches(imp) && !slices.Contains(t.Foreign[imp], p.ImportPath) {
			t.Foreign[imp] = append(t.Foreign[imp], p.ImportPath)
		}
	}
}

// choose adds to roots the packages of the main modules to look at whole:
// those that import a library and, since what they declare is changed with
// them, those that import these; of others that import one by way of a
// dependency, those to which it hands out the library's types, and those that
// use one of the hints.
func (t *Tree) choose(own, listed []*golist.Package, u *source.Universe, roots map[string]bool) {
	byPath := make(map[string]*golist.Package, len(listed))
	for _, p := range listed {
		byPath[p.ImportPath] = p
	}
	tests := func(p *golist.Package) []string { return slices.Concat(p.TestImports, p.XTestImports) }

	// changed are packages that can change with a library's use.
	changed := make(map[string]bool)
	for _, p := range own {
		changed[p.ImportPath] = slices.ContainsFunc(p.Imports, t.Config.Reaches)
	}
	spread := reaching(onlyOwn(own), func(path string) bool { return changed[path] })
	for _, p := range own {
		direct := spread[p.ImportPath]
		for _, imp := range tests(p) {
			direct = direct || t.Config.Reaches(imp) || spread[imp]
		}
		if direct {
			roots[p.ImportPath] = true
		}
	}
	leaks := make(map[string]bool)
	leaky := func(path string) bool {
		p := byPath[path]
		if p == nil || !u.Reaches(path) || t.Config.Reaches(path) || p.Module != nil && p.Module.Main {
			return false
		}
		out, known := leaks[path]
		if !known {
			pkg, err := u.Dependency(path)
			out = err == nil && t.leaks(pkg)
			leaks[path] = out
		}
		return out
	}
	for _, p := range own {
		imports := slices.Concat(p.Imports, tests(p))
		if roots[p.ImportPath] || !slices.ContainsFunc(imports, u.Reaches) {
			continue
		}
		if slices.ContainsFunc(imports, leaky) || contains(p, t.Config.Hints) {
			roots[p.ImportPath] = true
		}
	}
	mine := onlyOwn(own)
	var descend func(path string)
	seen := make(map[string]bool)
	descend = func(path string) {
		p := mine[path]
		if p == nil || seen[path] {
			return
		}
		seen[path] = true
		if !roots[path] && contains(p, t.Config.Below) {
			roots[path] = true
		}
		for _, imp := range p.Imports {
			descend(imp)
		}
	}
	for _, p := range own {
		if changed[p.ImportPath] {
			descend(p.ImportPath)
		}
	}
}

func onlyOwn(own []*golist.Package) map[string]*golist.Package {
	out := make(map[string]*golist.Package, len(own))
	for _, p := range own {
		out[p.ImportPath] = p
	}
	return out
}

// contains reports whether a file of p contains one of the words.
func contains(p *golist.Package, words []string) bool {
	if len(words) == 0 {
		return false
	}
	for _, path := range p.Files(p.GoFiles, p.CgoFiles) {
		src, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		for _, word := range words {
			if bytes.Contains(src, []byte(word)) {
				return true
			}
		}
	}
	return false
}

// leaks reports whether importers of pkg can get hold of a library's types
// through what it exports.
func (t *Tree) leaks(pkg *types.Package) bool {
	search, scope := t.search(true), pkg.Scope()
	for _, name := range scope.Names() {
		if o := scope.Lookup(name); o.Exported() && search.in(o.Type()) {
			return true
		}
	}
	return false
}

// importsOf returns the import paths of what the files import, of which some
// have other contents than on disk.
func importsOf(p *golist.Package, contents map[string][]byte, files []string) []string {
	var out []string
	for _, path := range files {
		src, changed := contents[path]
		if !changed {
			data, err := os.ReadFile(path)
			if err != nil {
				continue
			}
			src = data
		}
		f, _ := parser.ParseFile(token.NewFileSet(), path, src, parser.ImportsOnly)
		if f == nil {
			continue
		}
		for _, spec := range f.Imports {
			imp, err := strconv.Unquote(spec.Path.Value)
			if imp = p.Resolve(imp); err == nil && !slices.Contains(out, imp) && !strings.HasPrefix(imp, ".") {
				out = append(out, imp)
			}
		}
	}
	return out
}
