package load

import (
	"context"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// loadUncovered adds a view for every set of files that uses a library and
// that the views so far leave out.
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
	for {
		var file, pkgName string
		for _, f := range t.candidates() {
			if !covered[f.path] && t.Unseen[f.path] == "" {
				file, pkgName = f.path, f.pkg
				break
			}
		}
		if file == "" || ctx.Err() != nil {
			return
		}
		v, reason := t.cover(ctx, file, pkgName)
		if v != nil {
			mark(v)
			t.Views = append(t.Views, v)
		}
		if !covered[file] {
			if reason == "" {
				reason = "no build configuration that was tried includes it"
			}
			t.Unseen[file] = reason
		}
	}
}

// cover loads the folder of file in a configuration that includes it.
func (t *Tree) cover(ctx context.Context, file, pkgName string) (*View, string) {
	b, ok := findBuild(file, t.Config.Tags)
	dir := filepath.Dir(file)
	var v *View
	var err error
	switch {
	case ok:
		v, err = t.view(ctx, b, []string{"./" + t.rel(dir)}, nil, t.Fset)
	case pkgName == "main":
		v, err = t.view(ctx, Build{File: file, Tags: t.Config.Tags}, []string{file}, nil, t.Fset)
	default:
		return nil, "its build constraint cannot be satisfied"
	}
	if err != nil {
		return nil, err.Error()
	}
	return v, ""
}

func (t *Tree) rel(dir string) string {
	r, err := filepath.Rel(t.Config.Dir, dir)
	if err != nil {
		return dir
	}
	return filepath.ToSlash(r)
}

type candidate struct{ path, pkg string }

// candidates returns the files of the main modules that import a library,
// sorted. Vendored, hidden and testdata folders and nested modules are not
// looked into.
func (t *Tree) candidates() []candidate {
	var out []candidate
	fset := token.NewFileSet()
	for _, m := range t.Modules {
		filepath.WalkDir(m.Dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil
			}
			name := d.Name()
			if d.IsDir() {
				if path == m.Dir {
					return nil
				}
				if name == "vendor" || name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
					return filepath.SkipDir
				}
				if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
					return filepath.SkipDir
				}
				return nil
			}
			if !strings.HasSuffix(name, ".go") || strings.HasPrefix(name, "_") || strings.HasPrefix(name, ".") {
				return nil
			}
			f, err := parser.ParseFile(fset, path, nil, parser.ImportsOnly)
			if err != nil && f == nil {
				return nil
			}
			for _, imp := range f.Imports {
				if p, err := strconv.Unquote(imp.Path.Value); err == nil && t.Config.Reaches(p) {
					out = append(out, candidate{path, f.Name.Name})
					break
				}
			}
			return nil
		})
	}
	return out
}

var (
	knownOS   = []string{"linux", "darwin", "windows", "freebsd", "netbsd", "openbsd", "dragonfly", "solaris", "aix", "android", "illumos", "ios", "js", "plan9", "wasip1"}
	knownArch = []string{"amd64", "arm64", "386", "arm", "wasm", "ppc64", "ppc64le", "mips", "mipsle", "mips64", "mips64le", "riscv64", "s390x", "loong64"}
)

func isUnix(goos string) bool {
	return !slices.Contains([]string{"windows", "js", "plan9", "wasip1"}, goos)
}

// findBuild returns a configuration that includes the file, by its name and
// its build constraint.
func findBuild(file, tags string) (Build, bool) {
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
	given := strings.FieldsFunc(tags, func(r rune) bool { return r == ',' || r == ' ' })
	// Try the given tags alone, each custom tag, then all of them.
	sets := [][]string{given}
	for _, c := range custom {
		sets = append(sets, append(slices.Clone(given), c))
	}
	if len(custom) > 1 {
		sets = append(sets, append(slices.Clone(given), custom...))
	}
	for _, goos := range knownOS {
		arch := "amd64"
		if goos == "js" || goos == "wasip1" {
			arch = "wasm"
		}
		if goos == "ios" {
			arch = "arm64"
		}
		arches := append([]string{arch}, knownArch...)
		if nameOS != "" && nameOS != goos && !(nameOS == "linux" && goos == "android") {
			continue
		}
		for _, goarch := range arches {
			if nameArch != "" && nameArch != goarch {
				continue
			}
			for _, set := range sets {
				ok := func(tag string) bool {
					return tag == goos || tag == goarch || tag == "gc" || tag == "unix" && isUnix(goos) ||
						strings.HasPrefix(tag, "go1.") || slices.Contains(set, tag)
				}
				if expr != nil && !expr.Eval(ok) {
					continue
				}
				return Build{GOOS: goos, GOARCH: goarch, Tags: strings.Join(set, ",")}, true
			}
			if goarch == arch && nameArch == "" && !mentionsArch(atoms) {
				break
			}
		}
	}
	return Build{}, false
}

func mentionsArch(atoms []string) bool {
	for _, a := range atoms {
		if slices.Contains(knownArch, a) {
			return true
		}
	}
	return false
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

// parseRoots parses a file for a load from source: outside the main modules
// function bodies are dropped, since only declarations matter there.
func (t *Tree) parseRoots(fset *token.FileSet, filename string, src []byte) (*ast.File, error) {
	f, err := parser.ParseFile(fset, filename, src, parser.AllErrors|parser.ParseComments|parser.SkipObjectResolution)
	if f == nil || t.ModuleOf(filename) != nil {
		return f, err
	}
	for _, d := range f.Decls {
		if fd, ok := d.(*ast.FuncDecl); ok {
			fd.Body = nil
		}
	}
	return f, err
}
