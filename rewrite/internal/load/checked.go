package load

import (
	"context"
	"go/types"
	"maps"
	"os"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"

	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/golist"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/source"
)

// query returns how the go command is asked in a configuration.
func (t *Tree) query(b Build, overlay map[string][]byte) golist.Query {
	env, flags := t.flags(b, overlay)
	return golist.Query{Dir: t.Config.Dir, Env: env, Flags: flags, Overlay: overlay}
}

// listDeps lists the packages that the patterns name, with their dependencies.
func (t *Tree) listDeps(ctx context.Context, q golist.Query, patterns ...string) ([]*golist.Package, error) {
	q.Deps = true
	pkgs, err := q.List(ctx, patterns...)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &ListError{cleanListError(err.Error())}
	}
	return pkgs, nil
}

// complete adds what the tests of the roots import and the list lacks.
func (t *Tree) complete(ctx context.Context, b Build, listed []*golist.Package, roots map[string]bool) ([]*golist.Package, error) {
	known := make(map[string]bool, len(listed))
	for _, p := range listed {
		known[p.ImportPath] = true
	}
	missing := make(map[string]bool)
	for _, p := range listed {
		if !roots[p.ImportPath] {
			continue
		}
		for _, imp := range slices.Concat(p.TestImports, p.XTestImports) {
			if !known[imp] && imp != "C" && imp != "unsafe" {
				missing[imp] = true
			}
		}
	}
	if len(missing) == 0 {
		return listed, nil
	}
	more, err := t.listDeps(ctx, t.query(b, nil), slices.Sorted(maps.Keys(missing))...)
	t.foreign(more)
	if err != nil {
		return nil, err
	}
	for _, p := range more {
		if !known[p.ImportPath] {
			listed = append(listed, p)
		}
	}
	return listed, nil
}

// universe returns the packages of a configuration for type-checking.
func (t *Tree) universe(b Build, listed []*golist.Package, roots map[string]bool) *source.Universe {
	goarch := b.GOARCH
	if goarch == "" {
		_, goarch, _ = strings.Cut(t.host, "/")
	}
	sizes := types.SizesFor("gc", goarch)
	if sizes == nil {
		sizes = types.SizesFor("gc", runtime.GOARCH)
	}
	byPath := make(map[string]*golist.Package, len(listed))
	for _, p := range listed {
		byPath[p.ImportPath] = p
	}
	reaches := reaching(byPath, t.Config.Reaches)
	return source.New(source.Config{
		Fset: t.Fset, Sizes: sizes, Read: os.ReadFile, Whole: t.Config.Reaches,
		Reaches: func(path string) bool { return reaches[path] },
	}, listed, roots)
}

// reaching returns the packages that import one that accepts accepts, directly
// or not, besides such packages themselves.
func reaching(listed map[string]*golist.Package, accepts func(string) bool) map[string]bool {
	state := make(map[string]bool, len(listed))
	seen := make(map[string]bool, len(listed))
	var visit func(path string) bool
	visit = func(path string) bool {
		if seen[path] {
			return state[path]
		}
		seen[path] = true
		if accepts(path) {
			state[path] = true
			return true
		}
		if p := listed[path]; p != nil {
			for _, imp := range p.Imports {
				if visit(imp) {
					state[path] = true
				}
			}
		}
		return state[path]
	}
	for path := range listed {
		visit(path)
	}
	return state
}

// generate has cgo write what the compiler gets of the roots that use it.
func (t *Tree) generate(ctx context.Context, b Build, listed []*golist.Package, roots map[string]bool) error {
	byPath := make(map[string]*golist.Package)
	for _, p := range listed {
		if roots[p.ImportPath] && len(p.CgoFiles) > 0 {
			byPath[p.ImportPath] = p
		}
	}
	if len(byPath) == 0 {
		return nil
	}
	q := t.query(b, nil)
	q.Compiled = true
	pkgs, err := q.List(ctx, slices.Sorted(maps.Keys(byPath))...)
	if err != nil {
		return &ListError{cleanListError(err.Error())}
	}
	for _, p := range pkgs {
		if known := byPath[p.ImportPath]; known != nil {
			known.CompiledGoFiles = p.CompiledGoFiles
		}
	}
	return nil
}

// check type-checks the roots and their tests, side by side.
func (t *Tree) check(ctx context.Context, u *source.Universe, roots []string, progress func(done, total int)) ([]*packages.Package, error) {
	var mu sync.Mutex
	var pkgs []*packages.Package
	done := 0
	if progress != nil {
		progress(0, len(roots))
	}
	var wg sync.WaitGroup
	for _, path := range roots {
		wg.Go(func() {
			if ctx.Err() != nil {
				return
			}
			var own []*packages.Package
			if p := u.Listed(path); len(p.GoFiles)+len(p.CgoFiles) > 0 || p.Error != nil {
				own = append(own, u.Check(path))
			}
			own = append(own, u.Tests(path)...)
			mu.Lock()
			defer mu.Unlock()
			pkgs = append(pkgs, own...)
			done++
			if progress != nil {
				progress(done, len(roots))
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sort.Slice(pkgs, func(i, j int) bool { return pkgs[i].ID < pkgs[j].ID })
	return u.Link(pkgs), nil
}

// sourceView type-checks packages in one configuration. listed holds them and
// what they import.
func (t *Tree) sourceView(ctx context.Context, b Build, patterns []string, listed []*golist.Package, roots map[string]bool, u *source.Universe) (*View, error) {
	if err := t.generate(ctx, b, listed, roots); err != nil {
		return nil, err
	}
	v := &View{Build: b, Patterns: patterns, universe: u, roots: slices.Sorted(maps.Keys(roots))}
	pkgs, err := t.check(ctx, u, v.roots, t.Config.Progress)
	if err != nil {
		return nil, err
	}
	v.Packages = pkgs
	return v, nil
}

// buildView lists and type-checks what the patterns name in a configuration
// other than the host's.
func (t *Tree) buildView(ctx context.Context, b Build, patterns []string) (*View, error) {
	listed, err := t.listDeps(ctx, t.query(b, nil), patterns...)
	t.foreign(listed)
	if err != nil {
		return nil, err
	}
	roots := make(map[string]bool)
	for _, p := range listed {
		if !p.DepOnly {
			roots[p.ImportPath] = true
		}
	}
	if b.File == "" {
		if listed, err = t.complete(ctx, b, listed, roots); err != nil {
			return nil, err
		}
	}
	return t.sourceView(ctx, b, patterns, listed, roots, t.universe(b, listed, roots))
}
