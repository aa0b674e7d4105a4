package rule

import (
	"go/ast"
	"go/token"
)

// Call returns the range of the call whose opening parenthesis, which is where
// SSA says that a call is, stands at pos: from the name of the called function
// to the end of the call. For any other position it returns pos alone.
func (p *Pass) Call(pos token.Pos) (from, to token.Pos) {
	call := p.CallExpr(pos)
	if call == nil {
		return pos, token.NoPos
	}
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
		return sel.Sel.Pos(), call.End()
	}
	return call.Pos(), call.End()
}

// CallExpr returns the call whose opening parenthesis stands at pos, or nil.
func (p *Pass) CallExpr(pos token.Pos) *ast.CallExpr {
	if p.calls == nil {
		p.calls = make(map[token.Pos]*ast.CallExpr)
		for _, file := range p.Files {
			ast.Inspect(file, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					p.calls[call.Lparen] = call
				}
				return true
			})
		}
	}
	return p.calls[pos]
}
