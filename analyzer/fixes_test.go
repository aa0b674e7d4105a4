package analyzer_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/analyzer"
)

// lineEnds are those that the cases are tried with, by the folder's name.
var lineEnds = map[string]string{"unix": "\n", "windows": "\r\n"}

// TestFixesCompile applies the fixes for the cases with golden files, with the
// line ends of Unix and of Windows, and type-checks the results against the
// real modules. No comment gets lost but for those of what a fix takes out.
func TestFixesCompile(t *testing.T) {
	dir := t.TempDir()
	copyModule(t, dir)
	before := make(map[string]string) // files as they were
	for _, a := range analyzer.Suite {
		cases, err := filepath.Glob(filepath.Join(a.Name, "testdata", "src", "fixes", "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range cases {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for folder, end := range lineEnds {
				to := filepath.Join(dir, a.Name, folder, filepath.Base(name))
				before[to] = strings.ReplaceAll(string(text), "\n", end)
				write(t, to, before[to])
			}
		}
	}
	pkgs := compiled(t, dir)
	if len(pkgs) < 6 {
		t.Errorf("%d packages have fixes", len(pkgs))
	}
	for _, p := range pkgs {
		rule := filepath.Base(filepath.Dir(p.Dir))
		for _, a := range analyzer.Suite {
			if a.Name == rule && applyFixes(t, a, p) == 0 {
				t.Errorf("%s has no fix", p.Dir)
			}
		}
	}
	compiled(t, dir)
	for name, old := range before {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(text, []byte("//")); n != strings.Count(old, "//") && !strings.Contains(name, "wsorigin") {
			t.Errorf("%d comments of %d are left in %s:\n%s", n, strings.Count(old, "//"), name, text)
		}
		if blank := []byte("\n\t\r\n"); bytes.Contains(text, blank) {
			t.Errorf("a line of blanks is left in %s:\n%q", name, text)
		}
		if end := lineEnds[filepath.Base(filepath.Dir(name))]; bytes.Count(text, []byte("\n")) != bytes.Count(text, []byte(end)) {
			t.Errorf("other line ends in %s:\n%q", name, text)
		}
	}
}

// copyModule makes a module in dir that requires what this one does.
func copyModule(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), strings.Replace(string(text), "module github.com/wsmigrate/wsmigrate", "module example.com/fixes", 1))
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// compiled loads the packages below dir and reports their errors.
func compiled(t *testing.T, dir string) []*packages.Package {
	t.Helper()
	pkgs, err := packages.Load(&packages.Config{
		Mode: packages.LoadSyntax, Dir: dir, Env: append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod"),
	}, "./...")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pkgs {
		for _, err := range p.Errors {
			text, _ := os.ReadFile(strings.Split(err.Pos, ":")[0])
			t.Errorf("%v\n%s", err, text)
		}
	}
	return pkgs
}

// applyFixes writes what the first fix of each finding makes of the package's
// files, and returns how many there are.
func applyFixes(t *testing.T, a *analysis.Analyzer, p *packages.Package) (fixes int) {
	t.Helper()
	graph, err := checker.Analyze([]*analysis.Analyzer{a}, []*packages.Package{p}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var edits []analysis.TextEdit
	for _, f := range analyzer.Findings(graph.Roots[0].Result) {
		if len(f.Fixes) > 0 {
			fixes++
			edits = append(edits, f.Fixes[0].TextEdits...)
		}
	}
	slices.SortStableFunc(edits, func(a, b analysis.TextEdit) int { return int(a.Pos - b.Pos) })
	edits = slices.CompactFunc(edits, func(a, b analysis.TextEdit) bool { // two import one package
		return a.Pos == b.Pos && a.End == b.End && bytes.Equal(a.NewText, b.NewText)
	})
	for _, file := range p.Syntax {
		tok := p.Fset.File(file.Package)
		text, err := os.ReadFile(tok.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range slices.Backward(edits) {
			if e.Pos < file.FileStart || e.Pos >= file.FileEnd {
				continue
			}
			from, to := tok.Offset(e.Pos), tok.Offset(e.Pos)
			if e.End.IsValid() {
				to = tok.Offset(e.End)
			}
			text = []byte(fmt.Sprintf("%s%s%s", text[:from], e.NewText, text[to:]))
		}
		write(t, tok.Name(), string(text))
	}
	return fixes
}
