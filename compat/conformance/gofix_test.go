package conformance

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite testdata/gofix.txtar")

// inlined are the functions that carry //go:fix inline: deprecated ones, whose
// bodies are the calls that their comments advise.
//
// Conn.UnderlyingConn is not among them: in a file that does not import net,
// go1.26.8 leaves an import of it that nothing uses.
var inlined = []string{"ReadJSON", "WriteJSON"}

const directive = "//go:fix inline"

// Only what is deprecated may dissolve, and only into one call of compat's own
// API on the same connection. Whoever runs go fix for other reasons shall not
// find the library changed.
func TestInlineDirectives(t *testing.T) {
	var found []string
	for _, name := range mustGlob(t, "../websocket/*.go") {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		claimed := 0
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || !slices.Contains(comments(f.Doc), directive) {
				continue
			}
			claimed++
			found = append(found, funcName(f))
			if !strings.Contains(f.Doc.Text(), "Deprecated: Use [Conn.") {
				t.Errorf("%s: %s is inlined, and not deprecated in favour of a method of Conn", name, f.Name.Name)
			}
			if !isOneCall(f) {
				t.Errorf("%s: %s is inlined, and more than one call of an exported method of its connection", name, f.Name.Name)
			}
		}
		all := 0
		for _, g := range file.Comments {
			for _, c := range comments(g) {
				if c == directive {
					all++
				}
			}
		}
		if all != claimed {
			t.Errorf("%s has %d directives, %d at functions", name, all, claimed)
		}
	}
	slices.Sort(found)
	if !slices.Equal(found, inlined) {
		t.Errorf("inlined are %q, want %q", found, inlined)
	}
}

func comments(g *ast.CommentGroup) []string {
	var out []string
	if g != nil {
		for _, c := range g.List {
			out = append(out, c.Text)
		}
	}
	return out
}

func funcName(f *ast.FuncDecl) string {
	if f.Recv != nil {
		return "Conn." + f.Name.Name
	}
	return f.Name.Name
}

// isOneCall reports whether the body returns the call of an exported method of
// the first parameter, or of the receiver, with the other parameters in order.
func isOneCall(f *ast.FuncDecl) bool {
	if len(f.Body.List) != 1 {
		return false
	}
	ret, ok := f.Body.List[0].(*ast.ReturnStmt)
	if !ok || len(ret.Results) != 1 {
		return false
	}
	call, ok := ret.Results[0].(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !sel.Sel.IsExported() || sel.Sel.Name == "Unwrap" {
		return false
	}
	used := []string{nameOf(sel.X)}
	for _, a := range call.Args {
		used = append(used, nameOf(a))
	}
	var params []string
	for _, list := range []*ast.FieldList{f.Recv, f.Type.Params} {
		if list == nil {
			continue
		}
		for _, p := range list.List {
			for _, n := range p.Names {
				params = append(params, n.Name)
			}
		}
	}
	return slices.Equal(used, params)
}

func nameOf(e ast.Expr) string {
	if id, ok := e.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// The real go fix does to a program on compat what testdata/gofix.txtar shows,
// and the program prints the same before and after.
func TestGoFix(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program twice")
	}
	const archiveName = "testdata/gofix.txtar"
	archive, err := txtar.ParseFile(archiveName)
	if err != nil {
		t.Fatal(err)
	}
	file := func(name string) *txtar.File {
		i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == name })
		if i < 0 {
			t.Fatalf("no %s in the archive", name)
		}
		return &archive.Files[i]
	}
	dir := t.TempDir()
	compat, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile("../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "go.mod"), strings.Replace(string(file("go.mod").Data), "COMPAT", filepath.ToSlash(compat), 1))
	writeFile(t, filepath.Join(dir, "go.sum"), string(sums))
	sources := []string{"main.go", "only.go", "odd.go"}
	var all strings.Builder
	for _, name := range sources {
		all.Write(file(name).Data)
		writeFile(t, filepath.Join(dir, name), string(file(name).Data))
	}
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	before := run("run", ".")
	run("fix", "-inline", "./...")
	for _, name := range sources {
		fixed, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		want := file("fixed/" + name)
		if *update {
			want.Data = fixed
		}
		if string(fixed) != string(want.Data) {
			t.Errorf("go fix makes of %s\n%s\nwant\n%s", name, fixed, want.Data)
		}
	}
	after := run("run", ".")
	if *update {
		file("output").Data = []byte(before)
		if err := os.WriteFile(archiveName, txtar.Format(archive), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if want := string(file("output").Data); before != want || after != want {
		t.Errorf("before\n%s\nafter\n%s\nwant\n%s", before, after, want)
	}
	for _, f := range inlined {
		use := regexp.MustCompile(`\b` + regexp.QuoteMeta(f[strings.IndexByte(f, '.')+1:]) + `\(`)
		if !use.MatchString(all.String()) {
			t.Errorf("the program does not use %s", f)
		}
	}
}
