package flow

import (
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// A rootKind says what an access path starts from.
type rootKind uint8

const (
	noRoot     rootKind = iota
	paramRoot           // a parameter of fn, the receiver included
	freeRoot            // a variable that the literal fn captures
	globalRoot          // a package-level variable
	siteRoot            // something that comes into being at an instruction
	funcRoot            // a function or closure
	typeRoot            // any instance of a named type
)

// A selKind says how a step of a path selects.
type selKind uint8

const (
	fieldSel  selKind = iota
	elemSel           // an element of a slice, map or array
	keySel            // a key of a map
	recvSel           // what is received from a channel
	writerSel         // the message writer of a connection
	readerSel         // the message reader of a connection
)

// A Path names a value, or the place that holds it, by the way to it. A
// pointer and what it points to have the same path. Paths are interned: equal
// paths are one pointer.
type Path struct {
	pathKey
	depth int
}

type pathKey struct {
	parent *Path // nil for a root
	sel    selKind
	field  *types.Var   // of a fieldSel
	owner  *types.Named // the named type that the step selects from, if any

	kind  rootKind // of a root
	fn    *ssa.Function
	index int       // parameter, captured variable, or result of a call
	val   ssa.Value // global, site or function; nil in another package
	name  string    // path.Name of another package's global
}

// maxDepth bounds the length of paths, and with it recursive types.
const maxDepth = 6

type interner map[pathKey]*Path

func (in interner) intern(k pathKey) *Path {
	if p := in[k]; p != nil {
		return p
	}
	p := &Path{pathKey: k}
	if k.parent != nil {
		p.depth = k.parent.depth + 1
	}
	in[k] = p
	return p
}

func (in interner) step(p *Path, k pathKey) *Path {
	if p.depth >= maxDepth {
		return p
	}
	k.parent = p
	return in.intern(k)
}

func (in interner) sel(p *Path, kind selKind, container types.Type) *Path {
	return in.step(p, pathKey{sel: kind, owner: ownerOf(container)})
}

// again puts the steps from base to p on top of q.
func (in interner) again(p, base, q *Path) *Path {
	if p == base {
		return q
	}
	k := p.pathKey
	up := in.again(p.parent, base, q)
	return in.step(up, k)
}

func (p *Path) root() *Path {
	for p.parent != nil {
		p = p.parent
	}
	return p
}

// hasPrefix reports whether q is p or a beginning of p.
func (p *Path) hasPrefix(q *Path) bool {
	for p.depth > q.depth {
		p = p.parent
	}
	return p == q
}

// local reports whether the path starts at a site of some function.
func (p *Path) local() bool { return p.root().kind == siteRoot }

// under returns the connection that a path of a message writer or reader
// belongs to, and whether p is one.
func (p *Path) under(kind selKind) (*Path, bool) {
	if p.parent != nil && p.sel == kind {
		return p.parent, true
	}
	return p, false
}

// canon returns the path from the last named type on the way, or from a
// global; nil if it has neither. Paths of different functions that may mean
// one object have one canonical form.
func (in interner) canon(p *Path) *Path {
	for q := p; q != nil; q = q.parent {
		if q.owner != nil {
			t := in.intern(pathKey{kind: typeRoot, owner: q.owner})
			return in.again(p, q.parent, t)
		}
		if q.parent == nil && q.kind == globalRoot {
			return p
		}
	}
	return nil
}

// apart reports whether two paths with the same canonical form certainly mean
// two objects: on a common way they leave one struct by different fields.
func apart(p, q *Path) bool {
	fields := func(p *Path) []*Path {
		var list []*Path
		for ; p.parent != nil; p = p.parent {
			if p.sel == fieldSel {
				list = append([]*Path{p}, list...)
			}
		}
		return list
	}
	pf, qf := fields(p), fields(q)
	for _, a := range pf {
		for _, b := range qf {
			if a.owner != nil && a.owner == b.owner {
				return a.field != b.field
			}
		}
	}
	return false
}

// ownerOf returns the named type that t is or points to, unless it is one of
// the standard library's containers, whose instances have nothing in common.
func ownerOf(t types.Type) *types.Named {
	if t == nil {
		return nil
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil {
		return nil
	}
	switch named.Obj().Pkg().Path() {
	case "sync", "sync/atomic", "container/list", "container/ring", "net", "io", "bufio":
		return nil
	}
	return named.Origin()
}

// String returns the path as a reader of the source would write it.
func (p *Path) String() string {
	if p.parent != nil {
		up := p.parent.String()
		switch p.sel {
		case fieldSel:
			if p.field.Embedded() {
				return up
			}
			return up + "." + p.field.Name()
		case elemSel, keySel:
			return up + "[…]"
		case recvSel:
			return "<-" + up
		}
		return up
	}
	switch p.kind {
	case paramRoot:
		if p.index < len(p.fn.Params) {
			return p.fn.Params[p.index].Name()
		}
	case freeRoot:
		if p.index < len(p.fn.FreeVars) {
			return p.fn.FreeVars[p.index].Name()
		}
	case globalRoot:
		if p.val == nil {
			return lastName(p.name)
		}
		return p.val.Name()
	case typeRoot:
		return p.owner.Obj().Name()
	case siteRoot:
		if a, ok := p.val.(*ssa.Alloc); ok && a.Comment != "" && !strings.Contains(a.Comment, " ") {
			return a.Comment
		}
	}
	return "conn"
}

// TypeName returns the name of the type that t is or points to, or "".
func TypeName(t types.Type) string {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	if named, ok := types.Unalias(t).(*types.Named); ok {
		return named.Obj().Name()
	}
	return ""
}
