package ruletest

import (
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/tools/go/packages"
)

// libraries are the stubs that have a real module in go.mod. The stub of
// errgroup has none and is too small to drift.
var libraries = []string{
	"github.com/gorilla/websocket",
	"nhooyr.io/websocket",
	"nhooyr.io/websocket/wsjson",
	"github.com/coder/websocket",
	"github.com/gobwas/ws",
	"github.com/gobwas/ws/wsutil",
	"golang.org/x/net/websocket",
	"github.com/fasthttp/websocket",
	"github.com/valyala/fasthttp",
	"github.com/gofiber/contrib/websocket",
	"github.com/gofiber/fiber/v2",
}

// TestStubs holds every exported declaration of the stubs against the real
// package: same kind, same type, same value.
func TestStubs(t *testing.T) {
	dir, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	stub := load(t, dir, "GOPATH="+dir, "GO111MODULE=off", "GOWORK=off")
	real := load(t, "", "GOWORK=off")
	for _, path := range libraries {
		t.Run(path, func(t *testing.T) {
			s, r := stub[path], real[path]
			for _, name := range s.Scope().Names() {
				if !ast.IsExported(name) {
					continue
				}
				got, want := s.Scope().Lookup(name), r.Scope().Lookup(name)
				if want == nil {
					t.Errorf("%s: the real package has no such name", name)
					continue
				}
				compare(t, name, got, want)
			}
		})
	}
}

func load(t *testing.T, dir string, env ...string) map[string]*types.Package {
	t.Helper()
	pkgs, err := packages.Load(&packages.Config{
		Mode: packages.LoadTypes,
		Dir:  dir, Env: append(os.Environ(), env...),
	}, libraries...)
	if err != nil {
		t.Fatal(err)
	}
	m := make(map[string]*types.Package)
	for _, p := range pkgs {
		for _, err := range p.Errors {
			t.Fatal(err)
		}
		m[p.PkgPath] = p.Types
	}
	return m
}

func compare(t *testing.T, name string, got, want types.Object) {
	t.Helper()
	tn, ok := got.(*types.TypeName)
	if !ok {
		if g, w := typeString(got.Type()), typeString(want.Type()); g != w {
			t.Errorf("%s: type %s, really %s", name, g, w)
		}
		if g, ok := got.(*types.Const); ok {
			if w, ok := want.(*types.Const); !ok || g.Val().String() != w.Val().String() {
				t.Errorf("%s: not the same constant", name)
			}
		}
		return
	}
	w, ok := want.(*types.TypeName)
	if !ok {
		t.Errorf("%s: really not a type", name)
		return
	}
	named, ok := tn.Type().(*types.Named)
	if !ok {
		return
	}
	for m := range named.Methods() {
		real, _, _ := types.LookupFieldOrMethod(w.Type(), true, want.Pkg(), m.Name())
		fn, ok := real.(*types.Func)
		if !ok {
			t.Errorf("%s.%s: really no method", name, m.Name())
			continue
		}
		if g, w := typeString(m.Type()), typeString(fn.Type()); g != w {
			t.Errorf("%s.%s: type %s, really %s", name, m.Name(), g, w)
		}
		_, gp := m.Signature().Recv().Type().(*types.Pointer)
		if _, wp := fn.Signature().Recv().Type().(*types.Pointer); gp != wp {
			t.Errorf("%s.%s: pointer receiver %t, really %t", name, m.Name(), gp, wp)
		}
	}
	st, ok := named.Underlying().(*types.Struct)
	if !ok {
		if g, w := typeString(named.Underlying()), typeString(w.Type().Underlying()); g != w {
			t.Errorf("%s: underlying %s, really %s", name, g, w)
		}
		return
	}
	for f := range st.Fields() {
		if !f.Exported() {
			continue
		}
		real, _, _ := types.LookupFieldOrMethod(w.Type(), true, want.Pkg(), f.Name())
		if real == nil {
			t.Errorf("%s.%s: really no field", name, f.Name())
			continue
		}
		if g, w := typeString(f.Type()), typeString(real.Type()); g != w {
			t.Errorf("%s.%s: type %s, really %s", name, f.Name(), g, w)
		}
	}
}

// typeString writes a type with full package paths and without the names of
// parameters, which carry no meaning.
func typeString(t types.Type) string {
	return types.TypeString(unnamed(t), nil)
}

func unnamed(t types.Type) types.Type {
	sig, ok := t.(*types.Signature)
	if !ok {
		return t
	}
	strip := func(tup *types.Tuple) *types.Tuple {
		var vars []*types.Var
		for v := range tup.Variables() {
			vars = append(vars, types.NewParam(token.NoPos, nil, "", unnamed(v.Type())))
		}
		return types.NewTuple(vars...)
	}
	return types.NewSignatureType(nil, nil, nil, strip(sig.Params()), strip(sig.Results()), sig.Variadic())
}
