package load

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/golist"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/gomod"
)

// A recheck is a view on its way to being checked again with changed files.
type recheck struct {
	view    *View
	changed []*golist.Package // listed anew, or new
}

// relist asks the go command about the packages of v whose files change and
// about what they import now and did not.
func (t *Tree) relist(ctx context.Context, v *View, overlay map[string][]byte) (*recheck, error) {
	dirs := make(map[string]bool)
	for path := range overlay {
		if strings.HasSuffix(path, ".go") {
			dirs[filepath.Dir(path)] = true
		}
	}
	r := &recheck{view: v}
	var patterns []string
	for _, path := range v.roots {
		p := v.universe.Listed(path)
		if !dirs[p.Dir] && !goLineChanges(p.Module, overlay) {
			continue
		}
		if v.Build.File != "" {
			if _, ok := overlay[v.Build.File]; !ok {
				continue
			}
			patterns = v.Patterns
			continue
		}
		patterns = append(patterns, path)
	}
	if len(patterns) == 0 {
		return r, nil
	}
	q := t.query(v.Build, overlay)
	q.Alone = true
	pkgs, err := q.List(ctx, patterns...)
	if err != nil {
		return nil, &ListError{cleanListError(err.Error())}
	}
	missing := make(map[string]bool)
	for _, p := range pkgs {
		old := v.universe.Listed(p.ImportPath)
		if old == nil {
			return nil, fmt.Errorf("%s was not listed before", p.ImportPath)
		}
		renew(p, old, overlay)
		r.changed = append(r.changed, p)
		for _, imp := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if v.universe.Listed(imp) == nil && imp != "C" && imp != "unsafe" {
				missing[imp] = true
			}
		}
	}
	if len(missing) > 0 {
		more, err := t.listDeps(ctx, t.query(v.Build, overlay), slices.Sorted(maps.Keys(missing))...)
		if err != nil {
			return nil, err
		}
		for _, p := range more {
			if v.universe.Listed(p.ImportPath) == nil {
				r.changed = append(r.changed, p)
			}
		}
	}
	return r, nil
}

// goLineChanges reports whether the language version of a module is another
// with the changes.
func goLineChanges(m *packages.Module, overlay map[string][]byte) bool {
	if m == nil {
		return false
	}
	data, ok := overlay[m.GoMod]
	return ok && gomod.GoLine(data) != m.GoVersion
}

// renew fills in what the go command was not asked for.
func renew(p, old *golist.Package, overlay map[string][]byte) {
	p.ImportMap = old.ImportMap
	if len(old.CompiledGoFiles) > 0 {
		gone := make(map[string]bool)
		for _, f := range old.GoFiles {
			gone[f], gone[filepath.Join(old.Dir, f)] = true, true
		}
		p.CompiledGoFiles = slices.DeleteFunc(slices.Clone(old.CompiledGoFiles), func(f string) bool { return gone[f] })
		p.CompiledGoFiles = append(p.Files(p.GoFiles), p.CompiledGoFiles...)
	}
	p.Imports = importsOf(p, overlay, p.Files(p.GoFiles, p.CgoFiles))
	p.TestImports = importsOf(p, overlay, p.Files(p.TestGoFiles))
	p.XTestImports = importsOf(p, overlay, p.Files(p.XTestGoFiles))
}

// moduleVersions returns the versions, or what replaces them, of the modules
// that the packages of the main modules are made of once the changes are in
// place.
func moduleVersions(rechecks []*recheck) map[string]string {
	out := make(map[string]string)
	for _, r := range rechecks {
		now := make(map[string]*golist.Package)
		for _, p := range r.changed {
			now[p.ImportPath] = p
		}
		listed := func(path string) *golist.Package {
			if p := now[path]; p != nil {
				return p
			}
			return r.view.universe.Listed(path)
		}
		seen := make(map[string]bool)
		var visit func(path string)
		visit = func(path string) {
			p := listed(path)
			if p == nil || seen[path] {
				return
			}
			seen[path] = true
			if m := p.Module; m != nil && !m.Main {
				out[m.Path] = m.Version
				if m.Replace != nil {
					out[m.Path] = m.Replace.Path + "@" + m.Replace.Version
				}
			}
			for _, imp := range p.Imports {
				visit(imp)
			}
			if p.Module != nil && p.Module.Main {
				for _, imp := range slices.Concat(p.TestImports, p.XTestImports) {
					visit(imp)
				}
			}
		}
		for _, path := range r.view.all {
			visit(path)
		}
		for _, path := range r.view.roots {
			visit(path)
		}
	}
	return out
}

// sameModules reports whether the changes to go.mod leave all modules that
// packages are made of in their versions.
func (t *Tree) sameModules(ctx context.Context, rechecks []*recheck, overlay map[string][]byte) bool {
	changed := false
	for path := range overlay {
		changed = changed || !strings.HasSuffix(path, ".go")
	}
	if !changed {
		return true
	}
	want := moduleVersions(rechecks)
	if len(want) == 0 {
		return true
	}
	got, err := t.query(Build{}, overlay).Versions(ctx, slices.Sorted(maps.Keys(want)))
	return err == nil && maps.Equal(got, want)
}

// verifySource checks the views again with the changes, as far as they can
// matter. It reports false where other versions of modules come into play, or
// the go command does not tell.
func (t *Tree) verifySource(ctx context.Context, views []*View, overlay map[string][]byte) ([]*View, bool) {
	var rechecks []*recheck
	for _, v := range views {
		r, err := t.relist(ctx, v, overlay)
		if err != nil {
			return nil, false
		}
		rechecks = append(rechecks, r)
	}
	if !t.sameModules(ctx, rechecks, overlay) {
		return nil, false
	}
	var out []*View
	for _, r := range rechecks {
		u := r.view.universe.Change(overlay, r.changed)
		var again []string
		keep := make(map[string]bool)
		for _, path := range r.view.roots {
			if u.Same(path) {
				keep[path] = true
			} else {
				again = append(again, path)
			}
		}
		pkgs, err := t.check(ctx, u, again, nil)
		if err != nil {
			return nil, false
		}
		for _, p := range r.view.Packages {
			if keep[importPath(p)] {
				pkgs = append(pkgs, p)
			}
		}
		sort.Slice(pkgs, func(i, j int) bool { return pkgs[i].ID < pkgs[j].ID })
		out = append(out, &View{Build: r.view.Build, Patterns: r.view.Patterns, Packages: pkgs})
	}
	return out, true
}
