package drivers

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/types/objectpath"

	"github.com/wsmigrate/wsmigrate/analyzer"
)

// nogo judges each package alone, as the builder of the same name does in
// distributed builds, and returns the findings of every tier. What a package
// imports is export data, facts are bytes, the standard library has none, of
// dependencies there are facts alone, and a pass has no Module, ReadFile,
// TypeErrors or FileVersions.
func (tr *tree) nogo(patterns ...string) []finding {
	tr.t.Helper()
	for _, a := range analyzer.Suite {
		if err := a.Flags.Set("confidence", "low"); err != nil {
			tr.t.Fatal(err)
		}
		defer a.Flags.Set("confidence", "high")
		registerFacts(a)
	}
	var found []finding
	facts := make(map[string][]byte) // by import path, a package's own and those that it imports
	pkgs := tr.load(packages.NeedName|packages.NeedFiles|packages.NeedCompiledGoFiles|packages.NeedModule|packages.NeedExportFile|packages.NeedImports|packages.NeedDeps, patterns...)
	packages.Visit(pkgs, nil, func(p *packages.Package) {
		if p.Module == nil {
			return // of the standard library
		}
		u, err := newUnit(p, facts)
		if err != nil {
			tr.t.Fatalf("%s: %v", p.PkgPath, err)
		}
		judged := p.Module.Main
		for _, a := range analyzer.Suite {
			if judged || usesFacts(a) {
				if _, err := u.exec(a); err != nil {
					tr.t.Errorf("%s: %s: %v", p.PkgPath, a.Name, err)
				}
			}
		}
		if judged {
			for _, f := range u.found {
				f.posn, f.end = tr.relative(f.posn), tr.relative(f.end)
				for i := range f.related {
					f.related[i].posn = tr.relative(f.related[i].posn)
				}
				found = append(found, f)
			}
		}
		if facts[p.PkgPath], err = u.encode(); err != nil {
			tr.t.Errorf("%s: %v", p.PkgPath, err)
		}
	})
	return found
}

func registerFacts(a *analysis.Analyzer) {
	for _, f := range a.FactTypes {
		gob.Register(f)
	}
	for _, req := range a.Requires {
		registerFacts(req)
	}
}

// usesFacts reports whether an analyzer, or one that it requires, has facts.
func usesFacts(a *analysis.Analyzer) bool {
	return len(a.FactTypes) > 0 || slices.ContainsFunc(a.Requires, usesFacts)
}

// A unit is one package on its way through the analyzers.
type unit struct {
	fset    *token.FileSet
	files   []*ast.File
	pkg     *types.Package
	info    *types.Info
	facts   map[factKey]analysis.Fact
	wire    []wireFact
	errors  []types.Error
	results map[*analysis.Analyzer]any
	found   []finding
}

type factKey struct {
	of   any // types.Object or *types.Package
	kind reflect.Type
}

// A wireFact is a fact on its way to another process.
type wireFact struct {
	Pkg, Object string // no object for the package itself
	Fact        analysis.Fact
}

func newUnit(p *packages.Package, facts map[string][]byte) (*unit, error) {
	u := emptyUnit(token.NewFileSet())
	for _, name := range p.CompiledGoFiles {
		f, err := parser.ParseFile(u.fset, name, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		u.files = append(u.files, f)
	}
	conf := types.Config{Importer: imports(u.fset, p)}
	var err error
	if u.pkg, err = conf.Check(p.PkgPath, u.fset, u.files, u.info); err != nil {
		return nil, err
	}
	return u, u.decode(p, facts)
}

// emptyUnit returns a unit without files.
func emptyUnit(fset *token.FileSet) *unit {
	return &unit{
		fset: fset,
		info: &types.Info{
			Types: make(map[ast.Expr]types.TypeAndValue), Defs: make(map[*ast.Ident]types.Object), Uses: make(map[*ast.Ident]types.Object),
			Implicits: make(map[ast.Node]types.Object), Instances: make(map[*ast.Ident]types.Instance),
			Selections: make(map[*ast.SelectorExpr]*types.Selection), Scopes: make(map[ast.Node]*types.Scope),
		},
		facts:   make(map[factKey]analysis.Fact),
		results: make(map[*analysis.Analyzer]any),
	}
}

// imports gives what p imports as the compiler left it.
func imports(fset *token.FileSet, p *packages.Package) types.Importer {
	return importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exportFile(p, path))
	})
}

// exportFile finds the export data of what a package imports, directly or not.
func exportFile(p *packages.Package, path string) string {
	if q := p.Imports[path]; q != nil {
		return q.ExportFile
	}
	for _, q := range p.Imports {
		if f := exportFile(q, path); f != "" {
			return f
		}
	}
	return ""
}

// decode reads the facts of the direct imports, which hold those of theirs.
func (u *unit) decode(p *packages.Package, facts map[string][]byte) error {
	visible := make(map[string]*types.Package)
	var walk func(*types.Package)
	walk = func(q *types.Package) {
		for _, imp := range q.Imports() {
			if visible[imp.Path()] == nil {
				visible[imp.Path()] = imp
				walk(imp)
			}
		}
	}
	walk(u.pkg)
	for _, imp := range p.Imports {
		var in []wireFact
		if data := facts[imp.PkgPath]; len(data) > 0 {
			if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&in); err != nil {
				return err
			}
		}
		for _, f := range in {
			if q := visible[f.Pkg]; q != nil && f.Object == "" {
				u.facts[factKey{q, reflect.TypeOf(f.Fact)}] = f.Fact
			} else if q != nil {
				if obj, err := objectpath.Object(q, objectpath.Path(f.Object)); err == nil {
					u.facts[factKey{obj, reflect.TypeOf(f.Fact)}] = f.Fact
				}
			}
			u.wire = append(u.wire, f)
		}
	}
	return nil
}

func (u *unit) encode() ([]byte, error) {
	var buf bytes.Buffer
	err := gob.NewEncoder(&buf).Encode(u.wire)
	return buf.Bytes(), err
}

// exec runs an analyzer after those that it requires.
func (u *unit) exec(a *analysis.Analyzer) (any, error) {
	if result, ok := u.results[a]; ok {
		return result, nil
	}
	inputs := make(map[*analysis.Analyzer]any)
	for _, req := range a.Requires {
		result, err := u.exec(req)
		if err != nil {
			return nil, err
		}
		inputs[req] = result
	}
	result, err := a.Run(&analysis.Pass{
		Analyzer: a, Fset: u.fset, Files: u.files, Pkg: u.pkg, TypesInfo: u.info,
		TypesSizes: types.SizesFor("gc", runtime.GOARCH), ResultOf: inputs, TypeErrors: u.errors,
		Report:           func(d analysis.Diagnostic) { u.found = append(u.found, u.finding(a, d)) },
		ImportObjectFact: func(obj types.Object, fact analysis.Fact) bool { return u.imported(obj, fact) },
		ExportObjectFact: func(obj types.Object, fact analysis.Fact) {
			u.facts[factKey{obj, reflect.TypeOf(fact)}] = fact
			if path, err := objectpath.For(obj); err == nil {
				u.wire = append(u.wire, wireFact{obj.Pkg().Path(), string(path), fact})
			}
		},
		ImportPackageFact: func(pkg *types.Package, fact analysis.Fact) bool { return u.imported(pkg, fact) },
		ExportPackageFact: func(fact analysis.Fact) {
			u.facts[factKey{u.pkg, reflect.TypeOf(fact)}] = fact
			u.wire = append(u.wire, wireFact{u.pkg.Path(), "", fact})
		},
	})
	if err == nil && reflect.TypeOf(result) != a.ResultType {
		err = fmt.Errorf("a result of type %T", result)
	}
	u.results[a] = result
	return result, err
}

// imported copies the fact of an object or package.
func (u *unit) imported(of any, fact analysis.Fact) bool {
	have, ok := u.facts[factKey{of, reflect.TypeOf(fact)}]
	if ok {
		reflect.ValueOf(fact).Elem().Set(reflect.ValueOf(have).Elem())
	}
	return ok
}

func (u *unit) finding(a *analysis.Analyzer, d analysis.Diagnostic) finding {
	posn := func(p token.Pos) string { return strings.TrimSuffix(u.fset.Position(p).String(), "-") }
	f := finding{rule: a.Name, category: d.Category, message: d.Message, posn: posn(d.Pos), end: posn(d.Pos)}
	if d.End.IsValid() {
		f.end = posn(d.End)
	}
	for _, r := range d.Related {
		f.related = append(f.related, related{posn(r.Pos), r.Message})
	}
	return f
}
