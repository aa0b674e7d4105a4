package rewrite

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/edit"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/imports"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
	"github.com/wsmigrate/wsmigrate/rewrite/rules"
)

// destination returns the import path that a site's package has afterwards.
func (pl *planner) destination(it *item, s *flow.Site) string {
	switch it.outcome {
	case Native, Helpers:
		if s.Path == wsapi.TargetNhooyr.Path+"/wsjson" {
			return pl.opts.Target.Path + "/wsjson"
		}
		return pl.opts.Target.Path
	case Shim:
		if s.Path == wsapi.GorillaPath && pl.canShim() {
			return wsapi.CompatPath
		}
	}
	return s.Path
}

// assemble returns the new bytes of f, or nil if nothing changes.
func (pl *planner) assemble(f *flow.File) ([]byte, error) {
	buf := edit.NewBuffer(f.Src)
	var moved [][2]int
	for _, it := range pl.byFile[f] {
		if it.outcome == Native || it.outcome == Helpers {
			moved = append(moved, it.unit.Edits(f).Moved...)
		}
	}
	for _, g := range f.Syntax.Comments {
		for _, c := range g.List {
			start, end := f.Offset(c.Pos()), f.CommentEnd(c)
			if !slices.ContainsFunc(moved, func(m [2]int) bool { return m[0] <= start && end <= m[1] }) {
				buf.Comment(start, end)
			}
		}
	}
	var add []imports.Spec
	names := map[string]string{
		wsapi.GorillaPath: "websocket", wsapi.CompatPath: "websocket",
		wsapi.TargetNhooyr.Path: "websocket", wsapi.TargetCoder.Path: "websocket",
	}
	for _, imp := range f.Syntax.Imports {
		if pn := f.Pkg.TypesInfo.PkgNameOf(imp); pn != nil {
			names[pn.Imported().Path()] = pn.Imported().Name()
		}
	}
	decls := map[string]unit.SharedDecl{}
	for _, it := range pl.byFile[f] {
		if it.outcome != Native && it.outcome != Helpers {
			continue
		}
		for _, e := range it.unit.Files() {
			if e.File != f {
				continue
			}
			maps.Copy(decls, e.Decls)
			for _, op := range e.Ops {
				buf.Replace(op.Start, op.End, op.Parts...)
			}
			for path, name := range e.Imports {
				base := names[path]
				if base == "" {
					base = filepath.Base(path)
				}
				add = append(add, imports.Spec{Path: path, Name: name, Base: base})
			}
		}
	}
	add = append(add, pl.inlineHelpers(f, buf)...)
	for _, name := range slices.Sorted(maps.Keys(decls)) {
		buf.Insert(decls[name].Offset, decls[name].Source)
	}
	add = append(add, pl.moveImports(f, buf)...)
	if buf.Len() == 0 && len(add) == 0 {
		return nil, nil
	}
	out, err := buf.Bytes()
	if err != nil {
		return nil, fmt.Errorf("edit %s: %w", f.Path, err)
	}
	return finish(f.Src, out, add, names)
}

// inlineHelpers puts the helpers of a file that is built alone, by its name,
// at its end: a file beside it would be no part of the program.
func (pl *planner) inlineHelpers(f *flow.File, buf *edit.Buffer) []imports.Spec {
	if f.View.Build.File == "" {
		return nil
	}
	names := map[string]bool{}
	for _, it := range pl.byFile[f] {
		if it.outcome != Helpers {
			continue
		}
		for _, e := range it.unit.Files() {
			if e.File == f {
				for _, h := range e.Helpers {
					names[h] = true
				}
			}
		}
	}
	var add []imports.Spec
	for _, h := range rules.Helpers() {
		if !names[h.Name] || f.Pkg.Types.Scope().Lookup(h.Name) != nil {
			continue
		}
		buf.Insert(len(f.Src), "\n"+pl.helperText(h, f.Path)+"\n")
		for _, path := range h.Imports {
			if !strings.HasPrefix(path, "TARGET") {
				add = append(add, imports.Spec{Path: path, Name: filepath.Base(path), Base: filepath.Base(path)})
			}
		}
	}
	return add
}

// moveImports plans the new paths of the file's imports of source libraries.
// Where the sites of one import go different ways, the converted ones keep its
// name and the others are renamed to an alias.
func (pl *planner) moveImports(f *flow.File, buf *edit.Buffer) []imports.Spec {
	var add []imports.Spec
	for _, spec := range f.Syntax.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		if !pl.isSource(path) {
			continue
		}
		if spec.Name != nil && spec.Name.Name == "_" {
			continue
		}
		if spec.Name != nil && spec.Name.Name == "." {
			add = append(add, pl.moveDotImport(f, buf, spec, path)...)
			continue
		}
		by := map[string][]*flow.Site{} // destination -> sites
		native := ""
		for _, s := range f.Sites {
			if s.Path != path {
				continue
			}
			dst := path
			if owner := pl.owner[s]; owner != nil && owner.selected {
				dst = pl.destination(owner, s)
				if owner.outcome == Native || owner.outcome == Helpers {
					native = dst
				}
			}
			by[dst] = append(by[dst], s)
		}
		keep := path
		switch {
		case native != "":
			keep = native
		case len(by[wsapi.CompatPath]) > 0:
			keep = wsapi.CompatPath
		}
		if keep != path {
			buf.Replace(f.Offset(spec.Path.Pos()), f.Offset(spec.Path.End()), edit.Text(strconv.Quote(keep)))
		}
		for _, dst := range []string{wsapi.CompatPath, wsapi.GorillaPath} {
			sites := qualified(by[dst])
			if dst == keep || len(sites) == 0 {
				continue
			}
			alias := freeName(f, map[string]string{wsapi.CompatPath: "compat", wsapi.GorillaPath: "gorilla"}[dst])
			add = append(add, imports.Spec{Path: dst, Name: alias, Base: "websocket"})
			for _, s := range sites {
				x := unit.Qualified(s).(*ast.SelectorExpr).X
				buf.Replace(f.Offset(x.Pos()), f.Offset(x.End()), edit.Text(alias))
			}
		}
	}
	return add
}

// moveDotImport plans the new path of a dot import. What is converted is
// qualified from then on; a dot is left only for what is not.
func (pl *planner) moveDotImport(f *flow.File, buf *edit.Buffer, spec *ast.ImportSpec, path string) []imports.Spec {
	var add []imports.Spec
	left := map[string][]*flow.Site{} // by destination: what is not converted
	for _, s := range f.Sites {
		if s.Path != path || s.Obj.Parent() != s.Obj.Pkg().Scope() {
			continue
		}
		it := pl.owner[s]
		if it == nil || !it.selected {
			left[path] = append(left[path], s)
			continue
		}
		dst := pl.destination(it, s)
		if it.outcome != Native && it.outcome != Helpers {
			left[dst] = append(left[dst], s)
			continue
		}
		name := it.unit.Lib(f)
		add = append(add, imports.Spec{Path: dst, Name: name, Base: "websocket"})
		start, end := f.Offset(s.Ident.Pos()), f.Offset(s.Ident.End())
		edited := slices.ContainsFunc(it.unit.Edits(f).Ops, func(op unit.Op) bool { return op.Start == start && op.End == end })
		if !edited {
			buf.Replace(start, end, edit.Text(name+"."+s.Ident.Name))
		}
	}
	keep := path
	switch {
	case len(left[wsapi.CompatPath]) > 0:
		keep = wsapi.CompatPath
		if len(left[path]) > 0 && path != keep {
			alias := freeName(f, "gorilla")
			add = append(add, imports.Spec{Path: path, Name: alias, Base: "websocket"})
			for _, s := range left[path] {
				buf.Insert(f.Offset(s.Ident.Pos()), alias+".")
			}
		}
	case len(left) == 0 && len(add) > 0:
		dot, end := f.Offset(spec.Name.Pos()), f.Offset(spec.Name.End())
		if add[0].Name != add[0].Base {
			buf.Replace(dot, end, edit.Text(add[0].Name))
		} else {
			for f.Src[end] == ' ' || f.Src[end] == '\t' {
				end++
			}
			buf.Replace(dot, end)
		}
		keep, add = add[0].Path, add[1:]
	}
	if keep != path {
		buf.Replace(f.Offset(spec.Path.Pos()), f.Offset(spec.Path.End()), edit.Text(strconv.Quote(keep)))
	}
	return add
}

// qualified returns the sites that are written with the package's name.
func qualified(sites []*flow.Site) []*flow.Site {
	var out []*flow.Site
	for _, s := range sites {
		sel, ok := unit.Qualified(s).(*ast.SelectorExpr)
		if ok && s.File.Pkg.TypesInfo.Selections[sel] == nil {
			out = append(out, s)
		}
	}
	return out
}

// freeName returns a name like base that the file does not use.
func freeName(f *flow.File, base string) string {
	used := map[string]bool{}
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			used[id.Name] = true
		}
		return true
	})
	name := base
	for i := 2; used[name] || f.Pkg.Types.Scope().Lookup(name) != nil; i++ {
		name = base + strconv.Itoa(i)
	}
	return name
}

var bom = []byte("\xef\xbb\xbf")

// finish settles the imports of an edited file and formats it as far as the
// original was: gofmt-clean files stay so, others keep their layout. Line
// ends and a byte order mark stay as they were.
func finish(old, edited []byte, add []imports.Spec, names map[string]string) ([]byte, error) {
	hasBOM := bytes.HasPrefix(old, bom)
	old, edited = bytes.TrimPrefix(old, bom), bytes.TrimPrefix(edited, bom)
	crlf := bytes.Contains(old, []byte("\r\n")) && bytes.Count(old, []byte("\r\n")) == bytes.Count(old, []byte("\n"))
	if crlf {
		old, edited = toLF(old), toLF(edited)
	}
	out, err := imports.Tidy(edited, add, names)
	if err != nil {
		return nil, err
	}
	if f, err := format.Source(old); err == nil && bytes.Equal(f, old) {
		if out, err = format.Source(out); err != nil {
			return nil, err
		}
	}
	if crlf {
		out = bytes.ReplaceAll(out, []byte("\n"), []byte("\r\n"))
	}
	if hasBOM {
		out = append(bytes.Clone(bom), out...)
	}
	return out, nil
}

func toLF(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) }
