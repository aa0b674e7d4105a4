package conformance

import (
	"fmt"
	"go/token"
	"go/types"
	"sort"
	"testing"

	"golang.org/x/tools/go/packages"
)

const (
	gorillaPath = "github.com/gorilla/websocket"
	compatPath  = "github.com/wsmigrate/wsmigrate/compat/websocket"
	coderPath   = "github.com/wsmigrate/wsmigrate/compat/coder"
)

// additions is everything that compat exports beyond gorilla's API.
var additions = []string{"(*Conn).Unwrap", "Engine", "Wrap"}

// TestAPI holds compat's exported API against that of the real
// gorilla/websocket, in both directions.
func TestAPI(t *testing.T) {
	loaded := loadTypes(t, gorillaPath, compatPath, coderPath)
	want, got := inventory(loaded[gorillaPath]), inventory(loaded[compatPath])
	if len(want) != 102 {
		t.Errorf("gorilla has %d items, 102 are known", len(want))
	}
	same := 0
	for _, item := range sortedKeys(want) {
		switch {
		case got[item] == want[item]:
			same++
		case got[item] == "":
			t.Errorf("%s is missing: %s", item, want[item])
		default:
			t.Errorf("%s differs\n   got %s\n  want %s", item, got[item], want[item])
		}
	}
	t.Logf("%d of %d", same, len(want))

	var extra []string
	for _, item := range sortedKeys(got) {
		if want[item] == "" {
			extra = append(extra, item)
		}
	}
	if fmt.Sprint(extra) != fmt.Sprint(additions) {
		t.Errorf("additions are %q, want exactly %q", extra, additions)
	}
	if names := sortedKeys(inventory(loaded[coderPath])); fmt.Sprint(names) != "[Unwrap Wrap]" {
		t.Errorf("compat/coder exports %q, want exactly Unwrap and Wrap", names)
	}
}

// loadTypes loads the types of packages, as the compiler exports them.
func loadTypes(t *testing.T, paths ...string) map[string]*types.Package {
	t.Helper()
	cfg := &packages.Config{Mode: packages.NeedName | packages.NeedTypes}
	list, err := packages.Load(cfg, paths...)
	if err != nil {
		t.Fatal(err)
	}
	loaded := make(map[string]*types.Package)
	for _, p := range list {
		for _, err := range p.Errors {
			t.Fatalf("load %s: %v", p.PkgPath, err)
		}
		loaded[p.PkgPath] = p.Types
	}
	return loaded
}

// inventory describes what users of a package can see of it, one item an
// identifier, so that equal descriptions mean that any code compiles with
// either package. Names of parameters are left out: no code depends on them.
func inventory(pkg *types.Package) map[string]string {
	items := make(map[string]string)
	scope := pkg.Scope()
	for _, name := range scope.Names() {
		if !token.IsExported(name) {
			continue
		}
		switch obj := scope.Lookup(name).(type) {
		case *types.Const:
			items[name] = fmt.Sprintf("const %s = %s", describe(pkg, obj.Type()), obj.Val().ExactString())
		case *types.Var:
			items[name] = "var " + describe(pkg, obj.Type())
		case *types.Func:
			items[name] = describe(pkg, obj.Type())
		case *types.TypeName:
			describeType(pkg, obj, items)
		}
	}
	return items
}

// describeType adds a type, its exported fields and its methods.
func describeType(pkg *types.Package, obj *types.TypeName, items map[string]string) {
	name := obj.Name()
	switch u := obj.Type().Underlying().(type) {
	case *types.Struct:
		items[name] = fmt.Sprintf("struct, alias %v", obj.IsAlias())
		exported := 0
		for i := 0; i < u.NumFields(); i++ {
			f := u.Field(i)
			if !f.Exported() {
				continue
			}
			items[name+"."+f.Name()] = fmt.Sprintf("field %d %s, tag %q, embedded %v", exported, describe(pkg, f.Type()), u.Tag(i), f.Embedded())
			exported++
		}
		// Literals without keys need all fields to be exported.
		items[name+" comparable"] = fmt.Sprintf("%v, unkeyed literals %v", types.Comparable(obj.Type()), exported == u.NumFields() && exported > 0)
	case *types.Interface:
		items[name] = fmt.Sprintf("interface, alias %v, methods %d", obj.IsAlias(), u.NumMethods())
		for i := 0; i < u.NumMethods(); i++ {
			items[name+"."+u.Method(i).Name()] = describe(pkg, u.Method(i).Type())
		}
		return
	default:
		items[name] = describe(pkg, u)
	}
	values := types.NewMethodSet(obj.Type())
	for i := 0; i < values.Len(); i++ {
		if m := values.At(i).Obj(); m.Exported() {
			items[name+" value has "+m.Name()] = describe(pkg, m.Type())
		}
	}
	pointers := types.NewMethodSet(types.NewPointer(obj.Type()))
	for i := 0; i < pointers.Len(); i++ {
		if m := pointers.At(i).Obj(); m.Exported() {
			items["(*"+name+")."+m.Name()] = describe(pkg, m.Type())
		}
	}
}

// describe writes a type with the package itself left out of names.
func describe(pkg *types.Package, t types.Type) string {
	return types.TypeString(withoutNames(t), func(p *types.Package) string {
		if p == pkg {
			return ""
		}
		return p.Path()
	})
}

// withoutNames returns the type without names of parameters and results.
func withoutNames(t types.Type) types.Type {
	switch t := t.(type) {
	case *types.Signature:
		return types.NewSignatureType(nil, nil, nil, tupleWithoutNames(t.Params()), tupleWithoutNames(t.Results()), t.Variadic())
	case *types.Pointer:
		return types.NewPointer(withoutNames(t.Elem()))
	case *types.Slice:
		return types.NewSlice(withoutNames(t.Elem()))
	case *types.Map:
		return types.NewMap(withoutNames(t.Key()), withoutNames(t.Elem()))
	case *types.Chan:
		return types.NewChan(t.Dir(), withoutNames(t.Elem()))
	}
	return t
}

func tupleWithoutNames(tuple *types.Tuple) *types.Tuple {
	var vars []*types.Var
	for i := 0; i < tuple.Len(); i++ {
		vars = append(vars, types.NewParam(token.NoPos, nil, "", withoutNames(tuple.At(i).Type())))
	}
	return types.NewTuple(vars...)
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
