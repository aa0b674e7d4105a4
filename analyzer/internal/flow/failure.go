package flow

import (
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"
)

// returnsNil reports whether the function returns no error once it has started
// the effect's goroutine: its last result is an error, and nil behind that.
func (s *scope) returnsNil(e *Effect) bool {
	results := s.fn.Signature.Results()
	if n := results.Len(); n == 0 || !isError(results.At(n-1).Type()) {
		return false
	}
	avoid := failures(e)
	for _, block := range s.fn.Blocks {
		n := len(block.Instrs)
		if n == 0 {
			continue
		}
		ret, ok := block.Instrs[n-1].(*ssa.Return)
		if !ok || !reaches(e.anchor, ret, avoid) {
			continue
		}
		if len(ret.Results) == 0 {
			return false // with type errors
		}
		if c, ok := returned(ret, len(ret.Results)-1).(*ssa.Const); !ok || !c.IsNil() {
			return false
		}
	}
	return true
}

// returned is a result of a return. Where deferred calls could change it, it is
// put into a variable first.
func returned(ret *ssa.Return, i int) ssa.Value {
	load, ok := ret.Results[i].(*ssa.UnOp)
	if !ok || load.Op != token.MUL {
		return ret.Results[i]
	}
	for _, instr := range slices.Backward(ret.Block().Instrs) {
		if st, ok := instr.(*ssa.Store); ok && st.Addr == load.X {
			return st.Val
		}
	}
	return load
}

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

// failures returns a predicate for the instructions that run only if the call
// which brings the effect about has failed, and so has started no goroutine.
func failures(e *Effect) func(ssa.Instruction) bool {
	call, ok := e.anchor.(*ssa.Call)
	if !ok || !e.nilError {
		return nil
	}
	var errs []ssa.Value
	if isError(call.Type()) {
		errs = append(errs, call)
	}
	for _, ref := range *call.Referrers() {
		if x, ok := ref.(*ssa.Extract); ok && isError(x.Type()) {
			errs = append(errs, x)
		}
	}
	first := make(map[ssa.Instruction]bool)
	for _, err := range errs {
		for _, ref := range *err.Referrers() {
			cmp, ok := ref.(*ssa.BinOp)
			if !ok || cmp.Op != token.NEQ && cmp.Op != token.EQL {
				continue
			}
			if c, ok := cmp.Y.(*ssa.Const); !ok || !c.IsNil() {
				continue
			}
			for _, use := range *cmp.Referrers() {
				if br, ok := use.(*ssa.If); ok {
					failed := br.Block().Succs[0]
					if cmp.Op == token.EQL {
						failed = br.Block().Succs[1]
					}
					if len(failed.Preds) == 1 {
						first[failed.Instrs[0]] = true
					}
				}
			}
		}
	}
	return func(x ssa.Instruction) bool { return first[x] }
}

// either returns a predicate for what one of two is true of; b may be nil.
func either(a, b func(ssa.Instruction) bool) func(ssa.Instruction) bool {
	if b == nil {
		return a
	}
	return func(x ssa.Instruction) bool { return a(x) || b(x) }
}
