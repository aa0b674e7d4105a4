package wsapi_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// harness surrounds a snippet with the variables that Mapping promises. The
// inner block lets a snippet declare a variable of the same name.
const harness = `package p

import (
%s)

func _(
	c *websocket.Conn, ctx context.Context, w http.ResponseWriter, r *http.Request, err error,
	p []byte, mt int, v any, h http.Header, url, s string, n int64, d time.Duration, nc net.Conn, resp *http.Response,
) error {
	{
%s
	}
	panic("end")
}
`

func TestSnippets(t *testing.T) {
	for _, m := range wsapi.Mappings() {
		t.Run(string(m.From), func(t *testing.T) {
			uses := check(t, m.Before, wsapi.GorillaPath)
			if from := find(realPackage(t, wsapi.GorillaPath), m.From); !slices.Contains(uses, from) {
				t.Errorf("Before does not use %s", m.From)
			}
			for _, target := range targets {
				after := m.AfterFor(target)
				if after == "" {
					continue
				}
				uses := check(t, after, target.Path, target.Path+"/wsjson")
				var counterparts []types.Object
				for _, sym := range m.To(target) {
					counterparts = append(counterparts, findIn(t, target, sym))
				}
				for _, name := range m.Std {
					counterparts = append(counterparts, findStd(t, name))
				}
				if len(counterparts) > 0 && isCode(after) && !slices.ContainsFunc(counterparts, func(o types.Object) bool { return slices.Contains(uses, o) }) {
					t.Errorf("After for %s uses none of %v and %v", target.Name, m.To(target), m.Std)
				}
			}
		})
	}
}

// isCode reports whether the snippet is more than a comment, which is what is
// left of a statement that goes.
func isCode(snippet string) bool { return !strings.HasPrefix(snippet, "//") }

// check type-checks a snippet and returns the objects that it uses. A variable
// or an import that is not used is no error.
func check(t *testing.T, snippet string, imports ...string) []types.Object {
	t.Helper()
	pkgs, err := realPackages()
	if err != nil {
		t.Fatal(err)
	}
	var specs strings.Builder
	for _, path := range append(imports, stdImports...) {
		fmt.Fprintf(&specs, "\t%q\n", path)
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "snippet.go", fmt.Sprintf(harness, specs.String(), snippet), 0)
	if err != nil {
		t.Fatalf("%v in\n%s", err, snippet)
	}
	info := &types.Info{Uses: make(map[*ast.Ident]types.Object)}
	conf := types.Config{
		Importer: importer(pkgs),
		Error: func(err error) {
			if e, ok := err.(types.Error); !ok || !e.Soft {
				t.Errorf("%v in\n%s", err, snippet)
			}
		},
	}
	conf.Check("p", fset, []*ast.File{file}, info) // errors went to conf.Error
	body := file.Decls[len(file.Decls)-1].(*ast.FuncDecl).Body.List[0]
	var objs []types.Object
	for id, obj := range info.Uses {
		if body.Pos() <= id.Pos() && id.Pos() < body.End() {
			objs = append(objs, obj)
		}
	}
	return objs
}

type importer map[string]*types.Package

func (im importer) Import(path string) (*types.Package, error) {
	if p := im[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("snippets do not import %s", path)
}
