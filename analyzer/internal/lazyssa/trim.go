package lazyssa

import (
	"go/ast"
	"go/token"
	"go/types"
)

// A trimmer takes what is ill-typed out of a function and leaves the rest.
type trimmer struct {
	info    *typing               // of the copies too
	removed map[types.Object]bool // what the statements that are gone define
	failed  bool
	// guessed: something unknown decides what happens.
	guessed bool
	// lost: something that is gone was given an error, and may end things.
	lost bool
	// loose: nothing depends on the value of the expression at hand.
	loose bool
}

// trim returns a copy of a body without what is ill-typed in it, or nil if that
// cannot go: the rest depends on it, or it may be a lock. Conditions are any
// value. A return of something ill-typed becomes a statement that never ends.
func trim(body *ast.BlockStmt, info *typing) (out *ast.BlockStmt, guessed bool) {
	t := &trimmer{info: info, removed: make(map[types.Object]bool)}
	out = t.trim(body)
	return out, t.guessed || t.lost
}

// strict is trim without conditions that are any value.
func strict(body *ast.BlockStmt, info *typing) (out *ast.BlockStmt, guessed bool) {
	t := &trimmer{info: info, removed: make(map[types.Object]bool)}
	if out = t.trim(body); t.guessed {
		return nil, false
	}
	return out, t.lost
}

func (t *trimmer) trim(body *ast.BlockStmt) *ast.BlockStmt {
	out := t.block(body)
	if len(t.removed) > 0 {
		ast.Inspect(out, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && t.removed[t.info.Uses[id]] {
				t.failed = true
			}
			return !t.failed
		})
	}
	if t.failed {
		return nil
	}
	return out
}

func (t *trimmer) block(b *ast.BlockStmt) *ast.BlockStmt {
	if b == nil {
		return nil
	}
	out := *b
	out.List = t.list(b.List)
	for _, pos := range t.info.faults {
		if pos == b.Rbrace { // a return is missing
			out.List = append(out.List, endless(b.Rbrace, b.Rbrace))
		}
	}
	return &out
}

// endless returns a statement that never ends.
func endless(from, to token.Pos) ast.Stmt {
	return &ast.SelectStmt{Select: from, Body: &ast.BlockStmt{Lbrace: from, Rbrace: to}}
}

func (t *trimmer) list(list []ast.Stmt) []ast.Stmt {
	var out []ast.Stmt
	for _, s := range list {
		if s := t.stmt(s); s != nil {
			out = append(out, s)
		}
	}
	return out
}

// remove notes that a statement goes, and returns nil.
func (t *trimmer) remove(s ast.Stmt) ast.Stmt {
	t.gone(s)
	ast.Inspect(s, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if obj := t.info.Defs[id]; obj != nil {
				t.removed[obj] = true
			}
		}
		return true
	})
	return nil
}

// gone fails if what goes may be a lock: what follows may be protected by it.
// What is given an error may end things because of it.
func (t *trimmer) gone(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			t.failed = t.failed || n.Sel.Name == "Lock" || n.Sel.Name == "RLock"
		case *ast.Ident:
			v, ok := t.info.Uses[n].(*types.Var)
			t.lost = t.lost || ok && types.Identical(v.Type(), types.Universe.Lookup("error").Type())
		}
		return true
	})
}

// stmt returns a statement without what is ill-typed in it, or nil if nothing
// is left.
func (t *trimmer) stmt(s ast.Stmt) ast.Stmt {
	if !illTyped(s, t.info) {
		return s
	}
	switch s := s.(type) {
	case *ast.ExprStmt:
		if x := t.unused(s.X); x != nil {
			return &ast.ExprStmt{X: x}
		}
		return t.remove(s)
	case *ast.SendStmt:
		if ch, val := t.unused(s.Chan), t.unused(s.Value); ch != nil && val != nil {
			return &ast.SendStmt{Chan: ch, Arrow: s.Arrow, Value: val}
		}
		return t.remove(s)
	case *ast.GoStmt:
		if call, ok := t.unused(s.Call).(*ast.CallExpr); ok {
			return &ast.GoStmt{Go: s.Go, Call: call}
		}
		return t.remove(s)
	case *ast.DeferStmt:
		if call, ok := t.unused(s.Call).(*ast.CallExpr); ok {
			return &ast.DeferStmt{Defer: s.Defer, Call: call}
		}
		return t.remove(s)
	case *ast.AssignStmt:
		return t.assign(s)
	case *ast.DeclStmt:
		return t.declare(s)
	case *ast.IncDecStmt:
		return t.remove(s)
	case *ast.ReturnStmt:
		return endless(s.Pos(), s.End())
	case *ast.BlockStmt:
		return t.block(s)
	case *ast.LabeledStmt:
		out := *s
		if out.Stmt = t.stmt(s.Stmt); out.Stmt == nil {
			out.Stmt = &ast.EmptyStmt{Semicolon: s.End()}
		}
		return &out
	case *ast.IfStmt:
		out := *s
		out.Init = t.optional(s.Init)
		out.Cond = t.condition(s.Cond)
		out.Body = t.block(s.Body)
		if s.Else != nil {
			out.Else = t.stmt(s.Else)
		}
		return &out
	case *ast.ForStmt:
		out := *s
		out.Init, out.Post = t.optional(s.Init), t.optional(s.Post)
		if s.Cond != nil {
			out.Cond = t.condition(s.Cond)
		}
		out.Body = t.block(s.Body)
		return &out
	case *ast.RangeStmt:
		return t.rangeOver(s)
	case *ast.SwitchStmt:
		return t.switchOf(s)
	case *ast.TypeSwitchStmt:
		if illTyped(s.Assign, t.info) {
			break
		}
		out := *s
		out.Init = t.optional(s.Init)
		out.Body = t.typeClauses(s.Body)
		return &out
	case *ast.SelectStmt:
		return t.selectOf(s)
	}
	t.failed = true
	return s
}

// unused is expr for an expression whose value nobody looks at.
func (t *trimmer) unused(e ast.Expr) ast.Expr {
	loose := t.loose
	t.loose = true
	x := t.expr(e)
	t.loose = loose
	return x
}

func (t *trimmer) optional(s ast.Stmt) ast.Stmt {
	if s == nil {
		return nil
	}
	return t.stmt(s)
}

// assign keeps the variables of an assignment whose type is known, with values
// that are not.
func (t *trimmer) assign(s *ast.AssignStmt) ast.Stmt {
	if s.Tok != token.ASSIGN && s.Tok != token.DEFINE {
		return t.remove(s)
	}
	out := *s
	if len(s.Rhs) == 1 && len(s.Lhs) > 1 {
		if call, ok := s.Rhs[0].(*ast.CallExpr); ok && !t.anyIllTyped(s.Lhs) {
			if x := t.callExpr(call); x != nil {
				out.Rhs = []ast.Expr{x}
				return &out
			}
		}
	}
	out.Lhs, out.Rhs = nil, nil
	for i, left := range s.Lhs {
		if id, ok := left.(*ast.Ident); ok && id.Name == "_" || illTyped(left, t.info) {
			continue
		}
		var x ast.Expr
		if typ := t.info.TypeOf(left); len(s.Rhs) == len(s.Lhs) {
			x = t.value(s.Rhs[i], typ)
		} else {
			t.gone(s.Rhs[0])
			x = t.opaque(typ, left.Pos())
		}
		if x != nil {
			out.Lhs, out.Rhs = append(out.Lhs, left), append(out.Rhs, x)
		}
	}
	if len(out.Lhs) == 0 {
		return t.remove(s)
	}
	for _, left := range s.Lhs {
		if id, ok := left.(*ast.Ident); ok && illTyped(id, t.info) {
			t.removed[t.info.Defs[id]] = true
		}
	}
	delete(t.removed, nil)
	return &out
}

// declare keeps the variables of a declaration whose type is known, with values
// that are not.
func (t *trimmer) declare(s *ast.DeclStmt) ast.Stmt {
	decl, ok := s.Decl.(*ast.GenDecl)
	if !ok || decl.Tok != token.VAR {
		return t.remove(s)
	}
	out := *decl
	out.Specs = nil
	for _, sp := range decl.Specs {
		spec, ok := sp.(*ast.ValueSpec)
		if !ok {
			continue
		}
		if !illTyped(spec, t.info) {
			out.Specs = append(out.Specs, spec)
			continue
		}
		for i, name := range spec.Names {
			one := &ast.ValueSpec{Names: []*ast.Ident{name}}
			switch typ := t.info.TypeOf(name); {
			case len(spec.Values) == len(spec.Names):
				one.Values = []ast.Expr{t.value(spec.Values[i], typ)}
			case len(spec.Values) > 0:
				t.gone(spec.Values[0])
				one.Values = []ast.Expr{t.opaque(typ, name.Pos())}
			default:
				one.Values = []ast.Expr{nil} // of an ill-typed type
			}
			if one.Values[0] == nil {
				t.removed[t.info.Defs[name]] = true
				continue
			}
			out.Specs = append(out.Specs, one)
		}
	}
	delete(t.removed, nil)
	if len(out.Specs) == 0 {
		return nil
	}
	return &ast.DeclStmt{Decl: &out}
}

func (t *trimmer) anyIllTyped(list []ast.Expr) bool {
	for _, e := range list {
		if illTyped(e, t.info) {
			return true
		}
	}
	return false
}

// rangeOver turns a loop over something ill-typed into one of any length.
func (t *trimmer) rangeOver(s *ast.RangeStmt) ast.Stmt {
	whole := !illTyped(s.X, t.info)
	for _, e := range []ast.Expr{s.Key, s.Value} {
		whole = whole && (e == nil || !illTyped(e, t.info))
	}
	if whole {
		out := *s
		out.Body = t.block(s.Body)
		return &out
	}
	for _, e := range []ast.Expr{s.Key, s.Value} {
		if id, ok := e.(*ast.Ident); ok {
			if obj := t.info.Defs[id]; obj != nil {
				t.removed[obj] = true
			}
		}
	}
	t.guessed = true
	return &ast.ForStmt{For: s.For, Cond: t.opaque(types.Typ[types.Bool], s.For), Body: t.block(s.Body)}
}

// switchOf turns a switch with ill-typed cases into one that takes any of them.
func (t *trimmer) switchOf(s *ast.SwitchStmt) ast.Stmt {
	out := *s
	out.Init = t.optional(s.Init)
	any := s.Tag != nil && illTyped(s.Tag, t.info)
	for _, c := range s.Body.List {
		if c, ok := c.(*ast.CaseClause); ok && t.anyIllTyped(c.List) {
			any = true
		}
	}
	if any {
		out.Tag = nil
	}
	body := *s.Body
	body.List = nil
	for _, c := range s.Body.List {
		c, ok := c.(*ast.CaseClause)
		if !ok {
			continue
		}
		clause := *c
		if any && c.List != nil {
			t.guessed = true
			clause.List = []ast.Expr{t.opaque(types.Typ[types.Bool], c.Case)}
		}
		clause.Body = t.list(c.Body)
		body.List = append(body.List, &clause)
	}
	out.Body = &body
	return &out
}

// typeClauses trims the bodies of the cases of a type switch; ill-typed cases
// go.
func (t *trimmer) typeClauses(b *ast.BlockStmt) *ast.BlockStmt {
	out := *b
	out.List = nil
	for _, s := range b.List {
		s, ok := s.(*ast.CaseClause)
		if !ok {
			continue
		}
		if t.anyIllTyped(s.List) {
			t.guessed = true
			continue
		}
		clause := *s
		clause.Body = t.list(s.Body)
		if obj := t.info.Implicits[s]; obj != nil {
			t.info.Implicits[&clause] = obj
		}
		out.List = append(out.List, &clause)
	}
	return &out
}

// selectOf trims the bodies of the cases of a select; of an ill-typed
// communication it is known that it may happen.
func (t *trimmer) selectOf(s *ast.SelectStmt) ast.Stmt {
	out := *s
	body := *s.Body
	body.List = nil
	for _, c := range s.Body.List {
		c, ok := c.(*ast.CommClause)
		if !ok {
			continue
		}
		clause := *c
		if c.Comm != nil && illTyped(c.Comm, t.info) {
			t.remove(c.Comm)
			t.guessed = true
			clause.Comm = t.receive(c.Case)
		}
		clause.Body = t.list(c.Body)
		body.List = append(body.List, &clause)
	}
	out.Body = &body
	return &out
}

// receive returns a receive from an unknown channel.
func (t *trimmer) receive(pos token.Pos) ast.Stmt {
	empty := types.NewStruct(nil, nil)
	ch := t.opaque(types.NewChan(types.RecvOnly, empty), pos)
	e := &ast.UnaryExpr{OpPos: pos, Op: token.ARROW, X: ch}
	value := t.info.Types[ch]
	value.Type = empty
	t.info.Types[e] = value
	return &ast.ExprStmt{X: e}
}
