package rule

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// Stale is the category of what every rule says of a directive that names it
// and takes nothing back.
const Stale = "stale"

// DirectivesURL is the page about directives.
const DirectivesURL = docs + "README.md#directives"

// A Directive is what one //wsmigrate:ignore comment says.
type Directive struct {
	Pos, End token.Pos
	Names    []string // of rules, or as rule/category
	Reason   string   // without one the directive has no effect
}

// Directives returns those of a file. RULE is one name, or several with commas
// between them.
func Directives(file *ast.File) []Directive {
	var list []Directive
	for _, group := range file.Comments {
		for _, c := range group.List {
			if d, ok := parseDirective(c); ok {
				list = append(list, d)
			}
		}
	}
	return list
}

func parseDirective(c *ast.Comment) (Directive, bool) {
	if !strings.HasPrefix(c.Text, "//wsmigrate:ignore") {
		return Directive{}, false
	}
	d, ok := ast.ParseDirective(c.Pos(), c.Text)
	if !ok || d.Name != "ignore" {
		return Directive{}, false
	}
	what, reason := d.Args, ""
	if i := strings.IndexAny(what, " \t"); i >= 0 {
		what, reason = what[:i], strings.TrimSpace(what[i:])
	}
	names := strings.FieldsFunc(what, func(r rune) bool { return r == ',' })
	return Directive{Pos: c.Pos(), End: c.End(), Names: names, Reason: reason}, true
}

// A line names a line of a file.
type line struct {
	file string
	n    int
}

// An ignore is one name of a directive.
type ignore struct {
	Directive
	name     string // as it was written
	category string // empty: all of the rule's
	needed   bool   // there was a finding that it is about
}

// ignores returns what directives say of one rule.
type ignores struct {
	list []*ignore
	at   map[line][]*ignore // by the lines that they cover
}

// readIgnores returns the directives that name the rule. They cover the line
// that they stand on and, where they stand alone, the first line behind the
// group of comments that they are in, so that several can stand above a line.
func readIgnores(pass *analysis.Pass, rule string) ignores {
	var found ignores
	for _, file := range pass.Files {
		var code map[int]token.Pos // only few files have a directive
		for _, group := range file.Comments {
			for _, c := range group.List {
				d, ok := parseDirective(c)
				if !ok {
					continue
				}
				if code == nil {
					code = firstCode(pass.Fset, file)
				}
				for _, n := range d.Names {
					name, category, _ := strings.Cut(n, "/")
					if name != rule {
						continue
					}
					i := &ignore{Directive: d, name: n, category: category}
					found.list = append(found.list, i)
					found.cover(pass.Fset, i, c.Pos(), 0)
					if first := code[pass.Fset.PositionFor(c.Pos(), false).Line]; !first.IsValid() || first > c.Pos() {
						found.cover(pass.Fset, i, group.End(), 1)
					}
				}
			}
		}
	}
	return found
}

// cover records that i is about the line of pos, or one behind it.
func (all *ignores) cover(fset *token.FileSet, i *ignore, pos token.Pos, behind int) {
	posn := fset.Position(pos)
	l := line{posn.Filename, posn.Line + behind}
	if all.at == nil {
		all.at = make(map[line][]*ignore)
	}
	all.at[l] = append(all.at[l], i)
}

// firstCode returns for each line on which some code begins or ends the place
// of the first that does.
func firstCode(fset *token.FileSet, file *ast.File) map[int]token.Pos {
	first := make(map[int]token.Pos)
	note := func(pos token.Pos) {
		n := fset.PositionFor(pos, false).Line
		if old, ok := first[n]; !ok || pos < old {
			first[n] = pos
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n.(type) {
		case nil, *ast.CommentGroup:
			return false
		case *ast.File:
			return true
		}
		note(n.Pos())
		note(n.End() - 1)
		return true
	})
	return first
}

// about returns the directives that cover a finding of the category at pos.
func (all *ignores) about(fset *token.FileSet, pos token.Pos, category string) []*ignore {
	if len(all.at) == 0 {
		return nil
	}
	var list []*ignore
	posn := fset.Position(pos)
	for _, i := range all.at[line{posn.Filename, posn.Line}] {
		if i.category == "" || i.category == category {
			list = append(list, i)
		}
	}
	return list
}

// stale returns findings about the directives that there was no need of.
func (all *ignores) stale(rule string) []Finding {
	var list []Finding
	for _, i := range all.list {
		if !i.needed {
			list = append(list, Finding{
				Rule: rule, Category: Stale, Confidence: High, Pos: i.Pos, End: i.End,
				Message: fmt.Sprintf("%s reports nothing here that this directive takes back: remove it", i.name),
				URL:     DirectivesURL,
			})
		}
	}
	return list
}

func base(name string) string {
	return name[strings.LastIndexAny(name, `/\`)+1:]
}
