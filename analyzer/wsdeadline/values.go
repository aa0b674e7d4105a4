package wsdeadline

import (
	"go/constant"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/conns"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// opPing is the opcode of a ping frame, RFC 6455, section 5.5.2.
const opPing = 9

// isPing reports whether a use sends a ping, or may: a frame or a control
// message whose kind does not show counts.
func isPing(u conns.Use) bool {
	if !u.Roles.Any(wsapi.Writes|wsapi.WritesControl) || u.Roles.Any(wsapi.Reads|wsapi.Closes|wsapi.OpensReader) {
		return false
	}
	control := u.Roles.Has(wsapi.WritesControl)
	if control && u.Roles.Has(wsapi.WantsContext) {
		return true
	}
	for _, arg := range u.Args {
		if _, ok := arg.Type().Underlying().(*types.Struct); ok && u.Lib != nil && isOf(arg.Type(), u.Lib) {
			return true // a frame made elsewhere
		}
		b, ok := arg.Type().Underlying().(*types.Basic)
		if !ok || b.Info()&types.IsInteger == 0 {
			continue
		}
		k, ok := arg.(*ssa.Const)
		if !ok {
			return control
		}
		if n, exact := constant.Int64Val(constant.ToInt(k.Value)); exact && n == opPing {
			return true
		}
		return false
	}
	return control && len(u.Args) == 0 && !isCall(u)
}

func isCall(u conns.Use) bool {
	_, ok := u.Instr.(ssa.CallInstruction)
	return ok
}

func isOf(t types.Type, lib *wsapi.Library) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Pkg() != nil && wsapi.LibraryOf(n.Obj().Pkg().Path()) == lib
}

// isZeroTime reports whether a deadline is the zero time, which takes it away.
func isZeroTime(u conns.Use) bool {
	if len(u.Args) != 1 {
		return false
	}
	switch v := u.Args[0].(type) {
	case *ssa.Const:
		return v.Value == nil
	case *ssa.UnOp:
		a, ok := v.X.(*ssa.Alloc)
		if !ok {
			return false
		}
		for _, ref := range *a.Referrers() {
			switch ref.(type) {
			case *ssa.UnOp, *ssa.DebugRef:
			default:
				return false
			}
		}
		return true
	}
	return false
}

func isContext(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == "context" && n.Obj().Name() == "Context"
}

// hasTimeout reports whether a context may have a deadline: it comes from
// something else than Background, TODO, WithCancel, WithValue, a parameter or
// a request.
func hasTimeout(ctx ssa.Value, seen map[ssa.Value]bool) bool {
	if seen[ctx] {
		return false
	}
	seen[ctx] = true
	switch v := ctx.(type) {
	case *ssa.Extract:
		return hasTimeout(v.Tuple, seen)
	case *ssa.Parameter, *ssa.FreeVar:
		return false
	case *ssa.Phi:
		for _, e := range v.Edges {
			if hasTimeout(e, seen) {
				return true
			}
		}
		return false
	case *ssa.MakeInterface:
		return hasTimeout(v.X, seen)
	case *ssa.Call:
		fn := v.Call.StaticCallee()
		if fn == nil {
			return true
		}
		obj, ok := fn.Object().(*types.Func)
		if !ok || obj.Pkg() == nil {
			return true
		}
		switch obj.Pkg().Path() + "." + obj.Name() {
		case "context.Background", "context.TODO", "net/http.Context":
			return false
		case "context.WithCancel", "context.WithValue", "context.WithCancelCause", "context.WithoutCancel":
			return hasTimeout(v.Call.Args[0], seen)
		}
		return true
	case *ssa.UnOp:
		a, ok := v.X.(*ssa.Alloc)
		if !ok {
			return false // a field or captured variable
		}
		for _, ref := range *a.Referrers() {
			if st, ok := ref.(*ssa.Store); ok && hasTimeout(st.Val, seen) {
				return true
			}
		}
		return false
	}
	return true
}

// isEndless reports whether a context certainly never ends.
func isEndless(ctx ssa.Value) bool {
	if call, ok := ctx.(*ssa.Call); ok {
		return isFunc(call.Call.StaticCallee(), "context", "Background") || isFunc(call.Call.StaticCallee(), "context", "TODO")
	}
	return false
}

func isFunc(fn *ssa.Function, pkg, name string) bool {
	if fn == nil {
		return false
	}
	obj, ok := fn.Object().(*types.Func)
	return ok && obj.Pkg() != nil && obj.Pkg().Path() == pkg && obj.Name() == name && obj.Signature().Recv() == nil
}
