package flow

import (
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"
)

// held is the set of locks that are certainly held at a point.
type held []Lock

func (h held) with(l Lock) held {
	out := make(held, 0, len(h)+1)
	for _, x := range h {
		if x.Path == l.Path {
			l.Shared = l.Shared && x.Shared
			continue
		}
		out = append(out, x)
	}
	return append(out, l)
}

func (h held) without(p *Path) held {
	var out held
	for _, x := range h {
		if x.Path != p {
			out = append(out, x)
		}
	}
	return out
}

func (h held) has(p *Path) bool {
	for _, x := range h {
		if x.Path == p {
			return true
		}
	}
	return false
}

// meet returns what is held on both ways.
func (h held) meet(g held) held {
	var out held
	for _, x := range h {
		for _, y := range g {
			if x.Path == y.Path {
				out = append(out, Lock{x.Path, x.Shared || y.Shared})
			}
		}
	}
	return out
}

func (h held) equal(g held) bool {
	if len(h) != len(g) {
		return false
	}
	for _, x := range h {
		found := false
		for _, y := range g {
			found = found || x == y
		}
		if !found {
			return false
		}
	}
	return true
}

// aliases adds to the paths of locks what the variables among them hold, where
// that is one value for good.
func (s *scope) aliases(paths []*Path) []*Path {
	list := slices.Clone(paths)
	for i := 0; i < len(list) && i < maxPaths; i++ {
		if _, ok := list[i].val.(*ssa.Alloc); !ok || list[i].parent != nil {
			continue
		}
		var held []*Path
		for _, st := range s.stores {
			if st.dst == list[i] && !contains(held, st.src) {
				held = append(held, st.src)
			}
		}
		if len(held) == 1 && !contains(list, held[0]) {
			list = append(list, held[0])
		}
	}
	return list
}

// A lockOp is what a call does to a lock.
type lockOp uint8

const (
	noLockOp lockOp = iota
	lockOpLock
	lockOpRLock
	lockOpUnlock
)

// lockCall recognises a method of a lock: any type that has both the method
// and its counterpart. A method of the package itself counts only if its body
// shows nothing, so that a helper is judged by what it does.
func (s *scope) lockCall(c *ssa.CallCommon) (lockOp, ssa.Value) {
	var name string
	var recv ssa.Value
	var sig *types.Signature
	if c.IsInvoke() {
		name, recv, sig = c.Method.Name(), c.Value, c.Method.Type().(*types.Signature)
	} else {
		callee := c.StaticCallee()
		if callee == nil || callee.Signature.Recv() == nil || len(c.Args) == 0 {
			return noLockOp, nil
		}
		if sum := s.prog.summary(callee); sum != nil && (len(sum.acquires) > 0 || len(sum.releases) > 0) {
			return noLockOp, nil
		}
		name, recv, sig = callee.Name(), c.Args[0], callee.Signature
	}
	op := noLockOp
	counterpart := ""
	switch name {
	case "Lock":
		op, counterpart = lockOpLock, "Unlock"
	case "RLock":
		op, counterpart = lockOpRLock, "RUnlock"
	case "Unlock":
		op, counterpart = lockOpUnlock, "Lock"
	case "RUnlock":
		op, counterpart = lockOpUnlock, "RLock"
	default:
		return noLockOp, nil
	}
	if sig.Params().Len() != 0 || sig.Results().Len() != 0 {
		return noLockOp, nil
	}
	obj, _, _ := types.LookupFieldOrMethod(recv.Type(), true, s.prog.pkg.SSA.Pkg, counterpart)
	if _, ok := obj.(*types.Func); !ok {
		return noLockOp, nil
	}
	return op, recv
}

// lockCallEffect applies a call to the set of locks held; released gets the
// locks that were unlocked without being held.
func (s *scope) lockStep(c *ssa.CallCommon, instr ssa.Instruction, h held, released *[]*Path) held {
	op, recv := s.lockCall(c)
	if op != noLockOp {
		for _, p := range s.aliases(s.pathsOf(recv)) {
			switch op {
			case lockOpLock:
				h = h.with(Lock{p, false})
			case lockOpRLock:
				h = h.with(Lock{p, true})
			case lockOpUnlock:
				if released != nil && !h.has(p) {
					*released = append(*released, p)
				}
				h = h.without(p)
			}
		}
		return h
	}
	sum, b := s.target(c, instr)
	if sum == nil {
		return h
	}
	for _, p := range sum.releases {
		for _, q := range s.prog.subst(p, b) {
			if released != nil && !h.has(q) {
				*released = append(*released, q)
			}
			h = h.without(q)
		}
	}
	for _, l := range sum.acquires {
		for _, q := range s.prog.subst(l.Path, b) {
			h = h.with(Lock{q, l.Shared})
		}
	}
	return h
}

// target returns the summary of a call's one certain target, bound.
func (s *scope) target(c *ssa.CallCommon, instr ssa.Instruction) (*summary, *binding) {
	if callee := c.StaticCallee(); callee != nil {
		if sum := s.prog.summary(callee); sum != nil {
			return sum, s.bind(sum, c, instr)
		}
		return nil, nil
	}
	if c.IsInvoke() {
		return nil, nil
	}
	// A local variable that holds one function literal.
	var found *Path
	for _, p := range s.loads(s.pathsOf(c.Value)) {
		if p.kind != funcRoot {
			continue
		}
		if found != nil {
			return nil, nil
		}
		found = p
	}
	if found == nil {
		return nil, nil
	}
	fn, closure := funcOf(found)
	sum := s.prog.summary(fn)
	if sum == nil {
		return nil, nil
	}
	var args []operand
	for _, arg := range c.Args {
		args = append(args, s.eval(arg))
	}
	return sum, s.bindTo(sum, closure, args)
}

// funcOf returns the function of a funcRoot path.
func funcOf(p *Path) (*ssa.Function, *ssa.MakeClosure) {
	switch v := p.val.(type) {
	case *ssa.Function:
		return v, nil
	case *ssa.MakeClosure:
		return v.Fn.(*ssa.Function), v
	}
	return nil, nil
}

// lockStates computes the locks held at the start of each block.
func (s *scope) lockStates() map[*ssa.BasicBlock]held {
	in := make(map[*ssa.BasicBlock]held)
	if len(s.fn.Blocks) == 0 {
		return in
	}
	in[s.fn.Blocks[0]] = nil
	visited := map[*ssa.BasicBlock]bool{s.fn.Blocks[0]: true}
	work := []*ssa.BasicBlock{s.fn.Blocks[0]}
	for len(work) > 0 {
		block := work[0]
		work = work[1:]
		h := s.enter(block, in[block], nil)
		for _, instr := range block.Instrs {
			h = s.lockInstr(instr, h, nil, nil)
		}
		for _, succ := range block.Succs {
			next := h
			if visited[succ] {
				next = in[succ].meet(h)
				if next.equal(in[succ]) {
					continue
				}
			}
			visited[succ] = true
			in[succ] = next
			work = append(work, succ)
		}
	}
	return in
}

// lockInstr applies an instruction to the set of locks held. At the point
// where deferred calls run, each is given to deferred with what is held then.
func (s *scope) lockInstr(instr ssa.Instruction, h held, released *[]*Path, deferred func(*ssa.Defer, held)) held {
	switch instr := instr.(type) {
	case *ssa.Call:
		return s.lockStep(&instr.Call, instr, h, released)
	case *ssa.Send, *ssa.UnOp:
		if op, _ := opsOf(instr); op.ch != nil {
			return s.chanStep(op, h, released)
		}
	case *ssa.RunDefers:
		for i := len(s.defers) - 1; i >= 0; i-- {
			d := s.defers[i]
			if !reaches(d, instr, nil) {
				continue
			}
			if deferred != nil {
				deferred(d, h)
			}
			h = s.lockStep(&d.Call, d, h, released)
		}
	}
	return h
}
