package flow

import (
	"go/ast"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// A callerKind says who calls a function that the package does not call.
type callerKind uint8

const (
	once    callerKind = iota // main and init
	request                   // a server, once for each request
	anybody                   // another package, or nobody knows who
)

// A root is a function that is called from outside.
type root struct {
	fn   *ssa.Function
	kind callerKind
	uses []rootUse
}

// A rootUse is an effect of a root with its object in canonical form, which
// means the same in every root.
type rootUse struct {
	*Effect
	own, other []*Path
	met        []*Path // of these, what is not in something that this very call makes
	fresh      bool    // the connection is made by it
	dialed     bool    // it is, and then stored where others find it
}

// rootPairs finds the concurrent uses by functions that nothing in the package
// ties together but the object.
func (pr *Program) rootPairs() []Pair {
	roots := pr.roots()
	var pairs []Pair
	for i, r := range roots {
		for _, q := range roots[i:] {
			pairs = append(pairs, pr.between(r, q)...)
		}
	}
	return pairs
}

func (pr *Program) roots() []*root {
	var roots []*root
	isMain := pr.pkg.SSA.Pkg.Name() == "main"
	taken := pr.addressTaken()
	for _, fn := range pr.pkg.Funcs {
		if pr.inTest(fn) {
			continue
		}
		var kind callerKind
		switch {
		case fn.Parent() != nil && pr.called[fn]:
			continue
		case fn.Signature.Recv() == nil && fn.Parent() == nil && (fn.Name() == "init" || isMain && fn.Name() == "main"):
			kind = once
		case handlerShaped(fn.Signature) && (taken[fn] || !pr.called[fn] || fn.Name() == "ServeHTTP"), connHandlerFunc(fn, taken):
			kind = request
		case !isMain && exported(fn) && !pr.started[fn], !pr.called[fn]:
			kind = anybody
		default:
			continue
		}
		r := &root{fn: fn, kind: kind}
		r.uses = pr.rootUses(fn, kind)
		if len(r.uses) > 0 {
			roots = append(roots, r)
		}
	}
	return roots
}

// exported reports whether another package can call a function by its name.
func exported(fn *ssa.Function) bool {
	if fn.Object() == nil || !fn.Object().Exported() {
		return false
	}
	recv := fn.Signature.Recv()
	return recv == nil || ast.IsExported(TypeName(recv.Type()))
}

// offered reports whether a function is a method that other packages can call,
// if only through an interface.
func offered(fn *ssa.Function) bool {
	return fn.Signature.Recv() != nil && fn.Object() != nil && fn.Object().Exported()
}

// addressTaken finds the declared functions that are used as values.
func (pr *Program) addressTaken() map[*ssa.Function]bool {
	taken := make(map[*ssa.Function]bool)
	for _, fn := range pr.pkg.Funcs {
		for _, block := range fn.Blocks {
			for _, instr := range block.Instrs {
				var callee ssa.Value
				if c, ok := instr.(ssa.CallInstruction); ok {
					callee = c.Common().Value
				}
				for _, op := range instr.Operands(nil) {
					if f, ok := (*op).(*ssa.Function); ok && *op != callee {
						taken[f] = true
					}
				}
			}
		}
	}
	return taken
}

// connHandlerFunc reports whether a declared function that takes a connection
// is used as a value and called by nobody in the package.
func connHandlerFunc(fn *ssa.Function, taken map[*ssa.Function]bool) bool {
	sig := fn.Signature
	return taken[fn] && sig.Recv() == nil && sig.Params().Len() == 1 && sig.Results().Len() == 0 && wsapi.ConnOf(sig.Params().At(0).Type()) != nil
}

func (pr *Program) rootUses(fn *ssa.Function, kind callerKind) []rootUse {
	sum := pr.summary(fn)
	if sum == nil {
		return nil
	}
	effects := pr.withCallbacks(sum.effects)
	var uses []rootUse
	for _, e := range effects {
		if e.Kind == invoke || e.onRead != nil {
			continue
		}
		u := rootUse{Effect: e, fresh: fresh(e.Obj.own) || kind == request && given(fn, e.Obj.own), dialed: !e.live() && dialed(e.Obj.own)}
		add := func(to *[]*Path, p *Path) {
			if received([]*Path{p}) {
				return // who receives from a channel has an object of its own
			}
			list := []*Path{pr.anchored(p)}
			if e.Far == "" && !pr.wrapped(p) {
				list = append(list, pr.paths.canon(p))
			}
			for _, c := range list {
				if c != nil && !contains(*to, c) {
					*to = append(*to, c)
				}
				if c != nil && (!p.local() || hasElement(p)) {
					u.met = append(u.met, c)
				}
			}
		}
		for _, p := range e.Obj.own {
			if !u.fresh || e.Thread != nil && returnsRoot(sum, p) {
				add(&u.own, p)
			}
		}
		for _, p := range e.Obj.other {
			if !p.local() || hasElement(p) || returnsRoot(sum, p) {
				add(&u.other, p)
			}
		}
		if len(u.own)+len(u.other) > 0 {
			uses = append(uses, u)
		}
	}
	return uses
}

// wrapped reports whether a path goes through a field that only another
// package can name.
func (pr *Program) wrapped(p *Path) bool {
	for ; p.parent != nil; p = p.parent {
		if p.sel == fieldSel && !p.field.Exported() && p.field.Pkg() != pr.pkg.SSA.Pkg {
			return true
		}
	}
	return false
}

// withCallbacks adds what callbacks do where the root reads.
func (pr *Program) withCallbacks(effects []*Effect) []*Effect {
	list := effects
	for _, e := range effects {
		if e.onRead == nil || e.Kind == Read {
			continue
		}
		for _, r := range effects {
			if r.Kind != Read || r.onRead != nil {
				continue
			}
			for _, p := range e.onRead {
				for _, q := range r.Obj.own {
					if c := pr.paths.canon(p); p == q || c != nil && c == pr.paths.canon(q) {
						run := *e
						run.onRead, run.Thread, run.over, run.Multi = nil, r.Thread, r.over, r.Multi
						list = append(list, &run)
					}
				}
			}
		}
	}
	return list
}

func returnsRoot(sum *summary, p *Path) bool {
	for _, paths := range sum.returns {
		if contains(paths, p.root()) {
			return true
		}
	}
	return false
}

// fresh reports whether the connection comes into being in the call itself, or
// is one that it received and put into something of its own. What lies in a
// container does not, even if the container does.
func fresh(own []*Path) bool {
	made := false
	for _, p := range own {
		if !p.local() && !received([]*Path{p}) {
			return false
		}
		made = made || !hasElement(p)
	}
	return made
}

// given reports whether the connection is the argument of a handler: the
// library makes one for each call.
func given(fn *ssa.Function, own []*Path) bool {
	found := false
	for _, p := range own {
		r := p.root()
		switch {
		case p.parent == nil && r.kind == paramRoot && r.fn == fn && r.index < len(fn.Params) && wsapi.ConnOf(fn.Params[r.index].Type()) != nil:
			found = true
		case !p.local():
			return false
		}
	}
	return found
}

// dialed reports whether a connection comes from a call that dials in the same
// run: who stores it and greets the server is hardly in company yet.
func dialed(own []*Path) bool {
	return slices.ContainsFunc(own, func(p *Path) bool { return maker(p).Has(wsapi.Dials) })
}

// opens reports whether a path is what a library's call opened.
func opens(p *Path) bool { return maker(p).Any(wsapi.Dials | wsapi.Upgrades) }

// maker returns the roles of the library's function whose result a path is.
func maker(p *Path) wsapi.Role {
	call, ok := p.val.(*ssa.Call)
	if !ok || p.parent != nil || p.kind != siteRoot {
		return 0
	}
	callee := call.Call.StaticCallee()
	if callee == nil {
		return 0
	}
	fn, _ := callee.Object().(*types.Func)
	if _, row := wsapi.Lookup(fn); row != nil {
		return row.Roles
	}
	return 0
}

// between finds the concurrent uses of two roots, which may be the same.
func (pr *Program) between(r, q *root) []Pair {
	if r == q && r.kind == once || r.kind == once && q.kind == once {
		return nil
	}
	var pairs []Pair
	for i, a := range r.uses {
		others := q.uses
		if r == q {
			others = r.uses[i:]
		}
		for _, b := range others {
			if a.Kind != b.Kind || a.fresh && b.fresh || !sameUse(a, b) || madeApart(a.Obj.own, b.Obj.own) || protected(pr.paths, a.Effect, b.Effect) {
				continue
			}
			c, ok := confidence(r, q, a, b)
			if !ok {
				continue
			}
			pairs = append(pairs, pr.newPair(r.use(a), q.use(b), c))
		}
	}
	return pairs
}

func sameUse(a, b rootUse) bool {
	for _, p := range a.Obj.own {
		for _, q := range b.Obj.own {
			if apart(p, q) {
				return false
			}
		}
	}
	// What each of two calls makes is not what the other does.
	common := func(x, y []*Path) bool {
		return slices.ContainsFunc(x, func(p *Path) bool {
			return contains(y, p) && (contains(a.met, p) || contains(b.met, p))
		})
	}
	return common(a.own, b.own) || common(a.own, b.other) || common(a.other, b.own)
}

// madeApart reports whether two uses are on what different calls of a library
// made, which each way there has just put in its place. What lies in a
// container or a global is for all.
func madeApart(a, b []*Path) bool {
	am, bm := makers(a), makers(b)
	for _, v := range am {
		if slices.Contains(bm, v) {
			return false
		}
	}
	return len(am) > 0 && len(bm) > 0
}

// madeAlike reports whether two uses are on what one call of a library makes and
// puts in its place.
func madeAlike(a, b []*Path) bool {
	am, bm := makers(a), makers(b)
	return slices.ContainsFunc(am, func(v ssa.Value) bool { return slices.Contains(bm, v) })
}

// makers returns the calls of a library that make what the paths name, and none
// if it lies in a container or a global.
func makers(own []*Path) (list []ssa.Value) {
	for _, p := range own {
		switch r := p.root(); {
		case hasElement(p) || r.kind == globalRoot:
			return nil
		case p.parent == nil && opens(p):
			list = append(list, r.val)
		}
	}
	return list
}

// confidence says how sure it is that two uses of two roots happen at once.
func confidence(r, q *root, a, b rootUse) (rule.Confidence, bool) {
	definite := func(r *root, u rootUse) bool { return u.live() || r.kind != anybody }
	c := rule.High
	if r == q {
		switch {
		case r.kind == anybody && a.live() && b.live():
			// Goroutines of two calls of one function: whether it is called
			// twice for one object is unknown.
			c = rule.Low
		case r.kind == anybody && (a.live() || b.live()):
			return "", false // judged in the function itself
		case r.kind == anybody && pumps(a.Effect) && pumps(b.Effect):
			// Who waits for things to write writes them alone.
			c = rule.Low
		case madeAlike(a.Obj.own, b.Obj.own):
			// Each call makes a connection, for the goroutines that it starts.
			c = rule.Low
		case twin(a.Effect, b.Effect) && hasElement(a.Obj.own[0]) && !a.Ranged:
			c = rule.Medium // each request may have an element of its own
		}
	}
	switch da, db := definite(r, a), definite(q, b); {
	case da && db:
		switch {
		case r == q || r.kind != anybody && q.kind != anybody:
		case a.Thread != nil && a.Thread == b.Thread, r.kind == q.kind && a.Pos == b.Pos:
			c = rule.Low // two ways to start the same, for an object each
		case r.kind == q.kind:
			c = rule.Min(c, rule.Medium)
		}
	case a.Kind == Read:
		c = rule.Low // who reads by himself leaves the reading goroutine off
	case da || db:
		c = rule.Min(c, rule.Medium)
	case len(a.Locks)+len(b.Locks) > 0:
		c = rule.Min(c, rule.Medium) // the package takes locks: it expects company
	case offered(r.fn) && offered(q.fn):
		// The type wraps the connection and offers to write from anywhere.
		c = rule.Min(c, rule.Medium)
	default:
		c = rule.Low
	}
	for _, u := range []rootUse{a, b} {
		if u.Unsure {
			c = rule.Min(c, rule.Medium)
		}
		if u.Thread != nil && u.Thread.Kind == Stored || u.dialed {
			c = rule.Low
		}
	}
	return c, true
}

// pumps reports whether a loop of the scope that waits for a channel leads to an
// effect.
func pumps(e *Effect) bool {
	for _, block := range e.anchor.Parent().Blocks {
		for _, instr := range block.Instrs {
			switch x := instr.(type) {
			case *ssa.Select:
			case *ssa.UnOp:
				if !isRecv(x) {
					continue
				}
			default:
				continue
			}
			if reaches(instr, instr, nil) && reaches(instr, e.anchor, nil) {
				return true
			}
		}
	}
	return false
}

// use gives an effect of the root its origin.
func (r *root) use(u rootUse) Use {
	if u.Thread != nil {
		return Use{u.Effect, threadOrigin(u.Thread)}
	}
	kind := FromCaller
	switch {
	case r.kind == request:
		kind = FromRequest
	case r.kind == once:
		kind = FromFunc
	}
	return Use{u.Effect, Origin{Kind: kind, Pos: r.fn.Pos(), Fn: r.fn}}
}
