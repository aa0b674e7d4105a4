package wscontext

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// An ending is why a context is over once a function has returned.
type ending struct {
	category string
	pos      token.Pos // of the call that made the context
}

// endingOf returns why v, as it is at instr, ends with the function; nil if it
// does not, as far as is known.
func endingOf(v ssa.Value, at ssa.Instruction, depth int) *ending {
	if depth > 8 {
		return nil
	}
	if call := contextCall(v); call != nil {
		if ex, ok := v.(*ssa.Extract); ok && deferred(ex.Tuple) {
			return &ending{canceled, call.Pos()}
		}
		if call.Call.StaticCallee().Name() == "WithoutCancel" {
			return nil
		}
		return endingOf(call.Call.Args[0], at, depth+1)
	}
	switch v := v.(type) {
	case *ssa.ChangeInterface:
		return endingOf(v.X, at, depth+1)
	case *ssa.Call:
		if isRequestContext(v.Call.StaticCallee()) && len(v.Call.Args) == 1 && given(v.Call.Args[0], 0) {
			return &ending{request, v.Pos()}
		}
	case *ssa.UnOp:
		if alloc, ok := v.X.(*ssa.Alloc); ok && v.Op == token.MUL {
			return cellEnding(alloc, at, depth+1)
		}
	case *ssa.Phi:
		var found *ending
		for _, edge := range v.Edges {
			e := endingOf(edge, at, depth+1)
			if e == nil {
				return nil
			}
			found = e
		}
		return found
	}
	return nil
}

// cellEnding is endingOf for the value of a captured variable: what the last
// assignment before instr gave it, if no other may come between.
func cellEnding(alloc *ssa.Alloc, at ssa.Instruction, depth int) *ending {
	var last *ssa.Store
	for _, ref := range *alloc.Referrers() {
		store, ok := ref.(*ssa.Store)
		if !ok || store.Addr != alloc {
			continue
		}
		switch {
		case !before(store, at):
			return nil
		case last == nil || before(last, store):
			last = store
		}
	}
	if last == nil {
		return nil
	}
	return endingOf(last.Val, last, depth)
}

// before reports whether a comes before b on every path to b.
func before(a, b ssa.Instruction) bool {
	if a.Block() != b.Block() {
		return a.Block().Dominates(b.Block())
	}
	for _, instr := range a.Block().Instrs {
		switch instr {
		case a:
			return true
		case b:
			return false
		}
	}
	return false
}

// deferred reports whether the function defers the cancel function that tuple,
// the result of context.WithCancel or its like, holds.
func deferred(tuple ssa.Value) bool {
	for _, ref := range *tuple.Referrers() {
		cancel, ok := ref.(*ssa.Extract)
		if !ok || cancel.Index != 1 {
			continue
		}
		for _, ref := range *cancel.Referrers() {
			switch ref := ref.(type) {
			case *ssa.Defer:
				if ref.Call.Value == cancel {
					return true
				}
			case *ssa.ChangeType:
				for _, ref := range *ref.Referrers() {
					if d, ok := ref.(*ssa.Defer); ok && d.Call.Value != nil {
						return true
					}
				}
			case *ssa.Store:
				if alloc, ok := ref.Addr.(*ssa.Alloc); ok && ref.Val == cancel && cellDeferred(alloc) {
					return true
				}
			}
		}
	}
	return false
}

// cellDeferred reports whether the function in a captured variable is deferred,
// directly or in a literal that calls it first of all.
func cellDeferred(alloc *ssa.Alloc) bool {
	for _, ref := range *alloc.Referrers() {
		switch ref := ref.(type) {
		case *ssa.UnOp:
			for _, ref := range *ref.Referrers() {
				if d, ok := ref.(*ssa.Defer); ok && !d.Call.IsInvoke() {
					return true
				}
			}
		case *ssa.MakeClosure:
			lit, ok := ref.Fn.(*ssa.Function)
			if !ok || !deferredClosure(ref) || len(lit.Blocks) == 0 {
				continue
			}
			for _, instr := range lit.Blocks[0].Instrs {
				call, ok := instr.(*ssa.Call)
				if !ok {
					continue
				}
				load, ok := call.Call.Value.(*ssa.UnOp)
				if !ok {
					continue
				}
				for i, b := range ref.Bindings {
					if b == alloc && i < len(lit.FreeVars) && load.X == lit.FreeVars[i] {
						return true
					}
				}
			}
		}
	}
	return false
}

func deferredClosure(mc *ssa.MakeClosure) bool {
	for _, ref := range *mc.Referrers() {
		if d, ok := ref.(*ssa.Defer); ok && d.Call.Value == mc {
			return true
		}
	}
	return false
}

// isRequestContext reports whether fn is (*http.Request).Context.
func isRequestContext(fn *ssa.Function) bool {
	if fn == nil {
		return false
	}
	obj, ok := fn.Object().(*types.Func)
	return ok && obj.FullName() == "(*net/http.Request).Context"
}

// given reports whether v is a request that the function did not make: a
// parameter, or a field of one.
func given(v ssa.Value, depth int) bool {
	switch v := v.(type) {
	case *ssa.Parameter:
		return true
	case *ssa.UnOp:
		if addr, ok := v.X.(*ssa.FieldAddr); ok && depth < 4 {
			return given(addr.X, depth+1)
		}
		if alloc, ok := v.X.(*ssa.Alloc); ok && depth < 4 {
			// A parameter that a literal captures.
			n := 0
			for _, ref := range *alloc.Referrers() {
				if store, ok := ref.(*ssa.Store); ok && store.Addr == alloc {
					if n++; !given(store.Val, depth+1) {
						return false
					}
				}
			}
			return n == 1
		}
	}
	return false
}
