package main

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

const root = "../../.."

func TestGenerated(t *testing.T) {
	files, err := stale(root, generated())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		t.Errorf("%s is stale: run go run ./cmd/internal/docgen in the root of the repository", f.path)
	}
}

func TestRunWritesWhatIsStale(t *testing.T) {
	dir := t.TempDir()
	if err := run([]string{"-C", dir}, new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), "-C") {
		t.Errorf("outside the repository: %v, want an error that names -C", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.work"), []byte("go 1.26.0\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run([]string{"-C", dir}, &out); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(out.String(), "wrote "); got != len(generated()) {
		t.Errorf("wrote %d files of %d: %s", got, len(generated()), &out)
	}
	out.Reset()
	if err := run([]string{"-C", dir}, &out); err != nil || out.Len() > 0 {
		t.Errorf("second run: %v, %s", err, &out)
	}

	gone := filepath.Join(dir, "docs", "rules", "gone.md")
	if err := os.WriteFile(gone, []byte("of a rule that was removed\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"-C", dir}, &out); err != nil || out.String() != "removed docs/rules/gone.md\n" {
		t.Errorf("with a page of no rule: %v, %s", err, &out)
	}
	if _, err := os.Stat(gone); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a page of no rule is still there: %v", err)
	}
}

func TestStale(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"same": "a\nb\n", "crlf": "a\r\nb\r\n", "other": "a\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	content := func() ([]byte, error) { return []byte("a\nb\n"), nil }
	files, err := stale(dir, []file{{"same", content}, {"crlf", content}, {"other", content}, {"missing", content}})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 2 || files[0].path != "other" || files[1].path != "missing" {
		t.Errorf("stale: %v, want other and missing", files)
	}
	broken := errors.New("broken")
	if _, err := stale(dir, []file{{"same", func() ([]byte, error) { return nil, broken }}}); !errors.Is(err, broken) {
		t.Errorf("a failing generator gives %v", err)
	}
}

// TestMappingLinks asks that the table has a link for each identifier.
func TestMappingLinks(t *testing.T) {
	doc, err := mapping()
	if err != nil {
		t.Fatal(err)
	}
	links := regexp.MustCompile(`(?m)^\| \[[^]]+\]\(#([^)]+)\)`).FindAllSubmatch(doc, -1)
	if len(links) != len(wsapi.Mappings()) {
		t.Errorf("%d links for %d identifiers", len(links), len(wsapi.Mappings()))
	}
}

// TestLinks follows every relative link of the generated pages.
func TestLinks(t *testing.T) {
	pages := make(map[string]map[string]bool) // anchors by path
	texts := make(map[string][]byte)
	for _, f := range generated() {
		text, err := f.content()
		if err != nil {
			t.Fatal(err)
		}
		texts[f.path], pages[f.path] = text, anchors(text)
	}
	for name, text := range texts {
		text = regexp.MustCompile("(?s)\n```.*?\n```\n").ReplaceAll(text, nil)
		for _, m := range regexp.MustCompile(`\]\(([^)]*)\)`).FindAllSubmatch(text, -1) {
			link := string(m[1])
			if strings.Contains(link, "://") {
				continue
			}
			file, fragment, _ := strings.Cut(link, "#")
			to := name
			if file != "" {
				to = path.Join(path.Dir(name), file)
			}
			if pages[to] == nil || fragment != "" && !pages[to][fragment] {
				t.Errorf("%s links to %s, which is not there", name, link)
			}
		}
	}
}

// anchors returns what links into a page can name.
func anchors(text []byte) map[string]bool {
	all := make(map[string]bool)
	for _, h := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllSubmatch(text, -1) {
		slug := strings.ToLower(regexp.MustCompile(`[^\w -]`).ReplaceAllString(string(h[1]), ""))
		all[strings.ReplaceAll(slug, " ", "-")] = true
	}
	for _, id := range regexp.MustCompile(`<a id="([^"]+)">`).FindAllSubmatch(text, -1) {
		all[string(id[1])] = true
	}
	return all
}

// TestCategories asks that findings, whose URL ends in their category, lead to
// a place on the page of their rule.
func TestCategories(t *testing.T) {
	for _, a := range analyzer.Suite {
		page, err := hazardPage(a)
		if err != nil {
			t.Fatal(err)
		}
		have, want := anchors(page), categories(t, filepath.Join(root, "analyzer", a.Name))
		if len(want) == 0 {
			t.Errorf("%s: no category found in its source", a.Name)
		}
		for _, c := range want {
			if !have[c] {
				t.Errorf("%s: its doc.go does not list category %s", a.Name, c)
			}
		}
	}
}

// categories returns the values that the package in dir gives to a field
// Category.
func categories(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	consts := make(map[string]string)
	var used []ast.Expr
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				for i, v := range n.Values {
					if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.STRING {
						consts[n.Names[i].Name], _ = strconv.Unquote(lit.Value)
					}
				}
			case *ast.KeyValueExpr:
				if id, ok := n.Key.(*ast.Ident); ok && id.Name == "Category" {
					used = append(used, n.Value)
				}
			case *ast.AssignStmt:
				if sel, ok := n.Lhs[0].(*ast.SelectorExpr); ok && sel.Sel.Name == "Category" {
					used = append(used, n.Rhs[0])
				}
			}
			return true
		})
	}
	var all []string
	for _, e := range used {
		switch e := e.(type) {
		case *ast.BasicLit:
			c, _ := strconv.Unquote(e.Value)
			all = append(all, c)
		case *ast.Ident:
			if c := consts[e.Name]; c != "" {
				all = append(all, c)
			}
		}
	}
	return all
}

func TestFirstSentence(t *testing.T) {
	for text, want := range map[string]string{
		"One.\nTwo.":          "One.",
		"No\nstop":            "No stop",
		"A r.Context() b. C.": "A r.Context() b.",
	} {
		if got := firstSentence(text); got != want {
			t.Errorf("firstSentence(%q) = %q, want %q", text, got, want)
		}
	}
}
