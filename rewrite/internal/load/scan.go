package load

import (
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// A scanned file is what its first lines say of a Go file of the main modules.
type scanned struct {
	path    string
	pkg     string // the name in its package clause
	imports []string
	state   fileState
}

// test reports whether the go command takes the file for a test.
func (f *scanned) test() bool { return strings.HasSuffix(f.path, "_test.go") }

// walkGo calls visit with every Go file of the module in dir that the go
// command may build: vendored, hidden and testdata folders and nested modules
// are left out.
func walkGo(dir string, visit func(path string)) {
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return nil
		}
		name := d.Name()
		hidden := strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
		if !d.IsDir() {
			if !hidden && strings.HasSuffix(name, ".go") {
				visit(path)
			}
			return nil
		}
		if hidden || name == "vendor" || name == "testdata" {
			return filepath.SkipDir
		}
		if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
			return filepath.SkipDir
		}
		return nil
	})
}

// GoFiles returns the Go files of the module that the go command may build in
// some configuration.
func (m Module) GoFiles() []string {
	var out []string
	walkGo(m.Dir, func(path string) { out = append(out, path) })
	return out
}

// scan reads the imports of the main modules' files, whatever configuration
// they belong to.
func (t *Tree) scan() {
	fset := token.NewFileSet()
	for _, m := range t.Modules {
		walkGo(m.Dir, func(path string) {
			state, src := readState(path)
			if src == nil {
				return
			}
			f, _ := parser.ParseFile(fset, path, src, parser.ImportsOnly)
			s := &scanned{path: path, pkg: f.Name.Name, state: state}
			for _, imp := range f.Imports {
				if p, err := strconv.Unquote(imp.Path.Value); err == nil {
					s.imports = append(s.imports, p)
				}
			}
			t.files = append(t.files, s)
		})
	}
}

// testImports returns what the tests of the main modules import from
// elsewhere in the configuration b, for the go command lists without them.
func (t *Tree) testImports(b Build) []string {
	ctx := build.Default
	ctx.BuildTags = tagList(b.Tags)
	ctx.GOOS, ctx.GOARCH, _ = strings.Cut(t.host, "/")
	if b.GOOS != "" {
		ctx.GOOS = b.GOOS
	}
	if b.GOARCH != "" {
		ctx.GOARCH = b.GOARCH
	}
	seen := make(map[string]bool)
	var out []string
	for _, f := range t.files {
		if !f.test() {
			continue
		}
		dir, name := filepath.Split(f.path)
		if ok, err := ctx.MatchFile(dir, name); err != nil || !ok {
			continue
		}
		for _, imp := range f.imports {
			if seen[imp] || imp == "C" || imp == "unsafe" || build.IsLocalImport(imp) || path.IsAbs(imp) || t.own(imp) {
				continue
			}
			seen[imp] = true
			out = append(out, imp)
		}
	}
	return out
}

// own reports whether an import path begins with that of a main module.
func (t *Tree) own(imp string) bool {
	for _, m := range t.Modules {
		if m.Path != "" && (imp == m.Path || strings.HasPrefix(imp, m.Path+"/")) {
			return true
		}
	}
	return false
}

func tagList(tags string) []string {
	return strings.FieldsFunc(tags, func(r rune) bool { return r == ',' || r == ' ' })
}
