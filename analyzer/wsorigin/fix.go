package wsorigin

import (
	"bytes"
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
)

// remove returns the fix that takes an element out of a composite literal,
// with the comment directly above it and, where the element has lines of its
// own, those lines. There is none where a variable could be
// left without use.
func (c *checker) remove(lit *ast.CompositeLit, elt ast.Node, message string) []analysis.SuggestedFix {
	if c.usesLocal(elt) {
		return nil
	}
	tok := c.Fset.File(lit.Pos())
	src, err := c.ReadFile(tok.Name())
	if err != nil || tok.Size() != len(src) {
		return nil
	}
	offset := func(p token.Pos) int { return tok.Offset(p) }
	lo, hi := offset(elt.Pos()), offset(elt.End())
	first := offset(lit.Lbrace) + 1 // the end of what stands before the element
	for _, other := range lit.Elts {
		if other.End() <= elt.Pos() {
			first = offset(other.End())
		}
	}
	if comment := c.commentAbove(elt); comment != nil && offset(comment.Pos()) > first {
		lo = offset(comment.Pos())
	}
	end := skipBlank(src, hi)
	comma := end < len(src) && src[end] == ','
	if comma {
		hi = end + 1
	}
	start := lo
	for start > 0 && (src[start-1] == ' ' || src[start-1] == '\t') {
		start--
	}
	end = skipBlank(src, hi)
	last := end
	if bytes.HasPrefix(src[end:], []byte("\r\n")) {
		last++
	}
	switch {
	case src[start-1] == '\n' && last < len(src) && src[last] == '\n' && comma:
		lo, hi = start, last+1
	case comma:
		hi = end
	default:
		// The last element on its line: the comma before it goes too.
		if at := skipBlank(src, first); at < lo && src[at] == ',' {
			lo = at
		}
	}
	return []analysis.SuggestedFix{{
		Message:   message,
		TextEdits: []analysis.TextEdit{{Pos: tok.Pos(lo), End: tok.Pos(hi)}},
	}}
}

// usesLocal reports whether n mentions a variable that is declared in the
// function around it. The compiler wants those used, perhaps here alone.
func (c *checker) usesLocal(n ast.Node) bool {
	uses := false
	ast.Inspect(n, func(m ast.Node) bool {
		if id, ok := m.(*ast.Ident); ok {
			v, ok := c.TypesInfo.Uses[id].(*types.Var)
			if ok && v.Kind() == types.LocalVar && (v.Pos() < n.Pos() || v.Pos() >= n.End()) {
				uses = true
			}
		}
		return !uses
	})
	return uses
}

// commentAbove returns the comment that ends on the line above n, or nil.
func (c *checker) commentAbove(n ast.Node) *ast.CommentGroup {
	for _, file := range c.Files {
		if n.Pos() < file.FileStart || n.Pos() > file.FileEnd {
			continue
		}
		line := c.Fset.Position(n.Pos()).Line
		for _, g := range file.Comments {
			if g.End() < n.Pos() && c.Fset.Position(g.End()).Line == line-1 {
				return g
			}
		}
	}
	return nil
}

func skipBlank(src []byte, i int) int {
	for i < len(src) && (src[i] == ' ' || src[i] == '\t') {
		i++
	}
	return i
}
