package source

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
)

// A pruner reduces the files of a package to what its importers can see.
type pruner struct {
	files []*ast.File
	// name returns the name that an import path is used by where the
	// import gives none, or "" if that is not known.
	name func(path string) string
	// keep reports whether an import stays although nothing uses it.
	keep func(path string) bool

	items   map[string][]*item // package-level declarations by name
	methods map[string][]*item // by the name of the receiver's type
	queue   []*item
	// imports holds the import declarations of each file by the name they
	// are used by.
	imports []map[string]*ast.ImportSpec
}

// An item is a declaration that stays or goes as a whole.
type item struct {
	file int
	decl ast.Decl // a function, or a group of constants
	tok  token.Token
	spec ast.Spec // a type, or a variable of a group
	kept bool
}

// prune returns the files with what is left of them.
func (p *pruner) prune() []*ast.File {
	p.items, p.methods = make(map[string][]*item), make(map[string][]*item)
	var exported []*item
	declare := func(it *item, names ...*ast.Ident) {
		out := false
		for _, id := range names {
			p.items[id.Name] = append(p.items[id.Name], it)
			out = out || id.IsExported()
		}
		if out {
			exported = append(exported, it)
		}
	}
	var order []*item
	add := func(it *item) *item { order = append(order, it); return it }
	for i, f := range p.files {
		p.imports = append(p.imports, p.importsOf(f))
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				it := add(&item{file: i, decl: d})
				if d.Recv == nil {
					declare(it, d.Name)
				} else if name := receiver(d); name != "" {
					p.methods[name] = append(p.methods[name], it)
				}
			case *ast.GenDecl:
				switch d.Tok {
				case token.CONST:
					// A constant can repeat the one before it.
					var names []*ast.Ident
					for _, s := range d.Specs {
						names = append(names, s.(*ast.ValueSpec).Names...)
					}
					declare(add(&item{file: i, decl: d}), names...)
				case token.VAR:
					for _, s := range d.Specs {
						EmptyValues(s.(*ast.ValueSpec))
						declare(add(&item{file: i, tok: d.Tok, spec: s}), s.(*ast.ValueSpec).Names...)
					}
				case token.TYPE:
					for _, s := range d.Specs {
						declare(add(&item{file: i, tok: d.Tok, spec: s}), s.(*ast.TypeSpec).Name)
					}
				}
			}
		}
	}
	for _, it := range exported {
		p.want(it)
	}
	used := make([]map[*ast.ImportSpec]bool, len(p.files))
	for i := range used {
		used[i] = make(map[*ast.ImportSpec]bool)
	}
	for len(p.queue) > 0 {
		it := p.queue[len(p.queue)-1]
		p.queue = p.queue[:len(p.queue)-1]
		p.follow(it, used[it.file])
	}
	return p.rebuild(order, used)
}

func (p *pruner) want(it *item) {
	if !it.kept {
		it.kept = true
		p.queue = append(p.queue, it)
	}
}

// follow wants what the declaration mentions.
func (p *pruner) follow(it *item, used map[*ast.ImportSpec]bool) {
	var visit func(n ast.Node) bool
	visit = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field: // not its names, which hide nothing here
			if n.Type != nil {
				ast.Inspect(n.Type, visit)
			}
			return false
		case *ast.SelectorExpr:
			ast.Inspect(n.X, visit)
			return false
		case *ast.BlockStmt:
			return false
		case *ast.Ident:
			if spec := p.imports[it.file][n.Name]; spec != nil {
				used[spec] = true
			}
			for _, other := range p.items[n.Name] {
				p.want(other)
			}
		}
		return true
	}
	switch {
	case it.spec == nil:
		if fn, ok := it.decl.(*ast.FuncDecl); ok {
			if fn.Recv != nil {
				ast.Inspect(fn.Recv, visit)
			}
			ast.Inspect(fn.Type, visit)
			return
		}
		ast.Inspect(it.decl, visit)
	default:
		if t, ok := it.spec.(*ast.TypeSpec); ok {
			for _, m := range p.methods[t.Name.Name] {
				p.want(m)
			}
			p.hide(t, p.imports[it.file])
		}
		ast.Inspect(it.spec, visit)
	}
}

// hide replaces the types of fields that importers cannot see, where they need
// another package and tell by themselves whether they can be compared: that is
// all that is left to be seen of them.
func (p *pruner) hide(t *ast.TypeSpec, imports map[string]*ast.ImportSpec) {
	st, ok := t.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, f := range st.Fields.List {
		if len(f.Names) == 0 || slices.ContainsFunc(f.Names, (*ast.Ident).IsExported) {
			continue
		}
		pos := f.Type.Pos()
		empty := &ast.StructType{Struct: pos, Fields: &ast.FieldList{Opening: pos, Closing: pos}}
		var instead ast.Expr
		switch x := f.Type.(type) {
		case *ast.StarExpr, *ast.ChanType:
			instead = &ast.StarExpr{Star: pos, X: empty}
		case *ast.MapType, *ast.FuncType:
			instead = &ast.ArrayType{Lbrack: pos, Elt: empty}
		case *ast.ArrayType:
			if x.Len == nil {
				instead = &ast.ArrayType{Lbrack: pos, Elt: empty}
			}
		}
		if instead != nil && usesImport(f.Type, imports) {
			f.Type = instead
		}
	}
}

func usesImport(x ast.Expr, imports map[string]*ast.ImportSpec) bool {
	found := false
	ast.Inspect(x, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			id, ok := sel.X.(*ast.Ident)
			found = found || ok && imports[id.Name] != nil
		}
		return !found
	})
	return found
}

// importsOf returns the imports of a file by the name they are used by.
func (p *pruner) importsOf(f *ast.File) map[string]*ast.ImportSpec {
	out := make(map[string]*ast.ImportSpec, len(f.Imports))
	for _, spec := range f.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		name := ""
		if spec.Name != nil {
			name = spec.Name.Name
		} else {
			name = p.name(path)
		}
		if name != "" && name != "_" && name != "." {
			out[name] = spec
		}
	}
	return out
}

// rebuild returns the files with what was wanted.
func (p *pruner) rebuild(order []*item, used []map[*ast.ImportSpec]bool) []*ast.File {
	decls := make([][]ast.Decl, len(p.files))
	for _, it := range order {
		if !it.kept {
			continue
		}
		d := it.decl
		if it.spec != nil {
			d = &ast.GenDecl{Tok: it.tok, TokPos: it.spec.Pos(), Specs: []ast.Spec{it.spec}}
		}
		decls[it.file] = append(decls[it.file], d)
	}
	var out []*ast.File
	for i, f := range p.files {
		if len(decls[i]) == 0 && i > 0 {
			continue
		}
		g := &ast.File{Package: f.Package, Name: f.Name, FileStart: f.FileStart, FileEnd: f.FileEnd}
		for _, spec := range f.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				continue
			}
			named := spec.Name != nil || p.name(path) != ""
			if !used[i][spec] && named && !(spec.Name != nil && spec.Name.Name == ".") && !p.keep(path) {
				continue
			}
			g.Imports = append(g.Imports, spec)
			g.Decls = append(g.Decls, &ast.GenDecl{Tok: token.IMPORT, TokPos: spec.Pos(), Specs: []ast.Spec{spec}})
		}
		g.Decls = append(g.Decls, decls[i]...)
		out = append(out, g)
	}
	return out
}

// receiver returns the name of the type that a method belongs to, or "".
func receiver(fn *ast.FuncDecl) string {
	if len(fn.Recv.List) == 0 {
		return ""
	}
	x := fn.Recv.List[0].Type
	for {
		switch t := x.(type) {
		case *ast.StarExpr:
			x = t.X
		case *ast.ParenExpr:
			x = t.X
		case *ast.IndexExpr:
			x = t.X
		case *ast.IndexListExpr:
			x = t.X
		case *ast.Ident:
			return t.Name
		default:
			return ""
		}
	}
}

// EmptyValues drops the values of variables as far as their types don't depend
// on them.
func EmptyValues(v *ast.ValueSpec) {
	if v.Type != nil {
		v.Values = nil
		return
	}
	for _, x := range v.Values {
		if u, ok := x.(*ast.UnaryExpr); ok && u.Op == token.AND {
			x = u.X
		}
		switch x := x.(type) {
		case *ast.FuncLit:
			x.Body = EmptyBody(x.Body)
		case *ast.CompositeLit:
			if a, ok := x.Type.(*ast.ArrayType); ok {
				if _, counts := a.Len.(*ast.Ellipsis); counts {
					continue
				}
			}
			x.Elts = nil
		}
	}
}

// EmptyBody returns a body for a function whose body does not matter. An
// endless loop needs no return statement behind it.
func EmptyBody(b *ast.BlockStmt) *ast.BlockStmt {
	loop := &ast.ForStmt{For: b.Lbrace, Body: &ast.BlockStmt{Lbrace: b.Lbrace, Rbrace: b.Rbrace}}
	return &ast.BlockStmt{Lbrace: b.Lbrace, List: []ast.Stmt{loop}, Rbrace: b.Rbrace}
}
