package flow

import (
	"cmp"
	"go/token"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
)

// An OriginKind says where a goroutine comes from, as far as the package
// shows.
type OriginKind uint8

const (
	FromGo      OriginKind = iota // started at Pos
	FromRequest                   // Fn handles a request
	FromStored                    // Fn is called by nobody knows whom
	FromFunc                      // whoever runs Fn
	FromCaller                    // another package calls Fn
)

// An Origin describes a goroutine.
type Origin struct {
	Kind OriginKind
	Pos  token.Pos
	Fn   *ssa.Function // may be nil for FromGo
	// Far says in words what it is, if another package starts it.
	Far string
}

// A Use is an effect with the goroutine that it happens on.
type Use struct {
	*Effect
	Origin Origin
}

// A Pair is two uses of one connection that may happen at once, without a
// lock between them. They are one use by two goroutines if A and B have the
// same position and the same origin.
type Pair struct {
	Kind       Kind
	A, B       Use
	Confidence rule.Confidence
	// Object is the connection's path for a reader, key what pairs on one
	// connection have in common.
	Object string
	key    *Path
}

// Pairs returns the concurrent uses, best first.
func (pr *Program) Pairs() []Pair {
	var pairs []Pair
	for _, s := range pr.scopes {
		pairs = append(pairs, s.pairs()...)
	}
	pairs = append(pairs, pr.rootPairs()...)

	// The same two places are found in a function and in its callers.
	slices.SortStableFunc(pairs, func(p, q Pair) int {
		return cmp.Or(
			-cmp.Compare(order(p.Confidence), order(q.Confidence)),
			cmp.Compare(p.alone(), q.alone()),
			cmp.Compare(p.A.Pos, q.A.Pos),
			cmp.Compare(p.B.Pos, q.B.Pos),
		)
	})
	type places struct {
		kind Kind
		a, b token.Pos
	}
	seen := make(map[places]bool)
	var out []Pair
	for _, p := range pairs {
		k := places{p.Kind, min(p.A.Pos, p.B.Pos), max(p.A.Pos, p.B.Pos)}
		if !seen[k] {
			seen[k] = true
			out = append(out, p)
		}
	}
	return out
}

func order(c rule.Confidence) int {
	switch c {
	case rule.High:
		return 3
	case rule.Medium:
		return 2
	}
	return 1
}

// alone is 1 for a pair of one place with itself, which says less.
func (p Pair) alone() int {
	if p.A.Pos == p.B.Pos {
		return 1
	}
	return 0
}

// Groups divides pairs by connection, in the order of each one's first pair.
func Groups(pairs []Pair) [][]Pair {
	type of struct {
		kind Kind
		key  *Path
	}
	index := make(map[of]int)
	var groups [][]Pair
	for _, p := range pairs {
		k := of{p.Kind, p.key}
		g, ok := index[k]
		if !ok {
			g = len(groups)
			index[k] = g
			groups = append(groups, nil)
		}
		groups[g] = append(groups[g], p)
	}
	return groups
}

// pairs finds the concurrent uses among the effects of one function, where
// the order of things is known.
func (s *scope) pairs() []Pair {
	var pairs []Pair
	for i, a := range s.effects {
		if a.Kind == invoke || a.onRead != nil || a.HandedOut {
			continue
		}
		if a.Multi && a.live() && !protected(s.prog.paths, a, a) && !s.foreign(a.Obj.own) && !s.private(a) {
			pairs = append(pairs, s.pair(a, a))
		}
		for _, b := range s.effects[i+1:] {
			if a.Far != "" && b.Far != "" && a.anchor == b.anchor {
				continue // judged in that package
			}
			if b.Kind != a.Kind || b.onRead != nil || b.HandedOut || !a.live() && !b.live() || s.private(a) && s.private(b) {
				continue
			}
			if s.same(a, b) && s.overlap(a, b) && !protected(s.prog.paths, a, b) {
				pairs = append(pairs, s.pair(a, b))
			}
		}
	}
	return pairs
}

// private reports whether an effect is one of another package, on a goroutine
// that it starts and a connection that one of its types holds. Two of these are
// between calls of that package alone, which knows better what it starts when,
// and which of its connections it is.
func (s *scope) private(e *Effect) bool {
	if e.Far == "" || e.Thread == nil || e.Thread.Far == "" {
		return false
	}
	for _, p := range e.Obj.own {
		for ; p != nil; p = p.parent {
			if p.parent != nil && p.sel == fieldSel && p.owner != nil && p.owner.Obj().Pkg() != s.prog.pkg.SSA.Pkg {
				return true
			}
		}
	}
	return false
}

func (s *scope) pair(a, b *Effect) Pair {
	c := rule.High
	for _, e := range []*Effect{a, b} {
		if e.Unsure {
			c = rule.Min(c, rule.Medium)
		}
		if e.Thread != nil && e.Thread.Kind == Stored || twin(a, b) && (e.Reassigned || received(e.Obj.own)) {
			c = rule.Low
		}
	}
	if a != b && (a.Pos == b.Pos || a.Thread != nil && a.Thread == b.Thread) && s.renewed(a.Obj.own) {
		c = rule.Low // two ways to one function that makes a connection
	}
	if twin(a, b) && hasElement(a.Obj.own[0]) && !a.Ranged {
		c = rule.Min(c, rule.Medium) // each goroutine may have an element of its own
	}
	p := s.prog.newPair(Use{a, s.origin(a)}, Use{b, s.origin(b)}, c)
	if k := p.key; k != nil && k.root().kind == typeRoot && k.root().owner.Obj().Pkg() != s.prog.pkg.SSA.Pkg {
		// The type belongs to another package, what is done with each of its
		// values to this one.
		if p.key = s.prog.anchored(a.Obj.own[0]); p.key == nil {
			p.key = a.Obj.own[0]
		}
	}
	return p
}

// twin reports whether two effects are of one goroutine, so that they meet only
// if it is started twice for one connection.
func twin(a, b *Effect) bool {
	return a == b || a.Thread != nil && a.Thread == b.Thread && a.anchor == b.anchor
}

func (s *scope) origin(e *Effect) Origin {
	if e.Thread != nil {
		return threadOrigin(e.Thread)
	}
	return Origin{Kind: FromFunc, Pos: s.fn.Pos(), Fn: s.fn}
}

func threadOrigin(t *Thread) Origin {
	kind := FromGo
	switch t.Kind {
	case Handler:
		kind = FromRequest
	case Stored:
		kind = FromStored
	}
	return Origin{Kind: kind, Pos: t.Pos, Fn: t.Run, Far: t.Far}
}

func (pr *Program) newPair(a, b Use, c rule.Confidence) Pair {
	p := Pair{Kind: a.Kind, A: a, B: b, Confidence: c}
	for _, u := range []Use{a, b} {
		for _, q := range u.Obj.own {
			if k := pr.paths.canon(q); k != nil && p.key == nil {
				p.key = k
				p.Object = k.String()
			}
		}
	}
	if p.key == nil && len(a.Obj.own) > 0 {
		p.key = a.Obj.own[0]
	}
	if p.Object == "" && p.key != nil {
		p.Object = p.key.String()
	}
	return p
}

// anchored returns the path from the last named type of this package on the
// way, or from a global; nil if it has neither. What other packages' types
// hold is told apart by it: this package may well use several of them.
func (pr *Program) anchored(p *Path) *Path {
	for q := p; q != nil; q = q.parent {
		if q.owner != nil && q.owner.Obj().Pkg() == pr.pkg.SSA.Pkg {
			return pr.paths.again(p, q.parent, pr.paths.intern(pathKey{kind: typeRoot, owner: q.owner}))
		}
		if q.parent == nil && q.kind == globalRoot {
			return p
		}
	}
	return nil
}

// same reports whether two effects of the scope are on one connection.
func (s *scope) same(a, b *Effect) bool {
	usable := func(paths []*Path) []*Path {
		var list []*Path
		for _, p := range paths {
			if r := p.root(); (r.kind != siteRoot || r.fn == s.fn) && !received([]*Path{p}) {
				list = append(list, p)
			}
		}
		return list
	}
	ao, bo := usable(a.Obj.own), usable(b.Obj.own)
	return intersect(ao, bo) || intersect(ao, b.Obj.other) || intersect(a.Obj.other, bo)
}

// overlap reports whether two effects of the scope, one of them at least on a
// goroutine of its own, may happen at the same time.
func (s *scope) overlap(a, b *Effect) bool {
	if a.anchor == b.anchor {
		// The callee has judged one run of it; the next one is the loop's.
		if a.Thread == b.Thread {
			return a.Multi && b.Multi
		}
		return a.repeat && b.repeat
	}
	after := func(first, then *Effect) bool {
		if !first.live() {
			return false
		}
		if first.anchor != then.anchor && s.makes(then, first.Obj.own) {
			return false // the connection comes into being only then
		}
		over := either(s.ended(first.signals), failures(first))
		return reaches(first.anchor, then.anchor, func(x ssa.Instruction) bool {
			if over(x) {
				return true
			}
			for _, v := range first.varies {
				if v == x && v != then.anchor {
					return true
				}
			}
			return false
		})
	}
	return after(a, b) || after(b, a)
}

// makes reports whether an effect is on a connection that its own call makes,
// and which others find at most in what that call returns.
func (s *scope) makes(e *Effect, others []*Path) bool {
	if e.Thread != nil || !s.foreign(e.Obj.own) {
		return false
	}
	for _, p := range others {
		if contains(e.Obj.other, p) {
			if made, ok := p.root().val.(ssa.Instruction); !ok || made != e.anchor {
				return false
			}
		}
	}
	return true
}

// protected reports whether a lock keeps two effects apart.
func protected(in interner, a, b *Effect) bool {
	if a.Guarded && b.Guarded {
		return true
	}
	for _, l := range a.Locks {
		for _, m := range b.Locks {
			if l.Shared && m.Shared {
				continue
			}
			if l.Path == m.Path {
				return true
			}
			if c := in.canon(l.Path); c != nil && c == in.canon(m.Path) && !apart(l.Path, m.Path) {
				return true
			}
		}
	}
	return false
}
