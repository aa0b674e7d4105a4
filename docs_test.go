package wsmigrate_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// Packages that others can import say what they are for, and so does each
// exported name in them. All but those that export an analyzer alone, whose
// documentation has code that is bad and good, have an example that is run.
func TestPackagesDocumented(t *testing.T) {
	const mode = packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedForTest
	pkgs := load(t, ".", mode)
	pkgs = append(pkgs, load(t, "compat", mode)...)
	pkgs = append(pkgs, loadPatterns(t, config("compat/coder", mode), ".")...)
	seen := 0
	for _, pkg := range pkgs {
		if pkg.Name == "main" || pkg.ForTest != "" || strings.Contains(pkg.PkgPath+"/", "/internal/") || strings.HasSuffix(pkg.PkgPath, ".test") || pkg.PkgPath == rootModule {
			continue
		}
		seen++
		d, err := doc.NewFromFiles(pkg.Fset, pkg.Syntax, pkg.PkgPath, doc.PreserveAST)
		if err != nil {
			t.Errorf("%s: %v", pkg.PkgPath, err)
			continue
		}
		if !strings.HasPrefix(d.Doc, "Package "+d.Name+" ") {
			t.Errorf("%s: its comment begins with %.30q", d.ImportPath, d.Doc)
		}
		for _, name := range undocumented(d) {
			t.Errorf("%s: %s is exported and says nothing", d.ImportPath, name)
		}
		if len(d.Vars) == 1 && len(d.Funcs)+len(d.Types)+len(d.Consts) == 0 && d.Vars[0].Names[0] == "Analyzer" {
			if !strings.Contains(d.Doc, "Bad:") || !strings.Contains(d.Doc, "Good:") {
				t.Errorf("%s: its comment shows no code, bad and good", d.ImportPath)
			}
			continue
		}
		if !hasExample(t, filepath.Dir(pkg.GoFiles[0])) {
			t.Errorf("%s has no example with output", d.ImportPath)
		}
	}
	if seen < 10 {
		t.Errorf("looked at %d packages", seen)
	}
}

// undocumented lists what is exported without a comment. A group of constants
// or variables needs one, or one at each name.
func undocumented(d *doc.Package) []string {
	var names []string
	need := func(name, text string) {
		if ast.IsExported(name) && strings.TrimSpace(text) == "" {
			names = append(names, name)
		}
	}
	values := func(vs []*doc.Value) {
		for _, v := range vs {
			if v.Doc != "" {
				continue
			}
			for _, spec := range v.Decl.Specs {
				s := spec.(*ast.ValueSpec)
				for _, n := range s.Names {
					need(n.Name, s.Doc.Text()+s.Comment.Text())
				}
			}
		}
	}
	funcs := func(prefix string, fs []*doc.Func) {
		for _, f := range fs {
			if ast.IsExported(f.Name) && f.Doc == "" {
				names = append(names, prefix+f.Name)
			}
		}
	}
	values(d.Consts)
	values(d.Vars)
	funcs("", d.Funcs)
	for _, typ := range d.Types {
		need(typ.Name, typ.Doc)
		values(typ.Consts)
		values(typ.Vars)
		funcs("", typ.Funcs)
		funcs(typ.Name+".", typ.Methods)
	}
	return names
}

// hasExample reports whether a test file of the folder has an example that is
// run.
func hasExample(t *testing.T, dir string) bool {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(doc.Examples(f), func(e *doc.Example) bool { return e.Output != "" }) {
			return true
		}
	}
	return false
}
