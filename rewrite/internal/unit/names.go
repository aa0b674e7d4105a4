package unit

import (
	"go/ast"
	"go/token"
	"strconv"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
)

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
		if name := numbered(base, i); !used[name] {
			used[name] = true
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
		if used[r.ctx] || used[r.cancel] {
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
		return r.ctx, r.cancel, op
	}
}
