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

var closeErrorRule = &unit.Rule{
	Name: "closeerror",
	Doc: `IsCloseError and IsUnexpectedCloseError become comparisons of CloseStatus where the codes allow it. The target's
CloseError is a value that read errors wrap, so assertions become errors.As. It has none for a connection that ended
without a close frame, which is code 1006 in gorilla and wraps io.EOF in the target; where the difference may
matter a helper maps one to the other. ErrCloseSent becomes net.ErrClosed, ErrBadHandshake a test of the response,
ErrReadLimit a test of the error's text where the target has no value for it. Code that tells errors by gorilla's
words keeps its cluster as it is: the target's are others. A search for "i/o timeout" becomes one for a deadline
that was exceeded, too.`,
	Plan: func(u *unit.Unit) {
		for _, s := range u.Sites("IsCloseError", "IsUnexpectedCloseError") {
			planCloseTest(u, s)
		}
		for _, s := range u.Sites("CloseError") {
			planCloseErrorType(u, s)
		}
		for _, s := range u.Sites("CloseError.Code", "CloseError.Text", "CloseError.Error") {
			planCloseErrorMember(u, s)
		}
		for _, s := range u.Sites("ErrCloseSent") {
			if !dropDoubled(u, s) {
				planErrValue(u, s, func(f *flow.File) string { return u.Import(f, "net", "net") + ".ErrClosed" })
			}
		}
		for _, s := range u.Sites("ErrReadLimit") {
			if u.Target.Name == wsapi.TargetCoder.Name {
				planErrValue(u, s, func(f *flow.File) string { return u.Lib(f) + ".ErrMessageTooBig" })
				continue
			}
			planReadLimit(u, s)
		}
		for _, s := range u.Sites("ErrBadHandshake") {
			planBadHandshake(u, s)
		}
		planErrorTexts(u)
	},
}

// planCloseErrorType converts one use of the type CloseError.
func planCloseErrorType(u *unit.Unit, s *flow.Site) {
	u.Claim(s)
	c := s.Cursor
	if c.Node() != ast.Node(unit.Qualified(s)) {
		c = c.Parent()
	}
	if lit := literalOf(s); lit != nil {
		planCloseErrorLiteral(u, s, c.Parent(), lit)
		return
	}
	pointer := false
	c = unit.OutermostParen(c)
	var star *ast.StarExpr
	if k, _ := c.ParentEdge(); k == edge.StarExpr_X {
		pointer = true
		c = unit.OutermostParen(c.Parent())
		star, _ = ast.Unparen(c.Node().(ast.Expr)).(*ast.StarExpr)
	}
	k, _ := c.ParentEdge()
	if pointer && star != nil {
		switch k {
		case edge.TypeAssertExpr_Type:
			planAssertion(u, s, c.Parent(), star)
			return
		case edge.CaseClause_List:
			planTypeSwitch(u, s, c, star)
			return
		case edge.ValueSpec_Type:
			planCloseErrorVar(u, s, c, star)
			return
		case edge.IndexExpr_Index:
			planAsType(u, s, c, star)
			return
		}
	}
	m, _ := wsapi.MappingOf(s.Symbol)
	u.Refuse(s.Pos, "the target's CloseError is a value where gorilla's is a pointer, and this use of the type may need it to be one", m.ByHand)
}

// valueType writes the target's value type in place of the pointer type.
func valueType(u *unit.Unit, s *flow.Site, star *ast.StarExpr) {
	u.Replace(s.File, star.Pos(), star.End(), u.Lib(s.File)+".CloseError")
}

// isCode reports whether e is the Code of a close error of the unit.
func isCode(u *unit.Unit, e ast.Expr) bool {
	sel, ok := ast.Unparen(e).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	s := u.SiteAt(sel.Sel)
	return s != nil && s.Symbol == "CloseError.Code"
}

func countUses(f *flow.File, n ast.Node, v *types.Var) int {
	count := 0
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && f.Pkg.TypesInfo.Uses[id] == types.Object(v) {
			count++
		}
		return true
	})
	return count
}

// asTarget returns which argument of a call is the target that errors.As
// fills, for it and the functions of testify that do the same; else -1. The
// error stands before it.
func asTarget(f *flow.File, call *ast.CallExpr) int {
	fn := calledFunc(f, call)
	if fn == nil || fn.Pkg() == nil {
		return -1
	}
	target := -1
	switch path := fn.Pkg().Path(); {
	case isErrorsFunc(fn, "As"):
		target = 1
	case strings.HasPrefix(path, "github.com/stretchr/testify") && (fn.Name() == "ErrorAs" || fn.Name() == "ErrorAsf"):
		target = 2
		if fn.Signature().Recv() != nil {
			target = 1
		}
	}
	if target >= len(call.Args) {
		return -1
	}
	return target
}

// planTypeSwitch converts `case *websocket.CloseError:`.
func planTypeSwitch(u *unit.Unit, s *flow.Site, c inspector.Cursor, star *ast.StarExpr) {
	f := s.File
	cl := c.Parent().Node().(*ast.CaseClause)
	sw, ok := c.Parent().Parent().Parent().Node().(*ast.TypeSwitchStmt)
	if !ok {
		u.Refuse(s.Pos, "the type stands in a switch that is none over types", "use errors.As")
		return
	}
	if v, ok := f.Pkg.TypesInfo.Implicits[cl].(*types.Var); ok && len(cl.List) == 1 && !becomesValue(u, f, v, nil, false) {
		u.Refuse(s.Pos, "the close error is used as a pointer", "use errors.As with a variable of type CloseError")
		return
	}
	if !useHelper(u, s, "closeErrorOf") {
		return
	}
	var ta *ast.TypeAssertExpr
	switch a := sw.Assign.(type) {
	case *ast.ExprStmt:
		ta, _ = a.X.(*ast.TypeAssertExpr)
	case *ast.AssignStmt:
		ta, _ = a.Rhs[0].(*ast.TypeAssertExpr)
	}
	if ta == nil {
		return
	}
	if u.Once(sw) {
		u.Replace(f, ta.X.Pos(), ta.X.End(), "closeErrorOf(", ta.X, ")")
	}
	valueType(u, s, star)
	u.Note(f, ta.Pos(), "closeerror", wrappedNote)
	if len(sw.Body.List) > 1 {
		u.Note(f, sw.Pos(), "closeerror", "errors of the connection are wrapped now: the other cases match only errors that are their type themselves")
	}
}

// planCloseErrorVar converts `var ce *websocket.CloseError` and the calls of
// errors.As that fill it.
func planCloseErrorVar(u *unit.Unit, s *flow.Site, c inspector.Cursor, star *ast.StarExpr) {
	f := s.File
	vs := c.Parent().Node().(*ast.ValueSpec)
	if len(vs.Values) > 0 || len(vs.Names) != 1 {
		u.Refuse(s.Pos, "the variable is given a pointer", "declare it as a CloseError, and fill it with errors.As")
		return
	}
	v, ok := f.Pkg.TypesInfo.Defs[vs.Names[0]].(*types.Var)
	if !ok || v.Parent() == v.Pkg().Scope() || !becomesValue(u, f, v, nil, true) {
		u.Refuse(s.Pos, "the close error is used as a pointer", "use errors.As with a variable of type CloseError")
		return
	}
	valueType(u, s, star)
	planFilled(u, s, v)
}

// planFilled converts the calls of errors.As that fill v.
func planFilled(u *unit.Unit, s *flow.Site, v *types.Var) {
	f := s.File
	for c := range f.Root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		i := asTarget(f, call)
		if i < 0 || rootObject(f, call.Args[i]) != types.Object(v) {
			continue
		}
		if is, ok := c.Parent().Node().(*ast.IfStmt); ok && is.Init == nil && codesDecide(u, f, is, nil, v) {
			continue
		}
		if b, ok := c.Parent().Node().(*ast.BinaryExpr); ok && b.Op == token.LAND && b.X == ast.Expr(call) {
			if is, ok := c.Parent().Parent().Node().(*ast.IfStmt); ok && codesDecide(u, f, is, b.Y, v) {
				continue
			}
		}
		if !useHelper(u, s, "closeErrorOf") {
			return
		}
		x := call.Args[i-1]
		u.Replace(f, x.Pos(), x.End(), "closeErrorOf(", x, ")")
	}
}

// planAsType converts errors.AsType[*websocket.CloseError](err).
func planAsType(u *unit.Unit, s *flow.Site, c inspector.Cursor, star *ast.StarExpr) {
	f := s.File
	no := func() {
		u.Refuse(s.Pos, "the close error is used as a pointer", "use errors.As with a variable of type CloseError")
	}
	index := c.Parent()
	fn, _ := f.Pkg.TypesInfo.Uses[lastIdent(index.Node().(*ast.IndexExpr).X)].(*types.Func)
	k, _ := index.ParentEdge()
	if fn == nil || fn.Pkg() == nil || fn.Pkg().Path() != "errors" || fn.Name() != "AsType" || k != edge.CallExpr_Fun {
		no()
		return
	}
	call := index.Parent().Node().(*ast.CallExpr)
	as, ok := assignment(index.Parent())
	if !ok || as.Tok != token.DEFINE || len(as.Lhs) != 2 || len(call.Args) != 1 {
		no()
		return
	}
	if v, ok := objectOf(f, as.Lhs[0]).(*types.Var); ok && !becomesValue(u, f, v, as.Lhs[1], false) {
		no()
		return
	}
	if !useHelper(u, s, "closeErrorOf") {
		return
	}
	u.Replace(f, call.Args[0].Pos(), call.Args[0].End(), "closeErrorOf(", call.Args[0], ")")
	valueType(u, s, star)
}

// planCloseErrorLiteral converts &websocket.CloseError{…} where it is used as
// an error.
func planCloseErrorLiteral(u *unit.Unit, s *flow.Site, c inspector.Cursor, lit *ast.CompositeLit) {
	f := s.File
	c = unit.OutermostParen(c)
	k, _ := c.ParentEdge()
	un, _ := c.Parent().Node().(*ast.UnaryExpr)
	if k != edge.UnaryExpr_X || un.Op != token.AND {
		u.Refuse(s.Pos, "the close error is made as a value, which is no error in gorilla", "write a CloseError of the target")
		return
	}
	c = unit.OutermostParen(c.Parent())
	ok := false
	switch k, i := c.ParentEdge(); k {
	case edge.ReturnStmt_Results:
		ok = true
	case edge.CallExpr_Args:
		ok = closeUseOK(f, c, false)
	case edge.AssignStmt_Rhs:
		as := c.Parent().Node().(*ast.AssignStmt)
		ok = as.Tok == token.ASSIGN && len(as.Lhs) == len(as.Rhs) && types.IsInterface(f.Pkg.TypesInfo.TypeOf(as.Lhs[i]))
		if v, isVar := objectOf(f, as.Lhs[i]).(*types.Var); isVar && as.Tok == token.DEFINE && closeVarOK(u, f, v, true) {
			ok = true
			planFilled(u, s, v)
		}
	case edge.ValueSpec_Values:
		vs := c.Parent().Node().(*ast.ValueSpec)
		ok = vs.Type != nil && types.IsInterface(f.Pkg.TypesInfo.TypeOf(vs.Type))
	case edge.KeyValueExpr_Value, edge.CompositeLit_Elts, edge.SendStmt_Value:
		ok = intoInterface(f, c)
	}
	if !ok {
		u.Refuse(s.Pos, "the close error is used as a pointer", "use a CloseError value")
		return
	}
	u.Replace(f, un.Pos(), lit.Pos())
	qualify(u, s, "CloseError")
	for _, el := range lit.Elts {
		kv, isKV := el.(*ast.KeyValueExpr)
		if !isKV {
			u.Refuse(s.Pos, "the literal has no field names", "name the fields")
			return
		}
		id, _ := kv.Key.(*ast.Ident)
		fs := u.SiteAt(id)
		if fs == nil {
			continue
		}
		u.Claim(fs)
		switch fs.Symbol {
		case "CloseError.Text":
			rename(u, fs, "Reason")
		case "CloseError.Code":
			parts := statusCode(u, f, kv.Value)
			if len(parts) == 1 && parts[0] == any(kv.Value) {
				continue
			}
			u.Replace(f, kv.Value.Pos(), kv.Value.End(), parts...)
			if closeConst(u, f, kv.Value) != "" {
				u.ClaimWithin(f, kv.Value)
			}
		}
	}
}

// intoInterface reports whether the element at c of a literal, or what is
// sent, goes to a place of interface type.
func intoInterface(f *flow.File, c inspector.Cursor) bool {
	info := f.Pkg.TypesInfo
	switch n := c.Parent().Node().(type) {
	case *ast.SendStmt:
		ch, ok := info.TypeOf(n.Chan).Underlying().(*types.Chan)
		return ok && types.IsInterface(ch.Elem())
	case *ast.KeyValueExpr:
		if id, ok := n.Key.(*ast.Ident); ok {
			if v, ok := info.Uses[id].(*types.Var); ok && v.IsField() {
				return types.IsInterface(v.Type())
			}
		}
		c = c.Parent()
	}
	lit, ok := c.Parent().Node().(*ast.CompositeLit)
	if !ok {
		return false
	}
	switch t := info.TypeOf(lit).Underlying().(type) {
	case *types.Slice:
		return types.IsInterface(t.Elem())
	case *types.Array:
		return types.IsInterface(t.Elem())
	case *types.Map:
		return types.IsInterface(t.Elem())
	}
	return false
}

// planCloseErrorMember converts a field or method of a close error.
func planCloseErrorMember(u *unit.Unit, s *flow.Site) {
	u.Claim(s)
	f := s.File
	switch s.Symbol {
	case "CloseError.Text":
		rename(u, s, "Reason")
		return
	case "CloseError.Error":
		u.Note(f, s.Ident.Pos(), "closeerror", "the text of a close error differs: status = StatusGoingAway and reason = \"bye\"")
		return
	}
	if k, _ := s.Cursor.ParentEdge(); k != edge.SelectorExpr_Sel {
		u.Refuse(s.Pos, "the code is set in a literal whose type is not written", "write the type")
		return
	}
	c := unit.OutermostParen(s.Cursor.Parent())
	x := s.Cursor.Parent().Node()
	typed := func(e ast.Expr) { // beside the code
		if closeConst(u, f, e) != "" || isCode(u, e) || untypedConst(f, e) {
			return
		}
		u.Replace(f, e.Pos(), e.End(), u.Lib(f)+".StatusCode(", e, ")")
	}
	switch k, i := c.ParentEdge(); k {
	case edge.BinaryExpr_X, edge.BinaryExpr_Y:
		b := c.Parent().Node().(*ast.BinaryExpr)
		switch b.Op {
		case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
			if k == edge.BinaryExpr_X {
				typed(b.Y)
			} else {
				typed(b.X)
			}
			return
		}
	case edge.SwitchStmt_Tag:
		for _, st := range c.Parent().Node().(*ast.SwitchStmt).Body.List {
			for _, e := range st.(*ast.CaseClause).List {
				typed(e)
			}
		}
		return
	case edge.CallExpr_Args:
		call := c.Parent().Node().(*ast.CallExpr)
		if f.Pkg.TypesInfo.Types[call.Fun].IsType() {
			return
		}
		if cs := callSite(u, f, call); cs != nil {
			switch cs.Symbol {
			case "FormatCloseMessage":
				if !u.Marked(call) {
					return // becomes an argument of Close
				}
			case "IsCloseError", "IsUnexpectedCloseError":
				return
			}
		}
		if isPrintf(f, call) && i > 0 {
			return
		}
	}
	u.Replace(f, x.Pos(), x.End(), "int(", x, ")")
}
