package wscontext

import (
	"go/token"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// A wait says whether a function may wait for something, such as the end of a
// goroutine.
type wait int

const (
	goesOn  wait = iota // it does not
	mayWait             // it calls what is not known
	waits               // it waits, or runs in a loop
)

// waits says what the function does between a go statement and its return.
func (c *checker) waits(start *ssa.Go) wait {
	b := start.Block()
	seen := make(map[*ssa.BasicBlock]bool)
	worst := goesOn
	past := false
	for _, instr := range b.Instrs {
		if past {
			worst = max(worst, c.waitOf(instr))
		}
		past = past || instr == start
	}
	work := append([]*ssa.BasicBlock(nil), b.Succs...)
	for len(work) > 0 {
		x := work[len(work)-1]
		work = work[:len(work)-1]
		if seen[x] {
			continue
		}
		seen[x] = true
		if x == b {
			return waits // a loop
		}
		for _, instr := range x.Instrs {
			worst = max(worst, c.waitOf(instr))
		}
		for _, s := range x.Succs {
			if seen[s] && s.Dominates(x) {
				return waits
			}
		}
		work = append(work, x.Succs...)
	}
	// What was deferred before it runs at the end.
	for _, x := range start.Parent().Blocks {
		for _, instr := range x.Instrs {
			if d, ok := instr.(*ssa.Defer); ok {
				worst = max(worst, c.waitOf(d))
			}
		}
	}
	return worst
}

// inFunc says whether a call of fn may wait.
func (c *checker) inFunc(fn *ssa.Function) wait {
	if w, ok := c.waiting[fn]; ok {
		return w
	}
	c.waiting[fn] = goesOn // for recursive calls
	worst := goesOn
	if len(fn.Blocks) == 0 {
		worst = mayWait
	}
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			worst = max(worst, c.waitOf(instr))
		}
		for _, s := range b.Succs {
			if s.Dominates(b) {
				worst = max(worst, mayWait)
			}
		}
	}
	c.waiting[fn] = worst
	return worst
}

// quick are packages whose functions return without waiting for others.
var quick = map[string]bool{
	"fmt": true, "log": true, "log/slog": true, "errors": true, "strings": true, "strconv": true, "bytes": true,
	"encoding/json": true, "sync/atomic": true, "context": true, "net/url": true, "sort": true, "slices": true, "maps": true,
}

// waitOf says whether an instruction may wait.
func (c *checker) waitOf(instr ssa.Instruction) wait {
	switch instr := instr.(type) {
	case *ssa.UnOp:
		if instr.Op == token.ARROW {
			return waits
		}
	case *ssa.Select:
		if instr.Blocking {
			return waits
		}
	case *ssa.Send:
		return mayWait
	case *ssa.Go:
		return goesOn
	case ssa.CallInstruction:
		call := instr.Common()
		if call.IsInvoke() {
			if pkg := call.Method.Pkg(); pkg == nil || pkg.Path() == "net/http" || pkg.Path() == "context" {
				return goesOn
			}
			return mayWait
		}
		if _, ok := call.Value.(*ssa.Builtin); ok {
			return goesOn
		}
		callee := call.StaticCallee()
		if callee == nil {
			if call.Value.Type().String() == "context.CancelFunc" {
				return goesOn
			}
			return mayWait
		}
		if _, row := lookup(callee); row != nil {
			if results := call.Signature().Results(); row.Roles.Has(wsapi.Reads) && results.Len() > 0 && results.At(results.Len()-1).Type().String() == "error" {
				return waits
			}
			return goesOn
		}
		if callee.Pkg == c.ssa.SSA {
			return c.inFunc(callee)
		}
		if callee.Object() == nil || callee.Object().Pkg() == nil {
			return mayWait
		}
		switch path := callee.Object().Pkg().Path(); {
		case quick[path]:
			return goesOn
		case path == "sync":
			if callee.Name() == "Wait" {
				return waits
			}
			return goesOn
		case path == "time":
			if callee.Name() == "Sleep" {
				return mayWait
			}
			return goesOn
		case path == "net/http" && callee.Name() != "ListenAndServe" && callee.Name() != "Serve":
			return goesOn
		case callee.Name() == "Wait":
			return waits
		}
		return mayWait
	}
	return goesOn
}
