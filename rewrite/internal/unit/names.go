package unit

import (
	"go/ast"
	"go/token"
	"strconv"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
)

// A reserved name is one that a unit declares in a function or function
// literal.
type reserved struct {
	file *flow.File
	fn   ast.Node
	name string
}

// reserve remembers that the unit declares the name around c.
func (u *Unit) reserve(f *flow.File, c inspector.Cursor, name string) {
	u.reserved = append(u.reserved, reserved{f, innermost(c), name})
}

// innermost returns the function or function literal around c, or nil.
func innermost(c inspector.Cursor) ast.Node {
	if fn, ok := Func(c); ok {
		return fn.Node()
	}
	return nil
}

// elsewhere reports whether a unit before this one declares the name in a
// function that surrounds c or that lies in the function around c. The edits of
// both end in the same file.
func (u *Unit) elsewhere(f *flow.File, c inspector.Cursor, name string) bool {
	fn := innermost(c)
	for _, b := range u.Before {
		for _, r := range b.reserved {
			if r.file == f && r.name == name && (fn == nil || r.fn == nil || within(fn, r.fn) || within(r.fn, fn)) {
				return true
			}
		}
	}
	return false
}

// within reports whether n lies in outer, or is it.
func within(n, outer ast.Node) bool { return outer.Pos() <= n.Pos() && n.End() <= outer.End() }

// usedNames returns the identifiers of the function declaration around c,
// together with those that Fresh has given out in it.
func (u *Unit) usedNames(f *flow.File, c inspector.Cursor) map[string]bool {
	d := Decl(c)
	used := u.names[d]
	if used == nil {
		used = map[string]bool{}
		u.names[d] = used
		var root ast.Node = f.Syntax
		if d != nil {
			root = d
		}
		ast.Inspect(root, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				used[id.Name] = true
			}
			return true
		})
	}
	return used
}

// numbered returns base, base2, base3, …
func numbered(base string, i int) string {
	if i == 1 {
		return base
	}
	return base + strconv.Itoa(i)
}

// Fresh returns a name like base that nothing in the function declaration
// around c is called, and reserves it there.
func (u *Unit) Fresh(f *flow.File, c inspector.Cursor, base string) string {
	used := u.usedNames(f, c)
	for i := 1; ; i++ {
		if name := numbered(base, i); !used[name] && !u.elsewhere(f, c, name) {
			used[name] = true
			u.reserve(f, c, name)
			return name
		}
	}
}

// Unused returns a name like base that the function declaration around c does
// not use, without reserving it: for a scope of its own.
func (u *Unit) Unused(f *flow.File, c inspector.Cursor, base string) string {
	used := u.usedNames(f, c)
	for i := 1; ; i++ {
		if name := numbered(base, i); !used[name] {
			return name
		}
	}
}

// A ctxRegion is the part of a statement list for which a rule has declared a
// context and its cancel function.
type ctxRegion struct {
	file        *flow.File
	list        ast.Stmt // the first of the list
	from, to    token.Pos
	ctx, cancel string
}

// ContextNames returns names for a context and its cancel function that a
// statement at from declares in the list, for use up to to, and the operator
// to declare them with: "=" where an earlier region of the same list left both
// behind.
func (u *Unit) ContextNames(f *flow.File, c inspector.Cursor, list []ast.Stmt, from, to token.Pos, base string) (ctx, cancel, op string) {
	used := u.usedNames(f, c)
	r := ctxRegion{file: f, list: list[0], from: from, to: to}
next:
	for i := 1; ; i++ {
		r.ctx, r.cancel, op = numbered(base, i), numbered("cancel", i), ":="
		if used[r.ctx] || used[r.cancel] || u.elsewhere(f, c, r.ctx) || u.elsewhere(f, c, r.cancel) {
			continue
		}
		for _, o := range u.regions {
			if o.file != f || o.ctx != r.ctx && o.cancel != r.cancel {
				continue
			}
			if o.from < r.to && r.from < o.to {
				continue next // one would hide or overwrite the other
			}
			if o.list != r.list {
				continue // a scope of its own, or one that may hide the other
			}
			if o.ctx != r.ctx {
				continue // each declares a variable of its own
			}
			if o.from > r.from {
				continue next // declared further down already
			}
			op = "="
		}
		u.regions = append(u.regions, r)
		u.reserve(f, c, r.ctx)
		u.reserve(f, c, r.cancel)
		return r.ctx, r.cancel, op
	}
}
