package flow

import (
	"go/ast"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

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
