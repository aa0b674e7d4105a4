package readfail

import (
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// flags say what lies on a path from a failed read.
type flags uint8

const (
	// byMurky: something about the error that is not understood decides.
	byMurky flags = 1 << iota
	// byState: after the error, a test of something else decided.
	byState
	// byExit: a test of something else could have left the loop,
	byExit
	// signals: and the path does something that this test may see,
	signals
	// hints: or calls what may.
	hints
	// mayReplace: what the path calls could open another connection.
	mayReplace
)

// An effect is what a function of the package does, its callees included.
type effect struct {
	flags   flags
	fields  map[*types.Var]bool
	globals map[*ssa.Global]bool
	dials   bool
	returns bool
}

// effectOf returns fn's effect; a recursive call in progress counts as none.
func (c *Program) effectOf(fn *ssa.Function) *effect {
	if e, ok := c.effects[fn]; ok {
		return e
	}
	e := &effect{fields: make(map[*types.Var]bool), globals: make(map[*ssa.Global]bool), returns: true}
	c.effects[fn] = e
	returns := false
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			if _, ok := instr.(*ssa.Return); ok {
				returns = true
			}
			if store, ok := instr.(*ssa.Store); ok {
				switch addr := store.Addr.(type) {
				case *ssa.FieldAddr:
					e.fields[fieldOf(addr)] = true
				case *ssa.Global:
					e.globals[addr] = true
				}
			}
			e.flags |= c.signal(instr)
			call, ok := instr.(ssa.CallInstruction)
			if !ok {
				continue
			}
			callee := call.Common().StaticCallee()
			if _, row := lookup(callee); row != nil && row.Roles.Any(wsapi.Dials|wsapi.Upgrades) {
				e.dials = true
			}
			if callee != nil && callee.Pkg == c.ssa.SSA {
				f := c.effectOf(callee)
				e.flags |= f.flags
				e.dials = e.dials || f.dials
				for v := range f.fields {
					e.fields[v] = true
				}
				for g := range f.globals {
					e.globals[g] = true
				}
			}
		}
	}
	e.returns = returns || len(fn.Blocks) == 0 || fn.Recover != nil
	return e
}

// signal returns signals or hints if another part of the program may notice
// instr. Calls of the package's own functions are the caller's to look into.
func (c *Program) signal(instr ssa.Instruction) flags {
	switch instr := instr.(type) {
	case *ssa.Send, *ssa.MapUpdate:
		return signals
	case *ssa.Store:
		if local(instr.Addr) {
			return 0
		}
		return signals
	case *ssa.Go:
		return hints
	case ssa.CallInstruction:
		call := instr.Common()
		if call.IsInvoke() {
			if call.Method.Pkg() == c.ssa.SSA.Pkg {
				return hints | mayReplace
			}
			return 0
		}
		if b, ok := call.Value.(*ssa.Builtin); ok {
			if b.Name() == "close" || b.Name() == "delete" {
				return signals
			}
			return 0
		}
		callee := call.StaticCallee()
		if callee == nil {
			return signals | mayReplace
		}
		if callee.Pkg == c.ssa.SSA {
			return 0
		}
		if obj := callee.Object(); obj != nil && obj.Pkg() != nil {
			if obj.Pkg().Path() == "sync/atomic" && !strings.HasPrefix(obj.Name(), "Load") {
				return signals
			}
			if wsapi.LibraryOf(obj.Pkg().Path()) != nil {
				return 0
			}
		}
		for _, arg := range call.Args {
			if _, ok := arg.(*ssa.MakeClosure); ok {
				return signals | mayReplace
			}
		}
	}
	return 0
}

// local reports whether addr belongs to a variable that no other function
// sees, such as the array of a variadic call.
func local(addr ssa.Value) bool {
	for {
		switch v := addr.(type) {
		case *ssa.FieldAddr:
			addr = v.X
		case *ssa.IndexAddr:
			addr = v.X
		case *ssa.Alloc:
			for _, ref := range *v.Referrers() {
				if _, ok := ref.(*ssa.MakeClosure); ok {
					return false
				}
			}
			return true
		default:
			return false
		}
	}
}
