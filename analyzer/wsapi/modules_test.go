package wsapi_test

import (
	"fmt"
	"go/types"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// stdImports are the standard packages that snippets may use.
var stdImports = []string{
	"bytes", "context", "crypto/tls", "encoding/json", "errors", "fmt", "io", "log",
	"net", "net/http", "net/url", "os", "strings", "sync", "time",
}

// realPackages loads what the tables speak of, once for all tests: the types
// of the real modules by import path, all from one type universe.
var realPackages = sync.OnceValues(func() (map[string]*types.Package, error) {
	patterns := append([]string(nil), stdImports...)
	for _, lib := range wsapi.Libraries() {
		if lib.Version == "" {
			continue // follows from another one
		}
		patterns = append(patterns, lib.Path)
		for _, f := range lib.Funcs {
			if f.Pkg != lib.Path {
				patterns = append(patterns, f.Pkg)
			}
		}
	}
	pkgs, err := packages.Load(&packages.Config{Mode: packages.LoadTypes | packages.NeedModule}, patterns...)
	if err != nil {
		return nil, err
	}
	byPath := make(map[string]*types.Package)
	versions := make(map[string]string)
	for _, p := range pkgs {
		if len(p.Errors) > 0 {
			return nil, fmt.Errorf("load %s: %v", p.PkgPath, p.Errors[0])
		}
		byPath[p.PkgPath] = p.Types
		if p.Module != nil {
			versions[p.Module.Path] = p.Module.Version
		}
	}
	for _, lib := range wsapi.Libraries() {
		if got := versions[lib.Module]; lib.Version != "" && got != lib.Version {
			return nil, fmt.Errorf("%s: the facts say %s, go.mod says %s", lib.Module, lib.Version, got)
		}
	}
	return byPath, nil
})

func realPackage(t *testing.T, path string) *types.Package {
	t.Helper()
	pkgs, err := realPackages()
	if err != nil {
		t.Fatal(err)
	}
	p := pkgs[path]
	if p == nil {
		t.Fatalf("package %s is not loaded", path)
	}
	return p
}

// find returns the object that sym names in pkg: a package-level one, or an
// own exported method or field of a package-level type; of an interface, also
// of an unexported one, a method.
func find(pkg *types.Package, sym wsapi.Symbol) types.Object {
	typ, member, isMember := strings.Cut(string(sym), ".")
	obj := pkg.Scope().Lookup(typ)
	if obj != nil && isMember && types.IsInterface(obj.Type()) {
		m, _, _ := types.LookupFieldOrMethod(obj.Type(), false, pkg, member)
		return m
	}
	if obj == nil || !obj.Exported() || !isMember {
		return obj
	}
	named, ok := obj.Type().(*types.Named)
	if !ok {
		return nil
	}
	for m := range named.Methods() {
		if m.Name() == member && m.Exported() {
			return m
		}
	}
	if st, ok := named.Underlying().(*types.Struct); ok {
		for f := range st.Fields() {
			if f.Name() == member && f.Exported() {
				return f
			}
		}
	}
	return nil
}

// exported lists what the mapping table has to cover of a package: its
// exported objects, and the exported methods and fields of its exported
// structs.
func exported(pkg *types.Package) map[wsapi.Symbol]wsapi.Kind {
	all := make(map[wsapi.Symbol]wsapi.Kind)
	for _, name := range pkg.Scope().Names() {
		obj := pkg.Scope().Lookup(name)
		if !obj.Exported() {
			continue
		}
		all[wsapi.Symbol(name)] = kindOf(obj)
		tn, ok := obj.(*types.TypeName)
		if !ok {
			continue
		}
		named := tn.Type().(*types.Named)
		for m := range named.Methods() {
			if m.Exported() {
				all[wsapi.Symbol(name+"."+m.Name())] = wsapi.Method
			}
		}
		if st, ok := named.Underlying().(*types.Struct); ok {
			for f := range st.Fields() {
				if f.Exported() {
					all[wsapi.Symbol(name+"."+f.Name())] = wsapi.Field
				}
			}
		}
	}
	return all
}

func kindOf(obj types.Object) wsapi.Kind {
	switch obj := obj.(type) {
	case *types.Const:
		return wsapi.Const
	case *types.TypeName:
		return wsapi.Type
	case *types.Var:
		if obj.IsField() {
			return wsapi.Field
		}
		return wsapi.Var
	case *types.Func:
		if obj.Signature().Recv() != nil {
			return wsapi.Method
		}
		return wsapi.Fn
	}
	return ""
}
