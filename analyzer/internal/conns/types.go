package conns

import (
	"go/types"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// carries reports whether values of the type are connections, or point to or
// contain them.
func (s *Set) carries(t types.Type) bool {
	if t == nil {
		return false
	}
	c, ok := s.carriers[t]
	if !ok {
		c = s.holds(t, 0)
		s.carriers[t] = c
	}
	return c
}

// maxNesting bounds types like type T []T.
const maxNesting = 6

func (s *Set) holds(t types.Type, depth int) bool {
	if depth > maxNesting {
		return false
	}
	if wsapi.ConnOf(t) != nil || s.bare && isNetConn(t) {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return s.holds(u.Elem(), depth+1)
	case *types.Slice:
		return s.holds(u.Elem(), depth+1)
	case *types.Array:
		return s.holds(u.Elem(), depth+1)
	case *types.Chan:
		return s.holds(u.Elem(), depth+1)
	case *types.Map:
		return s.holds(u.Key(), depth+1) || s.holds(u.Elem(), depth+1)
	case *types.Tuple:
		for v := range u.Variables() {
			if s.holds(v.Type(), depth+1) {
				return true
			}
		}
	case *types.Interface:
		return s.connLike(u)
	}
	return false
}

// connLike reports whether an interface is about connections: two of its
// methods at least are known methods of one library's connection. One alone,
// such as Close or Write, says nothing.
func (s *Set) connLike(iface *types.Interface) bool {
	for _, lib := range s.libs {
		n := 0
		for m := range iface.Methods() {
			for i := range lib.Funcs {
				if lib.Funcs[i].Conn == wsapi.Receiver && string(lib.Funcs[i].Sym) == "Conn."+m.Name() {
					n++
					break
				}
			}
		}
		if n >= 2 {
			return true
		}
	}
	return false
}

func isNetConn(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == "net" && n.Obj().Name() == "Conn"
}

// connNamed returns the library's connection type that t is or points to.
func connNamed(t types.Type) *types.Named {
	if wsapi.ConnOf(t) == nil {
		return nil
	}
	for {
		p, ok := types.Unalias(t).(*types.Pointer)
		if !ok {
			break
		}
		t = p.Elem()
	}
	n, _ := types.Unalias(t).(*types.Named)
	return n
}

// embedded returns the field by which a struct, or a pointer to one, has the
// methods of a connection, or nil.
func (s *Set) embedded(t types.Type) *types.Var {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	st, ok := t.Underlying().(*types.Struct)
	if !ok {
		return nil
	}
	for f := range st.Fields() {
		if f.Embedded() && s.carries(f.Type()) {
			return f.Origin()
		}
	}
	return nil
}
