package source

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/golist"
)

// lay writes an archive into a new folder.
func lay(t *testing.T, src string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, must(txtar.FS(txtar.Parse([]byte(src))))); err != nil {
		t.Fatal(err)
	}
	return dir
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// list lists packages with their dependencies.
func list(t testing.TB, dir string, patterns ...string) []*golist.Package {
	t.Helper()
	env := append(os.Environ(), "GOWORK=off", "GOFLAGS=", "CGO_ENABLED=0")
	pkgs, err := golist.Query{Dir: dir, Env: env, Deps: true}.List(context.Background(), patterns...)
	if err != nil {
		t.Fatal(err)
	}
	return pkgs
}

func config(whole func(string) bool) Config {
	return Config{
		Fset: token.NewFileSet(), Sizes: types.SizesFor("gc", "amd64"), Read: os.ReadFile,
		Whole: whole, Reaches: func(string) bool { return false },
	}
}

func none(string) bool { return false }
func all(string) bool  { return true }

// TestDeclarations holds that nothing which importers can see gets lost: of
// every package that this one is made of, net/http and the type checker among
// them, they see the same whether unneeded declarations are dropped or not.
func TestDeclarations(t *testing.T) {
	dir := must(filepath.Abs("."))
	listed := list(t, dir, ".", "net/http", "golang.org/x/tools/go/packages")
	reduced := New(config(none), slices.Clone(listed), nil)
	complete := New(config(all), slices.Clone(listed), nil)
	if len(listed) < 150 {
		t.Fatalf("only %d packages", len(listed))
	}
	for _, p := range listed {
		if p.ImportPath == "unsafe" {
			continue
		}
		a, err := reduced.Dependency(p.ImportPath)
		if err != nil {
			t.Errorf("%s: %v", p.ImportPath, err)
			continue
		}
		b := must(complete.Dependency(p.ImportPath))
		if got, want := api(a), api(b); got != want {
			t.Errorf("%s: what can be seen differs:\n%s", p.ImportPath, difference(got, want))
		}
	}
	if dropped := len(complete.deps) - len(reduced.deps); dropped < 0 {
		t.Errorf("more packages are checked than there are: %d", -dropped)
	}
}

// difference returns the lines that only one of the texts has.
func difference(got, want string) string {
	var out []string
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for _, line := range a {
		if !slices.Contains(b, line) {
			out = append(out, "+ "+line)
		}
	}
	for _, line := range b {
		if !slices.Contains(a, line) {
			out = append(out, "- "+line)
		}
	}
	return strings.Join(out, "\n")
}

// TestPrune holds what is left of a file.
func TestPrune(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"bodies, and imports that they alone use", `
import ("fmt"; "io"; "strings")
func F(r io.Reader) { fmt.Println(strings.ToUpper("x")) }`,
			"import io; F"},
		{"what is not exported and not needed", `
import "io"
func f(r io.Reader) {}
type t struct{ r io.Reader }
var v io.Reader
const c = 1`, ""},
		{"what types need", `
import "io"
type T struct{ u; E v; F []w }
type u struct{ io.Reader }
type v int
type w struct{}
type x struct{}`, "import io; T; u; v; w"},
		{"methods of what stays, and no others", `
import "io"
type T struct{}
type u struct{}
func (T) m(io.Writer) {}
func (u) M() {}`, "import io; T; T.m"},
		{"constants stay together", `
const ( a = iota; B )
const ( c = iota; d )`, "a B"},
		{"values that types come from", `
import "errors"
var Err = errors.New(text)
var Typed error = errors.New(other)
const text = "x"
const other = "y"
func make() int { return 1 }
var N = make()`, "import errors; Err; Typed; text; make; N"},
		{"fields that cannot be seen", `
import ("io"; "net"; "sync"; "time")
type T struct{ c *net.Conn; m map[string]io.Reader; mu sync.Mutex; at time.Time }`,
			"import sync; import time; T"},
		{"an import for everything", `
import . "io"
func F(Reader) {}`, "import .io; F"},
		{"an import for its effects", `
import _ "io"
func F() {}`, "F"},
		{"generic types", `
import "io"
type T[P c] struct{ x P }
type c interface{ io.Reader }
func (t *T[P]) m() {}
func F[Q d]() {}
type d interface{ ~int }`, "import io; T; c; T.m; F; d"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := parser.ParseFile(token.NewFileSet(), "", strip([]byte("package p\n"+tt.src), false), parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			p := &pruner{files: []*ast.File{f}, name: filepath.Base, keep: none}
			if got := strings.Join(names(p.prune()), "; "); got != tt.want {
				t.Errorf("left: %s\nwant: %s", got, tt.want)
			}
		})
	}
}

// names names the declarations of files.
func names(files []*ast.File) []string {
	var out []string
	for _, f := range files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				name := d.Name.Name
				if d.Recv != nil {
					name = receiver(d) + "." + name
				}
				out = append(out, name)
			case *ast.GenDecl:
				var group []string
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.ImportSpec:
						path := strings.Trim(s.Path.Value, `"`)
						if s.Name != nil {
							path = s.Name.Name + path
						}
						group = append(group, "import "+path)
					case *ast.TypeSpec:
						group = append(group, s.Name.Name)
					case *ast.ValueSpec:
						for _, id := range s.Names {
							group = append(group, id.Name)
						}
					}
				}
				out = append(out, strings.Join(group, " "))
			}
		}
	}
	return out
}

func TestStrip(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"a body", "func f() { a() }\nvar x int\n", "func f() \nvar x int\n"},
		{"results in braces", "func f() interface{ M() } { a() }\nfunc g() struct{} { b() }", "func f() interface{ M() } \nfunc g() struct{} "},
		{"braces in literals and comments", "func f() { a(\"}\", '}', `}`) /* } */ // }\n}\nvar x int", "func f() \nvar x int"},
		{"a quote in a rune", "func f() { a('\\'') }\nvar x = '\"'\nfunc g() { }", "func f() \nvar x = '\"'\nfunc g() "},
		{"a method", "func (t *T[P]) m(f func() struct{}) (err error) { return }", "func (t *T[P]) m(f func() struct{}) (err error) "},
		{"no body", "func f()\nfunc g() { a() }\n", "func f()\nfunc g() \n"},
		{"a function type and a literal", "type F func() struct{}\nvar x = func() { a() }\nfunc g() { a() }", "type F func() struct{}\nvar x = func() { a() }\nfunc g() "},
		{"parameters over lines", "func f(\n\ta int,\n) {\n\ta()\n}\n", "func f(\n\ta int,\n) \n"},
		{"not closed", "func f() { a(", "func f() { a("},
		{"CRLF", "func f() {\r\n\ta()\r\n}\r\nvar x int\r\n", "func f() \r\nvar x int\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(strip([]byte(tt.src), false)); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
			placed := string(strip([]byte(tt.src), true))
			if len(placed) != len(tt.src) || strings.Count(placed, "\n") != strings.Count(tt.src, "\n") {
				t.Errorf("what stays has moved: %q", placed)
			}
			if strings.Join(strings.Fields(placed), " ") != strings.Join(strings.Fields(tt.want), " ") {
				t.Errorf("with places got %q, want %q with gaps", placed, tt.want)
			}
		})
	}
}

// FuzzStrip holds that a file which parses has the same declarations without
// its bodies.
func FuzzStrip(f *testing.F) {
	f.Add("func f() interface{ M() } { a(\"}\") }\ntype T struct{}\n")
	f.Add("func f()\nvar x = func() {}\n/* { */ func (t T) g() { for { } }; const c = '\\''")
	f.Fuzz(func(t *testing.T, src string) {
		src = "package p\n" + src
		whole, err := parser.ParseFile(token.NewFileSet(), "", src, parser.SkipObjectResolution)
		if err != nil {
			return
		}
		for _, places := range []bool{false, true} {
			left := strip([]byte(src), places)
			bare, err := parser.ParseFile(token.NewFileSet(), "", left, parser.SkipObjectResolution)
			if err != nil {
				t.Fatalf("%v in %q", err, left)
			}
			if a, b := names([]*ast.File{whole}), names([]*ast.File{bare}); !slices.Equal(a, b) {
				t.Errorf("declarations %q became %q", a, b)
			}
			for i, d := range bare.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
					t.Errorf("%s has kept its body in %q", fn.Name.Name, left)
				}
				if places && d.Pos()-bare.FileStart != whole.Decls[i].Pos()-whole.FileStart {
					t.Errorf("declaration %d has moved in %q", i, left)
				}
			}
		}
	})
}

const tree = `
-- go.mod --
module app
go 1.24
-- low/low.go --
package low
type T struct{ F int; hidden int }
func New() *T { return nil }
-- low/low_test.go --
package low
func (t *T) ForTests() int { return t.hidden }
-- low/x_test.go --
package low_test
import ( "app/low"; "app/mid" )
var _ = mid.Of().ForTests() + low.New().ForTests()
-- mid/mid.go --
package mid
import "app/low"
func Of() *low.T { return low.New() }
-- top/top.go --
package top
import "app/mid"
var N int = mid.Of().F
-- bad/bad.go --
package bad
import "app/gone"
var _ = gone.X
var s string = 1
`

// TestTests holds that external tests see a package with its internal tests,
// and so does what they import.
func TestTests(t *testing.T) {
	listed := list(t, lay(t, tree), "./...")
	u := New(config(none), listed, map[string]bool{"app/low": true, "app/top": true})
	var ids []string
	for _, p := range u.Tests("app/low") {
		ids = append(ids, p.ID)
		for _, e := range p.Errors {
			t.Errorf("%s: %v", p.ID, e)
		}
	}
	if got, want := strings.Join(ids, ", "), "app/low [app/low.test], app/low_test [app/low.test]"; got != want {
		t.Errorf("packages %s, want %s", got, want)
	}
	if p := u.Check("app/low"); p.Types.Scope().Lookup("T") == nil || len(p.Syntax) != 1 {
		t.Errorf("the package itself has %d files", len(p.Syntax))
	}
}

// TestLink holds that packages get their imports, one that is called as if it
// were a test too.
func TestLink(t *testing.T) {
	const tree = `
-- go.mod --
module app
go 1.24
-- low/low.go --
package low
-- load_test/load.go --
package load_test
import _ "app/low"
-- low/x_test.go --
package low_test
import _ "app/low"
`
	listed := list(t, lay(t, tree), "./...")
	u := New(config(none), listed, map[string]bool{"app/low": true, "app/load_test": true})
	pkgs := append(u.Tests("app/low"), u.Check("app/load_test"), u.Check("app/low"))
	for _, p := range u.Link(pkgs) {
		if strings.HasSuffix(p.PkgPath, "_test") && p.Imports["app/low"] == nil {
			t.Errorf("%s imports %v", p.ID, p.Imports)
		}
	}
}

func TestErrors(t *testing.T) {
	u := New(config(none), list(t, lay(t, tree), "./..."), map[string]bool{"app/bad": true})
	p := u.Check("app/bad")
	var text []string
	for _, e := range p.Errors {
		text = append(text, e.Msg)
	}
	if got := strings.Join(text, "\n"); len(p.Errors) != 2 || !strings.Contains(got, "could not import app/gone (") || !strings.Contains(got, "cannot use 1") {
		t.Errorf("errors %s", got)
	}
}

// TestChange holds what is checked anew after a change, and that what is not
// can stand beside it.
func TestChange(t *testing.T) {
	for _, tt := range []struct {
		name, low string
		same      bool   // whether top sees the same of low
		err       string // in top
	}{
		{"within", "package low\ntype T struct{ F int; other string }\nfunc New() *T { return new(T) }\n", true, ""},
		{"something else is exported", "package low\ntype T struct{ F int; G int }\nfunc New() *T { return nil }\n", false, ""},
		{"top does not compile any more", "package low\ntype T struct{ F string }\nfunc New() *T { return nil }\n", false, "cannot use"},
		{"no longer comparable", "package low\ntype T struct{ F int; hidden []int }\nfunc New() *T { return nil }\n", false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := lay(t, tree)
			u := New(config(none), list(t, dir, "./..."), map[string]bool{"app/low": true, "app/top": true})
			if p := u.Check("app/top"); len(p.Errors) > 0 {
				t.Fatal(p.Errors)
			}
			n := u.Change(map[string][]byte{filepath.Join(dir, "low", "low.go"): []byte(tt.low)}, nil)
			if n.Same("app/low") {
				t.Error("the package that changed is the same")
			}
			if got := n.Same("app/top"); got != tt.same {
				t.Errorf("what top imports is the same: %t, want %t", got, tt.same)
			}
			p := n.Check("app/top")
			text := ""
			for _, e := range p.Errors {
				text += e.Msg
			}
			if (tt.err == "") != (text == "") || !strings.Contains(text, tt.err) {
				t.Errorf("errors %q, want %q", text, tt.err)
			}
		})
	}
}

// TestCycle holds that packages which import each other are refused, not
// waited for.
func TestCycle(t *testing.T) {
	listed := []*golist.Package{
		{ImportPath: "a", Name: "a", Imports: []string{"b"}},
		{ImportPath: "b", Name: "b", Imports: []string{"a"}},
	}
	u := New(config(none), listed, map[string]bool{"a": true})
	_, errA := u.Import("a")
	_, errB := u.Import("b")
	if errA == nil && errB == nil {
		t.Error("neither is refused")
	}
}
