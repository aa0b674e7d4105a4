package readfail

import (
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"
)

// A place is where a connection comes from, seen from a loop: a value that the
// loop does not compute anew, then the fields that are loaded from it.
type place struct {
	root   ssa.Value
	fields []*types.Var
	cell   bool // root is the address of a variable
}

// placeOf resolves v; ok is false where each turn of the loop may have another
// connection, such as one that comes off a channel.
func (c *Program) placeOf(v ssa.Value, inLoop func(*ssa.BasicBlock) bool, depth int) (place, bool) {
	if depth > 8 {
		return place{}, false
	}
	switch v := v.(type) {
	case *ssa.MakeInterface:
		return c.placeOf(v.X, inLoop, depth+1)
	case *ssa.ChangeInterface:
		return c.placeOf(v.X, inLoop, depth+1)
	case *ssa.ChangeType:
		return c.placeOf(v.X, inLoop, depth+1)
	case *ssa.TypeAssert:
		if !v.CommaOk {
			return c.placeOf(v.X, inLoop, depth+1)
		}
	case *ssa.FieldAddr:
		p, ok := c.placeOf(v.X, inLoop, depth+1)
		p.fields = append(slices.Clone(p.fields), fieldOf(v))
		return p, ok
	case *ssa.UnOp:
		if v.Op != token.MUL {
			break
		}
		switch addr := v.X.(type) {
		case *ssa.FieldAddr:
			return c.placeOf(addr, inLoop, depth+1)
		case *ssa.Alloc:
			if inLoop(addr.Block()) && addr.Parent() == v.Parent() && addr.Heap && inLoop(v.Block()) && addr.Block() != addr.Parent().Blocks[0] {
				return place{}, false
			}
			return place{root: addr, cell: true}, true
		case *ssa.FreeVar, *ssa.Global:
			return place{root: addr, cell: true}, true
		}
	case *ssa.Phi:
		return place{root: v}, true
	case *ssa.Call:
		if !inLoop(v.Block()) {
			break
		}
		// A method that returns a field.
		callee := v.Call.StaticCallee()
		if callee == nil || callee.Pkg != c.ssa.SSA {
			break
		}
		var got place
		for _, b := range callee.Blocks {
			ret, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
			if !ok {
				continue
			}
			if len(ret.Results) != 1 || got.root != nil {
				return place{}, false
			}
			if got, ok = c.placeOf(ret.Results[0], func(*ssa.BasicBlock) bool { return true }, depth+1); !ok || got.cell {
				return place{}, false
			}
		}
		param, ok := got.root.(*ssa.Parameter)
		if !ok {
			break
		}
		i := slices.Index(callee.Params, param)
		if i < 0 || i >= len(v.Call.Args) {
			break
		}
		p, ok := c.placeOf(v.Call.Args[i], inLoop, depth+1)
		p.fields = append(slices.Clone(p.fields), got.fields...)
		return p, ok
	}
	if instr, ok := v.(ssa.Instruction); ok && inLoop(instr.Block()) {
		return place{}, false
	}
	return place{root: v}, true
}

// fieldOf returns the field whose address v is.
func fieldOf(v *ssa.FieldAddr) *types.Var {
	t := v.X.Type().Underlying()
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem().Underlying()
	}
	if st, ok := t.(*types.Struct); ok && v.Field < st.NumFields() {
		return st.Field(v.Field).Origin()
	}
	return nil
}

// holds reports whether a store at addr gives the place another connection.
func (p place) holds(addr ssa.Value) bool {
	switch addr := addr.(type) {
	case *ssa.FieldAddr:
		return slices.Contains(p.fields, fieldOf(addr))
	case *ssa.Alloc, *ssa.FreeVar, *ssa.Global:
		return p.cell && addr == p.root
	}
	return false
}

// mutable reports whether code that is not seen could give the place another
// connection.
func (c *Program) mutable(p place) bool {
	for _, f := range p.fields {
		if f == nil || f.Exported() || c.assigned[f] {
			return true
		}
	}
	return p.cell && stores(p.root, make(map[ssa.Value]bool)) > 1
}

// stores counts the assignments of a variable, those in closures included; a
// package variable may have any number.
func stores(v ssa.Value, seen map[ssa.Value]bool) int {
	if seen[v] {
		return 0
	}
	seen[v] = true
	n := 0
	if free, ok := v.(*ssa.FreeVar); ok {
		fn := free.Parent()
		i := slices.Index(fn.FreeVars, free)
		for _, ref := range refs(fn) {
			if mc, ok := ref.(*ssa.MakeClosure); ok && i < len(mc.Bindings) {
				n += stores(mc.Bindings[i], seen)
			}
		}
	}
	if _, ok := v.(*ssa.Global); ok {
		return 2
	}
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Store:
			if ref.Addr == v {
				n++
			} else {
				n += 2 // its address goes elsewhere
			}
		case *ssa.MakeClosure:
			for i, b := range ref.Bindings {
				if fn, ok := ref.Fn.(*ssa.Function); ok && b == v && i < len(fn.FreeVars) {
					n += stores(fn.FreeVars[i], seen)
				}
			}
		}
	}
	return n
}

// refs returns the instructions that make closures of fn.
func refs(fn *ssa.Function) []ssa.Instruction {
	var list []ssa.Instruction
	if fn.Parent() == nil {
		return nil
	}
	for _, b := range fn.Parent().Blocks {
		for _, instr := range b.Instrs {
			if mc, ok := instr.(*ssa.MakeClosure); ok && mc.Fn == fn {
				list = append(list, mc)
			}
		}
	}
	return list
}
