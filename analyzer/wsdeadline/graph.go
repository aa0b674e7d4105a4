package wsdeadline

import (
	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/conns"
)

// A graph answers what can run after what.
type graph struct {
	callers map[*ssa.Function][]ssa.CallInstruction
	cycles  map[*ssa.BasicBlock]bool
}

func newGraph(set *conns.Set) *graph {
	g := &graph{make(map[*ssa.Function][]ssa.CallInstruction), make(map[*ssa.BasicBlock]bool)}
	for _, fn := range set.Funcs {
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				if call, ok := instr.(ssa.CallInstruction); ok {
					if callee := call.Common().StaticCallee(); callee != nil {
						g.callers[callee] = append(g.callers[callee], call)
					}
				}
			}
		}
	}
	return g
}

// maxCallers bounds how far up a loop is looked for.
const maxCallers = 4

// inLoop reports whether an instruction runs again and again: in a loop of its
// function, or of one that calls it. A goroutine that a loop starts does not.
func (g *graph) inLoop(instr ssa.Instruction) bool { return g.loops(instr, 0) }

func (g *graph) loops(instr ssa.Instruction, depth int) bool {
	if g.cyclic(instr.Block()) {
		return true
	}
	if depth == maxCallers {
		return false
	}
	for _, call := range g.callers[instr.Parent()] {
		if _, ok := call.(*ssa.Call); ok && g.loops(call, depth+1) {
			return true
		}
	}
	return false
}

func (g *graph) cyclic(b *ssa.BasicBlock) bool {
	c, ok := g.cycles[b]
	if !ok {
		c = reaches(b, b, nil)
		g.cycles[b] = c
	}
	return c
}

// reaches reports whether control can go from the end of one block to the
// start of another without entering a block that stops it.
func reaches(from, to *ssa.BasicBlock, stops func(*ssa.BasicBlock) bool) bool {
	seen := make(map[*ssa.BasicBlock]bool)
	var walk func(*ssa.BasicBlock) bool
	walk = func(b *ssa.BasicBlock) bool {
		for _, s := range b.Succs {
			if s == to {
				return true
			}
			if !seen[s] {
				seen[s] = true
				if (stops == nil || !stops(s)) && walk(s) {
					return true
				}
			}
		}
		return false
	}
	return walk(from)
}

// after reports whether b can run after a in the same call of their function.
func after(a, b ssa.Instruction) bool {
	if a.Block() == b.Block() && index(a) < index(b) {
		return true
	}
	return reaches(a.Block(), b.Block(), nil)
}

func index(instr ssa.Instruction) int {
	for i, other := range instr.Block().Instrs {
		if other == instr {
			return i
		}
	}
	return -1
}

// leadsTo reports whether the instruction runs after from, in from's function
// or in one that it then calls or starts.
func (g *graph) leadsTo(from, instr ssa.Instruction) bool {
	return g.leads(from, instr, make(map[*ssa.Function]bool))
}

func (g *graph) leads(from, instr ssa.Instruction, seen map[*ssa.Function]bool) bool {
	fn := instr.Parent()
	if fn == from.Parent() {
		return after(from, instr)
	}
	if seen[fn] {
		return false
	}
	seen[fn] = true
	for _, call := range g.callers[fn] {
		if g.leads(from, call, seen) {
			return true
		}
	}
	return false
}
