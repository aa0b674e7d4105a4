package unit

import (
	"go/ast"
	"go/token"
	"sort"
	"strings"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/edit"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
)

// FileEdits are a unit's edits of one file.
type FileEdits struct {
	File *flow.File
	// Ops are replacements in the coordinates of the file's original bytes.
	Ops []Op
	// Imports maps import paths to the names they are asked for under.
	Imports map[string]string
	// Helpers are generated functions that the file calls.
	Helpers []string
	// Moved are ranges whose comments are written elsewhere.
	Moved [][2]int
	// Decls are declarations that the file gets, by the name they declare.
	Decls map[string]SharedDecl
}

// A SharedDecl is a declaration that converted code of a file shares. Units that
// ask for the same one get it once.
type SharedDecl struct {
	Offset int // where it is inserted
	Source string
}

// An Op replaces [Start, End) by parts.
type Op struct {
	Start, End int
	Parts      []edit.Part
}

// Files returns the edits planned so far, by path.
func (u *Unit) Files() []*FileEdits {
	out := make([]*FileEdits, 0, len(u.files))
	for _, f := range u.files {
		out = append(out, f)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].File.Path < out[j].File.Path })
	return out
}

// Helpers reports whether the unit needs generated functions.
func (u *Unit) Helpers() bool {
	for _, f := range u.files {
		if len(f.Helpers) > 0 {
			return true
		}
	}
	return false
}

// Edits returns the edits of f.
func (u *Unit) Edits(f *flow.File) *FileEdits {
	e := u.files[f]
	if e == nil {
		e = &FileEdits{File: f, Imports: map[string]string{}}
		u.files[f] = e
	}
	return e
}

// Replace replaces the source between two positions by parts: strings are
// literal text, ast.Nodes and Spans are quoted with the edits inside them.
func (u *Unit) Replace(f *flow.File, pos, end token.Pos, parts ...any) {
	op := Op{Start: f.Offset(pos), End: f.Offset(end)}
	// Files that are not gofmt-clean keep their layout, so new lines are
	// indented here.
	newline := "\n" + Indent(f, pos)
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			op.Parts = append(op.Parts, edit.Text(strings.ReplaceAll(p, "\n", newline)))
		case Span:
			op.Parts = append(op.Parts, edit.Quote(f.Offset(p.Pos), f.Offset(p.End)))
		case ast.Node:
			op.Parts = append(op.Parts, edit.Quote(f.Offset(p.Pos()), f.Offset(p.End())))
		default:
			panic("unit: Replace takes strings, Spans and nodes")
		}
	}
	e := u.Edits(f)
	e.Ops = append(e.Ops, op)
}

// Dropped reports whether an edit that deletes n has been planned.
func (u *Unit) Dropped(f *flow.File, n ast.Node) bool {
	for _, op := range u.Edits(f).Ops {
		if len(op.Parts) == 0 && op.Start <= f.Offset(n.Pos()) && f.Offset(n.End()) <= op.End {
			return true
		}
	}
	return false
}

// Moved notes that code of f is copied to another place as text, together with
// its comments, which need not be kept where it was.
func (u *Unit) Moved(f *flow.File, pos, end token.Pos) {
	e := u.Edits(f)
	e.Moved = append(e.Moved, [2]int{f.Offset(pos), f.Offset(end)})
}

// A Span is a range of source.
type Span struct{ Pos, End token.Pos }

// Insert inserts text before pos.
func (u *Unit) Insert(f *flow.File, pos token.Pos, text string) { u.Replace(f, pos, pos, text) }

// Declare asks for a package-level declaration of name, to be inserted before
// the declaration at pos. Every unit that asks for a name in a file must ask
// with the same source and position.
func (u *Unit) Declare(f *flow.File, pos token.Pos, name, source string) {
	e := u.Edits(f)
	if e.Decls == nil {
		e.Decls = map[string]SharedDecl{}
	}
	e.Decls[name] = SharedDecl{f.Offset(pos), source}
}

// Helper notes that f calls a generated function.
func (u *Unit) Helper(f *flow.File, name string) {
	e := u.Edits(f)
	for _, h := range e.Helpers {
		if h == name {
			return
		}
	}
	e.Helpers = append(e.Helpers, name)
}
