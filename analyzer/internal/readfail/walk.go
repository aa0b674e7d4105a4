package readfail

import (
	"go/token"
	"go/types"
	"maps"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/lazyssa"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

const (
	maxSteps = 5000 // blocks that one walk visits
	maxDepth = 3    // calls of the package's functions inside one another
)

// A walker follows the paths that a function can take once a read has failed.
type walker struct {
	c       *Program
	failure *wsapi.Failure
	conn    place
	depth   int

	// read is the call that failed, and nil in the functions that the error
	// is given to; inLoop tells the blocks of its loop, if it is in one.
	read   *ssa.Call
	inLoop func(*ssa.BasicBlock) bool

	loops   []flags   // paths that come back to the read
	returns []outcome // paths that leave the function

	seen  map[step]bool
	steps int

	failed []*ssa.BasicBlock // entries of what only a failure leads to
}

// A step is the entry of a block.
type step struct {
	block, from *ssa.BasicBlock
	flags       flags
}

// env is what is known of values on a path.
type env map[ssa.Value]fact

func (e env) with(v ssa.Value, f fact) env {
	e = maps.Clone(e)
	if e == nil {
		e = make(env)
	}
	e[v] = f
	return e
}

// after walks from the call, which ended with o.
func (w *walker) after(call *ssa.Call, o outcome) {
	w.seen = make(map[step]bool)
	b := call.Block()
	for i, instr := range b.Instrs {
		if instr == call {
			w.run(b, i+1, w.bind(make(env), call, o), o.flags)
		}
	}
}

// bind notes what a call returned.
func (w *walker) bind(e env, call *ssa.Call, o outcome) env {
	if len(o.results) == 1 {
		return e.with(call, o.results[0])
	}
	for _, ref := range *call.Referrers() {
		if ex, ok := ref.(*ssa.Extract); ok && ex.Index < len(o.results) {
			e = e.with(ex, o.results[ex.Index])
		}
	}
	return e
}

// run goes through the instructions of b from the i-th on.
func (w *walker) run(b *ssa.BasicBlock, i int, e env, f flags) {
	for ; i < len(b.Instrs); i++ {
		switch instr := b.Instrs[i].(type) {
		case *ssa.Call:
			if instr == w.read {
				w.loops = append(w.loops, f)
				return
			}
			if done := w.call(b, i, instr, e, &f); done {
				return
			}
		case *ssa.Store:
			if w.conn.holds(instr.Addr) {
				return // another connection
			}
			if local(instr.Addr) || isCell(instr.Addr) {
				e = e.with(instr.Addr, w.fact(instr.Val, e, 0))
			}
			if w.factIsPlain(instr.Val, e) {
				f |= w.c.signal(instr)
			}
		case *ssa.If:
			w.branch(b, instr, e, f)
			return
		case *ssa.Jump:
			w.enter(b.Succs[0], b, e, f)
			return
		case *ssa.Return:
			o := outcome{flags: f}
			for _, r := range instr.Results {
				o.results = append(o.results, w.fact(r, e, 0))
			}
			w.returns = append(w.returns, o)
			return
		case *ssa.Panic:
			return
		case ssa.CallInstruction:
			if _, ok := instr.(*ssa.Go); ok {
				f |= w.c.signal(instr)
			}
		default:
			f |= w.c.signal(instr)
		}
	}
}

// factIsPlain reports whether v is neither the error nor made of it: keeping
// the error for the next turn is not what ends a loop.
func (w *walker) factIsPlain(v ssa.Value, e env) bool {
	return w.fact(v, e, 0) == anything
}

func isCell(v ssa.Value) bool {
	switch v.(type) {
	case *ssa.Alloc, *ssa.FreeVar:
		return true
	}
	return false
}

// call follows a call on the path; done means that it has followed the rest of
// the path too, or that there is none.
func (w *walker) call(b *ssa.BasicBlock, i int, call *ssa.Call, e env, f *flags) (done bool) {
	callee := call.Call.StaticCallee()
	sig := w.c.signal(call)
	if sig&mayReplace != 0 && !w.c.mutable(w.conn) {
		sig &^= mayReplace
	}
	if ex, ok := call.Call.Value.(*ssa.Extract); ok && w.inLoop != nil && w.inLoop(ex.Block()) {
		if with, ok := ex.Tuple.(*ssa.Call); ok && isContext(with.Call.StaticCallee()) {
			sig = 0 // the end of a context that each turn makes anew
		}
	}
	*f |= sig
	if noReturn(callee) || call.Call.IsInvoke() && lazyssa.NoReturn(call.Call.Method) {
		return true
	}
	if callee == nil || callee.Pkg != w.c.ssa.SSA || len(callee.Blocks) == 0 {
		return false
	}
	effect := w.c.effectOf(callee)
	if !effect.returns {
		return true
	}
	args := make(env)
	given := false
	for i, arg := range call.Call.Args {
		if i < len(callee.Params) {
			args[callee.Params[i]] = w.fact(arg, e, 0)
			given = given || args[callee.Params[i]] != anything
		}
	}
	if given && w.depth < maxDepth {
		// What it does depends on the error: one path for each way out.
		inner := &walker{c: w.c, failure: w.failure, conn: w.conn, depth: w.depth + 1, seen: make(map[step]bool)}
		inner.run(callee.Blocks[0], 0, args, 0)
		keyOf := func(o outcome) (key string) {
			for _, r := range o.results {
				key += string(rune('a' + r))
			}
			return key
		}
		alike := true
		for _, o := range inner.returns {
			alike = alike && keyOf(o) == keyOf(inner.returns[0])
		}
		seen := make(map[flags]map[string]bool)
		for _, o := range inner.returns {
			key := keyOf(o)
			if alike {
				o.flags &^= byState
			}
			if seen[o.flags] == nil {
				seen[o.flags] = make(map[string]bool)
			}
			if !seen[o.flags][key] {
				seen[o.flags][key] = true
				w.run(b, i+1, w.bind(e, call, o), *f|o.flags)
			}
		}
		return true
	}
	for _, field := range w.conn.fields {
		if effect.fields[field] {
			return true
		}
	}
	if g, ok := w.conn.root.(*ssa.Global); ok && effect.globals[g] {
		return true
	}
	mutable := w.c.mutable(w.conn)
	if effect.dials && mutable {
		return true
	}
	*f |= effect.flags &^ mayReplace
	if mutable {
		*f |= effect.flags
	}
	return false
}

// branch follows the edges of a test that the path can take.
func (w *walker) branch(b *ssa.BasicBlock, test *ssa.If, e env, f flags) {
	taken := [2]bool{true, true}
	switch w.fact(test.Cond, e, 0) {
	case isTrue:
		taken[1] = false
		w.failed = append(w.failed, b.Succs[0])
	case isFalse:
		taken[0] = false
		w.failed = append(w.failed, b.Succs[1])
	case murky:
		f |= byMurky
	case anything:
		if w.read == nil && w.depth > 0 && !ofContext(test.Cond, 0) {
			f |= byState
		}
		if w.inLoop != nil && w.inLoop(b) {
			for i, s := range b.Succs {
				if !w.inLoop(b.Succs[1-i]) && w.inLoop(s) {
					if bounded(test.Cond, 0) {
						taken[i] = false // the loop ends by itself
					} else {
						f |= byExit
						if w.afterFailure(b) && !ofContext(test.Cond, 0) {
							f |= byState
						}
					}
				}
			}
		}
	}
	for i, s := range b.Succs {
		if taken[i] {
			w.enter(s, b, e, f)
		}
	}
}

// isContext reports whether fn is a function of package context.
func isContext(fn *ssa.Function) bool {
	return fn != nil && fn.Object() != nil && fn.Object().Pkg() != nil && fn.Object().Pkg().Path() == "context"
}

// afterFailure reports whether only a failure leads to b.
func (w *walker) afterFailure(b *ssa.BasicBlock) bool {
	for _, entry := range w.failed {
		if len(entry.Preds) == 1 && entry.Dominates(b) {
			return true
		}
	}
	return false
}

// ofContext reports whether a test asks a context or a channel.
func ofContext(v ssa.Value, depth int) bool {
	if depth > 6 {
		return false
	}
	switch v := v.(type) {
	case *ssa.BinOp:
		return ofContext(v.X, depth+1) || ofContext(v.Y, depth+1)
	case *ssa.UnOp:
		return v.Op == token.ARROW || ofContext(v.X, depth+1)
	case *ssa.Extract:
		return ofContext(v.Tuple, depth+1)
	case *ssa.Select:
		return true
	case *ssa.Call:
		return v.Call.IsInvoke() && v.Call.Method.Pkg() != nil && v.Call.Method.Pkg().Path() == "context"
	}
	return false
}

func (w *walker) enter(b, from *ssa.BasicBlock, e env, f flags) {
	if w.steps++; w.steps > maxSteps || w.seen[step{b, from, f}] {
		return
	}
	w.seen[step{b, from, f}] = true
	k := 0
	for k < len(b.Preds) && b.Preds[k] != from {
		k++
	}
	next := e
	i := 0
	for ; i < len(b.Instrs); i++ {
		phi, ok := b.Instrs[i].(*ssa.Phi)
		if !ok {
			break
		}
		if k >= len(phi.Edges) {
			return
		}
		val := phi.Edges[k]
		if w.conn.root == phi && val != phi {
			if p, ok := val.(*ssa.Phi); !ok || w.inLoop == nil || !w.inLoop(p.Block()) || !w.same(p, phi, 0) {
				if w.inLoop != nil && w.inLoop(from) {
					return // another connection
				}
			}
		}
		next = next.with(phi, w.fact(val, e, 0))
	}
	w.run(b, i, next, f)
}

// same reports whether p can be the value of phi from the turn before.
func (w *walker) same(p, phi *ssa.Phi, depth int) bool {
	for _, edge := range p.Edges {
		if edge == phi {
			return true
		}
		if q, ok := edge.(*ssa.Phi); ok && depth < 4 && w.same(q, phi, depth+1) {
			return true
		}
	}
	return false
}

// bounded reports whether a test ends its loop after a number of turns or a
// time: it compares a count, or what a function of package time returned.
func bounded(v ssa.Value, depth int) bool {
	if depth > 6 {
		return false
	}
	switch v := v.(type) {
	case *ssa.BinOp:
		if isCount(v.X) || isCount(v.Y) {
			return true
		}
		return bounded(v.X, depth+1) || bounded(v.Y, depth+1)
	case *ssa.UnOp:
		return bounded(v.X, depth+1)
	case *ssa.Extract:
		_, ok := v.Tuple.(*ssa.Next)
		return ok
	case *ssa.Call:
		if callee := v.Call.StaticCallee(); callee != nil && callee.Object() != nil && callee.Object().Pkg() != nil {
			return callee.Object().Pkg().Path() == "time"
		}
	}
	return false
}

// isCount reports whether v is a variable of the loop that each turn changes
// by a constant, or a number that is kept in memory.
func isCount(v ssa.Value) bool {
	if basic, ok := v.Type().Underlying().(*types.Basic); !ok || basic.Info()&types.IsInteger == 0 {
		return false
	}
	switch v := v.(type) {
	case *ssa.BinOp:
		return v.Op == token.ADD || v.Op == token.SUB
	case *ssa.Phi:
		for _, edge := range v.Edges {
			if op, ok := edge.(*ssa.BinOp); ok && (op.Op == token.ADD || op.Op == token.SUB) {
				return true
			}
			if p, ok := edge.(*ssa.Phi); ok && p != v {
				for _, edge := range p.Edges {
					if op, ok := edge.(*ssa.BinOp); ok && (op.Op == token.ADD || op.Op == token.SUB) {
						return true
					}
				}
			}
		}
	case *ssa.UnOp:
		return v.Op == token.MUL
	}
	return false
}

// confidence says how sure it is that a loop with these flags goes on.
func (f flags) confidence() rule.Confidence {
	switch {
	case f&mayReplace != 0, f&byExit != 0 && f&signals != 0:
		return rule.Low
	case f&(byMurky|byState) != 0, f&byExit != 0 && f&hints != 0:
		return rule.Medium
	}
	return rule.High
}

// noReturn reports whether fn, of a logging package outside the standard
// library, ends the process or panics.
func noReturn(fn *ssa.Function) bool {
	if fn == nil || fn.Object() == nil || fn.Object().Pkg() == nil {
		return false
	}
	name := fn.Object().Name()
	switch fn.Object().Pkg().Path() {
	case "github.com/sirupsen/logrus", "go.uber.org/zap", "github.com/golang/glog", "k8s.io/klog", "k8s.io/klog/v2", "github.com/rs/zerolog", "github.com/rs/zerolog/log", "github.com/charmbracelet/log":
		switch name {
		case "Fatal", "Fatalf", "Fatalln", "Fatalw", "Panic", "Panicf", "Panicln", "Panicw", "Exit", "Exitf":
			return true
		}
	}
	return false
}
