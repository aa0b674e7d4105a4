package lazyssa

import (
	"go/ast"
	"go/types"
)

// A trimmer takes ill-typed statements out of a function and leaves the others.
type trimmer struct {
	info    *types.Info           // of the copies too
	removed map[types.Object]bool // what the statements that are gone define
	failed  bool
}

// trim returns a copy of a body without its ill-typed statements, or nil if
// they cannot go: the rest depends on them, or they decide what happens. A
// return of something ill-typed becomes a statement that never ends.
func trim(body *ast.BlockStmt, info *types.Info) *ast.BlockStmt {
	t := &trimmer{info: info, removed: make(map[types.Object]bool)}
	out := t.block(body)
	if len(t.removed) > 0 {
		ast.Inspect(out, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && t.removed[info.Uses[id]] {
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
	return &out
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

// sound fails if a part of a statement that cannot go is ill-typed.
func (t *trimmer) sound(parts ...ast.Node) {
	for _, p := range parts {
		if illTyped(p, t.info) {
			t.failed = true
		}
	}
}

// stmt returns a statement without what is ill-typed in it, or nil if nothing
// is left.
func (t *trimmer) stmt(s ast.Stmt) ast.Stmt {
	if !illTyped(s, t.info) {
		return s
	}
	switch s := s.(type) {
	case *ast.ExprStmt, *ast.AssignStmt, *ast.DeclStmt, *ast.IncDecStmt, *ast.SendStmt:
		ast.Inspect(s, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				if obj := t.info.Defs[n]; obj != nil {
					t.removed[obj] = true
				}
			case *ast.SelectorExpr:
				// What follows may be protected by it.
				t.failed = t.failed || n.Sel.Name == "Lock" || n.Sel.Name == "RLock"
			}
			return true
		})
		return nil
	case *ast.ReturnStmt:
		return &ast.SelectStmt{Select: s.Pos(), Body: &ast.BlockStmt{Lbrace: s.Pos(), Rbrace: s.End()}}
	case *ast.BlockStmt:
		return t.block(s)
	case *ast.LabeledStmt:
		out := *s
		if out.Stmt = t.stmt(s.Stmt); out.Stmt == nil {
			out.Stmt = &ast.EmptyStmt{Semicolon: s.End()}
		}
		return &out
	case *ast.IfStmt:
		t.sound(s.Cond)
		t.optional(s.Init)
		out := *s
		out.Body = t.block(s.Body)
		if s.Else != nil {
			out.Else = t.stmt(s.Else)
		}
		return &out
	case *ast.ForStmt:
		t.optional(s.Init)
		t.optional(s.Post)
		if s.Cond != nil {
			t.sound(s.Cond)
		}
		out := *s
		out.Body = t.block(s.Body)
		return &out
	case *ast.RangeStmt:
		for _, e := range []ast.Expr{s.Key, s.Value, s.X} {
			if e != nil {
				t.sound(e)
			}
		}
		out := *s
		out.Body = t.block(s.Body)
		return &out
	case *ast.SwitchStmt:
		t.optional(s.Init)
		if s.Tag != nil {
			t.sound(s.Tag)
		}
		out := *s
		out.Body = t.clauses(s.Body)
		return &out
	case *ast.TypeSwitchStmt:
		t.optional(s.Init)
		t.sound(s.Assign)
		out := *s
		out.Body = t.clauses(s.Body)
		return &out
	case *ast.SelectStmt:
		out := *s
		out.Body = t.clauses(s.Body)
		return &out
	case *ast.GoStmt:
		out := *s
		out.Call = t.call(s.Call)
		return &out
	case *ast.DeferStmt:
		out := *s
		out.Call = t.call(s.Call)
		return &out
	}
	t.failed = true
	return s
}

func (t *trimmer) optional(s ast.Stmt) {
	if s != nil {
		t.sound(s)
	}
}

// clauses trims the bodies of the cases of a switch or select.
func (t *trimmer) clauses(b *ast.BlockStmt) *ast.BlockStmt {
	out := *b
	out.List = nil
	for _, s := range b.List {
		switch s := s.(type) {
		case *ast.CaseClause:
			for _, e := range s.List {
				t.sound(e)
			}
			clause := *s
			clause.Body = t.list(s.Body)
			if obj := t.info.Implicits[s]; obj != nil {
				t.info.Implicits[&clause] = obj
			}
			out.List = append(out.List, &clause)
		case *ast.CommClause:
			t.optional(s.Comm)
			clause := *s
			clause.Body = t.list(s.Body)
			out.List = append(out.List, &clause)
		}
	}
	return &out
}

// call trims the literal that a go or defer statement calls.
func (t *trimmer) call(c *ast.CallExpr) *ast.CallExpr {
	lit, ok := c.Fun.(*ast.FuncLit)
	if !ok {
		t.failed = true
		return c
	}
	for _, arg := range c.Args {
		t.sound(arg)
	}
	t.sound(lit.Type)
	body := *lit
	body.Body = t.block(lit.Body)
	out := *c
	out.Fun = &body
	t.info.Types[&body] = t.info.Types[lit]
	t.info.Types[&out] = t.info.Types[c]
	return &out
}
