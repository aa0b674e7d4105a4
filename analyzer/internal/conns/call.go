package conns

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

func (s *Set) call(instr ssa.CallInstruction) {
	c := instr.Common()
	if b, ok := c.Value.(*ssa.Builtin); ok {
		s.builtin(instr, b.Name())
		return
	}
	obj := callee(c)
	if lib, row := wsapi.Lookup(obj); row != nil {
		s.library(instr, lib, row)
		return
	}
	if obj != nil && obj.Pkg() != nil && wsapi.LibraryOf(obj.Pkg().Path()) != nil {
		s.aside(instr)
		return
	}
	if c.IsInvoke() {
		if n, ok := s.value(c.Value); ok {
			s.invokes = append(s.invokes, pendingInvoke{n, instr})
			return
		}
		s.invoke(instr)
		return
	}
	if fn := c.StaticCallee(); fn != nil {
		s.add(fn)
		s.bind(instr, fn, c.Args)
		return
	}
	s.dynamic(instr)
}

// library records a call of a function with a row.
func (s *Set) library(instr ssa.CallInstruction, lib *wsapi.Library, row *wsapi.Func) {
	c := instr.Common()
	args := c.Args
	fn := callee(c)
	if fn.Signature().Recv() != nil && !c.IsInvoke() && len(args) > 0 {
		args = args[1:]
	}
	use := Use{Lib: lib, Roles: row.Roles, Name: fn.Name(), Args: args, Instr: instr}
	server := row.Roles.Has(wsapi.Upgrades)
	switch {
	case row.Conn == wsapi.Result:
		call, ok := instr.(*ssa.Call)
		if !ok {
			return
		}
		for i, v := range results(c.Signature()) {
			if !s.carries(v.Type()) {
				continue
			}
			n := result{call, i}
			if t := connNamed(v.Type()); t != nil {
				s.connTypes[n] = t
			}
			s.origins = append(s.origins, pendingOrigin{n, Origin{lib, server, instr, instr.Pos()}})
			return
		}
	case row.Conn == wsapi.Receiver && len(c.Args) > 0:
		if n, ok := s.value(c.Args[0]); ok {
			s.uses = append(s.uses, pendingUse{n, use})
		}
	case row.Conn >= 0 && row.Conn < len(args):
		n, ok := s.value(unboxed(args[row.Conn]))
		if !ok {
			return
		}
		if row.Roles.Any(wsapi.Upgrades | wsapi.Dials) {
			s.origins = append(s.origins, pendingOrigin{n, Origin{lib, server, instr, instr.Pos()}})
			return
		}
		s.uses = append(s.uses, pendingUse{n, use})
	case row.Conn == wsapi.NoConn && server:
		for _, arg := range args {
			s.served(lib, arg, instr.Pos())
		}
	}
}

func results(sig *types.Signature) []*types.Var {
	var list []*types.Var
	for v := range sig.Results().Variables() {
		list = append(list, v)
	}
	return list
}

// unboxed looks through conversions to interfaces.
func unboxed(v ssa.Value) ssa.Value {
	for {
		switch x := v.(type) {
		case *ssa.ChangeInterface:
			v = x.X
		case *ssa.MakeInterface:
			v = x.X
		default:
			return v
		}
	}
}

// aside handles a library's function without a row. One that hands out the
// network connection puts it out of sight.
func (s *Set) aside(instr ssa.CallInstruction) {
	c := instr.Common()
	for _, v := range results(c.Signature()) {
		if !isNetConn(v.Type()) {
			continue
		}
		for _, arg := range c.Args {
			s.escape(arg)
		}
	}
}

// bind ties a call to the function that it runs.
func (s *Set) bind(instr ssa.CallInstruction, fn *ssa.Function, args []ssa.Value) {
	if len(fn.Blocks) == 0 {
		for _, arg := range args {
			s.escape(arg)
		}
		return
	}
	for i, arg := range args {
		if i < len(fn.Params) {
			s.join(arg, fn.Params[i])
		}
	}
	call, ok := instr.(*ssa.Call)
	if !ok {
		return
	}
	for i, v := range results(fn.Signature) {
		if s.carries(v.Type()) {
			s.union(result{call, i}, result{fn, i})
		}
	}
}

// invoke ties a call of an interface's method to the methods of that name in
// the package.
func (s *Set) invoke(instr ssa.CallInstruction) {
	c := instr.Common()
	if !s.concerns(c) {
		return
	}
	found := false
	for _, fn := range s.Funcs {
		recv := fn.Signature.Recv()
		if recv == nil || fn.Name() != c.Method.Name() || !types.Implements(recv.Type(), c.Value.Type().Underlying().(*types.Interface)) {
			continue
		}
		found = true
		s.bind(instr, fn, append([]ssa.Value{nil}, c.Args...))
	}
	if !found {
		s.away(c)
	}
}

// dynamic ties a call of a function value to the functions of its signature.
func (s *Set) dynamic(instr ssa.CallInstruction) {
	c := instr.Common()
	if !s.concerns(c) {
		return
	}
	found := false
	for _, fn := range s.bySig {
		sig := fn.Signature
		if types.Identical(types.NewSignatureType(nil, nil, nil, sig.Params(), sig.Results(), sig.Variadic()), c.Signature()) && sig.Recv() == nil {
			found = true
			s.bind(instr, fn, c.Args)
		}
	}
	if !found {
		s.away(c)
	}
}

// concerns reports whether a connection goes into a call or comes out of it.
func (s *Set) concerns(c *ssa.CallCommon) bool {
	for _, arg := range c.Args {
		if s.carries(arg.Type()) {
			return true
		}
	}
	return s.carries(c.Signature().Results())
}

func (s *Set) away(c *ssa.CallCommon) {
	for _, arg := range c.Args {
		s.escape(arg)
	}
}

func (s *Set) builtin(instr ssa.CallInstruction, name string) {
	c := instr.Common()
	switch name {
	case "append", "copy":
		for _, arg := range c.Args[1:] {
			s.join(c.Args[0], arg)
		}
		if v := instr.Value(); v != nil {
			s.join(v, c.Args[0])
		}
	}
}
