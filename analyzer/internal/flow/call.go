package flow

import (
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// emit records the effects of one instruction with the locks h held.
func (s *scope) emit(instr ssa.Instruction, h held) {
	switch instr := instr.(type) {
	case *ssa.Call:
		s.call(&instr.Call, instr, instr, h, nil)
	case *ssa.Go:
		run := instr.Call.StaticCallee()
		s.prog.started[run] = true
		s.call(&instr.Call, instr, instr, nil, &Thread{Kind: Go, Pos: instr.Pos(), Run: run})
	case *ssa.MakeClosure:
		s.closure(instr)
	}
}

// call records the effects of a call. instr is the call as written, anchor the
// instruction at which it runs (where deferred calls run, for those); thread
// is nil for a call on the function's own goroutine.
func (s *scope) call(c *ssa.CallCommon, instr, anchor ssa.Instruction, h held, thread *Thread) {
	if op, _ := s.lockCall(c); op != noLockOp {
		return
	}
	if conn, row := s.library(c); row != nil {
		s.libraryCall(c, conn, row, anchor, h, thread)
		return
	}
	s.streamCall(c, anchor, h, thread)

	if c.IsInvoke() {
		impls := s.prog.implementations(c)
		if len(impls) == 0 {
			s.external(c, nil, anchor, h, thread)
		}
		for _, impl := range impls {
			s.prog.called[impl] = true
			if sum := s.prog.summary(impl); sum != nil {
				s.lift(sum, s.bind(sum, c, nil), lifting{anchor: anchor, pos: callPos(c, anchor), held: h, thread: thread, unsure: len(impls) > 1 || sum.foreign})
			}
		}
		return
	}
	callee := c.StaticCallee()
	if callee == nil {
		s.dynamicCall(c, anchor, h, thread)
		return
	}
	s.prog.called[callee] = true
	if sum := s.prog.summary(callee); sum != nil {
		s.lift(sum, s.bind(sum, c, instr), lifting{anchor: anchor, pos: callPos(c, anchor), held: h, thread: thread})
		if !sum.foreign || sum.invokes() {
			return
		}
	}
	s.external(c, callee, anchor, h, thread)
}

// dynamicCall records a call through a function value.
func (s *scope) dynamicCall(c *ssa.CallCommon, anchor ssa.Instruction, h held, thread *Thread) {
	if _, ok := c.Value.(*ssa.Builtin); ok {
		return
	}
	var args []operand
	for _, arg := range c.Args {
		args = append(args, s.argument(arg))
	}
	s.invoke(s.pathsOf(c.Value), args, lifting{anchor: anchor, pos: callPos(c, anchor), held: h, thread: thread})
}

// invoke records a call of the function that paths name: its effects where
// the function is known, and otherwise a note for the callers.
func (s *scope) invoke(paths []*Path, args []operand, l lifting) {
	var open []*Path
	for _, p := range s.loads(paths) {
		if p.kind != funcRoot || p.parent != nil {
			if !p.local() {
				open = append(open, p)
			}
			continue
		}
		fn, closure := funcOf(p)
		s.prog.called[fn] = true
		if sum := s.prog.summary(fn); sum != nil && !s.invoking[fn] {
			s.invoking[fn] = true
			if l.thread != nil && l.thread.Run == nil {
				t := *l.thread
				t.Run = fn
				l.thread = &t
			}
			s.lift(sum, s.bindTo(sum, closure, args), l)
			delete(s.invoking, fn)
		}
	}
	if len(open) > 0 && !l.callback() {
		s.add(&Effect{
			Kind: invoke, Pos: l.anchor.Pos(), Fn: s.fn, Thread: l.thread, anchor: l.anchor,
			Locks: l.held, target: open, args: args, when: s.tests(l.anchor.Block()),
		})
	}
}

// starts reports whether functions of that name in other packages usually run
// their argument on a goroutine of its own.
func starts(name string) bool {
	switch name {
	case "Go", "TryGo", "GoCtx", "SafeGo", "GoSafe", "Submit", "AfterFunc", "RunSafe", "Spawn":
		return true
	}
	return false
}

// external records what a function of another package, or a method behind an
// interface if callee is nil, does with the function values that it is given.
func (s *scope) external(c *ssa.CallCommon, callee *ssa.Function, anchor ssa.Instruction, h held, thread *Thread) {
	if callee != nil && isMethodOf(callee, "sync", "Map") && callee.Name() == "Range" && len(c.Args) == 2 {
		in := s.prog.paths
		key, elem := operand{}, operand{}
		for _, p := range s.pathsOf(c.Args[0]) {
			key.addPath(in.sel(p, keySel, c.Args[0].Type()))
			elem.addPath(in.sel(p, elemSel, c.Args[0].Type()))
		}
		s.invoke(s.pathsOf(c.Args[1]), []operand{key, elem}, lifting{anchor: anchor, pos: callPos(c, anchor), held: h, thread: thread, ranged: true})
		return
	}
	s.given(c, callee, anchor, h, thread)
	name, recv := "", c.Value
	if callee != nil {
		name = callee.Name()
		if callee.Signature.Recv() != nil {
			recv = c.Args[0]
		}
	} else {
		name = c.Method.Name()
	}
	for _, arg := range c.Args {
		sig, ok := arg.Type().Underlying().(*types.Signature)
		if !ok || handlerShaped(sig) {
			continue // handlers are found where the value is made
		}
		l := lifting{anchor: anchor, pos: callPos(c, anchor), held: h, thread: thread}
		if starts(name) {
			l.held, l.thread = nil, &Thread{Kind: Go, Pos: anchor.Pos()}
			// Group.Go and WaitGroup.Go end with the group's Wait.
			l.signals = s.pathsOf(recv)
		}
		s.invoke(s.pathsOf(arg), make([]operand, sig.Params().Len()), l)
	}
}

// closure records what a literal does that is not called where it is made.
func (s *scope) closure(m *ssa.MakeClosure) {
	fn := m.Fn.(*ssa.Function)
	l := lifting{anchor: m, pos: fn.Pos()}
	switch {
	case handlerShaped(fn.Signature), connHandler(m):
		l.thread = &Thread{Kind: Handler, Pos: fn.Pos(), Run: fn}
	case stored(m):
		l.thread = &Thread{Kind: Stored, Pos: fn.Pos(), Run: fn}
	default:
		return
	}
	s.prog.called[fn] = true
	if sum := s.prog.summary(fn); sum != nil {
		s.lift(sum, s.bindTo(sum, m, nil), l)
	}
}

// stored reports whether a closure goes somewhere other than a call or a local
// variable.
func stored(m *ssa.MakeClosure) bool {
	for _, ref := range *m.Referrers() {
		switch ref := ref.(type) {
		case *ssa.MapUpdate, *ssa.Return, *ssa.Send, *ssa.MakeInterface:
			return true
		case *ssa.Store:
			if _, ok := ref.Addr.(*ssa.Alloc); !ok && ref.Val == m {
				return true
			}
		}
	}
	return false
}

// handlerShaped reports whether a function is by its type one that a server
// calls for each request, each time on a goroutine of its own.
func handlerShaped(sig *types.Signature) bool {
	writer, request := false, false
	for p := range sig.Params().Variables() {
		t := types.Unalias(p.Type())
		if ptr, ok := t.(*types.Pointer); ok {
			t = types.Unalias(ptr.Elem())
		}
		named, ok := t.(*types.Named)
		if !ok || named.Obj().Pkg() == nil {
			continue
		}
		path, name := named.Obj().Pkg().Path(), named.Obj().Name()
		switch {
		case path == "net/http" && name == "ResponseWriter":
			writer = true
		case path == "net/http" && name == "Request":
			request = true
		case strings.Contains(path, ".") && (name == "Context" || name == "Ctx" || name == "RequestCtx"):
			return true // gin, echo, fiber, fasthttp and their like
		}
	}
	return writer && request
}

// connHandler reports whether a function value with a connection as its one
// parameter is given to a library, as x/net's Handler and fiber's New take it.
func connHandler(fn ssa.Value) bool {
	sig, ok := fn.Type().Underlying().(*types.Signature)
	if !ok || fn.Referrers() == nil || sig.Params().Len() != 1 || sig.Results().Len() != 0 || wsapi.ConnOf(sig.Params().At(0).Type()) == nil {
		return false
	}
	for _, ref := range *fn.Referrers() {
		switch ref := ref.(type) {
		case *ssa.ChangeType:
			if named, ok := types.Unalias(ref.Type()).(*types.Named); ok && named.Obj().Pkg() != nil && wsapi.LibraryOf(named.Obj().Pkg().Path()) != nil {
				return true
			}
		case *ssa.Call:
			callee := ref.Call.StaticCallee()
			if callee != nil && len(callee.Blocks) == 0 && callee.Pkg != nil && strings.Contains(callee.Pkg.Pkg.Path(), "websocket") {
				return true
			}
		}
	}
	return false
}

// library returns the table's row for a call, and the connection it is about.
func (s *scope) library(c *ssa.CallCommon) (operand, *wsapi.Func) {
	if c.IsInvoke() {
		if _, row := wsapi.Lookup(c.Method); row != nil {
			// A method of an interface that the connection embeds.
			from := s.eval(c.Value)
			o := operand{varies: from.varies}
			for _, p := range from.paths {
				if p.parent != nil && p.sel == fieldSel {
					p = p.parent
				}
				o.addPath(p)
			}
			return o, row
		}
		row := s.prog.interfaceMethod(c)
		if row == nil {
			return operand{}, nil
		}
		return s.eval(c.Value), row
	}
	callee := c.StaticCallee()
	if callee == nil {
		return operand{}, nil
	}
	fn, _ := callee.Object().(*types.Func)
	_, row := wsapi.Lookup(fn)
	if row == nil {
		return operand{}, nil
	}
	i := row.Conn
	if callee.Signature.Recv() != nil {
		i++ // Args starts with the receiver, which is wsapi.Receiver, -1
	}
	if row.Conn < wsapi.Receiver || i < 0 || i >= len(c.Args) {
		return operand{}, row
	}
	return s.eval(c.Args[i]), row
}

// libraryCall records the effect of a call into a library.
func (s *scope) libraryCall(c *ssa.CallCommon, conn operand, row *wsapi.Func, anchor ssa.Instruction, h held, thread *Thread) {
	if len(conn.paths) == 0 {
		return
	}
	lib := wsapi.LibraryOf(row.Pkg)
	var own []*Path
	for _, p := range conn.paths {
		p, _ = p.under(writerSel)
		p, _ = p.under(readerSel)
		own = append(own, p)
	}
	if row.Roles.Has(wsapi.SetsHandler) && len(c.Args) > 0 {
		last := c.Args[len(c.Args)-1]
		s.invoke(s.pathsOf(last), nil, lifting{anchor: anchor, pos: callPos(c, anchor), onRead: own})
		return
	}
	name := string(row.Sym[strings.LastIndexByte(string(row.Sym), '.')+1:])
	guarded := false
	effect := func(kind Kind, thread *Thread) {
		s.effect(&Effect{
			Kind: kind, Lib: lib, Call: name, Pos: callPos(c, anchor), Fn: s.fn, Guarded: guarded,
			Locks: h, Thread: thread, anchor: anchor, varies: conn.varies,
		}, own)
	}
	if row.Roles.Has(wsapi.Writes) && (lib.Writers == wsapi.One || lib.Unguarded()) {
		guarded = lib.Writers == wsapi.Many
		effect(Write, thread)
		guarded = false
	}
	if row.Roles.Has(wsapi.Reads) && lib.Readers == wsapi.One {
		if name == "CloseRead" && thread == nil {
			thread = &Thread{Kind: Go, Pos: anchor.Pos()}
		}
		effect(Read, thread)
	}
}

// effect completes and adds an effect on the connection that own names.
func (s *scope) effect(e *Effect, own []*Path) {
	e.when = s.tests(e.anchor.Block())
	e.Obj.own = s.loads(own)
	e.Obj.other = s.escapes(e.Obj.own, e.anchor, e.Thread != nil)
	e.varies = s.allVaries(e.varies, e.Obj.own)
	e.Ranged = ranges(e.varies)
	s.repeats(e)
	s.add(e)
}

// allVaries adds to varies the instructions that make the objects of own.
func (s *scope) allVaries(varies []ssa.Instruction, own []*Path) []ssa.Instruction {
	var o operand
	for _, x := range varies {
		o.addVaries(x)
	}
	for _, p := range own {
		if r := p.root(); r.kind == siteRoot && r.fn == s.fn {
			if x, ok := r.val.(ssa.Instruction); ok {
				o.addVaries(x)
			}
		}
	}
	return o.varies
}

// callPos is the position of the call's opening parenthesis or name.
func callPos(c *ssa.CallCommon, anchor ssa.Instruction) token.Pos {
	if c.Pos().IsValid() {
		return c.Pos()
	}
	return anchor.Pos()
}
