package readfail

import (
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// A fact is what a failed read makes of a value.
type fact uint8

const (
	anything fact = iota // the failure says nothing about it
	murky                // it depends on the failure in a way not understood
	failure              // the error of the read
	other                // another error, not nil
	null                 // nil, or empty
	noKind               // the kind of a message where there is none, -1
	isTrue
	isFalse
)

func truth(b bool) fact {
	if b {
		return isTrue
	}
	return isFalse
}

const maxExpr = 10 // how deep an expression is looked into

// fact returns what is known of v on a path with e.
func (w *walker) fact(v ssa.Value, e env, depth int) fact {
	if f, ok := e[v]; ok {
		return f
	}
	if depth > maxExpr {
		return anything
	}
	depth++
	switch v := v.(type) {
	case *ssa.Const:
		if v.IsNil() {
			return null
		}
		if v.Value != nil && v.Value.Kind() == constant.Bool {
			return truth(constant.BoolVal(v.Value))
		}
		return anything
	case *ssa.ChangeInterface:
		return w.fact(v.X, e, depth)
	case *ssa.ChangeType:
		return w.fact(v.X, e, depth)
	case *ssa.MakeInterface:
		if f := w.fact(v.X, e, depth); f != anything && f != null {
			return f
		}
		if isError(v.Type()) {
			return other
		}
		return anything
	case *ssa.Convert:
		return w.fact(v.X, e, depth)
	case *ssa.UnOp:
		switch v.Op {
		case token.NOT:
			switch f := w.fact(v.X, e, depth); f {
			case isTrue:
				return isFalse
			case isFalse:
				return isTrue
			default:
				return f
			}
		case token.MUL:
			if f, ok := e[v.X]; ok {
				return f
			}
			if _, ok := v.X.(*ssa.Global); ok && isError(v.Type()) {
				return other
			}
			if alloc, ok := v.X.(*ssa.Alloc); ok && w.target(alloc, e, depth) {
				if w.matches(v.Type()) {
					return failure
				}
				return null
			}
			return w.dependent(v.X, e, depth)
		}
		return w.dependent(v.X, e, depth)
	case *ssa.BinOp:
		return w.compare(v, e, depth)
	case *ssa.Extract:
		switch tuple := v.Tuple.(type) {
		case *ssa.TypeAssert:
			if w.fact(tuple.X, e, depth) != failure {
				return w.dependent(tuple.X, e, depth)
			}
			matches := w.matches(tuple.AssertedType)
			if v.Index == 1 {
				return truth(matches)
			}
			if matches {
				return failure
			}
			return null
		case *ssa.Call:
			if isAsType(tuple.Call.StaticCallee()) && w.fact(tuple.Call.Args[0], e, depth) == failure {
				matches := w.matches(tuple.Call.Signature().Results().At(0).Type())
				switch {
				case v.Index == 1:
					return truth(matches)
				case matches:
					return failure
				}
				return null
			}
			return w.dependent(tuple, e, depth)
		}
		return anything
	case *ssa.TypeAssert:
		return w.fact(v.X, e, depth)
	case *ssa.Call:
		return w.result(v, e, depth)
	}
	if instr, ok := v.(ssa.Instruction); ok {
		if _, phi := v.(*ssa.Phi); phi {
			return anything
		}
		for _, op := range instr.Operands(nil) {
			if *op != nil && w.dependent(*op, e, depth) == murky {
				return murky
			}
		}
	}
	return anything
}

// dependent returns murky if v has to do with the failure.
func (w *walker) dependent(v ssa.Value, e env, depth int) fact {
	if alloc, ok := v.(*ssa.Alloc); ok {
		// What a function that had the error wrote into a variable.
		for _, ref := range *alloc.Referrers() {
			if call, ok := ref.(*ssa.Call); ok && depth <= maxExpr {
				for _, arg := range call.Call.Args {
					if arg != alloc && w.fact(arg, e, depth+4) == failure {
						return murky
					}
				}
			}
		}
		if w.target(alloc, e, depth) {
			return murky
		}
		return anything
	}
	if call, ok := v.(*ssa.Call); ok {
		for _, arg := range call.Call.Args {
			if f := w.fact(arg, e, depth+1); f == murky || f == failure {
				return murky
			}
		}
		return anything
	}
	switch w.fact(v, e, depth+1) {
	case murky, failure, null, noKind:
		return murky
	}
	return anything
}

// target reports whether errors.As, or a function like it, has set alloc from
// the error.
func (w *walker) target(alloc *ssa.Alloc, e env, depth int) bool {
	for _, ref := range *alloc.Referrers() {
		if mi, ok := ref.(*ssa.MakeInterface); ok && w.filled(mi, e, depth) {
			return true
		}
	}
	return false
}

// filled reports whether a function that takes the error also takes target, as
// errors.As does.
func (w *walker) filled(target *ssa.MakeInterface, e env, depth int) bool {
	for _, ref := range *target.Referrers() {
		if call, ok := ref.(*ssa.Call); ok && len(call.Call.Args) > 0 && w.fact(call.Call.Args[0], e, depth+4) == failure {
			return true
		}
	}
	return false
}

// result returns what a call gives.
func (w *walker) result(call *ssa.Call, e env, depth int) fact {
	args := call.Call.Args
	if call.Call.IsInvoke() {
		if f := w.fact(call.Call.Value, e, depth); f == failure {
			switch call.Call.Method.Name() {
			case "Timeout", "Temporary": // of net.Error and what is like it
				return truth(w.failure.Timeout)
			}
			return murky
		}
		if call.Call.Method.Name() == "Err" && call.Call.Value == w.context() {
			if w.failure.Deadline {
				return failure
			}
			return null
		}
		return w.dependent(call, e, depth)
	}
	if b, ok := call.Call.Value.(*ssa.Builtin); ok {
		if b.Name() == "len" && len(args) == 1 && w.fact(args[0], e, depth) == null {
			return null // zero
		}
		return w.dependent(call, e, depth)
	}
	callee := call.Call.StaticCallee()
	if callee == nil || callee.Object() == nil || callee.Object().Pkg() == nil {
		return w.dependent(call, e, depth)
	}
	subject := anything
	if len(args) > 0 {
		subject = w.fact(args[0], e, depth)
	}
	if subject == failure {
		fn, _ := callee.Object().(*types.Func)
		switch wsapi.TestOf(fn) {
		case wsapi.IsClose, wsapi.IsOtherClose:
			codes, ok := constants(args[len(args)-1])
			if !ok {
				return murky
			}
			listed := slices.Contains(codes, int64(w.failure.Code))
			return truth(w.failure.Code != 0 && listed == (wsapi.TestOf(fn) == wsapi.IsClose))
		case wsapi.CodeOf:
			return murky // a number: compare looks at it
		}
		switch callee.Object().Pkg().Path() + "." + callee.Object().Name() {
		case "errors.Is":
			return w.sentinel(args[1])
		case "errors.As":
			if mi, ok := args[1].(*ssa.MakeInterface); ok {
				if p, ok := mi.X.Type().Underlying().(*types.Pointer); ok {
					return truth(w.matches(p.Elem()))
				}
			}
			return murky
		case "os.IsTimeout":
			return truth(w.failure.Timeout)
		}
	}
	if callee.Object().Pkg().Path() == "strings" && len(args) == 2 {
		return w.text(callee.Object().Name(), args, e, depth)
	}
	sig := call.Call.Signature()
	if sig.Results().Len() == 1 && isError(sig.Results().At(0).Type()) {
		// A function that gets an error and returns one wraps it.
		path := callee.Object().Pkg().Path()
		if path == "fmt" || path == "errors" && callee.Object().Name() == "New" {
			return failure
		}
		if callee.Pkg != w.c.ssa.SSA && slices.ContainsFunc(args, func(a ssa.Value) bool { return w.fact(a, e, depth) == failure }) {
			return failure
		}
	}
	return w.dependent(call, e, depth)
}

// text evaluates a function of package strings on the text of the error.
func (w *walker) text(name string, args []ssa.Value, e env, depth int) fact {
	if w.fact(args[0], e, depth) != murky {
		return w.dependent(args[0], e, depth)
	}
	part, ok := args[1].(*ssa.Const)
	if !ok || part.Value == nil || part.Value.Kind() != constant.String || w.failure.Text == "" {
		return murky
	}
	switch s := constant.StringVal(part.Value); name {
	case "Contains":
		return truth(strings.Contains(w.failure.Text, s))
	case "HasPrefix":
		return truth(strings.HasPrefix(w.failure.Text, s))
	case "HasSuffix":
		return truth(strings.HasSuffix(w.failure.Text, s))
	}
	return murky
}

// context returns the context that the failed call was given, or nil.
func (w *walker) context() ssa.Value {
	if w.read == nil {
		return nil
	}
	return ContextOf(w.read)
}

// ContextOf returns the argument of a call that is a context, or nil.
func ContextOf(call *ssa.Call) ssa.Value {
	for _, arg := range call.Call.Args {
		if named, ok := types.Unalias(arg.Type()).(*types.Named); ok && named.Obj().Name() == "Context" && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "context" {
			return arg
		}
	}
	return nil
}
