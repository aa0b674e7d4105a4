package wsclose

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// firstUse returns a use of v, which call returned, that comes before any test:
// in the same block, so that it happens when the call has failed too.
//
// A function that gets the error, such as one that panics unless it is nil, has
// looked at it.
func (c *checker) firstUse(call *ssa.Call, v, err ssa.Value) ssa.Instruction {
	b := call.Block()
	same := map[ssa.Value]bool{v: true}
	errs := map[ssa.Value]bool{err: err != nil}
	errHeld := make(map[string]bool)
	held := make(map[string]bool) // places that v was stored in
	past := false
	for _, instr := range b.Instrs {
		if instr == call {
			past = true
		}
		if !past || instr == call {
			continue
		}
		switch instr := instr.(type) {
		case *ssa.Store:
			if k := key(instr.Addr, 0); k != "" {
				held[k] = same[instr.Val]
				errHeld[k] = errs[instr.Val]
			}
		case *ssa.UnOp:
			if instr.Op == token.MUL {
				same[instr] = held[key(instr.X, 0)]
				errs[instr] = errHeld[key(instr.X, 0)]
			}
		case *ssa.MakeInterface:
			same[instr] = same[instr.X]
		case *ssa.ChangeInterface:
			same[instr] = same[instr.X]
			errs[instr] = errs[instr.X]
		case ssa.CallInstruction:
			common := instr.Common()
			for _, arg := range common.Args {
				if errs[arg] {
					return nil
				}
			}
			used := common.IsInvoke() && same[common.Value]
			if _, row := lookup(common.StaticCallee()); row != nil {
				if conn := connArg(common, row); conn != nil && same[conn] {
					used = true
				}
			}
			if !used {
				continue
			}
			if _, ok := instr.(*ssa.Go); ok {
				continue
			}
			if _, ok := instr.(*ssa.Defer); ok && !c.unwinds(b, call) {
				continue
			}
			if c.unknownCall(call.Pos(), instr.Pos()) {
				return nil
			}
			return instr
		}
	}
	return nil
}

// unwinds reports whether deferred calls run when the call at the end of b
// failed: not where the process exits then.
func (c *checker) unwinds(b *ssa.BasicBlock, call *ssa.Call) bool {
	test, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If)
	if !ok {
		return true
	}
	op, ok := test.Cond.(*ssa.BinOp)
	if !ok || !isNil(op.X) && !isNil(op.Y) {
		return true
	}
	failed := b.Succs[0]
	if op.Op == token.EQL {
		failed = b.Succs[1]
	}
	seen := map[*ssa.BasicBlock]bool{}
	work := []*ssa.BasicBlock{failed}
	for len(work) > 0 {
		x := work[len(work)-1]
		work = work[:len(work)-1]
		if seen[x] {
			continue
		}
		seen[x] = true
		exits := false
		for _, instr := range x.Instrs {
			switch instr := instr.(type) {
			case *ssa.Return, *ssa.Panic:
				if !exits { // SSA panics where a function never returns
					return true
				}
			case *ssa.Call:
				exits = exits || exitsProcess(instr.Call.StaticCallee())
			}
		}
		if !exits {
			work = append(work, x.Succs...)
		}
	}
	return false
}

// exitsProcess reports whether fn, of another package, may be one that exits:
// a function with Fatal or Exit for a name, as logging packages have.
func exitsProcess(fn *ssa.Function) bool {
	if fn == nil || fn.Object() == nil || fn.Object().Pkg() == nil {
		return false
	}
	return strings.HasPrefix(fn.Object().Name(), "Fatal") || strings.HasPrefix(fn.Object().Name(), "Exit")
}

// lateWrites reports writes after call, if call closes a connection for good.
func (c *checker) lateWrites(call *ssa.Call) {
	conn := closed(&call.Call)
	if conn == nil {
		return
	}
	for _, b := range call.Parent().Blocks {
		for _, instr := range b.Instrs {
			write, ok := instr.(*ssa.Call)
			if !ok || write == call || !before(call, write) {
				continue
			}
			lib, w := lookup(write.Call.StaticCallee())
			if w == nil || !w.Roles.Any(wsapi.Writes|wsapi.WritesControl) || w.Roles.Has(wsapi.Closes) {
				continue
			}
			other := connArg(&write.Call, w)
			if converted, ok := other.(*ssa.ChangeInterface); ok {
				other = converted.X // a net.Conn, to gobwas an io.Writer
			}
			if other == nil || !c.sameConn(conn, other, call, write) {
				continue
			}
			c.report(rule.Finding{
				Pos: write.Pos(), Category: late, Confidence: rule.High,
				Message: fmt.Sprintf("%s comes after the connection was closed at %s: %s returns an error and sends nothing", write.Call.StaticCallee().Name(), c.Site(call.Pos()), lib.Name),
				Related: []analysis.RelatedInformation{{Pos: call.Pos(), Message: "the connection is closed here"}},
			})
		}
	}
}

// unknownCall reports whether a call that does not type-check stands between
// two positions: it may have got the error.
func (c *checker) unknownCall(from, to token.Pos) bool {
	if len(c.TypeErrors) == 0 {
		return false
	}
	found := false
	for _, file := range c.Files {
		if from < file.FileStart || from >= file.FileEnd {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && from < call.Pos() && call.End() < to {
				t := c.TypesInfo.TypeOf(call.Fun)
				found = found || t == nil || t == types.Typ[types.Invalid]
			}
			return !found
		})
	}
	return found
}

// closed returns the connection that a call closes for good, or nil: a
// library's own, or a net.Conn, on which gobwas works.
func closed(call *ssa.CallCommon) ssa.Value {
	if call.IsInvoke() {
		if m := call.Method; m.Name() == "Close" && m.Pkg() != nil && m.Pkg().Path() == "net" {
			return call.Value
		}
		return nil
	}
	if _, row := lookup(call.StaticCallee()); row != nil && row.Roles.Has(wsapi.Closes) {
		return connArg(call, row)
	}
	return nil
}

// sameConn reports whether a, at the instruction from, and b, at to, are one
// connection.
func (c *checker) sameConn(a, b ssa.Value, from, to ssa.Instruction) bool {
	if a == b {
		_, merged := a.(*ssa.Phi)
		return !merged || from.Block() == to.Block()
	}
	x, ok := a.(*ssa.UnOp)
	y, ok2 := b.(*ssa.UnOp)
	if !ok || !ok2 || x.Op != token.MUL || y.Op != token.MUL {
		return false
	}
	k := key(x.X, 0)
	if k == "" || k != key(y.X, 0) || from.Block() != to.Block() {
		return false
	}
	// Between the two, nothing may assign another one.
	past := false
	for _, instr := range from.Block().Instrs {
		switch {
		case instr == from:
			past = true
		case instr == to:
			return true
		case past:
			switch instr := instr.(type) {
			case *ssa.Store:
				if key(instr.Addr, 0) == k {
					return false
				}
			case ssa.CallInstruction:
				callee := instr.Common().StaticCallee()
				if _, row := lookup(callee); row == nil && (callee == nil || callee.Pkg == c.ssa.SSA) {
					return false
				}
			}
		}
	}
	return false
}

// key names a place in memory within a function: a variable, or fields below
// it; "" if that is not certain.
func key(addr ssa.Value, depth int) string {
	if depth > 6 {
		return ""
	}
	switch v := addr.(type) {
	case *ssa.FieldAddr:
		if k := key(v.X, depth+1); k != "" {
			return fmt.Sprintf("%s.%d", k, v.Field)
		}
		return ""
	case *ssa.UnOp:
		if k := key(v.X, depth+1); v.Op == token.MUL && k != "" {
			return "*" + k
		}
		return ""
	case *ssa.Parameter, *ssa.FreeVar, *ssa.Alloc, *ssa.Global:
		return fmt.Sprintf("%T %s", v, v.Name())
	}
	return fmt.Sprintf("%T %s", addr, addr.Name())
}

// method returns the full name of the method that a call calls, and its
// receiver.
func method(call *ssa.CallCommon) (string, ssa.Value) {
	callee := call.StaticCallee()
	if callee == nil || len(call.Args) == 0 {
		return "", nil
	}
	fn, ok := callee.Object().(*types.Func)
	if !ok || fn.Pkg() == nil || fn.Pkg().Path() != "sync" {
		return "", nil
	}
	return fn.Name(), call.Args[0]
}

// locks reports deferred calls of Lock that were meant to be Unlock, and
// deferred calls of Unlock in loops that come back to the Lock, in functions
// that write.
func (c *checker) locks(fn *ssa.Function) {
	if !c.writes(fn) {
		return
	}
	for _, b := range fn.Blocks {
		for i, instr := range b.Instrs {
			d, ok := instr.(*ssa.Defer)
			if !ok {
				continue
			}
			name, mu := method(&d.Call)
			if mu == nil {
				continue
			}
			k := key(mu, 0)
			switch name {
			case "Lock", "RLock":
				if last := lastLock(b.Instrs[:i], k); last != nil {
					if n, _ := method(&last.Call); n == name {
						c.report(rule.Finding{
							Pos: d.Pos(), Category: relock, Confidence: rule.High,
							Message: fmt.Sprintf("defer %s locks the mutex a second time when the function returns, and never gives it back: the next writer waits for ever; Unlock was meant", name),
							Related: []analysis.RelatedInformation{{Pos: last.Pos(), Message: "it is locked here"}},
							Fixes:   c.unlock(d, name, k),
						})
					}
				}
			case "Unlock":
				last := lastLock(b.Instrs[:i], k)
				if last == nil || !loops(b) {
					continue
				}
				if n, _ := method(&last.Call); n != "Lock" {
					continue
				}
				sure := rule.High
				how := "its second turn waits for ever"
				if root := rootOf(mu); root != nil && varies(root, b) {
					sure, how = rule.Medium, "every writer of these connections waits that long"
				}
				c.report(rule.Finding{
					Pos: d.Pos(), Category: holding, Confidence: sure,
					Message: "defer Unlock in a loop gives the mutex back when the function returns, not at the end of the turn: " + how,
					Related: []analysis.RelatedInformation{{Pos: last.Pos(), Message: "it is locked here"}},
				})
			}
		}
	}
}

// writes reports whether fn writes to a connection.
func (c *checker) writes(fn *ssa.Function) bool {
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			if call, ok := instr.(ssa.CallInstruction); ok {
				if _, row := lookup(call.Common().StaticCallee()); row != nil && row.Roles.Any(wsapi.Writes|wsapi.WritesControl|wsapi.Reads) {
					return true
				}
			}
		}
	}
	return false
}

// lastLock returns the last call among instrs that locks or unlocks the mutex.
func lastLock(instrs []ssa.Instruction, k string) *ssa.Call {
	for i := len(instrs) - 1; i >= 0; i-- {
		if call, ok := instrs[i].(*ssa.Call); ok {
			if name, mu := method(&call.Call); mu != nil && strings.HasSuffix(name, "ock") && key(mu, 0) == k {
				return call
			}
		}
	}
	return nil
}

// loops reports whether a path leads from b back to b.
func loops(b *ssa.BasicBlock) bool { return reach(b)[b] }

func reach(from *ssa.BasicBlock) map[*ssa.BasicBlock]bool {
	seen := make(map[*ssa.BasicBlock]bool)
	work := append([]*ssa.BasicBlock(nil), from.Succs...)
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if !seen[b] {
			seen[b] = true
			work = append(work, b.Succs...)
		}
	}
	return seen
}

// rootOf returns the value that an address is computed from.
func rootOf(v ssa.Value) ssa.Value {
	for {
		switch x := v.(type) {
		case *ssa.FieldAddr:
			v = x.X
		case *ssa.UnOp:
			v = x.X
		case *ssa.IndexAddr:
			v = x.Index
		default:
			return v
		}
	}
}

// varies reports whether each turn of the loop around b computes v anew.
func varies(v ssa.Value, b *ssa.BasicBlock) bool {
	instr, ok := v.(ssa.Instruction)
	if !ok {
		return false
	}
	return reach(b)[instr.Block()]
}
