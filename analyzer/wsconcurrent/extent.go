package wsconcurrent

import (
	"go/ast"
	"go/token"
)

// extents finds the calls of the source by their opening parentheses, which is
// where SSA says that they are.
func extents(files []*ast.File) map[token.Pos]*ast.CallExpr {
	m := make(map[token.Pos]*ast.CallExpr)
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				m[call.Lparen] = call
			}
			return true
		})
	}
	return m
}

// extent returns the range from the name of the called function to the end of
// the call.
func extent(calls map[token.Pos]*ast.CallExpr, pos token.Pos) (from, to token.Pos) {
	call := calls[pos]
	if call == nil {
		return pos, token.NoPos
	}
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
		return sel.Sel.Pos(), call.End()
	}
	return call.Pos(), call.End()
}
