package load

import "go/types"

// A search looks for a library's types in another type.
type search struct {
	library func(path string) bool
	// through asks for what a value gives access to: what the type's exported
	// methods and fields hand out, and not only what it is built from.
	through bool
	seen    map[types.Type]bool
}

// search begins one.
func (t *Tree) search(through bool) *search {
	return &search{library: t.Config.Reaches, through: through, seen: make(map[types.Type]bool)}
}

// in reports whether x is or has a library's type. What was looked at before
// in this search has none.
func (s *search) in(x types.Type) bool {
	if x == nil || s.seen[x] {
		return false
	}
	s.seen[x] = true
	switch x := types.Unalias(x).(type) {
	case *types.Named:
		p := x.Obj().Pkg()
		if p == nil {
			return false // of the language
		}
		if s.library(p.Path()) {
			return true
		}
		for arg := range x.TypeArgs().Types() {
			if s.in(arg) {
				return true
			}
		}
		return s.through && (s.inMethods(x) || s.in(x.Underlying()))
	case *types.Pointer:
		return s.in(x.Elem())
	case *types.Slice:
		return s.in(x.Elem())
	case *types.Array:
		return s.in(x.Elem())
	case *types.Chan:
		return s.in(x.Elem())
	case *types.Map:
		return s.in(x.Key()) || s.in(x.Elem())
	case *types.Signature:
		return s.in(x.Params()) || s.in(x.Results())
	case *types.Tuple:
		for v := range x.Variables() {
			if s.in(v.Type()) {
				return true
			}
		}
	case *types.Struct:
		if !s.through {
			return false
		}
		for f := range x.Fields() {
			if (f.Exported() || f.Embedded()) && s.in(f.Type()) {
				return true
			}
		}
	case *types.Interface:
		return s.through && s.inMethods(x)
	}
	return false
}

// inMethods reports whether an exported method has a library's type.
func (s *search) inMethods(x interface {
	NumMethods() int
	Method(int) *types.Func
}) bool {
	for i := range x.NumMethods() {
		if m := x.Method(i); m.Exported() && s.in(m.Type()) {
			return true
		}
	}
	return false
}
