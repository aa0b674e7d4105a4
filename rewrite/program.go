package rewrite

import (
	"context"
	"errors"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/load"
)

// A Config says what to load.
type Config struct {
	Dir      string   // absolute
	Patterns []string // package patterns of the go command; none means "./..."
	Tags     string   // comma separated
	Env      []string // environment of the go command, as os.Environ gives it
	// Progress, if not nil, hears about the stage "loading".
	Progress func(stage string, done, total int)
}

// A Module is a main module of the tree.
type Module struct {
	Path  string // module path
	Dir   string // absolute
	GoMod string // absolute path of go.mod
	Go    string // the go line, "1.21"
}

// A Program is a loaded tree: the packages of its modules that reach gorilla
// through types, tests included, in one or more build configurations.
type Program struct {
	Config  Config
	Fset    *token.FileSet
	Modules []Module
	Skipped []Skipped
	tree    *load.Tree
}

// A Listing is a tree whose files and packages are known, and of which nothing
// was type-checked yet.
type Listing struct {
	cfg    Config
	tree   *load.Tree
	digest *load.Digest
}

// Load lists the tree and loads it. A tree in which nothing can be judged is a
// *Refusal; packages that do not compile are listed in Skipped and take no
// part in a plan.
func Load(ctx context.Context, cfg Config) (*Program, error) {
	l, err := List(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return l.Load(ctx)
}

// List lists the tree. A tree in which nothing is found is a *Refusal.
func List(ctx context.Context, cfg Config) (*Listing, error) {
	if fi, err := os.Stat(cfg.Dir); err != nil {
		return nil, refuse("name an existing folder with -C", "no folder %s", cfg.Dir)
	} else if !fi.IsDir() {
		return nil, refuse("name a folder with -C", "%s is not a folder", cfg.Dir)
	}
	lc := load.Config{
		Dir: cfg.Dir, Patterns: cfg.Patterns, Tags: cfg.Tags, Env: cfg.Env,
		Reaches: func(path string) bool { return wsapi.LibraryOf(path) != nil },
		Hints:   hints(),
		Below:   []string{"http.Request) bool", "RequestCtx) bool"}, // checks of the Origin
	}
	if cfg.Progress != nil {
		lc.Progress = func(done, total int) { cfg.Progress("loading", done, total) }
	}
	tree, err := load.List(ctx, lc)
	if err != nil {
		return nil, unloadable(cfg, err)
	}
	return &Listing{cfg: cfg, tree: tree}, nil
}

// Digest returns a hash of everything that loading, linting and planning the
// tree depend on: equal trees, in equal environments, have equal hashes.
func (l *Listing) Digest() [32]byte {
	if l.digest == nil {
		l.digest = l.tree.Digest()
	}
	return l.digest.Sum()
}

// Settled reports, after Load, whether what was found out can be said of the
// digest: the files are still the same, and nothing was missing that another
// time may be there.
func (l *Listing) Settled() bool {
	return l.digest != nil && l.tree.Settled() && l.digest.Fresh()
}

// Load loads what was listed, once.
func (l *Listing) Load(ctx context.Context) (*Program, error) {
	cfg, tree := l.cfg, l.tree
	if err := tree.Load(ctx); err != nil {
		return nil, unloadable(cfg, err)
	}
	p := &Program{Config: cfg, Fset: tree.Fset, tree: tree}
	for _, m := range tree.Modules {
		p.Modules = append(p.Modules, Module{m.Path, m.Dir, m.GoMod, m.Go})
	}
	p.skip()
	if err := p.checkLoaded(); err != nil {
		return nil, err
	}
	return p, nil
}

// unloadable returns what loading a tree failed with, as users can use it.
func unloadable(cfg Config, err error) error {
	if errors.Is(err, load.ErrNoModule) {
		return refuse("run `go mod init` there or name the module's folder with -C", "no go.mod in %s or above it", cfg.Dir)
	}
	if le, ok := errors.AsType[*load.ListError](err); ok {
		return refuse(listHelp(le.Text), "the go command cannot load the packages: %s", le.Text)
	}
	return err
}

// hints returns words that make a package worth a look although it neither
// imports a library nor is handed its types: the names of gorilla's methods,
// which interfaces and assertions can stand for, and what makes a server.
func hints() []string {
	words := []string{"http.Server", "http.Serve", "ListenAndServe"}
	for _, m := range wsapi.Mappings() {
		if name, ok := strings.CutPrefix(string(m.From), "Conn."); ok && !netConn[name] {
			words = append(words, name)
		}
	}
	return words
}

// netConn are the methods that a connection of package net has too.
var netConn = map[string]bool{"Close": true, "LocalAddr": true, "RemoteAddr": true, "SetReadDeadline": true, "SetWriteDeadline": true}

// Env returns the environment in which the go command loaded the tree:
// Config.Env with GOWORK settled.
func (p *Program) Env() []string { return p.tree.Env }

// listHelp says what to do about the go command's words.
func listHelp(text string) string {
	switch {
	case strings.Contains(text, "dial tcp"), strings.Contains(text, "lookup disabled"), strings.Contains(text, "GOPROXY=off"), strings.Contains(text, "no such host"):
		return "run `go mod download` where the network is reachable"
	case strings.Contains(text, "inconsistent vendoring"):
		return "run `go mod vendor`"
	case strings.Contains(text, "go.sum"), strings.Contains(text, "go mod tidy"), strings.Contains(text, "updates to go.mod"):
		return "run `go mod tidy`"
	}
	return "make `go list ./...` work there first"
}

// skip lists what takes no part.
func (p *Program) skip() {
	seen := map[string]bool{}
	for _, v := range p.tree.Views {
		for _, pkg := range v.Packages {
			e := p.tree.Broken[pkg.ID]
			if e == "" {
				continue
			}
			dir := p.Config.Dir
			if len(pkg.GoFiles) > 0 {
				dir = filepath.Dir(pkg.GoFiles[0])
			}
			if !seen[dir] {
				seen[dir] = true
				p.Skipped = append(p.Skipped, Skipped{dir, "does not compile: " + e})
			}
		}
	}
	for f, reason := range p.tree.Unseen {
		p.Skipped = append(p.Skipped, Skipped{f, reason})
	}
	sort.Slice(p.Skipped, func(i, j int) bool { return p.Skipped[i].Path < p.Skipped[j].Path })
}

// checkLoaded refuses a tree in which no package compiles and none has the
// types of a library, so that nothing can be said of it.
func (p *Program) checkLoaded() error {
	refusal := p.compiles()
	if refusal == nil {
		return nil
	}
	whole := false
	packages.Visit(p.Packages(), func(pkg *packages.Package) bool {
		whole = whole || wsapi.LibraryOf(pkg.PkgPath) != nil && len(pkg.Errors) == 0 && pkg.Types != nil && pkg.Types.Complete()
		return !whole
	}, nil)
	if whole {
		return nil
	}
	return refusal
}

// compiles refuses a tree in which no package that reaches a library compiles.
func (p *Program) compiles() error {
	total, first := 0, ""
	for _, v := range p.tree.Views {
		for _, pkg := range v.Packages {
			total++
			e := p.tree.Broken[pkg.ID]
			if e == "" {
				return nil
			}
			if first == "" {
				first = e
			}
		}
	}
	if total == 0 {
		return nil
	}
	return refuse(listHelp(first), "no package compiles: %s", first)
}

// Packages returns the packages of the first build configuration followed by
// those that only other configurations have, for the linter. Those that do not
// compile are among them: much of them can be judged.
func (p *Program) Packages() []*packages.Package {
	var out []*packages.Package
	seen := map[string]bool{}
	for _, v := range p.tree.Views {
		for _, pkg := range v.Packages {
			key := pkg.ID + " " + strings.Join(pkg.CompiledGoFiles, " ")
			if seen[key] || pkg.Types == nil || len(pkg.Syntax) == 0 || !p.matches(pkg) {
				continue
			}
			seen[key] = true
			out = append(out, pkg)
		}
	}
	return out
}

// matches reports whether the user's patterns name the package.
func (p *Program) matches(pkg *packages.Package) bool {
	m := p.tree.Matched
	if m == nil || m[pkg.PkgPath] || m[pkg.ForTest] {
		return true
	}
	// A file that was loaded by name belongs to its folder.
	if len(pkg.GoFiles) == 0 || pkg.PkgPath != "command-line-arguments" {
		return false
	}
	dir := filepath.Dir(pkg.GoFiles[0])
	mod := p.tree.ModuleOf(pkg.GoFiles[0])
	if mod == nil {
		return false
	}
	rel, err := filepath.Rel(mod.Dir, dir)
	return err == nil && m[path.Join(mod.Path, filepath.ToSlash(rel))]
}
