package flow

import (
	"bytes"
	"go/ast"
	"go/token"
	"slices"
	"strconv"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// A Word is a string literal with a text by which gorilla's errors or answers
// can be told.
type Word struct {
	wsapi.Wording
	File   *File
	Cursor inspector.Cursor // at the literal
	Found  string           // the text, or the telling part of a long one
}

const maxQuoted = 60

// Words returns the literals with gorilla's wordings in all files but generated
// ones, in order.
func (g *Graph) Words() []Word {
	g.look.Do(func() {
		for _, f := range g.a.sortedFiles() {
			if !f.Generated && speaks(f.Src) {
				g.words = append(g.words, wordsOf(f)...)
			}
		}
	})
	return g.words
}

// speaks reports whether source may contain such a text.
func speaks(src []byte) bool {
	return slices.ContainsFunc(wsapi.Wordings(), func(w wsapi.Wording) bool {
		return slices.ContainsFunc(w.Parts, func(part string) bool { return bytes.Contains(src, []byte(part)) })
	})
}

func wordsOf(f *File) []Word {
	var out []Word
	for c := range f.Root.Preorder((*ast.BasicLit)(nil)) {
		lit := c.Node().(*ast.BasicLit)
		if lit.Kind != token.STRING {
			continue
		}
		text, err := strconv.Unquote(lit.Value)
		if err != nil {
			continue
		}
		for _, w := range wsapi.Wordings() {
			if found := w.Text.FindString(text); found != "" {
				if len(text) <= maxQuoted {
					found = text
				}
				out = append(out, Word{w, f, c, found})
				break
			}
		}
	}
	return out
}
