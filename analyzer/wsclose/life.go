package wsclose

import (
	"fmt"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// opening judges the life of what a call opens: a connection or a writer.
func (c *checker) opening(call *ssa.Call) {
	lib, row := lookup(call.Call.StaticCallee())
	if row == nil || call.Call.Signature().Results().Len() < 2 {
		return
	}
	name := call.Call.StaticCallee().Name()
	isConn := row.Roles.Any(wsapi.Dials|wsapi.Upgrades) && row.Conn == wsapi.Result
	isWriter := row.Roles.Has(wsapi.Writes | wsapi.OpensWriter)
	if !isConn && !isWriter {
		return
	}
	v, err := results(call)
	if v == nil {
		return
	}
	if at := c.firstUse(call, v, err); at != nil {
		what := "the connection"
		if isWriter {
			what = "the writer"
		}
		c.report(rule.Finding{
			Pos: at.Pos(), Category: early, Confidence: rule.High,
			Message: fmt.Sprintf("%s is used before the error of %s at %s is looked at: it is nil when that failed", what, name, c.Site(call.Pos())),
			Related: []analysis.RelatedInformation{{Pos: call.Pos(), Message: "what can fail"}},
			Fixes:   c.checkFirst(call, at),
		})
	}
	l := &life{c: c, lib: lib, writer: isWriter, closers: make(map[ssa.Instruction]bool)}
	l.follow(v, 0)
	if l.gone || call.Parent().Name() == "main" || call.Parent().Name() == "init" {
		return
	}
	ret := l.open(call, err)
	switch {
	case ret == nil:
	case isWriter:
		c.report(rule.Finding{
			Pos: call.Pos(), Category: writer, Confidence: rule.High,
			Message: fmt.Sprintf("the writer of %s is not closed before the function returns%s: the message is not sent, and with %s the next one has to wait or ends it", name, c.line(ret), lib.Name),
		})
	default:
		c.report(rule.Finding{
			Pos: call.Pos(), Category: leak, Confidence: rule.High,
			Message: fmt.Sprintf("the connection of %s is not closed before the function returns%s, and goes nowhere else: it stays open", name, c.line(ret)),
		})
	}
}

func (c *checker) line(ret *ssa.Return) string {
	if !ret.Pos().IsValid() {
		return ""
	}
	return " at " + c.Site(ret.Pos())
}

// A life is where a connection or writer is used.
type life struct {
	c       *checker
	lib     *wsapi.Library
	writer  bool
	gone    bool // somebody else may close it
	closers map[ssa.Instruction]bool
	seen    []ssa.Value
}

// follow looks at what is done with v.
func (l *life) follow(v ssa.Value, depth int) {
	if slices.Contains(l.seen, v) || l.gone {
		return
	}
	l.seen = append(l.seen, v)
	if depth > 8 || v.Referrers() == nil {
		l.gone = true
		return
	}
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.MakeInterface:
			l.follow(ref, depth+1)
		case *ssa.ChangeInterface:
			l.follow(ref, depth+1)
		case *ssa.BinOp, *ssa.DebugRef:
		case *ssa.Store:
			alloc, ok := ref.Addr.(*ssa.Alloc)
			if !ok || ref.Val != v {
				l.gone = true
				return
			}
			l.cell(alloc, v, depth+1)
		case ssa.CallInstruction:
			l.call(ref, v, depth)
		default:
			l.gone = true // returned, sent, kept, merged with another
			return
		}
	}
}

// cell looks at what is done with the variable that v is stored in; it has to
// hold nothing else.
func (l *life) cell(addr ssa.Value, v ssa.Value, depth int) {
	if slices.Contains(l.seen, addr) {
		return
	}
	l.seen = append(l.seen, addr)
	for _, ref := range *addr.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Store:
			if ref.Val != v && !isNil(ref.Val) || ref.Addr != addr {
				l.gone = true
			}
		case *ssa.UnOp:
			l.follow(ref, depth+1)
		case *ssa.MakeClosure:
			lit := ref.Fn.(*ssa.Function)
			for i, b := range ref.Bindings {
				if b != addr || i >= len(lit.FreeVars) {
					continue
				}
				inner := &life{c: l.c, lib: l.lib, writer: l.writer, closers: make(map[ssa.Instruction]bool), seen: l.seen}
				inner.cell(lit.FreeVars[i], nil, depth+1)
				if inner.gone || len(inner.closers) > 0 {
					// A literal that closes it, or lets go of it.
					l.gone = true
				}
			}
		case *ssa.DebugRef:
		default:
			l.gone = true
		}
	}
}

func isNil(v ssa.Value) bool {
	c, ok := v.(*ssa.Const)
	return ok && c.IsNil()
}

// call looks at a call that v takes part in.
func (l *life) call(instr ssa.CallInstruction, v ssa.Value, depth int) {
	call := instr.Common()
	if _, ok := instr.(*ssa.Go); ok {
		l.gone = true
		return
	}
	if call.IsInvoke() {
		switch {
		case call.Value != v:
			l.gone = true
		case call.Method.Name() == "Close":
			l.closers[instr] = true
		}
		return
	}
	callee := call.StaticCallee()
	if callee == nil {
		l.gone = true
		return
	}
	if _, row := lookup(callee); row != nil {
		switch {
		case row.Roles.Has(wsapi.Closes):
			l.closers[instr] = true
		case row.Roles.Any(wsapi.OpensReader|wsapi.OpensWriter) && row.Conn != wsapi.Receiver:
			l.gone = true // a wrapper, which may be the one that is closed
		case row.Roles.Any(wsapi.Reads|wsapi.WantsContext) && !hasError(call):
			l.gone = true // closed with a context
		}
		return
	}
	if callee.Object() == nil || callee.Object().Pkg() == nil {
		l.gone = true
		return
	}
	if wsapi.LibraryOf(callee.Object().Pkg().Path()) != nil {
		// NetConn and the like return what somebody may close instead.
		for v := range call.Signature().Results().Variables() {
			if obj, _, _ := types.LookupFieldOrMethod(v.Type(), true, nil, "Close"); obj != nil {
				l.gone = true
			}
		}
		return
	}
	if callee.Pkg == l.c.ssa.SSA && depth < 4 {
		for i, arg := range call.Args {
			if arg == v && (i >= len(callee.Params) || !l.c.lent(callee.Params[i], l.lib, depth)) {
				l.gone = true
			}
		}
		return
	}
	if l.writer {
		switch callee.Object().Pkg().Path() {
		case "encoding/json", "io", "fmt", "encoding/gob", "encoding/xml", "bufio", "text/template", "html/template":
			return
		}
	}
	l.gone = true
}

func hasError(call *ssa.CallCommon) bool {
	for v := range call.Signature().Results().Variables() {
		if isError(v.Type()) {
			return true
		}
	}
	return false
}

// lent reports whether a function uses what the parameter gets and neither
// closes nor keeps it.
func (c *checker) lent(p *ssa.Parameter, lib *wsapi.Library, depth int) bool {
	if known, ok := c.lends[p]; ok {
		return known
	}
	c.lends[p] = false
	if len(p.Parent().Blocks) == 0 {
		return false
	}
	l := &life{c: c, lib: lib, closers: make(map[ssa.Instruction]bool)}
	l.follow(p, depth+1)
	c.lends[p] = !l.gone && len(l.closers) == 0
	return c.lends[p]
}

// open returns a return of the function that a path leads to without closing
// what call opened, where no call on the way failed; nil if there is none.
func (l *life) open(call *ssa.Call, err ssa.Value) *ssa.Return {
	seen := make(map[*ssa.BasicBlock]bool)
	var walk func(b *ssa.BasicBlock, i int) *ssa.Return
	walk = func(b *ssa.BasicBlock, i int) *ssa.Return {
		for ; i < len(b.Instrs); i++ {
			instr := b.Instrs[i]
			if l.closers[instr] {
				return nil
			}
			switch instr := instr.(type) {
			case *ssa.Call:
				if instr == call {
					return nil // opened anew
				}
			case *ssa.Return:
				return instr
			case *ssa.If:
				for k, s := range b.Succs {
					if l.passable(instr.Cond, k == 0, err) && !seen[s] {
						seen[s] = true
						if ret := walk(s, 0); ret != nil {
							return ret
						}
					}
				}
				return nil
			case *ssa.Jump:
				if seen[b.Succs[0]] {
					return nil
				}
				seen[b.Succs[0]] = true
				return walk(b.Succs[0], 0)
			}
		}
		return nil
	}
	for i, instr := range call.Block().Instrs {
		if instr == call {
			return walk(call.Block(), i+1)
		}
	}
	return nil
}

// passable reports whether the edge of a test can be taken with what was opened
// there and well. A failed call on a connection of a library that closes it on
// any error needs no Close, and a writer's is of no use after a failed write.
func (l *life) passable(cond ssa.Value, yes bool, err ssa.Value) bool {
	op, ok := cond.(*ssa.BinOp)
	if !ok || op.Op != token.EQL && op.Op != token.NEQ {
		return true
	}
	x := op.X
	if isNil(x) {
		x = op.Y
	} else if !isNil(op.Y) {
		return true
	}
	isNilHere := yes == (op.Op == token.EQL)
	if slices.Contains(l.seen, x) {
		return !isNilHere
	}
	if !isError(x.Type()) {
		return true
	}
	if l.writer || l.lib.Writers == wsapi.Many || x == err || l.loaded(x, err) {
		return isNilHere
	}
	return true
}

// loaded reports whether x is a load of a variable that holds err.
func (l *life) loaded(x, err ssa.Value) bool {
	load, ok := x.(*ssa.UnOp)
	if !ok || err == nil {
		return false
	}
	var last *ssa.Store
	for _, ref := range *load.X.Referrers() {
		store, ok := ref.(*ssa.Store)
		if !ok || store.Addr != load.X || !before(store, load) {
			continue
		}
		if last == nil || before(last, store) {
			last = store
		}
	}
	return last != nil && last.Val == err
}

// before reports whether a comes before b on every path to b.
func before(a, b ssa.Instruction) bool {
	if a.Block() != b.Block() {
		return a.Block().Dominates(b.Block())
	}
	return slices.Index(a.Block().Instrs, a) < slices.Index(b.Block().Instrs, b)
}
