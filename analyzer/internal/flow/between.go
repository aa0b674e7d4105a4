package flow

import (
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
)

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
