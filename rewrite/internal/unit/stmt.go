package unit

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
)

func int64Val(tv types.TypeAndValue) (int64, bool) {
	return constant.Int64Val(constant.ToInt(tv.Value))
}

// Stmt returns the innermost statement around c that stands in a statement
// list, with the list and its index there. ok is false outside functions.
func Stmt(c inspector.Cursor) (at inspector.Cursor, list []ast.Stmt, index int, ok bool) {
	for {
		k, i := c.ParentEdge()
		switch k {
		case edge.BlockStmt_List:
			return c, c.Parent().Node().(*ast.BlockStmt).List, i, true
		case edge.CaseClause_Body:
			return c, c.Parent().Node().(*ast.CaseClause).Body, i, true
		case edge.CommClause_Body:
			return c, c.Parent().Node().(*ast.CommClause).Body, i, true
		case edge.Invalid:
			return c, nil, 0, false
		}
		c = c.Parent()
	}
}

// Func returns the innermost function around c: a FuncDecl or FuncLit. ok is
// false at package level.
func Func(c inspector.Cursor) (inspector.Cursor, bool) {
	for e := range c.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		if e.Index() != c.Index() {
			return e, true
		}
	}
	return inspector.Cursor{}, false
}

// Body returns the body and type of a function node.
func Body(fn ast.Node) (*ast.BlockStmt, *ast.FuncType) {
	switch fn := fn.(type) {
	case *ast.FuncDecl:
		return fn.Body, fn.Type
	case *ast.FuncLit:
		return fn.Body, fn.Type
	}
	return nil, nil
}

// Decl returns the function declaration around c, or nil.
func Decl(c inspector.Cursor) *ast.FuncDecl {
	for e := range c.Enclosing((*ast.FuncDecl)(nil)) {
		return e.Node().(*ast.FuncDecl)
	}
	return nil
}

// InLoop reports whether c is inside a loop of its own function.
func InLoop(c inspector.Cursor) bool {
	for e := range c.Enclosing((*ast.ForStmt)(nil), (*ast.RangeStmt)(nil), (*ast.FuncLit)(nil), (*ast.FuncDecl)(nil)) {
		switch e.Node().(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			return true
		default:
			if e.Index() != c.Index() {
				return false
			}
		}
	}
	return false
}

// SameExpr reports whether x and y are the same chain of variables and fields,
// with the same root object, so that they name one place as long as nothing
// is assigned in between.
func SameExpr(f *flow.File, x, y ast.Expr) bool {
	x, y = ast.Unparen(x), ast.Unparen(y)
	switch x := x.(type) {
	case *ast.Ident:
		y, ok := y.(*ast.Ident)
		return ok && f.Pkg.TypesInfo.ObjectOf(x) == f.Pkg.TypesInfo.ObjectOf(y)
	case *ast.SelectorExpr:
		y, ok := y.(*ast.SelectorExpr)
		return ok && f.Pkg.TypesInfo.ObjectOf(x.Sel) == f.Pkg.TypesInfo.ObjectOf(y.Sel) && SameExpr(f, x.X, y.X)
	case *ast.StarExpr:
		y, ok := y.(*ast.StarExpr)
		return ok && SameExpr(f, x.X, y.X)
	}
	return false
}

// Indent returns the white space that the line of pos starts with.
func Indent(f *flow.File, pos token.Pos) string {
	off := f.Offset(pos)
	start := off
	for start > 0 && f.Src[start-1] != '\n' {
		start--
	}
	end := start
	for end < off && (f.Src[end] == ' ' || f.Src[end] == '\t') {
		end++
	}
	return string(f.Src[start:end])
}

// LineSpan returns the range of a statement together with its line: the white
// space before it and the line end behind it, if it stands alone on its
// lines. A comment behind it on its last line stays where it is, on a line of
// its own.
func LineSpan(f *flow.File, pos, end token.Pos) Span {
	s, e := f.Offset(pos), f.Offset(end)
	ls := s
	for ls > 0 && (f.Src[ls-1] == ' ' || f.Src[ls-1] == '\t') {
		ls--
	}
	alone := ls == 0 || f.Src[ls-1] == '\n'
	le := e
	for le < len(f.Src) && (f.Src[le] == ' ' || f.Src[le] == '\t' || f.Src[le] == '\r' || f.Src[le] == ';') {
		le++
	}
	if !alone || le < len(f.Src) && f.Src[le] != '\n' {
		if alone && strings.HasPrefix(string(f.Src[le:]), "//") {
			return Span{f.Syntax.FileStart + token.Pos(s), f.Syntax.FileStart + token.Pos(le)}
		}
		return Span{pos, end}
	}
	if le < len(f.Src) {
		le++
	}
	return Span{f.Syntax.FileStart + token.Pos(ls), f.Syntax.FileStart + token.Pos(le)}
}

// DeleteStmt deletes a statement with its line and claims the sites in it.
func (u *Unit) DeleteStmt(f *flow.File, s ast.Stmt) {
	sp := LineSpan(f, s.Pos(), s.End())
	u.Replace(f, sp.Pos, sp.End)
	u.ClaimWithin(f, s)
}

// ErrCheck reports whether s is the statement `if err != nil { … }` about the
// given error variable, without init and else.
func ErrCheck(f *flow.File, s ast.Stmt, err types.Object) (*ast.IfStmt, bool) {
	is, ok := s.(*ast.IfStmt)
	if !ok || is.Init != nil {
		return nil, false
	}
	return is, IsErrNotNil(f, is.Cond, err)
}

// IsErrNotNil reports whether cond is `err != nil`.
func IsErrNotNil(f *flow.File, cond ast.Expr, err types.Object) bool {
	b, ok := ast.Unparen(cond).(*ast.BinaryExpr)
	if !ok || b.Op != token.NEQ || err == nil {
		return false
	}
	x, y := ast.Unparen(b.X), ast.Unparen(b.Y)
	if IsNil(f, x) {
		x, y = y, x
	}
	id, ok := x.(*ast.Ident)
	return ok && IsNil(f, y) && f.Pkg.TypesInfo.ObjectOf(id) == err
}
