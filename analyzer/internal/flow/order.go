package flow

import "golang.org/x/tools/go/ssa"

// position returns the index of an instruction in its block.
func position(instr ssa.Instruction) int {
	for i, x := range instr.Block().Instrs {
		if x == instr {
			return i
		}
	}
	return -1
}

// reaches reports whether control can get from behind instruction a to
// instruction b of the same function without passing one that avoid names.
// From an instruction to itself it takes a loop.
func reaches(a, b ssa.Instruction, avoid func(ssa.Instruction) bool) bool {
	if a.Parent() != b.Parent() || a.Block() == nil || b.Block() == nil {
		return false
	}
	seen := make(map[*ssa.BasicBlock]bool)
	// scan follows a block from instruction i; it says whether b was met and
	// whether the block's end was.
	scan := func(block *ssa.BasicBlock, i int) (met, through bool) {
		for _, x := range block.Instrs[i:] {
			if x == b {
				return true, false
			}
			if avoid != nil && avoid(x) {
				return false, false
			}
		}
		return false, true
	}
	met, through := scan(a.Block(), position(a)+1)
	if met {
		return true
	}
	if !through {
		return false
	}
	work := append([]*ssa.BasicBlock(nil), a.Block().Succs...)
	for len(work) > 0 {
		block := work[len(work)-1]
		work = work[:len(work)-1]
		if seen[block] {
			continue
		}
		seen[block] = true
		met, through := scan(block, 0)
		if met {
			return true
		}
		if through {
			work = append(work, block.Succs...)
		}
	}
	return false
}

// leaves reports whether control can get from behind instruction a to a
// return without passing one that avoid names.
func leaves(a ssa.Instruction, avoid func(ssa.Instruction) bool) bool {
	for _, block := range a.Parent().Blocks {
		if n := len(block.Instrs); n > 0 {
			if ret, ok := block.Instrs[n-1].(*ssa.Return); ok && reaches(a, ret, avoid) {
				return true
			}
		}
	}
	return false
}

// A join is an instruction behind which a goroutine that signals on one of
// the paths has ended: a receive from the channel, or a Wait.
type join struct {
	instr ssa.Instruction
	paths []*Path
}

// joins collects the joins of the function.
func (s *scope) joins() []join {
	var list []join
	for _, block := range s.fn.Blocks {
		for _, instr := range block.Instrs {
			switch instr := instr.(type) {
			case *ssa.UnOp:
				if isRecv(instr) {
					list = append(list, join{instr, s.pathsOf(instr.X)})
				}
			case *ssa.Select:
				list = append(list, s.selectJoins(instr)...)
			case *ssa.Call:
				callee := instr.Call.StaticCallee()
				if callee != nil && callee.Name() == "Wait" && callee.Signature.Recv() != nil && len(instr.Call.Args) == 1 {
					list = append(list, join{instr, s.pathsOf(instr.Call.Args[0])})
				}
			}
		}
	}
	return list
}

// selectJoins returns, for each receive case of a select, the first
// instruction of the case's body.
func (s *scope) selectJoins(sel *ssa.Select) []join {
	var list []join
	if sel.Blocking && len(sel.States) == 1 {
		return []join{{sel, s.pathsOf(sel.States[0].Chan)}}
	}
	for body, i := range caseBodies(sel) {
		if len(body.Instrs) > 0 {
			list = append(list, join{body.Instrs[0], s.pathsOf(sel.States[i].Chan)})
		}
	}
	return list
}

// caseBodies returns the blocks that only the cases of a select lead to, each
// with the number of its state.
func caseBodies(sel *ssa.Select) map[*ssa.BasicBlock]int {
	bodies := make(map[*ssa.BasicBlock]int)
	for _, ref := range *sel.Referrers() {
		index, ok := ref.(*ssa.Extract)
		if !ok || index.Index != 0 {
			continue
		}
		for _, use := range *index.Referrers() {
			cmp, ok := use.(*ssa.BinOp)
			if !ok {
				continue
			}
			k, ok := cmp.Y.(*ssa.Const)
			if !ok || k.Value == nil || int(k.Int64()) >= len(sel.States) {
				continue
			}
			for _, branch := range *cmp.Referrers() {
				if br, ok := branch.(*ssa.If); ok {
					if body := br.Block().Succs[0]; len(body.Preds) == 1 {
						bodies[body] = int(k.Int64())
					}
				}
			}
		}
	}
	return bodies
}

// ended returns a predicate for the instructions behind which a goroutine with
// the given signals is over.
func (s *scope) ended(signals []*Path) func(ssa.Instruction) bool {
	if len(signals) == 0 {
		return func(ssa.Instruction) bool { return false }
	}
	set := make(map[ssa.Instruction]bool)
	for _, j := range s.joinList {
		if s.meet(j.paths, signals) {
			set[j.instr] = true
		}
	}
	return func(x ssa.Instruction) bool { return set[x] }
}

// meet reports whether two sets of paths, resolved, have one in common.
func (s *scope) meet(a, b []*Path) bool {
	a, b = s.loads(a), s.loads(b)
	for _, p := range a {
		for _, q := range b {
			if p == q {
				return true
			}
		}
	}
	return false
}

// signals returns what a function does last on channels and wait groups: the
// channels that it closes or sends on outside a loop, and the groups that it
// tells Done.
func (s *scope) ownSignals() []*Path {
	var list []*Path
	add := func(v ssa.Value) { list = append(list, s.pathsOf(v)...) }
	call := func(c *ssa.CallCommon) {
		if b, ok := c.Value.(*ssa.Builtin); ok && b.Name() == "close" {
			add(c.Args[0])
		}
		if callee := c.StaticCallee(); callee != nil && callee.Name() == "Done" && len(c.Args) == 1 && callee.Signature.Recv() != nil {
			add(c.Args[0])
		}
	}
	for _, block := range s.fn.Blocks {
		for _, instr := range block.Instrs {
			switch instr := instr.(type) {
			case *ssa.Call:
				call(&instr.Call)
			case *ssa.Defer:
				call(&instr.Call)
				// The body of a deferred literal.
				if lit := instr.Call.StaticCallee(); lit != nil && lit.Parent() == s.fn {
					sum := s.prog.summary(lit)
					b := s.bind(sum, &instr.Call, instr)
					for _, p := range sum.signals {
						list = append(list, s.prog.subst(p, b)...)
					}
				}
			case *ssa.Send:
				if !reaches(instr, instr, nil) {
					add(instr.Chan)
				}
			}
		}
	}
	return list
}

func isRecv(x *ssa.UnOp) bool { return x.Op.String() == "<-" }
