package source

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"runtime"
	"sync"

	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/golist"
)

// A Config says how packages are read and checked.
type Config struct {
	Fset  *token.FileSet
	Sizes types.Sizes
	// Read returns the content of a file.
	Read func(path string) ([]byte, error)
	// Whole reports whether what cannot be seen of a package's types from
	// outside is kept nevertheless.
	Whole func(path string) bool
	// Reaches reports whether a package imports one that Whole accepts,
	// directly or not. Imports of such packages are kept.
	Reaches func(path string) bool
}

// A Universe is the packages of one build configuration. It may be used by
// several goroutines.
type Universe struct {
	Config
	listed map[string]*golist.Package
	cyclic map[string]bool
	roots  map[string]bool

	// A universe that Change made shares with base what is not stale: what has
	// changed, which is fresh, and what imports it, directly or not. contents
	// are those of changed files.
	base         *Universe
	fresh, stale map[string]bool
	contents     map[string][]byte

	mu     sync.Mutex
	deps   map[string]*dep
	files  map[string]*parsed
	checks map[string]*check
	tokens chan struct{} // limits what is parsed and checked at once
}

// New returns a universe of the packages that the go command listed. Those
// whose import paths are in roots are checked whole wherever they are imported;
// more can be put there as long as nothing imported them yet.
func New(c Config, listed []*golist.Package, roots map[string]bool) *Universe {
	u := &Universe{Config: c, roots: roots, listed: make(map[string]*golist.Package, len(listed))}
	for _, p := range listed {
		u.listed[p.ImportPath] = p
	}
	u.cyclic = cycles(u.listed)
	u.reset()
	return u
}

// Listed returns what the go command said of a package, or nil.
func (u *Universe) Listed(path string) *golist.Package { return u.listed[path] }

func (u *Universe) reset() {
	u.deps, u.files, u.checks = make(map[string]*dep), make(map[string]*parsed), make(map[string]*check)
	u.tokens = make(chan struct{}, runtime.GOMAXPROCS(0))
}

// cycles returns the packages that import themselves, directly or not.
func cycles(listed map[string]*golist.Package) map[string]bool {
	const (
		open = iota + 1
		done
	)
	out := make(map[string]bool)
	state := make(map[string]int, len(listed))
	var visit func(path string)
	visit = func(path string) {
		state[path] = open
		if p := listed[path]; p != nil {
			for _, imp := range p.Imports {
				switch state[imp] {
				case open:
					out[imp] = true
				case 0:
					visit(imp)
				}
			}
		}
		state[path] = done
	}
	for path := range listed {
		if state[path] == 0 {
			visit(path)
		}
	}
	return out
}

// A dep is a package of which only what importers can see is checked.
type dep struct {
	once sync.Once
	pkg  *types.Package
	err  error
}

// Dependency returns the package as its importers see it. Errors in it are not
// reported; the error is the go command's, where it cannot be had.
func (u *Universe) Dependency(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if u.base != nil && !u.stale[path] {
		return u.base.Import(path)
	}
	u.mu.Lock()
	d := u.deps[path]
	if d == nil {
		d = new(dep)
		u.deps[path] = d
	}
	u.mu.Unlock()
	d.once.Do(func() { d.pkg, d.err = u.dependency(path, u) })
	return d.pkg, d.err
}

// Import returns a root as it is checked, and anything else as its importers
// see it.
func (u *Universe) Import(path string) (*types.Package, error) {
	if u.roots[path] && !u.cyclic[path] {
		c := u.Check(path)
		if c.Types == nil {
			return nil, fmt.Errorf("%s", c.Errors[0].Msg)
		}
		return c.Types, nil
	}
	return u.Dependency(path)
}

// listedError returns the go command's words about a package that cannot be
// had, or nil.
func (u *Universe) listedError(path string) error {
	p := u.listed[path]
	switch {
	case p == nil:
		return errors.New("the go command does not list it")
	case u.cyclic[path]:
		return errors.New("import cycle not allowed")
	case p.Error != nil && len(p.GoFiles)+len(p.CgoFiles) == 0:
		return errors.New(p.Error.Err)
	}
	return nil
}

// dependency checks what importers see of a package; what it imports comes
// from importer.
func (u *Universe) dependency(path string, from types.Importer) (*types.Package, error) {
	if err := u.listedError(path); err != nil {
		return nil, err
	}
	p := u.listed[path]
	u.tokens <- struct{}{}
	files := u.declarations(p)
	<-u.tokens
	fetch(files, p, from)
	u.tokens <- struct{}{}
	defer func() { <-u.tokens }()
	conf := types.Config{
		Importer: resolver{p, from}, Sizes: u.Sizes, IgnoreFuncBodies: true, FakeImportC: true,
		Error: func(error) {}, // they are not ours
	}
	pkg, _ := conf.Check(path, u.Fset, files, nil)
	return pkg, nil
}

// declarations parses what importers of p can see.
func (u *Universe) declarations(p *golist.Package) []*ast.File {
	var files []*ast.File
	// A declaration of the main modules is known by its place, whichever
	// packages of a configuration are roots.
	places := p.Module != nil && p.Module.Main
	for _, path := range p.Files(p.GoFiles, p.CgoFiles) {
		src, err := u.Read(path)
		if err != nil {
			continue // what it declares is missed where it is used
		}
		if f, _ := parser.ParseFile(u.Fset, path, strip(src, places), parser.SkipObjectResolution); f != nil {
			files = append(files, f)
		}
	}
	if u.Whole(p.ImportPath) {
		return files
	}
	pr := &pruner{
		files: files,
		name: func(path string) string {
			if imp := u.listed[p.Resolve(path)]; imp != nil {
				return imp.Name
			}
			if path == "unsafe" || path == "C" {
				return path
			}
			return ""
		},
		keep: func(path string) bool { return u.Reaches(p.Resolve(path)) || u.Whole(p.Resolve(path)) },
	}
	return pr.prune()
}

// A resolver imports what the files of a package name.
type resolver struct {
	pkg  *golist.Package
	from types.Importer
}

func (r resolver) Import(path string) (*types.Package, error) {
	return r.from.Import(r.pkg.Resolve(path))
}

// A parsed file.
type parsed struct {
	once sync.Once
	file *ast.File
	err  error
}

// file parses a file of a root, once for all packages that it belongs to.
func (u *Universe) file(path string) (*ast.File, error) {
	if _, changed := u.contents[path]; u.base != nil && !changed {
		return u.base.file(path)
	}
	u.mu.Lock()
	f := u.files[path]
	if f == nil {
		f = new(parsed)
		u.files[path] = f
	}
	u.mu.Unlock()
	f.once.Do(func() {
		src, err := u.Read(path)
		if err != nil {
			f.err = err
			return
		}
		f.file, f.err = parser.ParseFile(u.Fset, path, src, parser.AllErrors|parser.ParseComments|parser.SkipObjectResolution)
	})
	return f.file, f.err
}

// parseErrors returns the errors as go/packages gives them.
func parseErrors(err error) []packages.Error {
	var list scanner.ErrorList
	if errors.As(err, &list) {
		var out []packages.Error
		for _, e := range list {
			out = append(out, packages.Error{Pos: e.Pos.String(), Msg: e.Msg, Kind: packages.ParseError})
		}
		return out
	}
	return []packages.Error{{Pos: "-", Msg: err.Error(), Kind: packages.ParseError}}
}
