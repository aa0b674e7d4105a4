package wsdeadline

import (
	"fmt"
	"go/types"
	"maps"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/conns"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// locked reports writes that may wait for ever while a lock is held: one for
// each connection, the surest.
func (c *checker) locked(links []*link) {
	if len(links) == 0 {
		return
	}
	waits := make(map[ssa.Instruction]*link)
	for _, l := range links {
		for _, u := range l.writes {
			if isCall(u) && !u.Roles.Has(wsapi.OpensWriter) && waitsForEver(u) {
				waits[u.Instr] = l
			}
		}
	}
	stalls := c.stalling(waits)
	best := make(map[*link]*lockedWrite)
	for _, fn := range c.set.Funcs {
		for _, w := range c.lockedIn(fn, waits, stalls) {
			if b := best[w.link]; b == nil || w.shared && !b.shared {
				best[w.link] = &w
			}
		}
	}
	for _, l := range links {
		if w := best[l]; w != nil {
			c.reportLocked(w)
		}
	}
}

func waitsForEver(u conns.Use) bool {
	if !u.Roles.Has(wsapi.WantsContext) {
		return true
	}
	for _, arg := range u.Args {
		if isContext(arg.Type()) {
			return isEndless(arg)
		}
	}
	return false
}

// A stall is what a function does that may wait for ever.
type stall struct {
	link  *link
	write ssa.Instruction
}

// stalling finds the functions that make a write of waits, or call one that
// does.
func (c *checker) stalling(waits map[ssa.Instruction]*link) map[*ssa.Function]stall {
	m := make(map[*ssa.Function]stall)
	var up func(fn *ssa.Function, s stall)
	up = func(fn *ssa.Function, s stall) {
		if old, ok := m[fn]; ok && old.write.Pos() <= s.write.Pos() {
			return
		}
		m[fn] = s
		for _, call := range c.callers[fn] {
			if _, ok := call.(*ssa.Call); ok {
				up(call.Parent(), s)
			}
		}
	}
	for instr, l := range waits {
		up(instr.Parent(), stall{l, instr})
	}
	return m
}

type lockedWrite struct {
	*link
	at, write, lock ssa.Instruction
	shared          bool // the lock is not the connection's own
}

// A lockset has the locks that are held, by what they are, with where they
// were taken.
type lockset map[any]ssa.CallInstruction

// lockedIn lists the writes, and calls that lead to one, that a function makes
// while it holds a lock.
func (c *checker) lockedIn(fn *ssa.Function, waits map[ssa.Instruction]*link, stalls map[*ssa.Function]stall) []lockedWrite {
	if !takesLock(fn) {
		return nil
	}
	var list []lockedWrite
	c.eachHeld(fn, func(instr ssa.CallInstruction, held lockset) {
		l, write := waits[instr], ssa.Instruction(instr)
		if _, ok := instr.(*ssa.Call); ok && l == nil {
			if s, ok := stalls[instr.Common().StaticCallee()]; ok {
				l, write = s.link, s.write
			}
		}
		if l == nil {
			return
		}
		w := lockedWrite{link: l, at: instr, write: write}
		element := false
		for _, arg := range operands(instr.Common()) {
			element = element || fromElement(arg, 0)
		}
		for _, lock := range held {
			if w.lock == nil || lock.Pos() < w.lock.Pos() {
				w.lock = lock
			}
			if element && !fromElement(lock.Common().Args[0], 0) {
				w.shared, w.lock = true, lock
				break
			}
		}
		list = append(list, w)
	})
	return list
}

func operands(c *ssa.CallCommon) []ssa.Value {
	if c.IsInvoke() {
		return append([]ssa.Value{c.Value}, c.Args...)
	}
	return c.Args
}

func takesLock(fn *ssa.Function) bool {
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			if call, ok := instr.(*ssa.Call); ok && lockOp(call) == +1 {
				return true
			}
		}
	}
	return false
}

// lockOp returns +1 for a call that takes a lock of package sync, -1 for one
// that gives it back, and 0 for any other.
func lockOp(call ssa.CallInstruction) int {
	fn := call.Common().StaticCallee()
	if fn == nil || fn.Signature.Recv() == nil {
		return 0
	}
	obj, ok := fn.Object().(*types.Func)
	if !ok || obj.Pkg() == nil || obj.Pkg().Path() != "sync" || len(call.Common().Args) != 1 {
		return 0
	}
	switch obj.Name() {
	case "Lock", "RLock":
		return +1
	case "Unlock", "RUnlock":
		return -1
	}
	return 0
}

// lockKey says which lock an address is: the same field is the same lock.
func lockKey(v ssa.Value) any {
	if fa, ok := v.(*ssa.FieldAddr); ok {
		if p, ok := fa.X.Type().Underlying().(*types.Pointer); ok {
			if st, ok := p.Elem().Underlying().(*types.Struct); ok {
				return st.Field(fa.Field)
			}
		}
	}
	return v
}

// eachHeld calls visit for each call of a function with the locks that are
// certainly held there, if there are any.
func (c *checker) eachHeld(fn *ssa.Function, visit func(ssa.CallInstruction, lockset)) {
	in := map[*ssa.BasicBlock]lockset{fn.Blocks[0]: {}}
	flow := func(b *ssa.BasicBlock, visit func(ssa.CallInstruction, lockset)) lockset {
		held := maps.Clone(in[b])
		for _, instr := range b.Instrs {
			call, ok := instr.(ssa.CallInstruction)
			if !ok {
				continue
			}
			if _, plain := instr.(*ssa.Call); plain {
				switch lockOp(call) {
				case +1:
					held[lockKey(call.Common().Args[0])] = call
					continue
				case -1:
					delete(held, lockKey(call.Common().Args[0]))
					continue
				}
				if visit != nil && len(held) > 0 {
					visit(call, held)
				}
			}
		}
		return held
	}
	for work := []*ssa.BasicBlock{fn.Blocks[0]}; len(work) > 0; {
		b := work[0]
		work = work[1:]
		out := flow(b, nil)
		for _, s := range b.Succs {
			old, known := in[s]
			if !known {
				in[s] = maps.Clone(out)
				work = append(work, s)
				continue
			}
			n := len(old)
			maps.DeleteFunc(old, func(k any, _ ssa.CallInstruction) bool { _, ok := out[k]; return !ok })
			if len(old) != n {
				work = append(work, s)
			}
		}
	}
	for _, b := range fn.Blocks {
		if in[b] != nil {
			flow(b, visit)
		}
	}
}

// fromElement reports whether a value is an element of a map, slice or array,
// or lies in one.
func fromElement(v ssa.Value, depth int) bool {
	if depth > 20 {
		return false
	}
	switch v := v.(type) {
	case *ssa.Lookup:
		return true
	case *ssa.IndexAddr, *ssa.Index:
		return true
	case *ssa.Next:
		return true
	case *ssa.Extract:
		return fromElement(v.Tuple, depth+1)
	case *ssa.UnOp:
		return fromElement(v.X, depth+1)
	case *ssa.FieldAddr:
		return fromElement(v.X, depth+1)
	case *ssa.Field:
		return fromElement(v.X, depth+1)
	case *ssa.TypeAssert:
		return fromElement(v.X, depth+1)
	case *ssa.ChangeInterface:
		return fromElement(v.X, depth+1)
	case *ssa.MakeInterface:
		return fromElement(v.X, depth+1)
	case *ssa.Phi:
		for _, e := range v.Edges {
			if fromElement(e, depth+1) {
				return true
			}
		}
	}
	return false
}

func (c *checker) reportLocked(w *lockedWrite) {
	f := rule.Finding{Pos: w.at.Pos(), Category: locked, Confidence: rule.Low}
	what := "this write"
	if w.write != w.at {
		what = fmt.Sprintf("the write at %s, which this leads to,", c.Site(w.write.Pos()))
	}
	whom := "whoever else wants the lock"
	if w.shared {
		f.Confidence = rule.Medium
		whom = "everything that goes to the other connections"
	}
	f.Message = fmt.Sprintf("%s has no deadline, and the lock taken at %s is held: one peer that does not read stops %s; set a write deadline, or let a goroutine for each connection write",
		what, c.Site(w.lock.Pos()), whom)
	if w.write.Pos() != w.at.Pos() {
		f.Related = related(w.write.Pos(), "writes without a deadline")
	}
	f.Related = append(f.Related, related(w.lock.Pos(), "takes the lock")...)
	c.report(f, w.write.Pos())
}
