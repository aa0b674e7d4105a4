package load

import (
	"context"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/source"
)

// loadUncovered adds a view for every set of files that use a library and
// that the views so far leave out. Folders that the same configuration covers
// are loaded together.
func (t *Tree) loadUncovered(ctx context.Context) {
	covered := map[string]bool{}
	mark := func(v *View) {
		for _, p := range v.Packages {
			for _, f := range p.CompiledGoFiles {
				covered[f] = true
			}
			for _, f := range p.GoFiles {
				covered[f] = true
			}
		}
	}
	for _, v := range t.Views {
		mark(v)
	}
	candidates := t.candidates(covered)
	for ctx.Err() == nil {
		var next Build
		var files, patterns []string
		for _, f := range candidates {
			if covered[f.path] || t.Unseen[f.path] != "" {
				continue
			}
			b, ok := findBuild(f.path, t.Config.Tags, t.host)
			switch {
			case ok:
				if own := (Build{Tags: b.Tags}); b.GOOS+"/"+b.GOARCH == t.host && own != (Build{Tags: t.Config.Tags}) {
					b = own // dependencies are compiled for it already
				}
			case f.pkg == "main":
				b = Build{File: f.path, Tags: t.Config.Tags}
			default:
				t.Unseen[f.path] = "its build constraint cannot be satisfied"
				continue
			}
			if len(files) > 0 && b != next {
				continue
			}
			next = b
			files = append(files, f.path)
			if p := "./" + t.rel(filepath.Dir(f.path)); b.File == "" && !slices.Contains(patterns, p) {
				patterns = append(patterns, p)
			}
		}
		if len(files) == 0 {
			return
		}
		if next.File != "" {
			patterns = []string{next.File}
		}
		reason := "no build configuration that was tried includes it"
		v, err := t.buildView(ctx, next, patterns)
		if err != nil {
			reason = err.Error()
		} else {
			mark(v)
			t.Views = append(t.Views, v)
		}
		for _, f := range files {
			if !covered[f] {
				t.Unseen[f] = reason
			}
		}
	}
}

func (t *Tree) rel(dir string) string {
	r, err := filepath.Rel(t.Config.Dir, dir)
	if err != nil {
		return dir
	}
	return filepath.ToSlash(r)
}

// candidates returns the files of the main modules that import a library, or
// that may touch its values without naming it, sorted. Files that are covered
// already are left out.
func (t *Tree) candidates(covered map[string]bool) []*scanned {
	var out []*scanned
	near := t.neighbours()
	for _, f := range t.files {
		if covered[f.path] {
			continue
		}
		direct, use := false, near.dirs[filepath.Dir(f.path)]
		for _, p := range f.imports {
			if t.Config.Reaches(p) {
				direct = true
				break
			}
			if near.paths[p] {
				use = true
				if f.pkg == "main" {
					t.Commands[f.path] = append(t.Commands[f.path], p)
				}
			}
		}
		if direct || use && near.named(f.path) {
			out = append(out, f)
		}
	}
	return out
}

// neighbourhood is what a file can touch a library's values through without
// importing it: the packages that were loaded, and what they declare of the
// library's types.
type neighbourhood struct {
	dirs, paths map[string]bool
	names       map[string]bool
}

func (t *Tree) neighbours() *neighbourhood {
	n := &neighbourhood{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for _, v := range t.Views {
		for _, p := range v.Packages {
			n.paths[p.PkgPath] = true
			for _, f := range p.GoFiles {
				n.dirs[filepath.Dir(f)] = true
			}
			if p.TypesInfo == nil {
				continue
			}
			for id, o := range p.TypesInfo.Defs {
				if o == nil || n.names[id.Name] {
					continue
				}
				if v, ok := o.(*types.Var); ok && !v.IsField() && o.Parent() != p.Types.Scope() {
					continue // local
				}
				if t.search(false).in(o.Type()) {
					n.names[id.Name] = true
				}
			}
		}
	}
	return n
}

// named reports whether the file uses one of the names.
func (n *neighbourhood) named(path string) bool {
	f, _ := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if f == nil {
		return false
	}
	found := false
	ast.Inspect(f, func(x ast.Node) bool {
		if id, ok := x.(*ast.Ident); ok && n.names[id.Name] {
			found = true
		}
		return !found
	})
	return found
}

var (
	knownOS   = []string{"linux", "darwin", "windows", "freebsd", "netbsd", "openbsd", "dragonfly", "solaris", "aix", "android", "illumos", "ios", "js", "plan9", "wasip1"}
	knownArch = []string{"amd64", "arm64", "386", "arm", "wasm", "ppc64", "ppc64le", "mips", "mipsle", "mips64", "mips64le", "riscv64", "s390x", "loong64"}
)

// ports are the platforms of `go tool dist list`, the likeliest first.
var ports = []string{
	"linux/amd64", "darwin/arm64", "darwin/amd64", "windows/amd64", "freebsd/amd64", "netbsd/amd64",
	"openbsd/amd64", "js/wasm", "linux/arm64", "linux/386", "windows/386", "windows/arm64", "linux/arm",
	"aix/ppc64", "android/386", "android/amd64", "android/arm", "android/arm64", "dragonfly/amd64",
	"freebsd/386", "freebsd/arm", "freebsd/arm64", "illumos/amd64", "ios/amd64", "ios/arm64", "linux/loong64",
	"linux/mips", "linux/mips64", "linux/mips64le", "linux/mipsle", "linux/ppc64", "linux/ppc64le",
	"linux/riscv64", "linux/s390x", "netbsd/386", "netbsd/arm", "netbsd/arm64", "openbsd/386", "openbsd/arm",
	"openbsd/arm64", "openbsd/ppc64", "openbsd/riscv64", "plan9/386", "plan9/amd64", "plan9/arm",
	"solaris/amd64", "wasip1/wasm",
}

func isUnix(goos string) bool {
	return !slices.Contains([]string{"windows", "js", "plan9", "wasip1"}, goos)
}

// findBuild returns a configuration that includes the file, by its name and
// its build constraint. The platform host is preferred.
func findBuild(file, tags, host string) (Build, bool) {
	expr := buildConstraint(file)
	nameOS, nameArch := nameConstraint(filepath.Base(file))
	var atoms []string
	if expr != nil {
		collectTags(expr, &atoms)
	}
	var custom []string
	for _, a := range atoms {
		if !slices.Contains(knownOS, a) && !slices.Contains(knownArch, a) && a != "unix" && a != "ignore" && a != "gc" && a != "gccgo" && a != "cgo" && !strings.HasPrefix(a, "go1.") {
			custom = append(custom, a)
		}
	}
	sort.Strings(custom)
	custom = slices.Compact(custom)
	given := tagList(tags)
	// Try the given tags alone, each custom tag, then all of them.
	sets := [][]string{given}
	for _, c := range custom {
		sets = append(sets, append(slices.Clone(given), c))
	}
	if len(custom) > 1 {
		sets = append(sets, append(slices.Clone(given), custom...))
	}
	for _, port := range append([]string{host}, ports...) {
		goos, goarch, _ := strings.Cut(port, "/")
		if nameOS != "" && nameOS != goos && !(nameOS == "linux" && goos == "android") || nameArch != "" && nameArch != goarch {
			continue
		}
		for _, set := range sets {
			ok := func(tag string) bool {
				return tag == goos || tag == goarch || tag == "gc" || tag == "unix" && isUnix(goos) ||
					strings.HasPrefix(tag, "go1.") || slices.Contains(set, tag)
			}
			if expr == nil || expr.Eval(ok) {
				return Build{GOOS: goos, GOARCH: goarch, Tags: strings.Join(set, ",")}, true
			}
		}
	}
	return Build{}, false
}

func collectTags(x constraint.Expr, out *[]string) {
	switch x := x.(type) {
	case *constraint.TagExpr:
		*out = append(*out, x.Tag)
	case *constraint.NotExpr:
		collectTags(x.X, out)
	case *constraint.AndExpr:
		collectTags(x.X, out)
		collectTags(x.Y, out)
	case *constraint.OrExpr:
		collectTags(x.X, out)
		collectTags(x.Y, out)
	}
}

func buildConstraint(file string) constraint.Expr {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.PackageClauseOnly)
	if f == nil || err != nil {
		return nil
	}
	for _, g := range f.Comments {
		if g.Pos() > f.Package {
			break
		}
		for _, c := range g.List {
			if constraint.IsGoBuild(c.Text) {
				if x, err := constraint.Parse(c.Text); err == nil {
					return x
				}
			}
		}
	}
	return nil
}

// nameConstraint returns the platform that a file name asks for.
func nameConstraint(name string) (goos, goarch string) {
	name = strings.TrimSuffix(strings.TrimSuffix(name, ".go"), "_test")
	parts := strings.Split(name, "_")
	if len(parts) < 2 {
		return "", ""
	}
	last := parts[len(parts)-1]
	if slices.Contains(knownArch, last) {
		if len(parts) > 2 && slices.Contains(knownOS, parts[len(parts)-2]) {
			goos = parts[len(parts)-2]
		}
		return goos, last
	}
	if slices.Contains(knownOS, last) {
		return last, ""
	}
	return "", ""
}

// parseRoots parses a file for a load from source. Of files outside the main
// modules only what declares types is kept: function bodies and the values of
// variables are emptied.
func (t *Tree) parseRoots(fset *token.FileSet, filename string, src []byte) (*ast.File, error) {
	const mode = parser.AllErrors | parser.SkipObjectResolution
	if t.ModuleOf(filename) != nil {
		return parser.ParseFile(fset, filename, src, mode|parser.ParseComments)
	}
	f, err := parser.ParseFile(fset, filename, src, mode)
	if f == nil {
		return f, err
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Body != nil {
				d.Body = source.EmptyBody(d.Body)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok && d.Tok == token.VAR {
					source.EmptyValues(v)
				}
			}
		}
	}
	return f, err
}

// forgive drops the errors that come from emptied function bodies: imports
// that nothing uses any more.
func (t *Tree) forgive(roots []*packages.Package) {
	packages.Visit(roots, nil, func(p *packages.Package) {
		if p.Module == nil || !p.Module.Main {
			p.Errors = slices.DeleteFunc(p.Errors, func(e packages.Error) bool {
				return e.Kind == packages.TypeError && strings.Contains(e.Msg, "imported and not used") ||
					strings.Contains(e.Msg, "imported as") && strings.HasSuffix(e.Msg, "and not used")
			})
		}
		p.IllTyped = len(p.Errors) > 0
		for _, imp := range p.Imports {
			if imp.IllTyped {
				p.IllTyped = true
			}
		}
	})
}
