package wsdeadline

import (
	"fmt"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/conns"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
)

// cleared reports a read deadline that is taken away before a loop of reads
// and never set again.
func (c *checker) cleared(l *link) {
	for _, clear := range l.clears {
		loop := c.loopAfter(l, clear)
		if loop == nil || c.setAgain(l, clear) {
			continue
		}
		f := rule.Finding{
			Pos: clear.Pos(), Category: cleared, Confidence: rule.High,
			Message: fmt.Sprintf("this takes the read deadline away for good: from here on %s at %s waits for ever for a peer that is gone; set a new deadline and move it on with each message or pong",
				loop.Name, c.Site(loop.Pos())),
			Related: related(loop.Pos(), "reads without a deadline"),
		}
		switch {
		case len(l.pings) > 0:
			// A ping to a peer that is gone fails some time after all.
			f.Confidence = rule.Low
		case l.Escapes || len(l.Origins) == 0:
			f.Confidence = rule.Medium
		}
		c.report(f, loop.Pos())
		return
	}
}

// loopAfter returns a read that runs again and again after clear, or nil.
func (c *checker) loopAfter(l *link, clear conns.Use) *conns.Use {
	for i := range l.reads {
		u := &l.reads[i]
		if !c.inLoop(u.Instr) {
			continue
		}
		if len(l.readDeadlines) == 0 || c.leadsTo(clear.Instr, u.Instr) {
			return u
		}
	}
	return nil
}

// setAgain reports whether a read deadline may be set after clear: anywhere but
// before it in the same function.
func (c *checker) setAgain(l *link, clear conns.Use) bool {
	for _, set := range l.readDeadlines {
		if set.Instr.Parent() != clear.Instr.Parent() || after(clear.Instr, set.Instr) || !isCall(set) {
			return true
		}
		// The function itself may run again and again.
		if c.inLoop(clear.Instr) {
			return true
		}
	}
	return false
}

// expired reports loops that go on reading after a timeout.
func (c *checker) expired(l *link) {
	if !l.lib.ReadsEnd || len(l.readDeadlines) == 0 && !l.Escapes {
		return
	}
	for _, u := range l.reads {
		call, ok := u.Instr.(*ssa.Call)
		if !ok || !c.cyclic(call.Block()) {
			continue
		}
		test := c.timeoutGoesOn(l, call)
		if test == token.NoPos {
			continue
		}
		f := rule.Finding{
			Pos: u.Pos(), Category: expired, Confidence: rule.High,
			Message: fmt.Sprintf("after a timeout, tested for at %s, this reads on, but %s returns the same error from then on, at once, and panics in the end; close the connection and leave the loop",
				c.Site(test), u.Name),
			Related: related(test, "the test for a timeout"),
		}
		if len(l.readDeadlines) > 0 {
			f.Related = append(f.Related, related(l.readDeadlines[0].Pos(), "the deadline")...)
		}
		if l.Escapes {
			f.Confidence = rule.Medium
		}
		c.report(f, test)
	}
}

// timeoutGoesOn returns the position of a test whether the error of a read is
// a timeout, if control returns to the read from there with the same
// connection.
func (c *checker) timeoutGoesOn(l *link, read *ssa.Call) token.Pos {
	fresh := func(b *ssa.BasicBlock) bool { return c.connects(l, b) }
	for _, test := range timeoutTests(errorsOf(read)) {
		for _, ref := range *test.Referrers() {
			var branch *ssa.BasicBlock
			switch ref := ref.(type) {
			case *ssa.If:
				branch = ref.Block().Succs[0]
			case *ssa.UnOp:
				if ref.Op == token.NOT {
					for _, r := range *ref.Referrers() {
						if cond, ok := r.(*ssa.If); ok {
							branch = cond.Block().Succs[1]
						}
					}
				}
			}
			if branch == nil || fresh(branch) {
				continue
			}
			if branch == read.Block() || reaches(branch, read.Block(), fresh) {
				return test.Pos()
			}
		}
	}
	return token.NoPos
}

// connects reports whether a block makes a connection, by itself or in a
// function that it calls, or stores one.
func (c *checker) connects(l *link, b *ssa.BasicBlock) bool {
	for _, instr := range b.Instrs {
		if st, ok := instr.(*ssa.Store); ok && c.set.Of(st.Val) == l.Group {
			return true
		}
		call, ok := instr.(ssa.CallInstruction)
		if !ok {
			continue
		}
		for _, o := range l.Origins {
			if o.Instr == instr || c.runs(call.Common().StaticCallee(), o.Instr.Parent(), 0) {
				return true
			}
		}
	}
	return false
}

// runs reports whether fn is target or calls it.
func (c *checker) runs(fn, target *ssa.Function, depth int) bool {
	if fn == nil || depth > maxCallers {
		return false
	}
	if fn == target {
		return true
	}
	for _, call := range c.callers[target] {
		if c.runs(fn, call.Parent(), depth+1) {
			return true
		}
	}
	return false
}

// errorsOf returns the values that hold the error of a call, or part of it.
func errorsOf(call *ssa.Call) map[ssa.Value]bool {
	set := make(map[ssa.Value]bool)
	var add func(v ssa.Value)
	follow := func(v ssa.Value) {
		for _, ref := range *v.Referrers() {
			switch ref := ref.(type) {
			case *ssa.TypeAssert, *ssa.Phi, *ssa.ChangeInterface:
				add(ref.(ssa.Value))
			case *ssa.Extract:
				if ref.Index == 0 {
					add(ref)
				}
			case *ssa.Store:
				if a, ok := ref.Addr.(*ssa.Alloc); ok && ref.Val == v {
					loads(a, add)
				}
			case *ssa.Call:
				if isFunc(ref.Call.StaticCallee(), "errors", "As") && len(ref.Call.Args) == 2 && ref.Call.Args[0] == v {
					if m, ok := ref.Call.Args[1].(*ssa.MakeInterface); ok {
						if a, ok := m.X.(*ssa.Alloc); ok {
							loads(a, add)
						}
					}
				}
			}
		}
	}
	add = func(v ssa.Value) {
		if !set[v] {
			set[v] = true
			follow(v)
		}
	}
	if isError(call.Type()) {
		add(call)
		return set
	}
	for _, ref := range *call.Referrers() {
		if x, ok := ref.(*ssa.Extract); ok && isError(x.Type()) {
			add(x)
		}
	}
	return set
}

func loads(a *ssa.Alloc, add func(ssa.Value)) {
	for _, ref := range *a.Referrers() {
		if u, ok := ref.(*ssa.UnOp); ok && u.Op == token.MUL {
			add(u)
		}
	}
}

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

// timeoutTests returns the calls that ask whether one of the errors is a
// timeout.
func timeoutTests(errs map[ssa.Value]bool) []*ssa.Call {
	var list []*ssa.Call
	for v := range errs {
		for _, ref := range *v.Referrers() {
			call, ok := ref.(*ssa.Call)
			if !ok {
				continue
			}
			c := &call.Call
			fn := c.StaticCallee()
			switch {
			case c.IsInvoke() && c.Value == v && c.Method.Name() == "Timeout",
				fn != nil && fn.Signature.Recv() != nil && fn.Name() == "Timeout" && len(c.Args) == 1,
				isFunc(fn, "os", "IsTimeout"),
				isFunc(fn, "errors", "Is") && len(c.Args) == 2 && isDeadlineExceeded(c.Args[1]):
				list = append(list, call)
			}
		}
	}
	return list
}

func isDeadlineExceeded(v ssa.Value) bool {
	u, ok := v.(*ssa.UnOp)
	if !ok {
		return false
	}
	g, ok := u.X.(*ssa.Global)
	return ok && g.Pkg != nil && g.Pkg.Pkg.Path() == "os" && g.Name() == "ErrDeadlineExceeded"
}
