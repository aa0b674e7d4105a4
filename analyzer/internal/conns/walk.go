package conns

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// A result is one of the values that a call returns, or a function.
type result struct {
	of any // ssa.Value of a call, or *ssa.Function
	i  int
}

// node returns what stands for a value.
func (s *Set) node(v ssa.Value) any {
	switch v := v.(type) {
	case *ssa.Extract:
		if call, ok := v.Tuple.(*ssa.Call); ok {
			return result{call, v.Index}
		}
	case *ssa.Call:
		return result{v, 0}
	case *ssa.FieldAddr:
		if wsapi.Wraps(v.X.Type(), v.Field) {
			return s.node(v.X)
		}
		return field(v.X.Type(), v.Field)
	case *ssa.Field:
		if wsapi.Wraps(v.X.Type(), v.Field) {
			return s.node(v.X)
		}
		return field(v.X.Type(), v.Field)
	}
	return v
}

func field(t types.Type, i int) *types.Var {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	st, ok := t.Underlying().(*types.Struct)
	if !ok {
		return nil
	}
	return st.Field(i).Origin()
}

// value returns the node of a value that carries a connection.
func (s *Set) value(v ssa.Value) (any, bool) {
	if v == nil || !s.carries(v.Type()) {
		return nil, false
	}
	if c, ok := v.(*ssa.Const); ok && c.IsNil() {
		return nil, false
	}
	n := s.node(v)
	if t := connNamed(v.Type()); t != nil {
		s.connTypes[n] = t
	}
	return n, true
}

// join makes one class of two values, if both carry connections.
func (s *Set) join(a, b ssa.Value) {
	x, ok := s.value(a)
	y, also := s.value(b)
	if ok && also {
		s.union(x, y)
	}
}

func (s *Set) escape(v ssa.Value) {
	if n, ok := s.value(v); ok {
		s.escaped = append(s.escaped, n)
	}
}

func (s *Set) function(fn *ssa.Function) {
	open := fn.Object() != nil && fn.Object().Exported() && fn.Pkg != nil && fn.Pkg.Pkg.Name() != "main"
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			s.instr(fn, instr, open)
		}
	}
}

func (s *Set) instr(fn *ssa.Function, instr ssa.Instruction, open bool) {
	switch instr := instr.(type) {
	case ssa.CallInstruction:
		s.call(instr)
	case *ssa.Store:
		s.join(instr.Addr, instr.Val)
		s.exposed(instr.Addr)
	case *ssa.MapUpdate:
		s.join(instr.Map, instr.Key)
		s.join(instr.Map, instr.Value)
	case *ssa.Send:
		s.join(instr.Chan, instr.X)
	case *ssa.Return:
		for i, v := range instr.Results {
			if n, ok := s.value(v); ok {
				s.union(n, result{fn, i})
				if open {
					s.escape(v)
				}
			}
		}
	case *ssa.MakeClosure:
		s.closure(instr)
	case *ssa.MakeInterface:
		s.box(instr, instr.X)
	case *ssa.ChangeInterface:
		s.box(instr, instr.X)
	case *ssa.ChangeType:
		s.join(instr, instr.X)
		s.handler(instr.X, instr.Type())
	case *ssa.Extract:
		switch t := instr.Tuple.(type) {
		case *ssa.Select:
			for _, st := range t.States {
				if st.Dir == types.RecvOnly {
					s.join(instr, st.Chan)
				}
			}
		case *ssa.Next:
			if r, ok := t.Iter.(*ssa.Range); ok {
				s.join(instr, r.X)
			}
		case *ssa.Call:
		case ssa.Instruction:
			for _, op := range t.Operands(nil) {
				s.join(instr, *op)
			}
		}
	case *ssa.Select:
		for _, st := range instr.States {
			if st.Dir == types.SendOnly {
				s.join(st.Chan, st.Send)
			}
		}
	case *ssa.FieldAddr, *ssa.Field:
		// The node is the field's; what it is taken from does not matter.
	default:
		v, ok := instr.(ssa.Value)
		if !ok {
			return
		}
		for _, op := range instr.Operands(nil) {
			s.join(v, *op)
		}
	}
}

// exposed notes that a place is open to other packages: an exported variable,
// or an exported field of an exported type.
func (s *Set) exposed(addr ssa.Value) {
	var obj types.Object
	switch a := addr.(type) {
	case *ssa.Global:
		obj = a.Object()
	case *ssa.FieldAddr:
		v := field(a.X.Type(), a.Field)
		p, ok := a.X.Type().Underlying().(*types.Pointer)
		if v == nil || !ok || v.Embedded() && !ast.IsExported(v.Name()) {
			return
		}
		if n, ok := types.Unalias(p.Elem()).(*types.Named); !ok || !n.Obj().Exported() {
			return
		}
		obj = v
	}
	if obj != nil && obj.Exported() && obj.Pkg() != nil && obj.Pkg().Name() != "main" {
		s.escape(addr)
	}
}

// box handles a conversion to an interface.
func (s *Set) box(to ssa.Value, x ssa.Value) {
	if !s.carries(x.Type()) {
		if f := s.embedded(x.Type()); f != nil && s.carries(to.Type()) {
			s.union(f, s.node(to))
		}
		return
	}
	if s.carries(to.Type()) {
		s.join(to, x)
		return
	}
	for _, ref := range *to.Referrers() {
		c, ok := ref.(ssa.CallInstruction)
		if ok {
			if fn := callee(c.Common()); fn != nil && fn.Pkg() != nil && wsapi.LibraryOf(fn.Pkg().Path()) != nil {
				continue // its own library takes it
			}
		}
		if _, ok := ref.(*ssa.DebugRef); !ok {
			s.escape(x)
			return
		}
	}
}

func (s *Set) closure(m *ssa.MakeClosure) {
	fn, ok := m.Fn.(*ssa.Function)
	if !ok {
		return
	}
	if fn.Synthetic != "" && len(m.Bindings) == 1 {
		// A method value of a connection.
		if obj, ok := fn.Object().(*types.Func); ok {
			if lib, row := wsapi.Lookup(obj); row != nil && row.Conn == wsapi.Receiver {
				if n, ok := s.value(m.Bindings[0]); ok {
					s.uses = append(s.uses, pendingUse{n, Use{Lib: lib, Roles: row.Roles, Name: obj.Name(), Instr: m}})
				}
				return
			}
			if target := fn.Prog.FuncValue(obj); target != nil && len(target.Params) > 0 {
				s.join(m.Bindings[0], target.Params[0])
			}
		}
		return
	}
	for i, v := range m.Bindings {
		if i < len(fn.FreeVars) {
			s.join(v, fn.FreeVars[i])
		}
	}
}

// handler notes that a function which becomes a handler of a library is called
// with a fresh server connection.
func (s *Set) handler(f ssa.Value, t types.Type) {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.Obj().Pkg() == nil {
		return
	}
	if lib := wsapi.LibraryOf(n.Obj().Pkg().Path()); lib != nil {
		s.served(lib, f, f.Pos())
	}
}

func (s *Set) served(lib *wsapi.Library, f ssa.Value, pos token.Pos) {
	fn := function(f)
	if fn == nil {
		return
	}
	if !pos.IsValid() {
		pos = fn.Pos()
	}
	for _, p := range fn.Params {
		if n, ok := s.value(p); ok && wsapi.ConnOf(p.Type()) == lib && fn.Blocks != nil {
			s.origins = append(s.origins, pendingOrigin{n, Origin{lib, true, fn.Blocks[0].Instrs[0], pos}})
		}
	}
}

// function returns the function that a value certainly is, or nil.
func function(v ssa.Value) *ssa.Function {
	switch v := v.(type) {
	case *ssa.Function:
		return v
	case *ssa.MakeClosure:
		fn, _ := v.Fn.(*ssa.Function)
		return fn
	case *ssa.ChangeType:
		return function(v.X)
	}
	return nil
}

// callee returns the declared function of a call, or nil.
func callee(c *ssa.CallCommon) *types.Func {
	if c.IsInvoke() {
		return c.Method
	}
	fn := c.StaticCallee()
	if fn == nil {
		return nil
	}
	if o := fn.Origin(); o != nil {
		fn = o
	}
	obj, _ := fn.Object().(*types.Func)
	return obj
}
