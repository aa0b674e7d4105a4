package readfail

import (
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// sentinel compares the failure with the value of a package variable.
func (w *walker) sentinel(v ssa.Value) fact {
	load, ok := v.(*ssa.UnOp)
	if !ok || load.Op != token.MUL {
		return murky
	}
	g, ok := load.X.(*ssa.Global)
	if !ok || g.Object() == nil || g.Object().Pkg() == nil {
		return murky
	}
	switch g.Object().Pkg().Path() + "." + g.Object().Name() {
	case "io.EOF":
		return truth(w.failure.EOF)
	case "net.ErrClosed":
		return truth(w.failure.Closed)
	case "os.ErrDeadlineExceeded":
		return truth(w.failure.Timeout && !w.failure.Deadline)
	case "context.DeadlineExceeded":
		return truth(w.failure.Deadline)
	}
	return isFalse
}

// matches reports whether the failure is of type t.
func (w *walker) matches(t types.Type) bool {
	if i, ok := t.Underlying().(*types.Interface); ok {
		for m := range i.Methods() {
			if m.Name() == "Timeout" || m.Name() == "Temporary" {
				return w.failure.Network
			}
		}
		return i.NumMethods() == 1 && i.Method(0).Name() == "Error"
	}
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil {
		return false
	}
	if wsapi.LibraryOf(named.Obj().Pkg().Path()) != nil {
		return w.failure.Code != 0
	}
	return named.Obj().Pkg().Path() == "net" && named.Obj().Name() == "OpError" && w.failure.Network
}

// compare evaluates a comparison.
func (w *walker) compare(op *ssa.BinOp, e env, depth int) fact {
	x, y := op.X, op.Y
	if code, want, ok := w.codes(x, y, e, depth); ok {
		if code == 0 {
			code = -1
		}
		return truth(constant.Compare(constant.MakeInt64(code), op.Op, constant.MakeInt64(want)))
	}
	fx, fy := w.fact(x, e, depth), w.fact(y, e, depth)
	if c, ok := y.(*ssa.Const); ok && fx == noKind && c.Value != nil && c.Value.Kind() == constant.Int {
		return truth(constant.Compare(constant.MakeInt64(-1), op.Op, c.Value))
	}
	if fx == noKind || fy == noKind {
		return murky
	}
	if fx == anything && fy == anything {
		return anything
	}
	if op.Op == token.EQL || op.Op == token.NEQ {
		is := func(equal bool) fact { return truth(equal == (op.Op == token.EQL)) }
		if fy == failure || fy == null && fx != null || fy >= isTrue {
			x, y, fx, fy = y, x, fy, fx
		}
		switch {
		case fx == null && fy == null:
			return is(true)
		case fx == null && (fy == failure || fy == other):
			return is(false)
		case fx == failure && fy == other:
			if s := w.sentinel(y); s != murky {
				return is(s == isTrue && !w.failure.Deadline)
			}
			return murky
		case fx >= isTrue && fy >= isTrue:
			return is(fx == fy)
		case fx == null && fy == anything:
			if c, ok := y.(*ssa.Const); ok && c.Value != nil {
				return is(empty(c.Value))
			}
			return anything // nil compared with a value that has nothing to do with the read
		case fx >= isTrue && fy == anything:
			return anything
		case fx == failure && fy == failure:
			return murky
		}
		if fx == murky || fx == failure {
			if c, ok := y.(*ssa.Const); ok && c.Value != nil && c.Value.Kind() == constant.String && w.failure.Text != "" && w.fromError(x, e, depth) {
				return is(constant.StringVal(c.Value) == w.failure.Text)
			}
		}
	}
	if c, ok := y.(*ssa.Const); ok && fx == null && c.Value != nil && c.Value.Kind() == constant.Int {
		return truth(constant.Compare(constant.MakeInt64(0), op.Op, c.Value))
	}
	if fx == murky || fy == murky || fx == failure || fy == failure {
		return murky
	}
	return anything
}

func empty(v constant.Value) bool {
	switch v.Kind() {
	case constant.String:
		return constant.StringVal(v) == ""
	case constant.Int:
		return constant.Sign(v) == 0
	}
	return false
}

// fromError reports whether v is the text of the error.
func (w *walker) fromError(v ssa.Value, e env, depth int) bool {
	call, ok := v.(*ssa.Call)
	return ok && call.Call.IsInvoke() && call.Call.Method.Name() == "Error" && w.fact(call.Call.Value, e, depth) == failure
}

// codes returns the close code that one of x and y is and the constant that
// the other is.
func (w *walker) codes(x, y ssa.Value, e env, depth int) (code, want int64, ok bool) {
	if _, isConst := x.(*ssa.Const); isConst {
		x, y = y, x
	}
	c, ok := y.(*ssa.Const)
	if !ok || c.Value == nil || c.Value.Kind() != constant.Int || !w.isCode(x, e, depth) {
		return 0, 0, false
	}
	want, _ = constant.Int64Val(c.Value)
	return int64(w.failure.Code), want, true
}

// isCode reports whether v is the close code of the error.
func (w *walker) isCode(v ssa.Value, e env, depth int) bool {
	if depth > maxExpr {
		return false
	}
	switch v := v.(type) {
	case *ssa.Call:
		fn := v.Call.StaticCallee()
		if fn == nil || len(v.Call.Args) == 0 {
			return false
		}
		obj, _ := fn.Object().(*types.Func)
		return wsapi.TestOf(obj) == wsapi.CodeOf && w.fact(v.Call.Args[0], e, depth) == failure
	case *ssa.Convert:
		return w.isCode(v.X, e, depth+1)
	case *ssa.ChangeType:
		return w.isCode(v.X, e, depth+1)
	case *ssa.UnOp:
		addr, ok := v.X.(*ssa.FieldAddr)
		if !ok || v.Op != token.MUL {
			return false
		}
		field := fieldOf(addr)
		if field == nil || field.Pkg() == nil || field.Name() != "Code" || wsapi.LibraryOf(field.Pkg().Path()) == nil {
			return false
		}
		if w.fact(addr.X, e, depth) == failure {
			return true
		}
		if load, ok := addr.X.(*ssa.UnOp); ok {
			return w.dependent(load.X, e, depth) == murky
		}
		return w.dependent(addr.X, e, depth) == murky
	}
	return false
}

// constants returns the elements of the slice that a variadic call makes.
func constants(v ssa.Value) ([]int64, bool) {
	switch v := v.(type) {
	case *ssa.Const:
		return nil, v.IsNil()
	case *ssa.Slice:
		array, ok := v.X.(*ssa.Alloc)
		if !ok {
			return nil, false
		}
		var list []int64
		for _, ref := range *array.Referrers() {
			elem, ok := ref.(*ssa.IndexAddr)
			if !ok {
				continue
			}
			for _, ref := range *elem.Referrers() {
				store, ok := ref.(*ssa.Store)
				if !ok {
					return nil, false
				}
				c, ok := store.Val.(*ssa.Const)
				if !ok || c.Value == nil {
					return nil, false
				}
				n, _ := constant.Int64Val(c.Value)
				list = append(list, n)
			}
		}
		return list, true
	}
	return nil, false
}

// isAsType reports whether fn is an instance of errors.AsType.
func isAsType(fn *ssa.Function) bool {
	if fn == nil || fn.Object() == nil || fn.Object().Pkg() == nil {
		return false
	}
	return fn.Object().Pkg().Path() == "errors" && fn.Object().Name() == "AsType"
}

func isError(t types.Type) bool {
	return types.Identical(t, types.Universe.Lookup("error").Type())
}
