package rules

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

const (
	originHelp      = "ask the function before Accept, answer 403 if it says no, and set InsecureSkipVerify"
	originFirstNote = "CheckOrigin is asked first, so that a client from elsewhere is answered 403 even where it asks for no WebSocket"
	originErrorText = `"websocket: request origin not allowed by Upgrader.CheckOrigin"`
	originError     = "errors.New(" + originErrorText + ")"
)

// planOriginCheck keeps a CheckOrigin that decides something: the function is
// asked before each Accept with these options, and the target's own check is
// switched off. s is the field in the literal lit of an Upgrader.
func planOriginCheck(u *unit.Unit, s *flow.Site, lit *ast.CompositeLit, kv *ast.KeyValueExpr) {
	f := s.File
	refuse := func(text string) { u.Refuse(s.Pos, text, originHelp) }
	def, ok := definedBy(f, lit)
	if !ok {
		refuse("CheckOrigin decides by itself, and the Upgrader is not a variable whose calls are known")
		return
	}
	calls, ok := upgradeCalls(u, f, def.v)
	if !ok {
		refuse("CheckOrigin decides by itself, and the Upgrader is passed on or changed")
		return
	}
	var guards []guard
	for _, cs := range calls {
		g, why := guardOf(u, cs, def.stmt == nil)
		if why != "" {
			u.Refuse(cs.Pos, "CheckOrigin decides by itself, and "+why, originHelp)
			return
		}
		guards = append(guards, g)
	}
	check := kv.Value
	var name string
	switch x := ast.Unparen(check).(type) {
	case *ast.FuncLit:
		name = hoistCheck(u, s, def, kv, x)
	default:
		if !stableFunc(f, check, def.stmt != nil) {
			if !sameAtCalls(f, check, def, guards) {
				refuse("CheckOrigin is a variable that may be nil or change")
				return
			}
			text := f.Text(check)
			u.Replace(f, kv.Pos(), kv.End(), "InsecureSkipVerify: "+text+" != nil")
			u.Note(f, kv.Pos(), "upgrade", originFirstNote)
			for _, g := range guards {
				g.insert(u, text+" != nil && !"+text)
			}
			return
		}
		for _, g := range guards {
			if g.f != f && rootObject(f, check) == nil {
				refuse("CheckOrigin is not known where the Upgrader is used")
				return
			}
		}
		name = f.Text(check)
		u.Replace(f, kv.Pos(), kv.End(), "InsecureSkipVerify: true")
	}
	u.Note(f, kv.Pos(), "upgrade", originFirstNote)
	for _, g := range guards {
		g.insert(u, "!"+name)
	}
}

// A definition is the variable that a literal defines.
type definition struct {
	v    *types.Var
	stmt ast.Stmt // of a local variable
	decl *ast.GenDecl
}

// definedBy returns the variable that is defined by the literal, or by its
// address.
func definedBy(f *flow.File, lit *ast.CompositeLit) (definition, bool) {
	c, ok := f.Root.FindNode(lit)
	if !ok {
		return definition{}, false
	}
	c = unit.OutermostParen(c)
	if k, _ := c.ParentEdge(); k == edge.UnaryExpr_X {
		c = unit.OutermostParen(c.Parent())
	}
	switch k, _ := c.ParentEdge(); k {
	case edge.AssignStmt_Rhs:
		as := c.Parent().Node().(*ast.AssignStmt)
		if len(as.Lhs) != 1 || as.Tok != token.DEFINE {
			return definition{}, false
		}
		at, _, _, ok := unit.Stmt(c)
		v, isVar := objectOf(f, as.Lhs[0]).(*types.Var)
		return definition{v: v, stmt: as}, ok && isVar && at.Node() == ast.Node(as)
	case edge.ValueSpec_Values:
		vs := c.Parent().Node().(*ast.ValueSpec)
		v, ok := f.Pkg.TypesInfo.Defs[vs.Names[0]].(*types.Var)
		d := definition{v: v}
		d.decl, _ = c.Parent().Parent().Node().(*ast.GenDecl)
		if kk, _ := c.Parent().Parent().ParentEdge(); kk == edge.DeclStmt_Decl {
			d.stmt, _ = c.Parent().Parent().Parent().Node().(ast.Stmt)
		}
		return d, ok && len(vs.Names) == 1 && d.decl != nil
	}
	return definition{}, false
}

// upgradeCalls returns the calls of Upgrade on the variable. It reports false
// if the variable is used in any other way but that other fields are set.
func upgradeCalls(u *unit.Unit, f *flow.File, v *types.Var) ([]*flow.Site, bool) {
	var out []*flow.Site
	for _, g := range sharing(u, f, v) {
		for c := range g.Root.Preorder((*ast.Ident)(nil)) {
			id := c.Node().(*ast.Ident)
			if id.Name != v.Name() {
				continue
			}
			o := g.Pkg.TypesInfo.Uses[id]
			if o == nil || !samePlace(u, o, v) {
				continue
			}
			if k, _ := c.ParentEdge(); k == edge.SelectorExpr_Sel {
				return nil, false // from another package
			}
			if k, _ := c.ParentEdge(); k != edge.SelectorExpr_X {
				return nil, false
			}
			s := u.SiteAt(c.Parent().Node().(*ast.SelectorExpr).Sel)
			switch {
			case s != nil && s.Symbol == "Upgrader.Upgrade":
				out = append(out, s)
			case s == nil || !isFieldOf(s, "Upgrader.") || s.Symbol == "Upgrader.CheckOrigin":
				return nil, false
			}
		}
	}
	return out, true
}

// stableFunc reports whether e names a function that is certainly there and
// stays the same: one that is declared, or, for a local Upgrader, a method
// value.
func stableFunc(f *flow.File, e ast.Expr, local bool) bool {
	switch x := ast.Unparen(e).(type) {
	case *ast.Ident:
		_, ok := f.Pkg.TypesInfo.Uses[x].(*types.Func)
		return ok
	case *ast.SelectorExpr:
		if _, ok := f.Pkg.TypesInfo.Uses[x.Sel].(*types.Func); !ok {
			return false
		}
		return f.Pkg.TypesInfo.Selections[x] == nil || local && pure(x.X)
	}
	return false
}

// hoistCheck gives the function literal of a CheckOrigin a name, and returns
// it.
func hoistCheck(u *unit.Unit, s *flow.Site, def definition, kv *ast.KeyValueExpr, lit *ast.FuncLit) string {
	f := s.File
	if def.stmt != nil {
		name := u.Fresh(f, s.Cursor, "checkOrigin")
		u.Replace(f, def.stmt.Pos(), def.stmt.End(),
			name+" := ", lit, "\n", unit.Span{Pos: def.stmt.Pos(), End: kv.Pos()}, "InsecureSkipVerify: true", unit.Span{Pos: kv.End(), End: def.stmt.End()})
		return name
	}
	base := "checkOrigin"
	for _, g := range u.Graph.Files {
		for _, o := range g.Sites {
			if o.Symbol == "Upgrader.CheckOrigin" && o.Ident != s.Ident && g.Pkg.Types.Path() == f.Pkg.Types.Path() {
				base = def.v.Name() + "CheckOrigin"
			}
		}
	}
	name := freePackageName(u, f, base)
	// A comment behind the declaration stays with it.
	end := f.Offset(def.decl.End())
	for end < len(f.Src) && f.Src[end] != '\n' {
		end++
	}
	at := f.Syntax.FileStart + token.Pos(end)
	u.Replace(f, kv.Pos(), at,
		"InsecureSkipVerify: true", unit.Span{Pos: kv.End(), End: at}, "\n\nfunc "+name, unit.Span{Pos: lit.Type.Params.Pos(), End: lit.End()})
	return name
}

// A guard asks the check before one call of Upgrade.
type guard struct {
	f    *flow.File
	at   token.Pos // before the statement of the call
	w, r ast.Expr
	body []any // what follows the answer 403
}

// guardOf returns the guard for a call of Upgrade, or why there can be none.
func guardOf(u *unit.Unit, s *flow.Site, global bool) (guard, string) {
	f := s.File
	c, ok := unit.CallCursor(s)
	if !ok {
		return guard{}, "Upgrade is used as a value"
	}
	call := c.Node().(*ast.CallExpr)
	at, ok := statementBefore(c)
	if len(call.Args) != 3 || !ok || !pure(call.Args[0]) || !pure(call.Args[1]) {
		return guard{}, "nothing can be asked before this call"
	}
	g := guard{f: f, at: at.Node().Pos(), w: call.Args[0], r: call.Args[1]}
	if ret, ok := at.Node().(*ast.ReturnStmt); ok {
		if len(ret.Results) != 1 || ast.Unparen(ret.Results[0]) != ast.Expr(call) {
			return guard{}, "nothing can be asked before this call"
		}
		u.Import(f, "errors", "errors")
		g.body = []any{"\n\treturn nil, " + originError}
		return g, ""
	}
	branch, err := errorBranch(f, c, at)
	if branch == nil || !terminates(f, branch) {
		return guard{}, "what the code does when Upgrade fails is not certain"
	}
	if g.body, ok = refusal(u, f, branch, err); !ok {
		return guard{}, "what the code does when Upgrade fails cannot be repeated"
	}
	return g, ""
}

// errorBranch returns what runs when the Upgrade at c fails, and its error.
func errorBranch(f *flow.File, c, at inspector.Cursor) (*ast.BlockStmt, types.Object) {
	as, ok := assignment(c)
	if !ok || len(as.Lhs) != 2 {
		return nil, nil
	}
	err := objectOf(f, as.Lhs[1])
	if err == nil {
		return nil, nil
	}
	if is, ok := at.Node().(*ast.IfStmt); ok {
		if unit.IsErrNotNil(f, is.Cond, err) {
			return is.Body, err
		}
		return nil, nil
	}
	_, list, i, ok := unit.Stmt(at)
	if !ok || i+1 >= len(list) {
		return nil, nil
	}
	is, ok := unit.ErrCheck(f, list[i+1], err)
	if !ok {
		return nil, nil
	}
	return is.Body, err
}

// refusal returns the statements of an error branch with an error of its own
// in place of err.
func refusal(u *unit.Unit, f *flow.File, b *ast.BlockStmt, err types.Object) ([]any, bool) {
	v, _ := err.(*types.Var)
	if len(b.List) > 4 || v == nil || len(u.Within(f, b)) > 0 {
		return nil, false
	}
	var out []any
	uses := countUses(f, b, v)
	for _, st := range b.List {
		if len(commentsWithin(f, st.Pos(), st.End())) > 0 {
			return nil, false
		}
		simple := true
		ast.Inspect(st, func(n ast.Node) bool {
			switch n.(type) {
			case *ast.FuncLit, *ast.LabeledStmt, *ast.BlockStmt:
				simple = false
			}
			return simple
		})
		if !simple {
			return nil, false
		}
	}
	if uses == 1 && len(b.List) == 1 {
		if parts, ok := substituted(f, b.List[0], v); ok {
			u.Import(f, "errors", "errors")
			return append([]any{"\n\t"}, parts...), true
		}
	}
	if uses > 0 {
		u.Import(f, "errors", "errors")
		out = append(out, "\n\t"+v.Name()+" := "+originError)
	}
	for _, st := range b.List {
		out = append(out, "\n\t", st)
	}
	return out, true
}

// substituted returns a statement with the error in place of its variable.
func substituted(f *flow.File, st ast.Stmt, v *types.Var) ([]any, bool) {
	ret, ok := st.(*ast.ReturnStmt)
	if !ok {
		return nil, false
	}
	for _, e := range ret.Results {
		if objectOf(f, e) == types.Object(v) {
			return []any{unit.Span{Pos: st.Pos(), End: e.Pos()}, originError, unit.Span{Pos: e.End(), End: st.End()}}, true
		}
	}
	return nil, false
}

// insert writes the guard in front of its statement. The refusal is the start
// of the condition, up to the request.
func (g guard) insert(u *unit.Unit, refusal string) {
	http := u.Import(g.f, "net/http", "http")
	parts := []any{"if " + refusal + "(", g.r, ") {\n\t" + http + ".Error(", g.w, ", " + http + ".StatusText(" + http + ".StatusForbidden), " + http + ".StatusForbidden)"}
	parts = append(append(parts, g.body...), "\n}\n")
	u.Replace(g.f, g.at, g.at, parts...)
}

// sameAtCalls reports whether the variable or field check still has the value
// that a local Upgrader got when the guards ask it: they stand in its list, and
// nothing in between assigns to it.
func sameAtCalls(f *flow.File, check ast.Expr, def definition, guards []guard) bool {
	if def.stmt == nil || !pure(check) {
		return false
	}
	_, list, i, ok := unit.Stmt(cursorOf(f, def.stmt))
	if !ok {
		return false
	}
	for _, g := range guards {
		j := within(list, g.at)
		if g.f != f || j < i {
			return false
		}
		for _, st := range list[i+1:] { // a handler may run later
			if assignsTo(f, st, check) {
				return false
			}
		}
	}
	return true
}
