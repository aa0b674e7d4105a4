package unit

import (
	"go/ast"
	"go/scanner"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
)

// sweep deletes the definitions of local variables that only code used which
// the planned edits drop.
func (u *Unit) sweep() {
	for {
		again := false
		for _, e := range u.Files() {
			for c := range e.File.Root.Preorder((*ast.FuncDecl)(nil)) {
				again = u.sweepFunc(e, c) || again
			}
		}
		if !again {
			return
		}
	}
}

func (u *Unit) sweepFunc(e *FileEdits, fn inspector.Cursor) bool {
	f := e.File
	start, end := f.Offset(fn.Node().Pos()), f.Offset(fn.Node().End())
	touched := false
	for _, op := range e.Ops {
		touched = touched || start <= op.Start && op.End <= end
	}
	if !touched {
		return false
	}
	swept := false
	for c := range fn.Preorder((*ast.Ident)(nil)) {
		id := c.Node().(*ast.Ident)
		v, ok := f.Pkg.TypesInfo.Defs[id].(*types.Var)
		if !ok || v.IsField() || id.Name == "_" || u.gone[v] {
			continue
		}
		switch k, _ := c.ParentEdge(); k {
		case edge.AssignStmt_Lhs, edge.ValueSpec_Names:
		default:
			continue // a parameter
		}
		if dropped(f, e, id) || !unused(f, e, fn, v) {
			continue
		}
		if u.undefine(f, c) {
			u.gone[v] = true
			swept = true
		}
	}
	return swept
}

// dropped reports whether the edits leave the identifier out.
func dropped(f *flow.File, e *FileEdits, id *ast.Ident) bool {
	start, end := f.Offset(id.Pos()), f.Offset(id.End())
	for _, op := range e.Ops {
		if op.Start == op.End || start < op.Start || op.End < end {
			continue
		}
		quoted := false
		for _, p := range op.Parts {
			quoted = quoted || p.Quote && p.Start <= start && end <= p.End
		}
		if !quoted {
			return true
		}
	}
	return false
}

// unused reports whether v had uses in the function, and has none any more.
func unused(f *flow.File, e *FileEdits, fn inspector.Cursor, v *types.Var) bool {
	uses := 0
	for c := range fn.Preorder((*ast.Ident)(nil)) {
		id := c.Node().(*ast.Ident)
		if f.Pkg.TypesInfo.Uses[id] != types.Object(v) {
			continue
		}
		if !dropped(f, e, id) {
			return false
		}
		uses++
	}
	if uses == 0 {
		return false
	}
	start, end := f.Offset(fn.Node().Pos()), f.Offset(fn.Node().End())
	for _, op := range e.Ops {
		if op.Start < start || end < op.End {
			continue
		}
		for _, p := range op.Parts {
			switch {
			case !p.Quote:
				if names(p.Text, v.Name()) {
					return false
				}
			case p.Start < op.Start || op.End < p.End: // quoted from elsewhere
				if names(string(f.Src[p.Start:p.End]), v.Name()) {
					return false
				}
			}
		}
	}
	return true
}

// names reports whether the identifier occurs in a piece of source.
func names(src, name string) bool {
	fset := token.NewFileSet()
	var s scanner.Scanner
	s.Init(fset.AddFile("", -1, len(src)), []byte(src), nil, 0)
	for {
		_, tok, lit := s.Scan()
		if tok == token.EOF {
			return false
		}
		if tok == token.IDENT && lit == name {
			return true
		}
	}
}

// undefine takes the definition of the variable at c away.
func (u *Unit) undefine(f *flow.File, c inspector.Cursor) bool {
	id := c.Node()
	switch n := c.Parent().Node().(type) {
	case *ast.AssignStmt:
		at, _, _, ok := Stmt(c)
		if !ok || at.Node() != ast.Node(n) {
			return false
		}
		if len(n.Lhs) == 1 {
			if effectFree(f, n.Rhs[0]) {
				sp := LineSpan(f, n.Pos(), n.End())
				u.Replace(f, sp.Pos, sp.End)
				return true
			}
			u.Replace(f, n.Pos(), n.Rhs[0].Pos(), "_ = ")
			return true
		}
		if n.Tok != token.DEFINE {
			return false
		}
		news := 0
		for _, l := range n.Lhs {
			if x, ok := l.(*ast.Ident); ok && x != id && x.Name != "_" {
				if v, ok := f.Pkg.TypesInfo.Defs[x].(*types.Var); ok && !u.gone[v] {
					news++
				}
			}
		}
		u.Replace(f, id.Pos(), id.End(), "_")
		if news == 0 {
			u.Replace(f, n.TokPos, n.TokPos+2, "=")
		}
		return true
	case *ast.ValueSpec:
		decl := c.Parent().Parent()
		at, _, _, ok := Stmt(c)
		gd, isGen := decl.Node().(*ast.GenDecl)
		if !ok || !isGen || at.Node() != ast.Node(decl.Parent().Node()) {
			return false
		}
		free := true
		for _, v := range n.Values {
			free = free && effectFree(f, v)
		}
		if len(gd.Specs) == 1 && len(n.Names) == 1 && free {
			sp := LineSpan(f, gd.Pos(), gd.End())
			u.Replace(f, sp.Pos, sp.End)
			return true
		}
		u.Replace(f, id.Pos(), id.End(), "_")
		return true
	}
	return false
}

// effectFree reports whether nothing is lost if e is not evaluated.
func effectFree(f *flow.File, e ast.Expr) bool {
	free := true
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.UnaryExpr:
			free = free && n.Op != token.ARROW
		case *ast.CallExpr:
			if f.Pkg.TypesInfo.Types[n.Fun].IsType() {
				return true
			}
			var id *ast.Ident
			switch fun := ast.Unparen(n.Fun).(type) {
			case *ast.Ident:
				id = fun
			case *ast.SelectorExpr:
				id = fun.Sel
			}
			if id == nil {
				free = false
				return false
			}
			switch o := f.Pkg.TypesInfo.Uses[id].(type) {
			case *types.Builtin:
				free = free && (o.Name() == "len" || o.Name() == "cap" || o.Name() == "make" || o.Name() == "new" || o.Name() == "min" || o.Name() == "max")
			case *types.Func:
				free = free && o.Pkg() != nil && (o.Pkg().Path() == "time" && (o.Name() == "Now" || o.Name() == "Add") || o.Name() == "FormatCloseMessage")
			default:
				free = false
			}
		}
		return free
	})
	return free
}
