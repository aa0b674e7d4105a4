package wsconcurrent_test

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
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/types/objectpath"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/lazyssa"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/ruletest"
	"github.com/wsmigrate/wsmigrate/analyzer/wsconcurrent"
)

// TestSeparate judges each package alone, as distributed builds do: what it
// imports is export data, the facts are bytes, and there is no module.
func TestSeparate(t *testing.T) {
	dir := ruletest.Tree(t)
	pkgs, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedExportFile | packages.NeedImports | packages.NeedDeps,
		Dir:  dir, Env: append(os.Environ(), "GOPATH="+dir, "GO111MODULE=off", "GOWORK=off", "GOFLAGS="),
	}, "example.com/app")
	if err != nil {
		t.Fatal(err)
	}
	facts := make(map[string][]byte) // by import path, a package's own and those that it imports
	var got []string
	packages.Visit(pkgs, nil, func(p *packages.Package) {
		if p.ExportFile == "" {
			return // unsafe
		}
		found, encoded, err := separately(p, facts)
		if err != nil {
			t.Fatal(err)
		}
		facts[p.PkgPath] = encoded
		got = append(got, found...)
	})
	var want []string
	for _, result := range ruletest.Run(t, wsconcurrent.Analyzer, "medium", "example.com/app") {
		for _, f := range result.Result.(*rule.Report).Findings {
			if f.Confidence == rule.High {
				want = append(want, f.Message)
			}
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("each package alone:\n%s\n\nall at once:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A wireFact is a fact on its way to another process.
type wireFact struct {
	Pkg, Object string
	Fact        analysis.Fact
}

// separately runs the rule on one package and returns what it reports, and the
// facts for those that import it.
func separately(p *packages.Package, facts map[string][]byte) (messages []string, encoded []byte, err error) {
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			return nil, nil, err
		}
		files = append(files, f)
	}
	var exports func(p *packages.Package, path string) string
	exports = func(p *packages.Package, path string) string {
		if q := p.Imports[path]; q != nil {
			return q.ExportFile
		}
		for _, q := range p.Imports {
			if f := exports(q, path); f != "" {
				return f
			}
		}
		return ""
	}
	info := &types.Info{
		Types: make(map[ast.Expr]types.TypeAndValue), Defs: make(map[*ast.Ident]types.Object), Uses: make(map[*ast.Ident]types.Object),
		Implicits: make(map[ast.Node]types.Object), Instances: make(map[*ast.Ident]types.Instance),
		Selections: make(map[*ast.SelectorExpr]*types.Selection), Scopes: make(map[ast.Node]*types.Scope),
		FileVersions: make(map[*ast.File]string),
	}
	conf := types.Config{Importer: importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports(p, path))
	}), Error: func(error) {}}
	pkg, _ := conf.Check(p.PkgPath, fset, files, info) // cgo in the standard library

	objects := make(map[types.Object]analysis.Fact)
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
	walk(pkg)
	var out []wireFact
	for _, imp := range p.Imports {
		var in []wireFact
		if data := facts[imp.PkgPath]; len(data) > 0 {
			if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&in); err != nil {
				return nil, nil, err
			}
		}
		for _, f := range in {
			if q := visible[f.Pkg]; q != nil {
				if obj, err := objectpath.Object(q, objectpath.Path(f.Object)); err == nil {
					objects[obj] = f.Fact
				}
			}
			out = append(out, f)
		}
	}
	pass := &analysis.Pass{
		Analyzer: wsconcurrent.Analyzer, Fset: fset, Files: files, Pkg: pkg, TypesInfo: info, TypesSizes: types.SizesFor("gc", "amd64"),
		Report: func(d analysis.Diagnostic) { messages = append(messages, d.Message) },
		ImportObjectFact: func(obj types.Object, fact analysis.Fact) bool {
			have, ok := objects[obj]
			if ok {
				var buf bytes.Buffer
				if gob.NewEncoder(&buf).Encode(have) != nil || gob.NewDecoder(&buf).Decode(fact) != nil {
					return false
				}
			}
			return ok
		},
		ExportObjectFact: func(obj types.Object, fact analysis.Fact) {
			if path, err := objectpath.For(obj); err == nil {
				out = append(out, wireFact{p.PkgPath, string(path), fact})
			}
		},
	}
	ssa := *pass
	ssa.Analyzer = lazyssa.Analyzer
	builder, err := lazyssa.Analyzer.Run(&ssa)
	if err != nil {
		return nil, nil, err
	}
	pass.ResultOf = map[*analysis.Analyzer]any{lazyssa.Analyzer: builder}
	if _, err := wsconcurrent.Analyzer.Run(pass); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", p.PkgPath, err)
	}
	var buf bytes.Buffer
	for _, f := range wsconcurrent.Analyzer.FactTypes {
		gob.Register(f)
	}
	if err := gob.NewEncoder(&buf).Encode(out); err != nil {
		return nil, nil, err
	}
	return messages, buf.Bytes(), nil
}
