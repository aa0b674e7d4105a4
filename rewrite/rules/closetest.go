package rules

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// abnormal is the close code of a connection that ended without a close
// frame. The target has no error with it: such a read fails with an error
// that wraps io.EOF or io.ErrUnexpectedEOF.
const abnormal = 1006

const wrappedNote = "an error that wraps the close error counts as one now; gorilla looked at the error itself"

// planCloseTest converts IsCloseError and IsUnexpectedCloseError: in line
// where the codes say what 1006 would come to, else to a helper that maps the
// end of the connection to it.
func planCloseTest(u *unit.Unit, s *flow.Site) {
	u.Claim(s)
	f := s.File
	c, ok := unit.CallCursor(s)
	if !ok {
		u.Refuse(s.Pos, string(s.Symbol)+" is used as a value", "call it in a function literal")
		return
	}
	call := c.Node().(*ast.CallExpr)
	if len(call.Args) == 0 || len(call.Args) == 1 && isTuple(f, call.Args[0]) {
		u.Refuse(s.Pos, "the arguments come from a call with several results", "assign them to variables first")
		return
	}
	unexpected := s.Symbol == "IsUnexpectedCloseError"
	codes, constant, lists1006 := closeCodes(u, f, call)
	tests := len(codes)
	if unexpected {
		tests++
	}
	if !constant || lists1006 != unexpected || tests == 0 || tests > 1 && !pure(call.Args[0]) {
		planCloseHelper(u, s, call, codes)
		return
	}
	outer := unit.OutermostParen(c)
	negated := false
	if k, _ := outer.ParentEdge(); k == edge.UnaryExpr_X && outer.Parent().Node().(*ast.UnaryExpr).Op == token.NOT {
		negated = true
		outer = outer.Parent()
	} else {
		outer = c
	}
	// unexpected: is a close error, and none of the codes.
	compare, join := " == ", "||"
	if unexpected != negated {
		compare, join = " != ", "&&"
	}
	status := []any{u.Lib(f) + ".CloseStatus(", call.Args[0], ")" + compare}
	var parts []any
	term := func(code ...any) {
		if len(parts) > 0 {
			parts = append(parts, " "+join+" ")
			if tests > 3 && len(parts) > 0 {
				parts[len(parts)-1] = " " + join + "\n\t"
			}
		}
		parts = append(append(parts, status...), code...)
	}
	if unexpected {
		term("-1")
	}
	for _, code := range codes {
		term(code...)
	}
	if tests == 1 {
		join = ""
	}
	if needsParens(outer, join) {
		parts = append(append([]any{"("}, parts...), ")")
	}
	u.Replace(f, outer.Node().Pos(), outer.Node().End(), parts...)
	for _, a := range call.Args[1:] {
		u.ClaimWithin(f, a)
	}
	u.Note(f, call.Pos(), "closeerror", wrappedNote)
}

func isTuple(f *flow.File, e ast.Expr) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return false
	}
	fn := calledFunc(f, call)
	return fn != nil && fn.Signature().Results().Len() > 1
}

// closeCodes returns the codes of a test but 1006, as expressions of the
// target's StatusCode, and whether all are constant and 1006 is among them.
func closeCodes(u *unit.Unit, f *flow.File, call *ast.CallExpr) (codes [][]any, constant, lists1006 bool) {
	constant = !call.Ellipsis.IsValid()
	for _, a := range call.Args[1:] {
		n, ok := unit.ConstInt(f, a)
		constant = constant && ok
		if ok && n == abnormal {
			lists1006 = true
			continue
		}
		codes = append(codes, statusCode(u, f, a))
	}
	return codes, constant, lists1006
}

// statusCode returns an int expression as one of the target's type.
func statusCode(u *unit.Unit, f *flow.File, e ast.Expr) []any {
	if name := closeConst(u, f, e); name != "" {
		return []any{u.Lib(f) + "." + name}
	}
	if untypedConst(f, e) {
		return []any{e}
	}
	switch x := ast.Unparen(e).(type) {
	case *ast.SelectorExpr:
		if s := u.SiteAt(x.Sel); s != nil && s.Symbol == "CloseError.Code" {
			return []any{x}
		}
	}
	return []any{u.Lib(f) + ".StatusCode(", e, ")"}
}

// untypedConst reports whether e is a number or the name of an untyped
// constant, which takes any integer type.
func untypedConst(f *flow.File, e ast.Expr) bool {
	var id *ast.Ident
	switch x := ast.Unparen(e).(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident:
		id = x
	case *ast.SelectorExpr:
		id = x.Sel
	default:
		return false
	}
	c, ok := f.Pkg.TypesInfo.Uses[id].(*types.Const)
	if !ok {
		return false
	}
	b, ok := c.Type().(*types.Basic)
	return ok && b.Info()&types.IsUntyped != 0
}

// closeConst returns the target's name of one of the library's close codes,
// or "".
func closeConst(u *unit.Unit, f *flow.File, e ast.Expr) string {
	var id *ast.Ident
	switch x := ast.Unparen(e).(type) {
	case *ast.Ident:
		id = x
	case *ast.SelectorExpr:
		id = x.Sel
	default:
		return ""
	}
	s := u.SiteAt(id)
	if s == nil || !strings.HasPrefix(string(s.Symbol), "Close") {
		return ""
	}
	m, ok := wsapi.MappingOf(s.Symbol)
	if to := m.To(u.Target); ok && m.Kind == wsapi.Const && len(to) > 0 {
		return string(to[0])
	}
	return ""
}

// needsParens reports whether a condition joined by op ("" for a single
// comparison) has to be put into parentheses in place of the expression at c.
func needsParens(c inspector.Cursor, op string) bool {
	switch n := c.Parent().Node().(type) {
	case *ast.BinaryExpr:
		switch n.Op {
		case token.LAND:
			return op == "||"
		case token.LOR:
			return false
		}
		return true
	case *ast.UnaryExpr, *ast.SelectorExpr:
		return true
	}
	return false
}

// planCloseHelper calls the helper in place of the function at s.
func planCloseHelper(u *unit.Unit, s *flow.Site, call *ast.CallExpr, codes [][]any) {
	f := s.File
	name := "isCloseError"
	if s.Symbol == "IsUnexpectedCloseError" {
		name = "isUnexpectedCloseError"
	}
	generic := u.GoAtLeast(f, "1.18")
	if call.Ellipsis.IsValid() && !generic {
		u.Refuse(s.Pos, "the codes come as a slice of int, and a helper that takes one needs go 1.18 in go.mod", "raise the go line, or name the codes")
		return
	}
	if !useHelper(u, s, name) {
		return
	}
	u.Note(f, call.Pos(), "closeerror", wrappedNote)
	if len(call.Args) == 1 && generic {
		name += "[int]" // no code tells the type
	}
	x := unit.Qualified(s)
	u.Replace(f, x.Pos(), x.End(), name)
	if call.Ellipsis.IsValid() {
		return
	}
	for _, a := range call.Args[1:] {
		parts := statusCode(u, f, a)
		if n, ok := unit.ConstInt(f, a); ok && n == abnormal && closeConst(u, f, a) != "" {
			parts = []any{u.Lib(f) + ".StatusAbnormalClosure"}
		}
		if len(parts) == 1 && parts[0] == any(a) {
			continue
		}
		u.Replace(f, a.Pos(), a.End(), parts...)
		u.ClaimWithin(f, a)
	}
}

const isCloseErrorHelper = `
// isCloseError reports whether err is a close error with one of the codes. A
// connection that ended without a close frame counts as code 1006.
func isCloseError[C ~int](err error, codes ...C) bool {
	got := websocket.CloseStatus(err)
	if got == -1 && (err != io.EOF && errors.Is(err, io.EOF) || err != io.ErrUnexpectedEOF && errors.Is(err, io.ErrUnexpectedEOF)) {
		got = websocket.StatusAbnormalClosure
	}
	for _, code := range codes {
		if got != -1 && got == websocket.StatusCode(code) {
			return true
		}
	}
	return false
}
`

const isUnexpectedCloseErrorHelper = `
// isUnexpectedCloseError reports whether err is a close error with none of the
// codes. A connection that ended without a close frame counts as code 1006.
func isUnexpectedCloseError[C ~int](err error, codes ...C) bool {
	got := websocket.CloseStatus(err)
	if got == -1 && (err != io.EOF && errors.Is(err, io.EOF) || err != io.ErrUnexpectedEOF && errors.Is(err, io.ErrUnexpectedEOF)) {
		got = websocket.StatusAbnormalClosure
	}
	for _, code := range codes {
		if got == websocket.StatusCode(code) {
			return false
		}
	}
	return got != -1
}
`

const closeErrorOfHelper = `
// closeErrorOf returns the websocket.CloseError that err wraps, else err. A
// connection that ended without a close frame counts as code 1006.
func closeErrorOf(err error) error {
	var ce websocket.CloseError
	if errors.As(err, &ce) {
		return ce
	}
	if err != io.EOF && errors.Is(err, io.EOF) || err != io.ErrUnexpectedEOF && errors.Is(err, io.ErrUnexpectedEOF) {
		return websocket.CloseError{Code: websocket.StatusAbnormalClosure, Reason: io.ErrUnexpectedEOF.Error()}
	}
	return err
}
`
