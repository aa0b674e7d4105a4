package flow

import "go/types"

// A value that goes into an interface without methods comes out again where a
// type assertion or switch names its type. Which value comes out where is not
// followed: all that are put in with one dynamic type and all that are taken
// out with it belong together. A type that is never taken out ties nothing:
// printing two connections does not make them one.

// dynamic returns the key of the values of type t inside interfaces.
func dynamic(t types.Type) key {
	return key{file: typeName(t), kind: 'd'}
}

// typeName writes identical types the same way, whatever aliases they are
// spelled with and however often their package was type-checked.
func typeName(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Pointer:
		return "*" + typeName(t.Elem())
	case *types.Slice:
		return "[]" + typeName(t.Elem())
	case *types.Chan:
		return "chan " + typeName(t.Elem())
	case *types.Map:
		return "map[" + typeName(t.Key()) + "]" + typeName(t.Elem())
	default:
		return types.TypeString(t, nil)
	}
}

// boxed records that a value of type t with key k goes into an interface.
func (a *analysis) boxed(k key, t types.Type) {
	d := dynamic(t)
	a.boxes[d] = append(a.boxes[d], k)
}

// asserted records that values of type t are taken out of interfaces, and
// returns their key.
func (a *analysis) asserted(t types.Type) key {
	if !a.mentions(t) {
		return key{}
	}
	d := dynamic(t)
	a.taken[d] = true
	return d
}

// unbox unites what goes into interfaces with what is taken out.
func (a *analysis) unbox() {
	for d := range a.taken {
		for _, k := range a.boxes[d] {
			a.uf.union(d, k)
		}
	}
}
