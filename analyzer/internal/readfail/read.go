package readfail

import (
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// wrapperDepth is how many functions may stand between a loop and the call of
// the library.
const wrapperDepth = 2

// A Call is a call that reads from, or writes to, a connection: one of a
// library, or one of a function of the package that makes such a call.
type Call struct {
	Lib *wsapi.Library
	// SSA is the call, and Inner the library's call inside the function of the
	// package that SSA calls, or nil.
	SSA, Inner *ssa.Call

	c *Program
	// The connection is conn, or what its fields, one below the other, hold.
	conn   ssa.Value
	fields []*types.Var
	below  *Call // the read inside the callee, or nil
}

// An outcome is what a call returns after the read failed, and what happened on
// the way.
type outcome struct {
	results []fact
	flags   flags
}

// Calls returns the calls in fn of functions with one of the roles, and of
// functions of the package that make such calls.
func (c *Program) Calls(fn *ssa.Function, roles wsapi.Role) []*Call {
	return c.calls(fn, roles, wrapperDepth)
}

func (c *Program) calls(fn *ssa.Function, roles wsapi.Role, depth int) []*Call {
	var list []*Call
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			if call, ok := instr.(*ssa.Call); ok {
				list = append(list, c.callsAt(call, roles, depth)...)
			}
		}
	}
	return list
}

func (c *Program) callsAt(call *ssa.Call, roles wsapi.Role, depth int) []*Call {
	callee := call.Call.StaticCallee()
	if callee == nil {
		return nil
	}
	if lib, row := lookup(callee); row != nil {
		conn := row.Conn
		switch {
		case conn == wsapi.Receiver:
			conn = 0
		case conn >= 0 && callee.Signature.Recv() != nil:
			conn++
		}
		if !row.Roles.Any(roles) || errorIndex(callee.Signature) < 0 || conn < 0 || conn >= len(call.Call.Args) {
			return nil
		}
		return []*Call{{c: c, Lib: lib, SSA: call, conn: call.Call.Args[conn]}}
	}
	if depth == 0 || callee.Pkg != c.ssa.SSA || len(callee.FreeVars) > 0 {
		return nil
	}
	var list []*Call
	for _, r := range c.calls(callee, roles, depth-1) {
		// The connection has to be the caller's.
		place, ok := c.placeOf(r.conn, func(*ssa.BasicBlock) bool { return true }, 0)
		if !ok || place.cell {
			continue
		}
		param, ok := place.root.(*ssa.Parameter)
		if !ok {
			continue
		}
		i := slices.Index(callee.Params, param)
		if i < 0 || i >= len(call.Call.Args) {
			continue
		}
		inner := r.Inner
		if inner == nil {
			inner = r.SSA
		}
		list = append(list, &Call{
			c: c, Lib: r.Lib, SSA: call, Inner: inner, below: r,
			conn: call.Call.Args[i], fields: append(slices.Clone(place.fields), r.fields...),
		})
	}
	return list
}

// outcomes returns what the call can return when the read fails with f.
func (r *Call) outcomes(f wsapi.Failure) []outcome {
	sig := r.SSA.Call.Signature()
	if r.below == nil {
		results := make([]fact, sig.Results().Len())
		for i := range results {
			if slice, ok := sig.Results().At(i).Type().Underlying().(*types.Slice); ok && types.Identical(slice.Elem(), types.Typ[types.Byte]) {
				results[i] = null
			} else if r.Lib.NoKind && types.Identical(sig.Results().At(i).Type(), types.Typ[types.Int]) {
				results[i] = noKind
			} else {
				results[i] = murky
			}
		}
		results[errorIndex(sig)] = failure
		return []outcome{{results: results}}
	}
	var list []outcome
	place, _ := r.c.placeOf(r.below.conn, func(*ssa.BasicBlock) bool { return true }, 0)
	place.fields = append(place.fields, r.below.fields...)
	for _, o := range r.below.outcomes(f) {
		w := &walker{c: r.c, failure: &f, read: r.below.SSA, conn: place, inLoop: cycle(r.below.SSA.Block())}
		w.after(r.below.SSA, o)
		list = append(list, w.returns...)
	}
	return list
}

// Unused reports whether nothing looks at the call's error.
func (r *Call) Unused() bool {
	i := errorIndex(r.SSA.Call.Signature())
	if i < 0 {
		return false
	}
	if r.SSA.Call.Signature().Results().Len() == 1 {
		return len(*r.SSA.Referrers()) == 0
	}
	for _, ref := range *r.SSA.Referrers() {
		if ex, ok := ref.(*ssa.Extract); ok && ex.Index == i && len(*ex.Referrers()) > 0 {
			return false
		}
	}
	return true
}

// Decodes reports whether the call also fails for a message that is not what
// the caller asked for, after which the connection is as good as before.
func (r *Call) Decodes() bool {
	for param := range r.SSA.Call.Signature().Params().Variables() {
		if types.IsInterface(param.Type()) && param.Type().Underlying().(*types.Interface).Empty() {
			return true
		}
	}
	return false
}

// errorIndex returns the index of the result that is an error, or -1.
func errorIndex(sig *types.Signature) int {
	for i := sig.Results().Len() - 1; i >= 0; i-- {
		if types.Identical(sig.Results().At(i).Type(), types.Universe.Lookup("error").Type()) {
			return i
		}
	}
	return -1
}

// InLoop reports whether instr runs anew on each turn of the loop around the
// call.
func (r *Call) InLoop(instr ssa.Instruction) bool {
	in := cycle(r.SSA.Block())
	return in != nil && instr.Parent() == r.SSA.Parent() && in(instr.Block())
}

// cycle returns a function that tells the blocks of the loops through b from
// others, or nil if no path leads from b back to b.
func cycle(b *ssa.BasicBlock) func(*ssa.BasicBlock) bool {
	after, before := reach(b, successors), reach(b, predecessors)
	if !after[b] {
		return nil
	}
	return func(x *ssa.BasicBlock) bool { return after[x] && before[x] }
}

func successors(b *ssa.BasicBlock) []*ssa.BasicBlock   { return b.Succs }
func predecessors(b *ssa.BasicBlock) []*ssa.BasicBlock { return b.Preds }

// reach returns the blocks that one or more steps lead to.
func reach(from *ssa.BasicBlock, step func(*ssa.BasicBlock) []*ssa.BasicBlock) map[*ssa.BasicBlock]bool {
	seen := make(map[*ssa.BasicBlock]bool)
	work := slices.Clone(step(from))
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if !seen[b] {
			seen[b] = true
			work = append(work, step(b)...)
		}
	}
	return seen
}
