package flow

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// streamCall records the use of a message writer or reader by a function that
// is not the library's: io.Copy(w, …), w.Write, w.Close.
func (s *scope) streamCall(c *ssa.CallCommon, anchor ssa.Instruction, h held, thread *Thread) {
	name := "call"
	values := c.Args
	switch {
	case c.IsInvoke():
		name = c.Method.Name()
		values = append([]ssa.Value{c.Value}, values...)
	case c.StaticCallee() != nil:
		name = c.StaticCallee().Name()
	}
	for _, v := range values {
		if _, ok := v.Type().Underlying().(*types.Basic); ok {
			continue
		}
		o := s.eval(v)
		for _, kind := range []selKind{writerSel, readerSel} {
			var own []*Path
			var lib *wsapi.Library
			for _, p := range o.paths {
				if conn, ok := p.under(kind); ok {
					own = append(own, conn)
				}
			}
			if len(own) == 0 {
				continue
			}
			effect := Write
			if kind == readerSel {
				effect = Read
			}
			// The library is that of the call which opened the stream.
			for _, p := range o.paths {
				if opened := s.prog.opened[p]; opened != nil {
					lib = opened
				}
			}
			for _, e := range s.effects {
				if e.Kind == effect && intersect(e.Obj.own, own) {
					lib = e.Lib
				}
			}
			if lib == nil {
				continue
			}
			s.effect(&Effect{
				Kind: effect, Lib: lib, Call: name, Pos: callPos(c, anchor), Fn: s.fn,
				Locks: h, Thread: thread, anchor: anchor, varies: o.varies,
			}, own)
		}
	}
}

// given records what a function of another package does with a value of the
// program's own that it is given as a stream: io.Copy and fmt.Fprint call its
// Write, or its Read, and who asks for something to write to will likely write.
func (s *scope) given(c *ssa.CallCommon, callee *ssa.Function, anchor ssa.Instruction, h held, thread *Thread) {
	sure := false
	if callee != nil && callee.Pkg != nil && callee.Signature.Recv() == nil {
		path := callee.Pkg.Pkg.Path()
		sure = path == "io" || path == "fmt"
	}
	for _, arg := range c.Args {
		box, ok := arg.(*ssa.MakeInterface)
		if !ok {
			continue
		}
		for _, name := range []string{"Write", "Read"} {
			if m, _, _ := types.LookupFieldOrMethod(box.Type(), false, nil, name); m == nil || !sure && name != "Write" {
				continue
			}
			fn := s.prog.method(box.X.Type(), nil, name)
			if fn == nil {
				continue
			}
			if obj, ok := fn.Object().(*types.Func); ok {
				if _, row := wsapi.Lookup(obj); row != nil {
					continue // a connection, which libraryCall and streamCall know
				}
			}
			s.prog.called[fn] = s.prog.called[fn] || sure
			if sum := s.prog.summary(fn); sum != nil {
				args := []operand{s.argument(box.X), {}}
				s.lift(sum, s.bindTo(sum, nil, args), lifting{anchor: anchor, pos: callPos(c, anchor), held: h, thread: thread, unsure: !sure})
			}
		}
	}
}
