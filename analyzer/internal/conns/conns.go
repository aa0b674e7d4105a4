package conns

import (
	"cmp"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/lazyssa"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// A Use is a call of a library that takes a connection, or a method value made
// of one.
type Use struct {
	Lib   *wsapi.Library
	Roles wsapi.Role
	Name  string          // of the function or method
	Args  []ssa.Value     // without a receiver; nil for a method value
	Instr ssa.Instruction // the call, or what makes the method value
}

// Pos returns the position of the use.
func (u Use) Pos() token.Pos { return u.Instr.Pos() }

// An Origin is what makes a connection: a handshake.
type Origin struct {
	Lib    *wsapi.Library
	Server bool
	Instr  ssa.Instruction
	Pos    token.Pos
}

// A Group is what may be one connection.
type Group struct {
	Origins []Origin
	Uses    []Use
	// Escapes reports that code outside of the package, or in it but out of
	// sight, may use the connection too.
	Escapes bool

	types map[*types.Named]bool // the libraries' connection types in it
}

// Any returns the first use that has at least one of the roles, or nil.
func (g *Group) Any(roles wsapi.Role) *Use {
	for i := range g.Uses {
		if g.Uses[i].Roles.Any(roles) {
			return &g.Uses[i]
		}
	}
	return nil
}

// All returns the uses that have at least one of the roles.
func (g *Group) All(roles wsapi.Role) []Use {
	var list []Use
	for _, u := range g.Uses {
		if u.Roles.Any(roles) {
			list = append(list, u)
		}
	}
	return list
}

// A Set is the connections of a package.
type Set struct {
	Pkg *lazyssa.Package
	// Funcs holds the functions that were looked at, instances of generic
	// ones included.
	Funcs []*ssa.Function

	fset      *token.FileSet
	libs      []*wsapi.Library
	bare      bool // a library that works on a net.Conn is in use
	parent    map[any]any
	carriers  map[types.Type]bool
	seen      map[*ssa.Function]bool
	escaped   []any
	origins   []pendingOrigin
	uses      []pendingUse
	invokes   []pendingInvoke
	connTypes map[any]*types.Named
	groups    map[any]*Group
	bySig     []*ssa.Function // functions used as values, and literals
}

type pendingOrigin struct {
	node any
	Origin
}

type pendingUse struct {
	node any
	Use
}

// A pendingInvoke is a method call through an interface: what it means is known
// once it is known which libraries' connections are behind it.
type pendingInvoke struct {
	node any
	call ssa.CallInstruction
}

// New returns the connections of the package, or nil where it names no
// library's identifier itself.
func New(pass *rule.Pass, pkg func() *lazyssa.Package) *Set {
	var libs []*wsapi.Library
	bare := false
	for _, imp := range pass.Pkg.Imports() {
		lib := wsapi.LibraryOf(imp.Path())
		if lib != nil && !slices.Contains(libs, lib) {
			libs = append(libs, lib)
			bare = bare || len(lib.Conns) == 0
		}
	}
	if len(libs) == 0 {
		return nil
	}
	built := pkg()
	if built == nil {
		return nil
	}
	s := &Set{
		Pkg: built, fset: pass.Fset, libs: libs, bare: bare,
		parent:    make(map[any]any),
		carriers:  make(map[types.Type]bool),
		seen:      make(map[*ssa.Function]bool),
		connTypes: make(map[any]*types.Named),
		groups:    make(map[any]*Group),
	}
	for _, fn := range built.Funcs {
		s.add(fn)
	}
	s.bySig = s.valued()
	for i := 0; i < len(s.Funcs); i++ { // instances join on the way
		s.function(s.Funcs[i])
	}
	s.finish()
	return s
}

// add puts a function on the list, unless it stands in a test file.
func (s *Set) add(fn *ssa.Function) {
	if fn == nil || s.seen[fn] || len(fn.Blocks) == 0 {
		return
	}
	s.seen[fn] = true
	if fn.Pos().IsValid() && strings.HasSuffix(s.fset.Position(fn.Pos()).Filename, "_test.go") {
		return
	}
	s.Funcs = append(s.Funcs, fn)
	if fn.Origin() != nil {
		for _, lit := range fn.AnonFuncs {
			s.add(lit)
		}
	}
}

// valued lists the functions of the package that may be called through a
// function value.
func (s *Set) valued() []*ssa.Function {
	var list []*ssa.Function
	taken := make(map[*ssa.Function]bool)
	for _, fn := range s.Funcs {
		if fn.Parent() != nil {
			list = append(list, fn)
		}
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				var callee ssa.Value
				if c, ok := instr.(ssa.CallInstruction); ok {
					callee = c.Common().Value
				}
				for _, op := range instr.Operands(nil) {
					if f, ok := (*op).(*ssa.Function); ok && *op != callee && f.Parent() == nil && len(f.Blocks) > 0 && !taken[f] {
						taken[f] = true
						list = append(list, f)
					}
				}
			}
		}
	}
	return list
}

// finish makes groups of the classes.
func (s *Set) finish() {
	group := func(node any) *Group {
		root := s.find(node)
		g := s.groups[root]
		if g == nil {
			g = &Group{types: make(map[*types.Named]bool)}
			s.groups[root] = g
		}
		return g
	}
	for node, t := range s.connTypes {
		group(node).types[t] = true
	}
	for _, o := range s.origins {
		g := group(o.node)
		if !slices.ContainsFunc(g.Origins, func(p Origin) bool { return p.Instr == o.Instr }) {
			g.Origins = append(g.Origins, o.Origin)
		}
	}
	for _, u := range s.uses {
		g := group(u.node)
		g.Uses = append(g.Uses, u.Use)
	}
	for _, inv := range s.invokes {
		s.resolve(group(inv.node), inv)
	}
	for _, node := range s.escaped {
		group(node).Escapes = true
	}
	for _, g := range s.groups {
		slices.SortStableFunc(g.Origins, func(a, b Origin) int { return cmp.Compare(a.Pos, b.Pos) })
		slices.SortStableFunc(g.Uses, func(a, b Use) int { return cmp.Compare(a.Pos(), b.Pos()) })
	}
}

// resolve adds the uses behind a call through an interface.
func (s *Set) resolve(g *Group, inv pendingInvoke) {
	c := inv.call.Common()
	if roles := netRoles[c.Method.Name()]; roles != 0 && s.bare && isNetConn(c.Value.Type()) {
		g.Uses = append(g.Uses, Use{Roles: roles, Name: c.Method.Name(), Args: c.Args, Instr: inv.call})
		return
	}
	var names []*types.Named
	for t := range g.types {
		names = append(names, t)
	}
	slices.SortFunc(names, func(a, b *types.Named) int { return cmp.Compare(a.String(), b.String()) })
	for _, t := range names {
		obj, _, _ := types.LookupFieldOrMethod(types.NewPointer(t), true, nil, c.Method.Name())
		fn, ok := obj.(*types.Func)
		if !ok {
			continue
		}
		if lib, row := wsapi.Lookup(fn); row != nil {
			g.Uses = append(g.Uses, Use{Lib: lib, Roles: row.Roles, Name: fn.Name(), Args: c.Args, Instr: inv.call})
		}
	}
}

// netRoles are the methods of net.Conn that matter where a library works on
// one.
var netRoles = map[string]wsapi.Role{
	"SetDeadline":      wsapi.SetsReadDeadline | wsapi.SetsWriteDeadline,
	"SetReadDeadline":  wsapi.SetsReadDeadline,
	"SetWriteDeadline": wsapi.SetsWriteDeadline,
	"Close":            wsapi.Closes,
}

// Groups returns the groups that have an origin or a use, in the order of
// their first position.
func (s *Set) Groups() []*Group {
	var list []*Group
	for _, g := range s.groups {
		if len(g.Origins)+len(g.Uses) > 0 {
			list = append(list, g)
		}
	}
	slices.SortFunc(list, func(a, b *Group) int { return cmp.Compare(a.pos(), b.pos()) })
	return list
}

func (g *Group) pos() token.Pos {
	if len(g.Origins) > 0 {
		return g.Origins[0].Pos
	}
	return g.Uses[0].Pos()
}

// Of returns the group of a value, or nil if it is no connection.
func (s *Set) Of(v ssa.Value) *Group {
	if v == nil {
		return nil
	}
	return s.groups[s.find(s.node(v))]
}

// find returns the representative of a node's class.
func (s *Set) find(n any) any {
	for {
		p, ok := s.parent[n]
		if !ok {
			return n
		}
		if up, ok := s.parent[p]; ok {
			s.parent[n] = up
		}
		n = p
	}
}

func (s *Set) union(a, b any) {
	if a, b = s.find(a), s.find(b); a != b {
		s.parent[a] = b
	}
}
