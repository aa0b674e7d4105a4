package analyzer_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/ruletest"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// TestCases counts the cases of the rules: the findings that are expected, and
// the lines that use a library and must stay silent. Run it with -v for the
// numbers of each rule.
func TestCases(t *testing.T) {
	names := make(map[string]bool) // of the functions and fields that rules ask about
	for _, lib := range wsapi.Libraries() {
		for _, f := range lib.Funcs {
			names[string(f.Sym[strings.LastIndexByte(string(f.Sym), '.')+1:])] = true
		}
		for _, u := range lib.Upgraders {
			names[string(u.Type)] = true
			for _, f := range append(u.Off, u.Check, u.Lists) {
				names[string(f)] = true
			}
		}
	}
	wants, silent := 0, 0
	module := ruletest.Module(t, ".", "1.26")
	for _, a := range analyzer.Suite {
		w, s := countCases(t, filepath.Join(module, a.Name), names)
		t.Logf("%-14s %4d findings, %4d silent lines", a.Name, w, s)
		wants, silent = wants+w, silent+s
	}
	t.Logf("%-14s %4d findings, %4d silent lines", "all", wants, silent)
	if wants < 250 || silent < 250 {
		t.Errorf("%d findings and %d silent lines; there are to be 250 of each", wants, silent)
	}
}

func countCases(t *testing.T, dir string, names map[string]bool) (wants, silent int) {
	var files []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if filepath.Ext(name) == ".go" {
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		expected := make(map[int]bool)
		for _, group := range file.Comments {
			for _, c := range group.List {
				// A fact, NAME:"…", is no finding.
				text, ok := strings.CutPrefix(strings.TrimSpace(c.Text[2:]), "want ")
				if ok && strings.ContainsAny(text[:1], "`\"") || ok && strings.Contains(text, " `") {
					expected[fset.Position(c.Pos()).Line] = true
				}
			}
		}
		uses := make(map[int]bool)
		ast.Inspect(file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && names[sel.Sel.Name] {
				uses[fset.Position(sel.Sel.Pos()).Line] = true
			}
			if kv, ok := n.(*ast.KeyValueExpr); ok {
				if key, ok := kv.Key.(*ast.Ident); ok && names[key.Name] {
					uses[fset.Position(key.Pos()).Line] = true
				}
			}
			return true
		})
		wants += len(expected)
		for line := range uses {
			if !expected[line] {
				silent++
			}
		}
	}
	return wants, silent
}
