package load

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/golist"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/source"
)

// A Config says what to load.
type Config struct {
	Dir      string
	Patterns []string
	Tags     string
	Env      []string
	// Reaches reports whether an import path belongs to a library of interest.
	Reaches func(path string) bool
	// Hints are words. A package that imports a library by way of others, none
	// of which hands out its types, is loaded if it uses one of them.
	Hints []string
	// Below are words too. A package of the main modules that one of those to
	// load imports is loaded with it if it uses one of them: what its functions
	// do has to be known.
	Below    []string
	Progress func(done, total int)
}

// A Build is one build configuration: what differs from the go command's own.
type Build struct {
	GOOS, GOARCH string // "" is the go command's
	Tags         string
	// File, if set, is a single file that is loaded by name as a package of
	// its own, because no configuration includes it.
	File string
}

// String names the configuration for people.
func (b Build) String() string {
	var s []string
	if b.File != "" {
		return filepath.Base(b.File)
	}
	if b.GOOS != "" {
		s = append(s, b.GOOS)
	}
	if b.GOARCH != "" {
		s = append(s, b.GOARCH)
	}
	if b.Tags != "" {
		s = append(s, "tags "+b.Tags)
	}
	if len(s) == 0 {
		return "host"
	}
	return strings.Join(s, "/")
}

// A View is the packages of one build configuration.
type View struct {
	Build    Build
	Patterns []string // what was given to the go command
	Packages []*packages.Package

	// What the packages were checked with, or nil if go/packages did it; the
	// import paths of those in Packages; and those of the main modules.
	universe   *source.Universe
	roots, all []string
}

// A Tree is everything that was loaded.
type Tree struct {
	Config  Config
	Env     []string // with GOWORK settled
	Work    string   // go.work in force, or ""
	host    string   // GOOS/GOARCH of the go command
	Fset    *token.FileSet
	Modules []Module
	Views   []*View
	// Matched are the import paths that the user's patterns name; nil means
	// all.
	Matched map[string]bool
	// Broken maps the IDs of packages that do not type-check to their first
	// error.
	Broken map[string]string
	// Listed counts the main modules' packages, of which those in Views reach
	// a library.
	Listed int
	// Deps are the modules, in the versions that go.mod would name, whose
	// packages the main modules import, directly or not.
	Deps map[string]string
	// Libraries are the main modules that have a package at their root that
	// others can import.
	Libraries map[string]bool
	// Commands maps files of package main that the host's configuration leaves
	// out, such as those run by name, to the packages of Views they import.
	Commands map[string][]string
	// Foreign maps the libraries' import paths to the packages outside the main
	// modules that import them.
	Foreign map[string][]string
	// Unseen are files that use a library and belong to no configuration that
	// could be loaded, with the reason.
	Unseen map[string]string
	graph  []requirement // when asked for
	others []string      // import paths of the main modules' packages that are in no view
	files  []*scanned
	listed []*golist.Package // in the host's configuration, with dependencies
	gocmd  goCommand
}

// ErrNoModule says that a folder belongs to no module.
var ErrNoModule = errors.New("no go.mod here or in a folder above")

// A ListError says that the go command could not list the packages.
type ListError struct{ Text string }

// Error returns the go command's words.
func (e *ListError) Error() string { return e.Text }

// Load lists the tree and loads it. Its errors are those of List and of
// Tree.Load.
func Load(ctx context.Context, cfg Config) (*Tree, error) {
	t, err := List(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return t, t.Load(ctx)
}

// List finds the main modules, their files and their packages; nothing is
// type-checked yet. Its errors are ErrNoModule, *ListError, or the context's.
func List(ctx context.Context, cfg Config) (*Tree, error) {
	if _, err := os.Stat(cfg.Dir); err != nil {
		return nil, err
	}
	t := &Tree{Config: cfg, Fset: token.NewFileSet(), Broken: map[string]string{}, Unseen: map[string]string{}, Foreign: map[string][]string{}, Libraries: map[string]bool{}, Commands: map[string][]string{}, Deps: map[string]string{}}
	if err := t.findModules(ctx); err != nil {
		return nil, err
	}
	t.scan()
	if err := t.listHost(ctx); err != nil {
		return nil, err
	}
	return t, t.match(ctx)
}

// Load type-checks the packages that have to do with a library. It is called
// once; its errors are *ListError or the context's.
func (t *Tree) Load(ctx context.Context) error {
	host, err := t.hostView(ctx)
	if err != nil {
		return err
	}
	if host != nil {
		t.Views = append(t.Views, host)
	}
	t.loadUncovered(ctx)
	if t.Listed == 0 && len(t.Views) == 0 && ctx.Err() == nil {
		return &ListError{"there are no Go packages"}
	}
	for _, v := range t.Views {
		for _, p := range v.Packages {
			if e := firstError(p); e != "" {
				t.Broken[p.ID] = e
			}
		}
	}
	return ctx.Err()
}

// Others loads the packages of the main modules that reach no library, in the
// host's configuration. Without any it returns nil.
func (t *Tree) Others(ctx context.Context) (*View, error) {
	if len(t.others) == 0 {
		return nil, nil
	}
	return t.view(ctx, Build{Tags: t.Config.Tags}, t.others, nil, t.Fset)
}

// match fills t.Matched from the user's patterns.
func (t *Tree) match(ctx context.Context) error {
	if len(t.Config.Patterns) == 0 || (len(t.Modules) == 1 && t.Modules[0].Dir == t.Config.Dir && slices.Equal(t.Config.Patterns, []string{"./..."})) {
		return nil
	}
	q := t.query(Build{Tags: t.Config.Tags}, nil)
	q.Alone = true
	pkgs, err := q.List(ctx, t.Config.Patterns...)
	if err != nil {
		return &ListError{cleanListError(err.Error())}
	}
	t.Matched = map[string]bool{}
	for _, p := range pkgs {
		if p.Error != nil && len(p.GoFiles)+len(p.CgoFiles)+len(p.TestGoFiles)+len(p.XTestGoFiles)+len(p.IgnoredGoFiles) == 0 {
			return &ListError{cleanListError(p.Error.Err)}
		}
		t.Matched[p.ImportPath] = true
	}
	if len(t.Matched) == 0 {
		return &ListError{fmt.Sprintf("%s matches no packages", strings.Join(t.Config.Patterns, " "))}
	}
	return nil
}

// syntaxMode is what the packages of a view carry. Dependencies are read from
// source: their export data would have to be compiled first.
const syntaxMode = packages.LoadSyntax | packages.NeedDeps | packages.NeedModule | packages.NeedForTest

// view has go/packages load packages with syntax in one build configuration.
func (t *Tree) view(ctx context.Context, b Build, patterns []string, overlay map[string][]byte, fset *token.FileSet) (*View, error) {
	env, flags := t.flags(b, overlay)
	cfg := &packages.Config{
		Context: ctx, Mode: syntaxMode, Dir: t.Config.Dir, Env: env, BuildFlags: flags,
		Fset: fset, Tests: b.File == "", Overlay: overlay, ParseFile: t.parseRoots,
	}
	pkgs, err := packages.Load(cfg, patterns...)
	if err != nil {
		return nil, &ListError{cleanListError(err.Error())}
	}
	t.forgive(pkgs)
	pkgs = slices.DeleteFunc(pkgs, func(p *packages.Package) bool {
		return strings.HasSuffix(p.ID, ".test") || (len(p.GoFiles) == 0 && len(p.Errors) == 0)
	})
	sort.Slice(pkgs, func(i, j int) bool { return pkgs[i].ID < pkgs[j].ID })
	// Analyzers with facts visit dependencies too, which have no syntax here.
	packages.Visit(pkgs, nil, func(p *packages.Package) {
		if p.TypesInfo == nil {
			p.TypesInfo = &types.Info{}
		}
	})
	return &View{Build: b, Patterns: patterns, Packages: pkgs}, nil
}

// Verify loads every view again with the overlay in place. Positions refer to
// the returned file set.
func (t *Tree) Verify(ctx context.Context, overlay map[string][]byte) ([]*View, *token.FileSet, error) {
	if !slices.ContainsFunc(t.Views, func(v *View) bool { return v.universe == nil }) {
		views, ok := t.verifySource(ctx, t.Views, overlay)
		if ok || ctx.Err() != nil {
			return views, t.Fset, ctx.Err()
		}
	}
	fset := token.NewFileSet()
	var views []*View
	for _, v := range t.Views {
		nv, err := t.view(ctx, v.Build, v.Patterns, overlay, fset)
		if err != nil {
			return nil, nil, err
		}
		views = append(views, nv)
	}
	return views, fset, ctx.Err()
}

// flags returns the environment and the flags with which the go command works
// in a configuration.
func (t *Tree) flags(b Build, overlay map[string][]byte) (env, flags []string) {
	env = t.Env
	if b.GOOS != "" {
		env = append(slices.Clone(env), "GOOS="+b.GOOS, "CGO_ENABLED=0")
	}
	if b.GOARCH != "" {
		env = append(slices.Clone(env), "GOARCH="+b.GOARCH)
	}
	if b.Tags != "" {
		flags = append(flags, "-tags="+b.Tags)
	}
	if overlay != nil && t.vendored() {
		flags = append(flags, "-mod=mod")
	}
	return env, flags
}

// importPath is the path under which the go command lists p or the package
// that p tests.
func importPath(p *packages.Package) string {
	if p.ForTest != "" {
		return p.ForTest
	}
	return strings.TrimSuffix(p.PkgPath, ".test")
}

// firstError returns what keeps p from compiling, or "". That an import
// cannot be had is said in the go command's words, which name the reason.
func firstError(p *packages.Package) string {
	for _, path := range slices.Sorted(maps.Keys(p.Imports)) {
		imp := p.Imports[path]
		for _, e := range imp.Errors {
			if e.Kind == packages.ListError && len(p.Errors)+len(p.TypeErrors) > 0 {
				text := cleanListError(e.Error())
				if !strings.Contains(text, imp.PkgPath) {
					text = imp.PkgPath + ": " + text
				}
				return text
			}
		}
	}
	for _, e := range p.Errors {
		// The type checker's own words name a place; the compiler's come in a
		// bundle.
		if e.Pos != "" && e.Pos != "-" {
			line, _, _ := strings.Cut(e.Error(), "\n")
			return line
		}
	}
	if len(p.Errors) > 0 {
		return cleanListError(p.Errors[0].Error())
	}
	if p.IllTyped {
		if text := importedError(p); text != "" {
			return text
		}
		return "a package that it imports does not type-check"
	}
	return ""
}

// importedError returns an error of a package that p imports, directly or not,
// or "".
func importedError(p *packages.Package) string {
	text := ""
	packages.Visit([]*packages.Package{p}, func(imp *packages.Package) bool {
		if text == "" && imp != p && len(imp.Errors) > 0 {
			text = cleanListError(imp.Errors[0].Error())
			if !strings.Contains(text, imp.PkgPath) {
				text = imp.PkgPath + ": " + text
			}
		}
		return text == ""
	}, nil)
	return text
}

// cleanListError drops the frame that go/packages puts around the go
// command's words.
func cleanListError(s string) string {
	s = strings.TrimPrefix(s, "-: ")
	if i := strings.Index(s, "stderr: "); i >= 0 {
		s = s[i+len("stderr: "):]
	}
	s = strings.TrimPrefix(s, "err: exit status 1: ")
	s = strings.TrimPrefix(s, "go: ")
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		s = s[:i]
	}
	return strings.TrimRight(strings.TrimSpace(s), ":;")
}

// File returns the syntax of the file at path in p, or nil.
func File(p *packages.Package, fset *token.FileSet, path string) *ast.File {
	for _, f := range p.Syntax {
		if fset.File(f.FileStart).Name() == path {
			return f
		}
	}
	return nil
}
