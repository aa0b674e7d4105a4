package flow

import (
	"cmp"
	"go/token"
	"go/types"
	"maps"
	"slices"

	"golang.org/x/tools/go/ssa"
)

// A semaphore is a channel with room for one that is used as a lock: each
// function that takes it gives it back.
type semaphore struct {
	bySend bool // a send takes it; otherwise a receive does, and it starts full
}

// A chanOp is a send to or a receive from a channel.
type chanOp struct {
	ch   ssa.Value
	send bool
	pos  token.Pos
}

// opsOf returns what an instruction does to channels, and for the cases of a
// select where control is when it has.
func opsOf(instr ssa.Instruction) (op chanOp, cases map[*ssa.BasicBlock]chanOp) {
	switch instr := instr.(type) {
	case *ssa.Send:
		op = chanOp{instr.Chan, true, instr.Pos()}
	case *ssa.UnOp:
		if isRecv(instr) {
			op = chanOp{instr.X, false, instr.Pos()}
		}
	case *ssa.Select:
		cases = make(map[*ssa.BasicBlock]chanOp)
		for block, i := range caseBodies(instr) {
			st := instr.States[i]
			cases[block] = chanOp{st.Chan, st.Dir == types.SendOnly, st.Pos}
		}
	}
	return op, cases
}

// placeOf returns the field or the global that holds a channel, or nil.
func placeOf(ch ssa.Value) any {
	load, ok := ch.(*ssa.UnOp)
	if !ok || load.Op != token.MUL {
		return nil
	}
	return holderOf(load.X)
}

// holderOf returns the field or the global that an address is of, or nil.
func holderOf(addr ssa.Value) any {
	switch addr := addr.(type) {
	case *ssa.Global:
		return addr
	case *ssa.FieldAddr:
		t := addr.X.Type().Underlying()
		if p, ok := t.(*types.Pointer); ok {
			t = p.Elem().Underlying()
		}
		if st, ok := t.(*types.Struct); ok {
			return st.Field(addr.Field).Origin()
		}
	}
	return nil
}

// semaphores finds the fields and globals whose channels are locks.
func semaphores(funcs []*ssa.Function) map[any]semaphore {
	made := make(map[any]bool)    // with room for one, and never otherwise
	spoiled := make(map[any]bool) // of another size, or used for something else
	type use struct {
		fn *ssa.Function // the declared one
		at any
	}
	uses := make(map[use][]chanOp)
	stores := make(map[use]bool)
	for _, fn := range funcs {
		outer := fn
		for outer.Parent() != nil {
			outer = outer.Parent()
		}
		note := func(op chanOp) {
			if at := placeOf(op.ch); at != nil {
				uses[use{outer, at}] = append(uses[use{outer, at}], op)
			}
		}
		for _, block := range fn.Blocks {
			for _, instr := range block.Instrs {
				if st, ok := instr.(*ssa.Store); ok {
					if at := holderOf(st.Addr); at != nil {
						stores[use{outer, at}] = true
						if roomForOne(st.Val) {
							made[at] = true
						} else {
							spoiled[at] = true
						}
					}
					continue
				}
				op, cases := opsOf(instr)
				if op.ch != nil {
					note(op)
				}
				for _, op := range cases {
					note(op)
				}
			}
		}
	}
	found := make(map[any]semaphore)
	var fills []use
	for u, ops := range uses {
		if !made[u.at] || spoiled[u.at] {
			continue
		}
		slices.SortFunc(ops, func(a, b chanOp) int { return cmp.Compare(a.pos, b.pos) })
		first, last := ops[0], ops[len(ops)-1]
		old, known := found[u.at]
		switch {
		case first.send == last.send:
			fills = append(fills, u)
		case known && old.bySend != first.send:
			spoiled[u.at] = true
		default:
			found[u.at] = semaphore{first.send}
		}
	}
	// What only fills or only empties it is no user of a lock, but for who
	// makes it full.
	for _, u := range fills {
		if sem := found[u.at]; sem.bySend || !uses[u][0].send || !stores[u] {
			spoiled[u.at] = true
		}
	}
	for at := range spoiled {
		delete(found, at)
	}
	return found
}

// roomForOne reports whether v is a new channel with room for one.
func roomForOne(v ssa.Value) bool {
	if c, ok := v.(*ssa.ChangeType); ok {
		v = c.X
	}
	m, ok := v.(*ssa.MakeChan)
	if !ok {
		return false
	}
	size, ok := m.Size.(*ssa.Const)
	return ok && size.Value != nil && size.Int64() == 1
}

// chanStep applies an operation on a channel to the set of locks held.
func (s *scope) chanStep(op chanOp, h held, released *[]*Path) held {
	sem, ok := s.prog.semaphores[placeOf(op.ch)]
	if !ok {
		return h
	}
	for _, p := range s.pathsOf(op.ch) {
		if op.send == sem.bySend {
			h = h.with(Lock{p, false})
			continue
		}
		if released != nil && !h.has(p) {
			*released = append(*released, p)
		}
		h = h.without(p)
	}
	return h
}

// enter applies the operation of the select case whose body a block is.
func (s *scope) enter(block *ssa.BasicBlock, h held, released *[]*Path) held {
	if op, ok := s.cases[block]; ok {
		return s.chanStep(op, h, released)
	}
	return h
}

// selectCases returns what the cases of the function's selects do to channels,
// if any of those is a lock.
func (s *scope) selectCases() map[*ssa.BasicBlock]chanOp {
	all := make(map[*ssa.BasicBlock]chanOp)
	if len(s.prog.semaphores) == 0 {
		return all
	}
	for _, block := range s.fn.Blocks {
		for _, instr := range block.Instrs {
			_, cases := opsOf(instr)
			maps.Copy(all, cases)
		}
	}
	return all
}
