package ruletest

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/module"
)

// ModulePath is the path of the module that [Module] writes.
const ModulePath = "example.com/wants"

// Module writes the cases of every rule into one new module, for drivers that
// know no GOPATH, and returns its folder. The case p of a rule is the package
// ModulePath/rule/p there; the stubs are modules that it requires. The rules
// are the folders of analyzers with a testdata/src; goLine is the go line.
func Module(t testing.TB, analyzers, goLine string) string {
	t.Helper()
	rules, err := filepath.Glob(filepath.Join(analyzers, "*", "testdata", "src"))
	if err != nil || len(rules) == 0 {
		t.Fatalf("no cases in %s: %v", analyzers, err)
	}
	dir := t.TempDir()
	mod := fmt.Sprintf("module %s\n\ngo %s\n", ModulePath, goLine)
	for _, lib := range stubModules(t) {
		if err := copyTree(stubs, path.Join("testdata/src", lib), filepath.Join(dir, "stubs", lib), nil); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "stubs", lib, "go.mod"), fmt.Sprintf("module %s\n\ngo %s\n", lib, goLine))
		version := "v0.0.0"
		if _, major, ok := module.SplitPathVersion(lib); ok && major != "" {
			version = module.PathMajorPrefix(major) + ".0.0"
		}
		mod += fmt.Sprintf("\nrequire %s %s\n\nreplace %[1]s => ./stubs/%[1]s\n", lib, version)
	}
	write(t, filepath.Join(dir, "go.mod"), mod)
	for _, src := range rules {
		testdata := filepath.Dir(src)
		rule := filepath.Base(filepath.Dir(testdata))
		src := filepath.Join(cases(t, testdata), "src")
		own := func(imported string) (string, bool) {
			if _, err := os.Stat(filepath.Join(src, imported)); err != nil || isStub(imported) {
				return "", false
			}
			return path.Join(ModulePath, rule, imported), true
		}
		if err := copyTree(os.DirFS(src), ".", filepath.Join(dir, rule), own); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// stubModules returns the topmost folders of the stubs that hold Go files:
// each can be a module, whatever the module of the real package is.
func stubModules(t testing.TB) []string {
	t.Helper()
	var list []string
	err := fs.WalkDir(stubs, "testdata/src", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		files, err := fs.Glob(stubs, path.Join(name, "*.go"))
		if err != nil || len(files) == 0 {
			return err
		}
		list = append(list, strings.TrimPrefix(name, "testdata/src/"))
		return fs.SkipDir
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func isStub(imported string) bool {
	_, err := fs.Stat(stubs, path.Join("testdata/src", imported))
	return err == nil
}

// copyTree copies the tree below root into dir. Import paths of Go and golden
// files that own knows become what it says.
func copyTree(fsys fs.FS, root, dir string, own func(string) (string, bool)) error {
	return fs.WalkDir(fsys, root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		if own != nil {
			if data, err = reimport(data, own); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		rel, err := filepath.Rel(filepath.FromSlash(root), filepath.FromSlash(name))
		if err != nil {
			return err
		}
		to := filepath.Join(dir, rel)
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o666)
	})
}

func reimport(src []byte, own func(string) (string, bool)) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", src, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	last := 0
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if to, ok := own(imported); ok {
			out.Write(src[last:fset.Position(spec.Path.Pos()).Offset])
			out.WriteString(strconv.Quote(to))
			last = fset.Position(spec.Path.End()).Offset
		}
	}
	out.Write(src[last:])
	return out.Bytes(), nil
}

func write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
