package rule

import (
	"go/ast"
	"go/token"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// A line names a line of a file.
type line struct {
	file string
	n    int
}

// A directive is one //wsmigrate:ignore comment.
type directive struct {
	pos      token.Pos
	category string // empty: all of the rule's
	reason   string // empty: the directive has no effect
	used     bool
}

// ignores returns the directives that name the rule, by the lines they cover:
// the line of the comment and, where the comment stands alone, the line of
// code below it.
func ignores(pass *analysis.Pass, rule string) map[line]*directive {
	m := make(map[line]*directive)
	for _, file := range pass.Files {
		for _, group := range file.Comments {
			for _, c := range group.List {
				d, ok := ast.ParseDirective(c.Pos(), c.Text)
				if !ok || d.Tool != "wsmigrate" || d.Name != "ignore" {
					continue
				}
				what, reason, _ := strings.Cut(d.Args, " ")
				name, category, _ := strings.Cut(what, "/")
				if name != rule {
					continue
				}
				dir := &directive{pos: c.Pos(), category: category, reason: strings.TrimSpace(reason)}
				// The group's end, so that several directives can stand
				// above one line.
				for _, p := range []token.Pos{c.Pos(), group.End()} {
					posn := pass.Fset.Position(p)
					m[line{posn.Filename, posn.Line}] = dir
					m[line{posn.Filename, posn.Line + 1}] = dir
				}
			}
		}
	}
	return m
}

// ignored returns the directive that covers a finding at pos, or nil.
func (p *Pass) ignored(pos token.Pos, category string) *directive {
	posn := p.Fset.Position(pos)
	d := p.ignores[line{posn.Filename, posn.Line}]
	if d == nil || d.category != "" && d.category != category {
		return nil
	}
	return d
}

func base(name string) string {
	return name[strings.LastIndexAny(name, `/\`)+1:]
}
