// Package imports edits the import declarations of a Go file in place: it adds
// specs where a reader would, and removes the specs that the rest of the file
// no longer uses, leaving every other byte as it was.
package imports

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"sort"
	"strconv"
	"strings"
)

// A Spec is an import to add. Name is what the file calls the package; it is
// written out only where it differs from the package's own name, Base.
type Spec struct{ Path, Name, Base string }

func (s Spec) String() string {
	if s.Name != s.Base {
		return s.Name + " " + strconv.Quote(s.Path)
	}
	return strconv.Quote(s.Path)
}

// Tidy adds the specs to src and removes imports that are not used. names
// gives the package name of import paths whose last element does not tell.
// An import named _ or . is never removed.
func Tidy(src []byte, add []Spec, names map[string]string) ([]byte, error) {
	sort.Slice(add, func(i, j int) bool { return add[i].Path < add[j].Path })
	for _, s := range add {
		var err error
		if src, err = insert(src, s); err != nil {
			return nil, err
		}
	}
	return removeUnused(src, names)
}

func parse(src []byte) (*token.FileSet, *ast.File, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", src, parser.ParseComments)
	return fset, f, err
}

// isStd reports whether an import path is of the standard library.
func isStd(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	return !strings.Contains(first, ".")
}

func specPath(s *ast.ImportSpec) string {
	p, _ := strconv.Unquote(s.Path.Value)
	return p
}

// insert adds one spec: into the group of its kind (standard library or not)
// of the first import declaration, in order; else as a group of its own.
func insert(src []byte, s Spec) ([]byte, error) {
	fset, f, err := parse(src)
	if err != nil {
		return nil, err
	}
	for _, imp := range f.Imports {
		if specPath(imp) == s.Path && (imp.Name == nil && s.Name == s.Base || imp.Name != nil && imp.Name.Name == s.Name) {
			return src, nil
		}
	}
	base := f.FileStart
	off := func(p token.Pos) int { return int(p - base) }
	eol := "\n"
	if bytes.Contains(src, []byte("\r\n")) {
		eol = "\r\n"
	}
	var decl *ast.GenDecl
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.IMPORT {
			break
		}
		if isC(g) {
			continue
		}
		if decl == nil || !decl.Lparen.IsValid() && g.Lparen.IsValid() {
			decl = g
		}
	}
	if decl == nil {
		at := off(f.Name.End())
		return splice(src, at, at, eol+eol+"import "+s.String()), nil
	}
	if !decl.Lparen.IsValid() {
		// import "x" becomes a block.
		old := string(src[off(decl.Specs[0].Pos()):off(decl.Specs[0].End())])
		oldPath := specPath(decl.Specs[0].(*ast.ImportSpec))
		first, second, sep := s.String(), old, eol
		if isStd(oldPath) != isStd(s.Path) {
			sep = eol + eol
			if isStd(oldPath) {
				first, second = old, s.String()
			}
		} else if oldPath < s.Path {
			first, second = old, s.String()
		}
		block := "import (" + eol + "\t" + first + sep + "\t" + second + eol + ")"
		return splice(src, off(decl.Pos()), off(decl.End()), commentLines(src, f, decl.Pos(), decl.Specs[0].Pos(), "")+block), nil
	}
	// Groups are runs of specs on consecutive lines.
	var groups [][]*ast.ImportSpec
	last := -2
	for _, sp := range decl.Specs {
		imp := sp.(*ast.ImportSpec)
		start := fset.Position(imp.Pos()).Line
		if imp.Doc != nil {
			start = fset.Position(imp.Doc.Pos()).Line
		}
		if len(groups) == 0 || start > last+1 {
			groups = append(groups, nil)
		}
		g := &groups[len(groups)-1]
		*g = append(*g, imp)
		last = fset.Position(imp.End()).Line
	}
	for _, g := range groups {
		same := 0
		for _, imp := range g {
			if isStd(specPath(imp)) == isStd(s.Path) {
				same++
			}
		}
		if same == 0 || isStd(s.Path) && same*2 < len(g) {
			continue
		}
		// Before the first spec of the kind that sorts after it, else behind
		// the last spec of the group that is of its kind.
		var after *ast.ImportSpec
		for _, imp := range g {
			if isStd(specPath(imp)) != isStd(s.Path) {
				continue
			}
			if specPath(imp) > s.Path {
				p := imp.Pos()
				if imp.Doc != nil {
					p = imp.Doc.Pos()
				}
				return splice(src, off(p), off(p), s.String()+eol+"\t"), nil
			}
			after = imp
		}
		at := off(after.End())
		if after.Comment != nil {
			at = commentEnd(src, f, after.Comment)
		}
		return splice(src, at, at, eol+"\t"+s.String()), nil
	}
	if isStd(s.Path) {
		at := off(decl.Lparen) + 1
		sep := eol
		if len(decl.Specs) > 0 {
			sep = eol + "\t" + s.String() + eol
			return splice(src, at, at, sep), nil
		}
		return splice(src, at, at, eol+"\t"+s.String()+eol), nil
	}
	at := off(decl.Rparen)
	return splice(src, at, at, eol+"\t"+s.String()+eol), nil
}

func isC(g *ast.GenDecl) bool {
	return len(g.Specs) == 1 && specPath(g.Specs[0].(*ast.ImportSpec)) == "C"
}

func splice(src []byte, start, end int, text string) []byte {
	out := make([]byte, 0, len(src)+len(text))
	out = append(out, src[:start]...)
	out = append(out, text...)
	return append(out, src[end:]...)
}

// removeUnused removes the specs whose package no selector of the file names.
func removeUnused(src []byte, names map[string]string) ([]byte, error) {
	for {
		_, f, err := parse(src)
		if err != nil {
			return nil, err
		}
		used := map[string]bool{}
		ast.Inspect(f, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if id, ok := sel.X.(*ast.Ident); ok && id.Obj == nil {
					used[id.Name] = true
				}
			}
			return true
		})
		var victim *ast.ImportSpec
		seen := map[string]bool{}
		for _, imp := range f.Imports {
			p := specPath(imp)
			name := names[p]
			if name == "" {
				name = path.Base(p)
			}
			if imp.Name != nil {
				name = imp.Name.Name
			}
			if name == "_" || name == "." || p == "C" {
				continue
			}
			if !used[name] || seen[name+" "+p] {
				victim = imp
				break
			}
			seen[name+" "+p] = true
		}
		if victim == nil {
			return src, nil
		}
		src = remove(src, f, victim)
	}
}

// remove deletes one spec with its line, or its whole declaration if it is
// the only one. Its comments stay, on lines of their own: what they say may be
// about more than the import.
func remove(src []byte, f *ast.File, victim *ast.ImportSpec) []byte {
	off := func(p token.Pos) int { return int(p - f.FileStart) }
	start, end := victim.Pos(), victim.End()
	if victim.Doc != nil {
		start = victim.Doc.Pos()
	}
	if victim.Comment != nil {
		end = f.FileStart + token.Pos(commentEnd(src, f, victim.Comment))
	}
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT && len(g.Specs) == 1 && g.Specs[0] == victim {
			start, end = g.Pos(), max(g.End(), end)
			if g.Doc != nil {
				start = g.Doc.Pos()
			}
			s, e := off(start), off(end)
			if kept := commentLines(src, f, start, end, ""); kept != "" {
				return splice(src, s, skipEOL(src, e), kept)
			}
			e = skipEOL(src, e)
			// One blank line of the two around it goes too.
			if e < len(src) && lineBlank(src, e) {
				e = skipEOL(src, e)
			}
			return splice(src, s, e, "")
		}
	}
	s, e := off(start), off(end)
	for s > 0 && (src[s-1] == ' ' || src[s-1] == '\t') {
		s--
	}
	e = skipEOL(src, e)
	if kept := commentLines(src, f, start, end, string(src[s:off(start)])); kept != "" {
		return splice(src, s, e, kept)
	}
	// A group that becomes empty takes a blank line with it.
	if lineBlank(src, e) && (blankBefore(src, s) || endsWith(src[:s], "(")) {
		e = skipEOL(src, e)
	} else if blankBefore(src, s) && strings.HasPrefix(strings.TrimLeft(string(src[e:]), " \t"), ")") {
		s = startOfPreviousLine(src, s)
	}
	return splice(src, s, e, "")
}

// commentEnd returns the offset behind a group of comments. Its End is too small
// where the parser took carriage returns out of a text.
func commentEnd(src []byte, f *ast.File, g *ast.CommentGroup) int {
	last := g.List[len(g.List)-1]
	at := int(last.Pos() - f.FileStart)
	if strings.HasPrefix(last.Text, "/*") {
		return at + bytes.Index(src[at:], []byte("*/")) + 2
	}
	if n := bytes.IndexByte(src[at:], '\n'); n >= 0 {
		return at + len(bytes.TrimRight(src[at:at+n], "\r"))
	}
	return len(src)
}

// commentLines returns the comments between two positions, each as a line.
func commentLines(src []byte, f *ast.File, start, end token.Pos, indent string) string {
	newline := "\n"
	if bytes.Contains(src, []byte("\r\n")) {
		newline = "\r\n"
	}
	var lines strings.Builder
	for _, g := range f.Comments {
		for _, c := range g.List {
			if start <= c.Pos() && c.End() <= end {
				// c.Text has no carriage returns.
				lines.WriteString(indent + strings.ReplaceAll(c.Text, "\n", newline) + newline)
			}
		}
	}
	return lines.String()
}

func endsWith(src []byte, s string) bool {
	return strings.HasSuffix(strings.TrimRight(string(src), "\r\n"), s)
}

// skipEOL returns the offset of the line after off, skipping white space.
func skipEOL(src []byte, off int) int {
	for off < len(src) && (src[off] == ' ' || src[off] == '\t' || src[off] == '\r' || src[off] == ';') {
		off++
	}
	if off < len(src) && src[off] == '\n' {
		off++
	}
	return off
}

func lineBlank(src []byte, off int) bool {
	for off < len(src) && src[off] != '\n' {
		if c := src[off]; c != ' ' && c != '\t' && c != '\r' {
			return false
		}
		off++
	}
	return off < len(src)
}

// blankBefore reports whether the line before the line start off is blank.
func blankBefore(src []byte, off int) bool {
	if off == 0 {
		return false
	}
	return lineBlank(src, startOfPreviousLine(src, off))
}

func startOfPreviousLine(src []byte, off int) int {
	off-- // the line end
	for off > 0 && src[off-1] != '\n' {
		off--
	}
	return off
}
