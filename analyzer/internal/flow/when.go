package flow

import (
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// A truth is what is known of a value: whether it is set, which means not nil
// or true.
type truth uint8

const (
	unknown truth = iota
	unset
	set
)

// A test is what a function asks of a parameter before an effect.
type test struct {
	param int
	want  truth
}

// truthOf says what the value itself shows.
func truthOf(v ssa.Value) truth {
	switch v := v.(type) {
	case *ssa.Const:
		switch {
		case v.IsNil(), v.Value != nil && v.Value.Kind() == constant.Bool && !constant.BoolVal(v.Value):
			return unset
		case v.Value != nil && v.Value.Kind() == constant.Bool:
			return set
		}
	case *ssa.Alloc, *ssa.FieldAddr, *ssa.IndexAddr, *ssa.Global, *ssa.Function, *ssa.MakeClosure, *ssa.MakeMap, *ssa.MakeChan, *ssa.MakeSlice, *ssa.MakeInterface:
		return set
	case *ssa.FreeVar:
		if v.Parent().Synthetic == "" {
			return set // the address of a captured variable
		}
	}
	return unknown
}

// paramOf returns the number of the function's parameter that v is, or -1.
func (s *scope) paramOf(v ssa.Value) int {
	for i, p := range s.fn.Params {
		if p == v {
			return i
		}
	}
	return -1
}

// tests returns what holds of the parameters wherever control is in a block.
func (s *scope) tests(block *ssa.BasicBlock) []test {
	var list []test
	for b := block; b != nil && b.Idom() != nil; b = b.Idom() {
		d := b.Idom()
		branch, ok := d.Instrs[len(d.Instrs)-1].(*ssa.If)
		if !ok || len(b.Preds) != 1 {
			continue
		}
		if t, ok := s.test(branch.Cond); ok {
			if b != d.Succs[0] {
				t.want = set + unset - t.want
			}
			list = append(list, t)
		}
	}
	return list
}

// test reads a condition that asks whether a parameter is set.
func (s *scope) test(cond ssa.Value) (test, bool) {
	want := set
	for {
		not, ok := cond.(*ssa.UnOp)
		if !ok || not.Op != token.NOT {
			break
		}
		cond, want = not.X, set+unset-want
	}
	if op, ok := cond.(*ssa.BinOp); ok && (op.Op == token.EQL || op.Op == token.NEQ) {
		null, ok := op.Y.(*ssa.Const)
		if !ok || !null.IsNil() {
			return test{}, false
		}
		if cond = op.X; op.Op == token.EQL {
			want = set + unset - want
		}
	} else if b, ok := cond.Type().Underlying().(*types.Basic); !ok || b.Kind() != types.Bool {
		return test{}, false
	}
	i := s.paramOf(cond)
	return test{i, want}, i >= 0
}

// argument is eval with what is known of the value besides.
func (s *scope) argument(v ssa.Value) operand {
	o := s.eval(v)
	o.is = truthOf(v)
	o.param = s.paramOf(v) + 1
	return o
}

// comesTrue reports whether an effect of a callee can come about in a call,
// and what it then asks of the caller's own parameters.
func (b *binding) comesTrue(when []test) (left []test, ok bool) {
	for _, t := range when {
		if t.param >= len(b.params) {
			continue
		}
		switch arg := b.params[t.param]; {
		case arg.is != unknown && arg.is != t.want:
			return nil, false
		case arg.is == unknown && arg.param > 0:
			left = append(left, test{arg.param - 1, t.want})
		}
	}
	return left, true
}
