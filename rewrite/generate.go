package rewrite

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/gomod"
	"github.com/wsmigrate/wsmigrate/rewrite/rules"
)

const (
	helpersFile     = "zz_wsmigrate_helpers.go"
	helpersTestFile = "zz_wsmigrate_helpers_test.go"
	engineFile      = "wsmigrate_engine.go"
)

// generated returns the files that the plan creates or extends: helpers, and
// the engine's blank import.
func (pl *planner) generated(changed map[string][]byte) ([]FileChange, error) {
	type want struct {
		pkg   string
		scope *types.Scope
		names map[string]bool
	}
	files := map[string]*want{}
	for _, it := range pl.items {
		if !it.selected || it.outcome != Helpers {
			continue
		}
		for _, e := range it.unit.Files() {
			if len(e.Helpers) == 0 || e.File.View.Build.File != "" {
				continue // none, or at the end of the file itself
			}
			name := helpersFile
			if strings.HasSuffix(e.File.Path, "_test.go") {
				name = helpersTestFile
				if strings.HasSuffix(e.File.Syntax.Name.Name, "_test") {
					name = "zz_wsmigrate_helpers_x_test.go"
				}
			}
			path := filepath.Join(filepath.Dir(e.File.Path), name)
			w := files[path]
			if w == nil {
				w = &want{pkg: e.File.Syntax.Name.Name, scope: e.File.Pkg.Types.Scope(), names: map[string]bool{}}
				files[path] = w
			}
			for _, h := range e.Helpers {
				w.names[h] = true
			}
		}
	}
	// A test file of the same package uses the package's helpers.
	for path, w := range files {
		if filepath.Base(path) != helpersTestFile {
			continue
		}
		main := filepath.Join(filepath.Dir(path), helpersFile)
		if m := files[main]; m != nil {
			for n := range m.names {
				delete(w.names, n)
			}
		}
		for _, n := range declared(main) {
			delete(w.names, n)
		}
	}
	var out []FileChange
	for path, w := range files {
		old, err := os.ReadFile(path)
		if err != nil {
			old = nil
		}
		for _, n := range declared(path) {
			w.names[n] = true
		}
		if len(w.names) == 0 {
			continue
		}
		src, err := pl.helperSource(path, w.pkg, w.scope, w.names)
		if err != nil {
			return nil, err
		}
		if bytes.Equal(src, old) {
			continue
		}
		out = append(out, FileChange{Path: path, Old: old, New: src, Created: old == nil})
	}
	engine, err := pl.engineFiles(changed)
	if err != nil {
		return nil, err
	}
	out = append(out, engine...)
	out = append(out, pl.idleEngines(changed)...)
	sort.Slice(out, func(i, j int) bool { return out[i].Path < out[j].Path })
	return out, nil
}

// declared returns the functions, methods, constants and types of an existing
// helpers file.
func declared(path string) []string {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	var out []string
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			out = append(out, receiverName(d)+d.Name.Name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.ValueSpec:
					for _, id := range spec.Names {
						out = append(out, id.Name)
					}
				case *ast.TypeSpec:
					out = append(out, spec.Name.Name)
				}
			}
		}
	}
	return out
}

// receiverName returns the name of a method's receiver type and a dot, or
// nothing for functions.
func receiverName(fd *ast.FuncDecl) string {
	if fd.Recv == nil {
		return ""
	}
	t := fd.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	id, ok := t.(*ast.Ident)
	if !ok {
		return ""
	}
	return id.Name + "."
}

// helperText returns a helper in the version of the language that holds for
// the file at path.
func (pl *planner) helperText(h rules.Helper, path string) string {
	src := strings.TrimSpace(h.Source)
	if gomod.Compare(pl.goVersion(path), "1.18") < 0 {
		src = strings.ReplaceAll(src, " any)", " interface{})")
		src = strings.ReplaceAll(src, "[C ~int](err error, codes ...C)", "(err error, codes ...websocket.StatusCode)")
		src = strings.ReplaceAll(src, "websocket.StatusCode(code)", "code")
	}
	return src
}

func (pl *planner) helperSource(path, pkg string, scope *types.Scope, names map[string]bool) ([]byte, error) {
	imps := map[string]bool{}
	var bodies []string
	for _, h := range rules.Helpers() {
		if !names[h.Name] {
			continue
		}
		for _, i := range h.Imports {
			imps[strings.ReplaceAll(i, "TARGET", pl.opts.Target.Path)] = true
		}
		bodies = append(bodies, pl.helperText(h, path))
	}
	paths := make([]string, 0, len(imps))
	for p := range imps {
		paths = append(paths, p)
	}
	sort.Slice(paths, func(i, j int) bool {
		di, dj := strings.Contains(paths[i], "."), strings.Contains(paths[j], ".")
		if di != dj {
			return dj
		}
		return paths[i] < paths[j]
	})
	var b strings.Builder
	fmt.Fprintf(&b, "package %s\n\n", pkg)
	if len(paths) > 0 {
		b.WriteString("import (\n")
	}
	for i, p := range paths {
		if i > 0 && strings.Contains(p, ".") && !strings.Contains(paths[i-1], ".") {
			b.WriteString("\n")
		}
		b.WriteString("\t")
		// A declaration of the package may have the name of the import.
		if name := filepath.Base(p); scope.Lookup(name) != nil {
			alias := "std" + name
			if p == pl.opts.Target.Path {
				alias = pl.opts.Target.Name
			}
			b.WriteString(alias + " ")
			for i, body := range bodies {
				bodies[i] = regexp.MustCompile(`\b`+name+`\.`).ReplaceAllString(body, alias+".")
			}
		}
		b.WriteString(strconv.Quote(p) + "\n")
	}
	if len(paths) > 0 {
		b.WriteString(")\n\n")
	}
	b.WriteString(strings.Join(bodies, "\n\n") + "\n")
	return format.Source([]byte(b.String()))
}

// engineSource is the whole of the engine file, so that one that somebody has
// changed is left alone.
const engineSource = "package main\n\n// The WebSocket engine below compat is github.com/coder/websocket.\nimport _ \"" + coderEngine + "\"\n"

// idleEngines removes the engine files of modules in which nothing uses compat
// any more.
func (pl *planner) idleEngines(changed map[string][]byte) []FileChange {
	var out []FileChange
	for _, m := range pl.mods {
		var engines []string
		used := false
		for f, paths := range m.files {
			if filepath.Base(f) == engineFile {
				engines = append(engines, f)
				continue
			}
			if src, ok := changed[f]; ok {
				paths = importsOf(f, src)
			}
			used = used || slices.Contains(paths, wsapi.CompatPath)
		}
		for _, f := range engines {
			if old, err := os.ReadFile(f); err == nil && !used && string(old) == engineSource {
				out = append(out, FileChange{Path: f, Old: old, Deleted: true})
			}
		}
	}
	return out
}

// engineFiles returns, where compat shall run on coder, the blank import of
// the engine for each main package that reaches compat.
func (pl *planner) engineFiles(changed map[string][]byte) ([]FileChange, error) {
	if pl.opts.Target.Name != wsapi.TargetCoder.Name {
		return nil, nil
	}
	onShim := map[string]bool{} // folders
	for _, it := range pl.items {
		if !it.selected || it.outcome != Shim || !pl.canShim() {
			continue
		}
		for _, f := range it.c.Files {
			onShim[filepath.Dir(f.Path)] = true
		}
	}
	if len(onShim) == 0 {
		return nil, nil
	}
	var out []FileChange
	seen := map[string]bool{}
	for _, v := range pl.prog.tree.Views {
		if v.Build.File != "" {
			continue
		}
		for _, p := range v.Packages {
			if p.Name != "main" || p.ForTest != "" || len(p.GoFiles) == 0 || pl.prog.tree.Broken[p.ID] != "" {
				continue
			}
			dir := filepath.Dir(p.GoFiles[0])
			path := filepath.Join(dir, engineFile)
			if seen[dir] || !reachesDir(p, onShim) {
				continue
			}
			seen[dir] = true
			src := []byte(engineSource)
			old, err := os.ReadFile(path)
			if err == nil && bytes.Equal(old, src) {
				continue
			}
			if err != nil {
				old = nil
			}
			out = append(out, FileChange{Path: path, Old: old, New: src, Created: old == nil})
		}
	}
	return out, nil
}

// reachesDir reports whether p or a package that it imports lies in one of
// the folders.
func reachesDir(p *packages.Package, dirs map[string]bool) bool {
	found := false
	packages.Visit([]*packages.Package{p}, func(p *packages.Package) bool {
		if len(p.GoFiles) > 0 && dirs[filepath.Dir(p.GoFiles[0])] {
			found = true
		}
		return !found
	}, nil)
	return found
}
