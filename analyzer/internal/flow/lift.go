package flow

import (
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// A lifting says how a callee's effects appear in the scope.
type lifting struct {
	anchor  ssa.Instruction
	pos     token.Pos // of the call
	held    held      // on the goroutine that runs the callee
	thread  *Thread   // that goroutine, if it is not the caller's
	signals []*Path   // of the thread, besides the callee's own
	onRead  []*Path   // set for a library's callback on this connection
	unsure  bool
	ranged  bool // the callee runs for each element of a container
}

func (l lifting) callback() bool { return l.onRead != nil }

// lift adds the effects of a callee in the terms of the scope.
func (s *scope) lift(sum *summary, b *binding, l lifting) {
	for _, e := range sum.effects {
		if e.HandedOut {
			continue // the caller's use of the writer shows
		}
		left, ok := b.comesTrue(e.when)
		if !ok {
			continue
		}
		n := *e
		n.when = append(left, s.tests(l.anchor.Block())...)
		n.anchor, n.repeat = l.anchor, false
		if !e.Pos.IsValid() {
			// The first call in the source on the way to another package, or
			// through a method expression.
			n.Pos, n.Fn = l.pos, s.fn
			if e.Far != "" && e.Func == nil {
				n.Func = sum.fn
			}
		}
		if n.Via == token.NoPos && n.Thread == nil && l.thread == nil && (e.Pos.IsValid() || e.Far != "") {
			n.Via = l.anchor.Pos()
		}
		n.Unsure = n.Unsure || l.unsure
		n.Locks = s.liftLocks(e.Locks, b)
		n.signals = s.prog.substAll(e.signals, b)
		n.onRead = s.prog.substAll(e.onRead, b)
		if n.Thread == nil {
			switch {
			case l.callback():
				n.onRead = s.loads(l.onRead)
			case l.thread != nil:
				n.Thread = l.thread
				n.signals = append(s.prog.substAll(sum.signals, b), l.signals...)
				n.Locks = joinLocks(n.Locks, l.held)
			default:
				n.Locks = joinLocks(n.Locks, l.held)
			}
		}
		if l.callback() && n.onRead == nil {
			n.onRead = s.loads(l.onRead)
		}
		if n.onRead != nil {
			n.onRead = s.loads(n.onRead)
		}
		if e.Kind == invoke {
			s.liftInvoke(e, &n, b, l)
			continue
		}
		own := s.prog.substAll(e.Obj.own, b)
		n.Obj.own = s.loads(own)
		n.Obj.other = nil
		for _, p := range append(s.prog.substAll(e.Obj.other, b), s.escapes(n.Obj.own, l.anchor, n.Thread != nil)...) {
			if !contains(n.Obj.other, p) {
				n.Obj.other = append(n.Obj.other, p)
			}
		}
		if s.foreign(n.Obj.own) && fresh(n.Obj.own) && len(n.Obj.other) == 0 {
			continue // made and kept by the callee
		}
		n.varies = nil
		for _, p := range e.Obj.own {
			n.varies = append(n.varies, b.varies(p)...)
		}
		n.varies = s.allVaries(n.varies, n.Obj.own)
		n.Ranged = n.Ranged || l.ranged || ranges(n.varies)
		if l.thread != nil && l.thread.Kind == Handler && !s.foreign(e.Obj.own) && !allLocal(e.Obj.own) {
			n.Multi = true // each request finds the same object
		}
		s.repeats(&n)
		s.add(&n)
	}
}

// liftInvoke resolves a callee's call of a function value.
func (s *scope) liftInvoke(e, n *Effect, b *binding, l lifting) {
	if n.onRead != nil {
		return
	}
	args := make([]operand, len(e.args))
	for i, arg := range e.args {
		args[i].paths = s.prog.substAll(arg.paths, b)
		for _, p := range arg.paths {
			args[i].varies = append(args[i].varies, b.varies(p)...)
		}
		args[i].varies = append(args[i].varies, l.anchor)
	}
	s.invoke(s.prog.substAll(e.target, b), args, lifting{
		anchor: l.anchor, pos: l.pos, held: n.Locks, thread: n.Thread, signals: n.signals, unsure: n.Unsure,
	})
}

func (s *scope) liftLocks(locks []Lock, b *binding) []Lock {
	var h held
	for _, l := range locks {
		for _, p := range s.aliases(s.prog.subst(l.Path, b)) {
			h = h.with(Lock{p, l.Shared})
		}
	}
	return h
}

func joinLocks(a, b []Lock) []Lock {
	h := append(held(nil), a...)
	for _, l := range b {
		h = h.with(l)
	}
	return h
}

// foreign reports whether all paths start at sites of other functions.
func (s *scope) foreign(paths []*Path) bool {
	for _, p := range paths {
		r := p.root()
		if r.kind != siteRoot || r.fn == s.fn {
			return false
		}
	}
	return true
}

func allLocal(paths []*Path) bool {
	for _, p := range paths {
		if !p.local() {
			return false
		}
	}
	return true
}

// repeats finds out whether the effect's anchor runs again with the same
// object, which for a goroutine means that several exist at once.
func (s *scope) repeats(e *Effect) {
	other := func(x ssa.Instruction) bool {
		for _, v := range e.varies {
			if v == x {
				return true
			}
		}
		return false
	}
	over := either(s.ended(e.signals), failures(e))
	same := reaches(e.anchor, e.anchor, func(x ssa.Instruction) bool { return other(x) || over(x) })
	if !same {
		// A loop over a container's elements that is entered again meets the
		// same elements.
		for _, v := range e.varies {
			if start := restart(v); start != nil && reaches(e.anchor, start, over) &&
				reaches(start, e.anchor, over) && !s.madeBetween(e, start, over) {
				same = true
			}
		}
	}
	if !same {
		return
	}
	e.repeat = true
	if e.live() {
		e.Multi = true
		e.Reassigned = e.Reassigned || s.reassigned(e) || s.renewed(e.Obj.own)
	}
}

// ranges reports whether a loop over a container is among the instructions.
func ranges(varies []ssa.Instruction) bool {
	for _, v := range varies {
		if restart(v) != nil {
			return true
		}
	}
	return false
}

// restart returns the instruction that starts an iteration of which x takes
// the next element, or nil.
func restart(x ssa.Instruction) ssa.Instruction {
	switch x := x.(type) {
	case *ssa.Next:
		if r, ok := x.Iter.(*ssa.Range); ok {
			return r
		}
	case *ssa.IndexAddr:
		return loopStart(x.Index)
	case *ssa.Index:
		return loopStart(x.Index)
	}
	return nil
}

// loopStart returns the last instruction before the loop whose counter v is.
func loopStart(v ssa.Value) ssa.Instruction {
	for range 4 {
		switch x := v.(type) {
		case *ssa.BinOp:
			v = x.X
		case *ssa.Phi:
			for i, e := range x.Edges {
				if _, ok := e.(*ssa.Const); ok {
					pred := x.Block().Preds[i]
					return pred.Instrs[len(pred.Instrs)-1]
				}
			}
			return nil
		default:
			return nil
		}
	}
	return nil
}

// madeBetween reports whether the container itself is made anew before each
// start of the iteration.
func (s *scope) madeBetween(e *Effect, start ssa.Instruction, over func(ssa.Instruction) bool) bool {
	made := func(x ssa.Instruction) bool {
		switch x.(type) {
		case *ssa.Alloc, *ssa.MakeMap, *ssa.MakeSlice, *ssa.Call:
			for _, v := range e.varies {
				if v == x {
					return true
				}
			}
		}
		return false
	}
	return !reaches(e.anchor, start, func(x ssa.Instruction) bool { return made(x) || over(x) })
}

// reassigned reports whether the loop stores a new connection where the effect
// finds its own.
func (s *scope) reassigned(e *Effect) bool {
	for _, st := range s.stores {
		for _, p := range e.Obj.own {
			if p.hasPrefix(st.dst) && st.at != e.anchor &&
				reaches(e.anchor, st.at, nil) && reaches(st.at, e.anchor, nil) {
				return true
			}
		}
	}
	return false
}

// renewed reports whether the connection can be one that a callee makes: it is
// then another each time the callee runs.
func (s *scope) renewed(own []*Path) bool {
	for _, p := range own {
		if fromCall(p) && p.fn != s.fn {
			return true
		}
	}
	return false
}

// implementations returns the package's own methods that a call through an
// interface can mean: those of types that hold a connection some way, and none
// if there are too many to tell.
func (pr *Program) implementations(c *ssa.CallCommon) []*ssa.Function {
	if impls, ok := pr.impls[c.Method]; ok {
		return impls
	}
	pr.impls[c.Method] = nil
	iface, ok := c.Value.Type().Underlying().(*types.Interface)
	if !ok {
		return nil
	}
	var impls []*ssa.Function
	for _, t := range pr.implementers(iface) {
		if fn := pr.method(t, c.Method.Pkg(), c.Method.Name()); fn != nil && !pr.inTest(fn) {
			impls = append(impls, fn)
		}
	}
	for _, t := range pr.foreignImplementers(c.Method, iface) {
		fn := pr.method(t, c.Method.Pkg(), c.Method.Name())
		if fn != nil && pr.imported(fn) != nil {
			impls = append(impls, fn)
		}
	}
	if len(impls) > 4 {
		impls = nil
	}
	pr.impls[c.Method] = impls
	return impls
}

// method returns a method of a type, or nil; in code with type errors there is
// none where an interface asks for one.
func (pr *Program) method(t types.Type, pkg *types.Package, name string) *ssa.Function {
	prog := pr.pkg.SSA.Prog
	if sel := prog.MethodSets.MethodSet(t).Lookup(pkg, name); sel != nil {
		return prog.MethodValue(sel)
	}
	return nil
}

func (pr *Program) implementers(iface *types.Interface) []types.Type {
	var list []types.Type
	scope := pr.pkg.SSA.Pkg.Scope()
	for _, name := range scope.Names() {
		if t := implementer(scope.Lookup(name), iface); t != nil {
			list = append(list, t)
		}
	}
	return list
}

// implementer returns the type that o declares, or a pointer to it, if that
// fits the interface; else nil.
func implementer(o types.Object, iface *types.Interface) types.Type {
	tn, ok := o.(*types.TypeName)
	if !ok || tn.IsAlias() || types.IsInterface(tn.Type()) {
		return nil
	}
	named, ok := tn.Type().(*types.Named)
	if !ok || named.TypeParams().Len() > 0 {
		return nil
	}
	switch ptr := types.NewPointer(named); {
	case types.Implements(named, iface):
		return named
	case types.Implements(ptr, iface):
		return ptr
	}
	return nil
}

// foreignImplementers returns the exported types of imported packages, known
// by their facts, that fit an interface which is none of the standard library.
func (pr *Program) foreignImplementers(m *types.Func, iface *types.Interface) []types.Type {
	if pr.facts == nil || m.Pkg() == nil || !strings.Contains(m.Pkg().Path(), ".") && m.Pkg() != pr.pkg.SSA.Pkg {
		return nil
	}
	var list []types.Type
	for _, imp := range pr.pkg.SSA.Pkg.Imports() {
		if !pr.facts.Packages[imp] {
			continue
		}
		for _, name := range imp.Scope().Names() {
			if !token.IsExported(name) {
				continue
			}
			if t := implementer(imp.Scope().Lookup(name), iface); t != nil {
				list = append(list, t)
			}
		}
	}
	return list
}

// Telling reports whether a method of that name tells that an interface stands
// for a connection.
func Telling(name string) bool {
	switch name {
	case "WriteMessage", "ReadMessage", "WriteJSON", "ReadJSON", "NextWriter", "NextReader", "WriteControl", "CloseRead":
		return true
	}
	return false
}

// interfaceMethod returns the row of a library's method that a call through an
// interface means: the interface fits the library's connection, names a method
// that only such connections have, and no type of the package fits it too.
func (pr *Program) interfaceMethod(c *ssa.CallCommon) *wsapi.Func {
	iface, ok := c.Value.Type().Underlying().(*types.Interface)
	if !ok {
		return nil
	}
	for _, lib := range pr.libs {
		conn := pr.libTypes[lib]
		if conn == nil || !types.Implements(conn, iface) {
			continue
		}
		telling := false
		for m := range iface.Methods() {
			telling = telling || Telling(m.Name())
		}
		if !telling || len(pr.implementers(iface)) > 0 {
			continue
		}
		obj, _, _ := types.LookupFieldOrMethod(conn, true, nil, c.Method.Name())
		fn, _ := obj.(*types.Func)
		_, row := wsapi.Lookup(fn)
		return row
	}
	return nil
}
