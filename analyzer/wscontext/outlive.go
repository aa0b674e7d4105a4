package wscontext

import (
	"fmt"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// A use is what a goroutine does with a context; greater is closer to a
// connection.
type use int

const (
	unused  use = iota
	foreign     // it goes to functions that are not known
	watched     // the goroutine ends with it, or looks at it
	onConn      // it goes to a call on a connection
)

// outlived reports the goroutines that fn starts with a context that ends when
// fn returns, and connections that it binds to one.
func (c *checker) outlived(fn *ssa.Function) {
	opens := opens(fn)
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			switch instr := instr.(type) {
			case *ssa.Go:
				c.goroutine(fn, instr, opens)
			case *ssa.Call:
				c.binds(fn, instr)
			}
		}
	}
}

// opens reports whether fn opens a connection.
func opens(fn *ssa.Function) bool {
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			if call, ok := instr.(*ssa.Call); ok {
				if _, row := lookup(call.Call.StaticCallee()); row != nil && row.Roles.Any(wsapi.Dials|wsapi.Upgrades) {
					return true
				}
			}
		}
	}
	return false
}

func (c *checker) goroutine(fn *ssa.Function, start *ssa.Go, opens bool) {
	best, why, where := unused, (*ending)(nil), ssa.Instruction(nil)
	note := func(e *ending, u use, at ssa.Instruction) {
		if e != nil && u > best {
			best, why, where = u, e, at
		}
	}
	// go conn.Write(ctx, …)
	callee := start.Call.StaticCallee()
	if _, row := lookup(callee); row != nil && row.Roles.Has(wsapi.WantsContext) {
		for _, arg := range start.Call.Args {
			note(endingOf(arg, start, 0), onConn, nil)
		}
	}
	if callee != nil && callee.Pkg == c.ssa.SSA {
		for i, arg := range start.Call.Args {
			if e := endingOf(arg, start, 0); e != nil && i < len(callee.Params) {
				u, at := c.uses(callee.Params[i], 0)
				note(e, u, at)
			}
		}
	}
	if mc, ok := start.Call.Value.(*ssa.MakeClosure); ok {
		lit := mc.Fn.(*ssa.Function)
		for i, b := range mc.Bindings {
			if alloc, ok := b.(*ssa.Alloc); ok && i < len(lit.FreeVars) {
				if e := cellEnding(alloc, start, 0); e != nil {
					u, at := c.loads(lit.FreeVars[i], 0)
					note(e, u, at)
				}
			}
		}
		// r.Context() inside the goroutine is no better.
		c.requestInside(fn, lit, mc, start)
	}
	if best == unused || best < onConn && !opens {
		return
	}
	f := rule.Finding{Pos: start.Pos(), Category: why.category, Confidence: rule.High}
	switch c.waits(start) {
	case waits:
		return
	case mayWait:
		f.Confidence = rule.Medium
	}
	if best == foreign || why.category == request && !isHandler(fn) {
		f.Confidence = rule.Medium
	}
	what := fmt.Sprintf("its cancel function, made at %s, is deferred", c.Site(why.pos))
	if why.category == request {
		what = "it is the request's"
	}
	f.Message = fmt.Sprintf("the context of this goroutine ends when the function that starts it returns: %s", what)
	if where != nil {
		f.Message += fmt.Sprintf(", and the call at %s goes on using it", c.Site(where.Pos()))
		f.Related = append(f.Related, analysis.RelatedInformation{Pos: where.Pos(), Message: "the context is used here"})
	}
	c.Report(c.tier(f))
}

// requestInside reports a call of r.Context() in the goroutine itself whose
// result goes to a connection.
func (c *checker) requestInside(fn, lit *ssa.Function, mc *ssa.MakeClosure, start *ssa.Go) {
	for _, b := range lit.Blocks {
		for _, instr := range b.Instrs {
			call, ok := instr.(*ssa.Call)
			if !ok || !isRequestContext(call.Call.StaticCallee()) || len(call.Call.Args) != 1 {
				continue
			}
			load, ok := call.Call.Args[0].(*ssa.UnOp)
			if !ok {
				continue
			}
			for i, b := range mc.Bindings {
				alloc, ok := b.(*ssa.Alloc)
				if !ok || i >= len(lit.FreeVars) || load.X != lit.FreeVars[i] || !isHandler(fn) {
					continue
				}
				for _, ref := range *alloc.Referrers() {
					if store, ok := ref.(*ssa.Store); ok && store.Addr == alloc && !given(store.Val, 0) {
						return
					}
				}
				u, _ := c.uses(call, 0)
				w := c.waits(start)
				if u != onConn || w == waits {
					continue
				}
				f := rule.Finding{Pos: call.Pos(), Category: request, Confidence: rule.High,
					Message: fmt.Sprintf("the request's context ends when the handler returns, and the goroutine started at %s goes on using it", c.Site(start.Pos()))}
				if w == mayWait {
					f.Confidence = rule.Medium
				}
				c.Report(c.tier(f))
			}
		}
	}
}

// isHandler reports whether fn has the form of an HTTP handler, whose caller
// ends the request's context as soon as it returns.
func isHandler(fn *ssa.Function) bool {
	sig := fn.Signature
	return sig.Params().Len() == 2 && sig.Results().Len() == 0 &&
		sig.Params().At(0).Type().String() == "net/http.ResponseWriter" &&
		sig.Params().At(1).Type().String() == "*net/http.Request"
}

// uses returns what is done with a context, and where.
func (c *checker) uses(v ssa.Value, depth int) (use, ssa.Instruction) {
	best, where := unused, ssa.Instruction(nil)
	note := func(u use, at ssa.Instruction) {
		if u > best {
			best, where = u, at
		}
	}
	if depth > 5 || v.Referrers() == nil {
		return foreign, nil
	}
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case ssa.CallInstruction:
			call := ref.Common()
			if call.IsInvoke() && call.Value == v {
				switch call.Method.Name() {
				case "Done", "Err":
					note(watched, ref)
				}
				continue
			}
			callee := call.StaticCallee()
			_, row := lookup(callee)
			switch {
			case row != nil && row.Roles.Has(wsapi.WantsContext):
				note(onConn, ref)
			case row != nil && row.Roles.Has(wsapi.Dials):
				note(watched, ref)
			case callee == nil:
				note(foreign, ref)
			case callee.Pkg == c.ssa.SSA:
				for i, arg := range call.Args {
					if arg == v && i < len(callee.Params) {
						note(c.uses(callee.Params[i], depth+1))
					}
				}
			case callee.Object() != nil && callee.Object().Pkg() != nil && callee.Object().Pkg().Path() == "context":
				if call, ok := ref.(*ssa.Call); ok && callee.Name() != "WithoutCancel" && callee.Name() != "Cause" {
					note(c.uses(call, depth+1))
				}
			default:
				note(foreign, ref)
			}
		case *ssa.Extract:
			if ref.Index == 0 {
				note(c.uses(ref, depth+1))
			}
		case *ssa.ChangeInterface:
			note(c.uses(ref, depth+1))
		case *ssa.Phi:
			note(c.uses(ref, depth+1))
		case *ssa.Store:
			if alloc, ok := ref.Addr.(*ssa.Alloc); ok && ref.Val == v {
				note(c.loads(alloc, depth+1))
			}
		}
	}
	return best, where
}

// loads is uses for the variable that v is the address of.
func (c *checker) loads(v ssa.Value, depth int) (use, ssa.Instruction) {
	best, where := unused, ssa.Instruction(nil)
	if depth > 5 {
		return foreign, nil
	}
	for _, ref := range *v.Referrers() {
		u, at := unused, ssa.Instruction(nil)
		switch ref := ref.(type) {
		case *ssa.UnOp:
			u, at = c.uses(ref, depth+1)
		case *ssa.MakeClosure:
			lit := ref.Fn.(*ssa.Function)
			for i, b := range ref.Bindings {
				if b == v && i < len(lit.FreeVars) {
					u, at = c.loads(lit.FreeVars[i], depth+1)
				}
			}
		}
		if u > best {
			best, where = u, at
		}
	}
	return best, where
}

// binds reports a connection that lives as long as a context that ends with
// the function, while the connection goes elsewhere.
func (c *checker) binds(fn *ssa.Function, call *ssa.Call) {
	lib, row := lookup(call.Call.StaticCallee())
	if row == nil || !row.Roles.Has(wsapi.WantsContext) || row.Conn < wsapi.Receiver {
		return
	}
	results := call.Call.Signature().Results()
	for v := range results.Variables() {
		if v.Type().String() == "error" {
			return // the context is for this call alone
		}
	}
	var why *ending
	for _, arg := range call.Call.Args {
		if e := endingOf(arg, call, 0); e != nil && e.category == canceled {
			why = e
		}
	}
	if why == nil {
		return
	}
	conn := row.Conn
	if conn == wsapi.Receiver {
		conn = 0
	}
	if !returned(call, 0) && !returned(call.Call.Args[conn], 0) {
		return
	}
	c.Report(c.tier(rule.Finding{
		Pos: call.Pos(), Category: bound, Confidence: rule.High,
		Message: fmt.Sprintf("the connection that the function returns is closed at once: %s closes it when the context of %s ends, whose cancel function, made at %s, is deferred", lib.Name, call.Call.StaticCallee().Name(), c.Site(why.pos)),
		Related: []analysis.RelatedInformation{{Pos: why.pos, Message: "the context that ends"}},
	}))
}

// returned reports whether v is a result of its function.
func returned(v ssa.Value, depth int) bool {
	if depth > 4 || v.Referrers() == nil {
		return false
	}
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Return:
			return true
		case *ssa.MakeInterface:
			if returned(ref, depth+1) {
				return true
			}
		case *ssa.ChangeInterface:
			if returned(ref, depth+1) {
				return true
			}
		case *ssa.Phi:
			if returned(ref, depth+1) {
				return true
			}
		case *ssa.Store:
			// A field of a struct that is returned.
			if addr, ok := ref.Addr.(*ssa.FieldAddr); ok && ref.Val == v && returned(addr.X, depth+1) {
				return true
			}
			// A result variable, which functions that defer have.
			if alloc, ok := ref.Addr.(*ssa.Alloc); ok && ref.Val == v {
				for _, ref := range *alloc.Referrers() {
					if load, ok := ref.(*ssa.UnOp); ok && returned(load, depth+1) {
						return true
					}
				}
			}
		}
	}
	return false
}
