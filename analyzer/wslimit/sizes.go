package wslimit

import (
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/conns"
)

// A size is the range of lengths that a string or slice can have; max is open
// where nothing is known.
type size struct{ min, max int64 }

const open = 1 << 62

var anySize = size{0, open}

// sizes computes the lengths of values.
type sizes struct {
	globals map[*ssa.Global][]ssa.Value
	busy    map[ssa.Value]bool
}

func newSizes(set *conns.Set) *sizes {
	s := &sizes{make(map[*ssa.Global][]ssa.Value), make(map[ssa.Value]bool)}
	fns := set.Funcs
	if init := set.Pkg.SSA.Func("init"); init != nil {
		fns = append([]*ssa.Function{init}, fns...)
	}
	seen := make(map[*ssa.Function]bool)
	for _, fn := range fns {
		if seen[fn] {
			continue
		}
		seen[fn] = true
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				if st, ok := instr.(*ssa.Store); ok {
					if g, ok := st.Addr.(*ssa.Global); ok {
						s.globals[g] = append(s.globals[g], st.Val)
					}
				}
			}
		}
	}
	return s
}

// size returns the possible lengths of v.
func (s *sizes) size(v ssa.Value) size {
	if v == nil || s.busy[v] {
		return anySize // around a loop it may grow
	}
	s.busy[v] = true
	defer delete(s.busy, v)
	switch v := v.(type) {
	case *ssa.Const:
		if v.Value == nil {
			return size{0, 0}
		}
		if v.Value.Kind() == constant.String {
			n := int64(len(constant.StringVal(v.Value)))
			return size{n, n}
		}
	case *ssa.Convert:
		if stringOrBytes(v.X.Type()) && stringOrBytes(v.Type()) {
			return s.size(v.X)
		}
	case *ssa.ChangeType:
		return s.size(v.X)
	case *ssa.MakeSlice:
		if n := constInt(v.Len); n >= 0 {
			return size{n, n}
		}
	case *ssa.Slice:
		return s.slice(v)
	case *ssa.Phi:
		sum := s.size(v.Edges[0])
		for _, e := range v.Edges[1:] {
			one := s.size(e)
			sum = size{min(sum.min, one.min), max(sum.max, one.max)}
		}
		return sum
	case *ssa.BinOp:
		if v.Op == token.ADD {
			return add(s.size(v.X), s.size(v.Y))
		}
	case *ssa.UnOp:
		if g, ok := v.X.(*ssa.Global); ok && v.Op == token.MUL && len(s.globals[g]) == 1 && !g.Object().Exported() {
			return s.size(s.globals[g][0])
		}
	case *ssa.Call:
		return s.call(v)
	}
	return anySize
}

func add(a, b size) size { return size{a.min + b.min, min(a.max+b.max, open)} }

func (s *sizes) slice(v *ssa.Slice) size {
	whole := anySize
	if p, ok := v.X.Type().Underlying().(*types.Pointer); ok {
		if a, ok := p.Elem().Underlying().(*types.Array); ok {
			whole = size{a.Len(), a.Len()}
		}
	} else {
		whole = s.size(v.X)
	}
	low := int64(0)
	if v.Low != nil {
		if low = constInt(v.Low); low < 0 {
			return size{0, whole.max}
		}
	}
	if v.High != nil {
		high := constInt(v.High)
		if high < 0 {
			// Up to the capacity, which for what is made here is the length.
			return size{0, whole.max}
		}
		return size{high - low, high - low}
	}
	if whole.max == open {
		return size{max(whole.min-low, 0), open}
	}
	return size{max(whole.min-low, 0), max(whole.max-low, 0)}
}

func (s *sizes) call(v *ssa.Call) size {
	args := v.Call.Args
	if b, ok := v.Call.Value.(*ssa.Builtin); ok {
		if b.Name() == "append" && len(args) == 2 {
			return add(s.size(args[0]), s.size(args[1]))
		}
		return anySize
	}
	fn := v.Call.StaticCallee()
	if (isFunc(fn, "bytes", "Repeat") || isFunc(fn, "strings", "Repeat")) && len(args) == 2 {
		one, n := s.size(args[0]), constInt(args[1])
		if n >= 0 && n < 1<<31 && one.max < 1<<31 {
			return size{one.min * n, one.max * n}
		}
	}
	return anySize
}

func stringOrBytes(t types.Type) bool {
	if b, ok := t.Underlying().(*types.Basic); ok {
		return b.Info()&types.IsString != 0
	}
	return isByteSlice(t)
}
