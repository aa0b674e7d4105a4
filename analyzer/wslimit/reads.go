package wslimit

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/conns"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
)

// reads looks at what becomes of the messages that an endpoint reads: whether
// they are asked for more bytes than the limit lets through.
func (c *checker) reads(e *endpoint) {
	if e.limit < 0 || !limitable(e.lib) || e.limit == 0 {
		return
	}
	for i := range e.reads {
		u := &e.reads[i]
		for _, call := range consumers(u) {
			c.consumer(e, call)
		}
		if v := result(u, isByteSlice); v != nil {
			c.comparisons(e, v)
		}
	}
}

// consumer judges a call that takes the reader of a message.
func (c *checker) consumer(e *endpoint, call ssa.CallInstruction) {
	args := call.Common().Args
	var n int64
	sure := true
	switch fn := call.Common().StaticCallee(); {
	case isFunc(fn, "io", "ReadFull") && len(args) == 2:
		n = c.size(args[1]).min
	case isFunc(fn, "io", "ReadAtLeast") && len(args) == 3:
		n = constInt(args[2])
	case isFunc(fn, "io", "CopyN") && len(args) == 3:
		n = constInt(args[2])
	case isFunc(fn, "io", "LimitReader") && len(args) == 2:
		n, sure = constInt(args[1]), false
	}
	if n <= e.limit {
		return
	}
	if !sure {
		c.expects(e, call.Pos(), n)
		return
	}
	f := rule.Finding{
		Pos: call.Pos(), Category: exceeded, Confidence: rule.High,
		Message: fmt.Sprintf("this asks a message for %d bytes, and the limit is %s: no message that is large enough is read to its end, and the connection is closed with status 1009; call SetReadLimit with %d or more",
			n, c.limitText(e), n),
	}
	if e.Escapes {
		f.Confidence = rule.Medium
	}
	if e.set != nil {
		f.Related = related(e.set.Pos(), "the limit")
	}
	c.report(f)
}

func (c *checker) limitText(e *endpoint) string {
	if e.set != nil {
		return fmt.Sprintf("%d, set at %s", e.limit, c.Site(e.set.Pos()))
	}
	return fmt.Sprintf("the %d that %s sets", e.limit, e.lib.Name)
}

// comparisons judges tests of the length of a message.
func (c *checker) comparisons(e *endpoint, msg ssa.Value) {
	if e.Escapes {
		return
	}
	for _, ref := range *msg.Referrers() {
		length, ok := ref.(*ssa.Call)
		if !ok {
			continue
		}
		if b, ok := length.Call.Value.(*ssa.Builtin); !ok || b.Name() != "len" {
			continue
		}
		for _, ref := range *length.Referrers() {
			op, ok := ref.(*ssa.BinOp)
			if !ok {
				continue
			}
			switch op.Op {
			case token.LSS, token.LEQ, token.GTR, token.GEQ, token.EQL, token.NEQ:
			default:
				continue
			}
			if n := max(constInt(op.X), constInt(op.Y)); n > e.limit {
				c.expects(e, op.Pos(), n)
			}
		}
	}
}

func (c *checker) expects(e *endpoint, pos token.Pos, n int64) {
	f := rule.Finding{
		Pos: pos, Category: expected, Confidence: rule.Medium,
		Message: fmt.Sprintf("this expects messages of up to %d bytes, and the limit is %s: a larger message closes the connection with status 1009 before the code sees it; call SetReadLimit",
			n, c.limitText(e)),
	}
	if e.set != nil {
		f.Related = related(e.set.Pos(), "the limit")
	}
	c.report(f)
}

// result returns the result of a read whose type satisfies is, or nil.
func result(u *conns.Use, is func(types.Type) bool) ssa.Value {
	call, ok := u.Instr.(*ssa.Call)
	if !ok {
		return nil
	}
	if is(call.Type()) {
		return call
	}
	for _, ref := range *call.Referrers() {
		if x, ok := ref.(*ssa.Extract); ok && is(x.Type()) {
			return x
		}
	}
	return nil
}

func isByteSlice(t types.Type) bool {
	s, ok := t.Underlying().(*types.Slice)
	if !ok {
		return false
	}
	b, ok := s.Elem().Underlying().(*types.Basic)
	return ok && b.Kind() == types.Byte
}

func isReader(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == "io" && n.Obj().Name() == "Reader"
}

// consumers returns the calls that take the reader which u opens.
func consumers(u *conns.Use) []ssa.CallInstruction {
	r := result(u, isReader)
	if r == nil {
		return nil
	}
	var list []ssa.CallInstruction
	for _, ref := range *r.Referrers() {
		if call, ok := ref.(ssa.CallInstruction); ok && !call.Common().IsInvoke() {
			list = append(list, call)
		}
	}
	return list
}

// readsAll reports whether a function reads a reader to its end into memory.
func readsAll(fn *ssa.Function) bool {
	return isFunc(fn, "io", "ReadAll") || isFunc(fn, "io/ioutil", "ReadAll") || isFunc(fn, "encoding/json", "NewDecoder")
}

func isFunc(fn *ssa.Function, pkg, name string) bool {
	if fn == nil {
		return false
	}
	obj, ok := fn.Object().(*types.Func)
	return ok && obj.Pkg() != nil && obj.Pkg().Path() == pkg && obj.Name() == name && obj.Signature().Recv() == nil
}

func constInt(v ssa.Value) int64 {
	k, ok := v.(*ssa.Const)
	if !ok || k.Value == nil || k.Value.Kind() != constant.Int {
		return -1
	}
	n, ok := constant.Int64Val(k.Value)
	if !ok {
		return -1
	}
	return n
}
