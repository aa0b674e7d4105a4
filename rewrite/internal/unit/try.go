package unit

import (
	"go/ast"
	"maps"
	"slices"
)

// Try runs plan. If plan refuses anything, Try takes back all that it has
// planned, claimed and recorded, and reports false.
func (u *Unit) Try(plan func()) bool {
	saved := *u
	saved.claimed, saved.contexts, saved.done = maps.Clone(u.claimed), maps.Clone(u.contexts), maps.Clone(u.done)
	saved.marked, saved.adapted = maps.Clone(u.marked), maps.Clone(u.adapted)
	saved.Notes, saved.regions, saved.reserved = slices.Clone(u.Notes), slices.Clone(u.regions), slices.Clone(u.reserved)
	saved.names = make(map[*ast.FuncDecl]map[string]bool, len(u.names))
	for d, used := range u.names {
		saved.names[d] = maps.Clone(used)
	}
	saved.files = maps.Clone(u.files)
	for f, e := range u.files {
		c := *e
		c.Ops, c.Helpers, c.Moved = slices.Clone(e.Ops), slices.Clone(e.Helpers), slices.Clone(e.Moved)
		c.Imports, c.Decls = maps.Clone(e.Imports), maps.Clone(e.Decls)
		saved.files[f] = &c
	}
	n := len(u.Reasons)
	plan()
	if len(u.Reasons) == n {
		return true
	}
	saved.Reasons = u.Reasons[:n:n]
	*u = saved
	return false
}
