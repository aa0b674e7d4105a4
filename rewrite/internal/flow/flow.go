package flow

import (
	"bytes"
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"os"
	"slices"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/load"
)

// A File is one Go file that takes part, seen through one package variant.
type File struct {
	Path   string
	Pkg    *packages.Package
	Syntax *ast.File
	View   *load.View
	Src    []byte
	Root   inspector.Cursor // of the file
	Sites  []*Site          // in order
	// Broken holds the error that keeps the file's package from being edited.
	Broken    string
	Generated bool
	// Cgo says that Syntax and Src are what cgo made of the file at Path. Such
	// a file is never edited.
	Cgo bool
}

// Offset returns the offset of pos in the file.
func (f *File) Offset(pos token.Pos) int { return int(pos - f.Syntax.FileStart) }

// CommentEnd returns the offset behind a comment. c.End() is too small where
// the parser took carriage returns out of the text.
func (f *File) CommentEnd(c *ast.Comment) int {
	at := f.Offset(c.Pos())
	if strings.HasPrefix(c.Text, "/*") {
		return at + bytes.Index(f.Src[at:], []byte("*/")) + 2
	}
	return at + len(c.Text)
}

// Text returns the source of n without the comments in it, to be used once
// more.
func (f *File) Text(n ast.Node) string {
	var b strings.Builder
	at := f.Offset(n.Pos())
	for _, g := range f.Syntax.Comments {
		for _, c := range g.List {
			if c.Pos() < n.Pos() || c.End() > n.End() {
				continue
			}
			b.Write(f.Src[at:f.Offset(c.Pos())])
			at = f.CommentEnd(c)
			if wordByte(f.Src[f.Offset(c.Pos())-1]) && wordByte(f.Src[at]) {
				b.WriteByte(' ')
			}
		}
	}
	b.Write(f.Src[at:f.Offset(n.End())])
	return b.String()
}

func wordByte(c byte) bool {
	return c == '_' || c >= utf8.RuneSelf || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// A Site is one use of an identifier of the library.
type Site struct {
	File   *File
	Cursor inspector.Cursor // of the identifier
	Ident  *ast.Ident
	Obj    types.Object
	Symbol wsapi.Symbol
	Path   string // import path of the library
	Pos    token.Position
}

// Kinds of boundaries.
const (
	Interface  = "interface"  // converted to an interface that the target does not satisfy
	Dependency = "dependency" // a dependency wants or gives the library's types
	API        = "api"        // part of the exported API of a library package
	Broken     = "load"       // in a package that does not compile
	Generated  = "generated"  // in a generated file
	Cgo        = "cgo"        // in a file that imports "C"
	Reflect    = "reflect"    // looked into by reflection or through unsafe.Pointer
)

// A Boundary is a place where a cluster meets what the tool cannot change.
type Boundary struct {
	Kind string
	Pos  token.Position
	At   token.Pos // the same
	Text string
	Help string
	// Of an Interface boundary: the expression that is converted, or the call
	// and which of its results is where all go on at once, the interface, and
	// its methods that the library's type has. Outer is the type that has them
	// from the library's type because it embeds it.
	Src     ast.Expr
	Call    *ast.CallExpr
	Result  int
	To      types.Type
	Methods []string
	Outer   *types.Named
}

// A Cluster is a set of sites that change together.
type Cluster struct {
	Sites      []*Site // in order of position
	Files      []*File // sorted by path
	Boundaries []Boundary
}

// A Graph is the result of Analyze.
type Graph struct {
	Fset     *token.FileSet
	Files    map[string]*File
	Clusters []*Cluster // in order of their first site

	a     *analysis
	look  sync.Once // for words
	words []Word
}

// Analyze finds the sites of the libraries that is accepts (by import path)
// and groups them.
func Analyze(tree *load.Tree, is func(path string) bool) *Graph {
	a := &analysis{
		tree: tree, fset: tree.Fset, is: is,
		g:      &Graph{Fset: tree.Fset, Files: map[string]*File{}},
		uf:     newUnionFind(),
		bound:  map[key][]Boundary{},
		main:   map[string]bool{},
		boxes:  map[key][]key{},
		taken:  map[key]bool{},
		embed:  map[*types.Named]bool{},
		cgo:    map[string]bool{},
		parsed: map[*token.File]bool{},
		decls:  map[declAt]token.Pos{},
		funcs:  map[declAt]*types.Func{},
		clause: map[types.Object]key{},
		mem:    map[types.Type]bool{},
		site:   map[*Site]key{},
	}
	a.g.a = a
	a.chooseFiles()
	for _, f := range a.sortedFiles() {
		a.collect(f)
	}
	for _, f := range a.sortedFiles() {
		a.flow(f)
	}
	a.unbox()
	a.tieDefault()
	a.attachLoose()
	a.build()
	return a.g
}

type analysis struct {
	tree *load.Tree
	fset *token.FileSet
	is   func(string) bool
	g    *Graph
	uf   *unionFind
	// bound holds the boundaries found at a key.
	bound map[key][]Boundary
	main  map[string]bool // package paths of the tree
	mem   map[types.Type]bool
	site  map[*Site]key
	loose []*Site
	boxes map[key][]key   // by dynamic type: what goes into interfaces
	taken map[key]bool    // dynamic types that are taken out of interfaces
	api   map[key]bool    // declarations that other modules can name
	apps  map[string]bool // packages of applications
	embed map[*types.Named]bool
	cgo   map[string]bool // files that cgo made
	// parsed are the files whose positions are exact; those of others come
	// from export data, and decls says what stands there.
	parsed map[*token.File]bool
	decls  map[declAt]token.Pos
	funcs  map[declAt]*types.Func
	// clause holds the variables that a type switch declares, one a clause.
	clause map[types.Object]key
}

// chooseFiles picks for every file the widest package variant that holds it.
func (a *analysis) chooseFiles() {
	insp := map[*packages.Package]inspector.Cursor{}
	for _, v := range a.tree.Views {
		for _, p := range v.Packages {
			for _, s := range p.Syntax {
				a.parsed[a.fset.File(s.FileStart)] = true
			}
		}
	}
	a.index()
	for _, v := range a.tree.Views {
		for _, p := range v.Packages {
			a.main[strings.TrimSuffix(p.PkgPath, "_test")] = true
			a.main[p.PkgPath] = true
			for _, s := range p.Syntax {
				path := a.fset.File(s.FileStart).Name()
				source := path
				cgo := false
				if a.tree.ModuleOf(path) == nil {
					// cgo's work lies in the build cache and tells by line
					// directives what it was made from.
					path = a.fset.PositionFor(s.Package, true).Filename
					cgo = a.tree.ModuleOf(path) != nil
					if !cgo {
						continue
					}
					a.cgo[source] = true
				}
				if old := a.g.Files[path]; old != nil && len(old.Pkg.Syntax) >= len(p.Syntax) {
					continue
				}
				src, err := os.ReadFile(source)
				if err != nil {
					continue
				}
				if _, ok := insp[p]; !ok {
					insp[p] = inspector.New(p.Syntax).Root()
				}
				f := &File{Path: path, Pkg: p, Syntax: s, View: v, Src: src, Cgo: cgo, Generated: ast.IsGenerated(s) && !cgo}
				f.Root, _ = insp[p].FindNode(s)
				f.Broken = a.tree.Broken[p.ID]
				a.g.Files[path] = f
			}
		}
	}
	a.findAPI()
}

func (a *analysis) sortedFiles() []*File {
	out := make([]*File, 0, len(a.g.Files))
	for _, f := range a.g.Files {
		out = append(out, f)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Path < out[j].Path })
	return out
}

// isLib reports whether obj belongs to the library.
func (a *analysis) isLib(obj types.Object) bool {
	return obj != nil && obj.Pkg() != nil && a.is(obj.Pkg().Path())
}

// collect fills f.Sites.
func (a *analysis) collect(f *File) {
	info := f.Pkg.TypesInfo
	for c := range f.Root.Preorder((*ast.Ident)(nil)) {
		id := c.Node().(*ast.Ident)
		obj := info.Uses[id]
		if obj == nil || !a.isLib(obj) {
			continue
		}
		if _, ok := obj.(*types.PkgName); ok {
			continue
		}
		s := &Site{File: f, Cursor: c, Ident: id, Obj: obj, Path: obj.Pkg().Path(), Pos: a.position(id.Pos())}
		if v, ok := obj.(*types.Var); ok && v.IsField() {
			s.Symbol, ok = wsapi.FieldSymbol(v)
			if !ok {
				s.Symbol = wsapi.Symbol(v.Name())
			}
		} else {
			s.Symbol = wsapi.SymbolOf(obj)
		}
		f.Sites = append(f.Sites, s)
	}
}

// build turns the union-find into clusters.
func (a *analysis) build() {
	byRoot := map[key]*Cluster{}
	for _, f := range a.sortedFiles() {
		for _, s := range f.Sites {
			r := a.uf.find(a.site[s])
			c := byRoot[r]
			if c == nil {
				c = &Cluster{}
				byRoot[r] = c
				a.g.Clusters = append(a.g.Clusters, c)
			}
			c.Sites = append(c.Sites, s)
			if n := len(c.Files); n == 0 || c.Files[n-1] != f {
				c.Files = append(c.Files, f)
			}
		}
	}
	for _, k := range a.boundKeys() {
		bs := a.bound[k]
		if c := byRoot[a.uf.find(k)]; c != nil {
			c.Boundaries = append(c.Boundaries, bs...)
		}
	}
	for _, c := range a.g.Clusters {
		for _, f := range c.Files {
			first := c.firstIn(f)
			switch {
			case f.Broken != "":
				c.Boundaries = append(c.Boundaries, Boundary{Kind: Broken, Pos: first.Pos, Text: "its package does not compile: " + f.Broken, Help: "make the package compile and run again"})
			case f.Generated:
				c.Boundaries = append(c.Boundaries, Boundary{Kind: Generated, Pos: first.Pos, Text: "the file is generated and is not edited", Help: "change its generator"})
			}
			if f.Cgo {
				c.Boundaries = append(c.Boundaries, Boundary{Kind: Cgo, Pos: first.Pos, Text: "the file uses cgo and is not edited", Help: "move what uses the connection into a file without cgo"})
			}
		}
		sort.SliceStable(c.Boundaries, func(i, j int) bool { return lessPos(c.Boundaries[i].Pos, c.Boundaries[j].Pos) })
		c.Boundaries = slices.CompactFunc(c.Boundaries, func(x, y Boundary) bool {
			return x.Kind == y.Kind && x.Src == y.Src && x.Text == y.Text && x.Pos.Filename == y.Pos.Filename && x.Pos.Line == y.Pos.Line
		})
	}
}

// boundKeys returns the keys with boundaries, in a fixed order.
func (a *analysis) boundKeys() []key {
	return slices.SortedFunc(maps.Keys(a.bound), func(x, y key) int {
		return cmp.Or(strings.Compare(x.file, y.file), cmp.Compare(x.off, y.off), cmp.Compare(x.kind, y.kind))
	})
}

func (c *Cluster) firstIn(f *File) *Site {
	for _, s := range c.Sites {
		if s.File == f {
			return s
		}
	}
	return nil
}

func lessPos(p, q token.Position) bool {
	if p.Filename != q.Filename {
		return p.Filename < q.Filename
	}
	return p.Offset < q.Offset
}

// position returns where pos stands in the user's files.
func (a *analysis) position(pos token.Pos) token.Position {
	if f := a.fset.File(pos); f != nil && a.cgo[f.Name()] {
		return a.fset.PositionFor(pos, true)
	}
	return a.fset.PositionFor(pos, false)
}

func (a *analysis) boundary(k key, kind string, pos token.Pos, text, help string) {
	a.bind(k, pos, Boundary{Kind: kind, Text: text, Help: help})
}

// bind records the boundary b, at pos, at the key k.
func (a *analysis) bind(k key, pos token.Pos, b Boundary) {
	b.Pos, b.At = a.position(pos), pos
	for _, o := range a.bound[k] {
		if o.Kind == b.Kind && o.Text == b.Text && o.Src == b.Src && o.Call == b.Call && (b.Src == nil && b.Call == nil || o.Pos == b.Pos) {
			return
		}
	}
	a.bound[k] = append(a.bound[k], b)
}
