package rewrite

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/load"
)

// settle assembles the changes, verifies them, and demotes the clusters that
// fail until the rest type-checks. Every round demotes at least one cluster,
// and each can be demoted twice, so it ends.
func (pl *planner) settle(ctx context.Context) ([]FileChange, error) {
	rounds := 2*len(pl.items) + 1
	for round := 0; ; round++ {
		pl.progress("verifying", round, rounds)
		changes, bad, err := pl.assembleAll(ctx)
		if err != nil {
			return nil, err
		}
		if bad != nil {
			if err := pl.demote(bad.items, bad.text); err != nil {
				return nil, err
			}
			continue
		}
		if len(changes) == 0 {
			return nil, nil
		}
		faults, err := pl.verify(ctx, changes)
		if err != nil {
			return nil, err
		}
		if len(faults) == 0 {
			pl.progress("verifying", rounds, rounds)
			return changes, nil
		}
		if err := pl.blame(faults, changes); err != nil {
			return nil, err
		}
	}
}

// A failure is a file that could not be edited, with the clusters that
// wanted to.
type failure struct {
	items []*item
	text  string
}

// assembleAll returns the changes of all files.
func (pl *planner) assembleAll(ctx context.Context) ([]FileChange, *failure, error) {
	var changes []FileChange
	goFiles := map[string][]byte{}
	files := slices.Collect(maps.Keys(pl.byFile))
	for f := range pl.extraFiles() {
		if _, ok := pl.byFile[f]; !ok {
			files = append(files, f)
		}
	}
	sort.Slice(files, func(i, j int) bool { return files[i].Path < files[j].Path })
	for _, f := range files {
		out, err := pl.assemble(f)
		if err != nil {
			return nil, &failure{pl.culprits(f), err.Error()}, nil
		}
		if out == nil || string(out) == string(f.Src) {
			continue
		}
		goFiles[f.Path] = out
		changes = append(changes, FileChange{Path: f.Path, Old: f.Src, New: out})
	}
	generated, err := pl.generated(goFiles)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range generated {
		goFiles[c.Path] = overlayBytes(c)
	}
	changes = append(changes, generated...)
	mods, err := pl.modChanges(ctx, goFiles)
	if err != nil {
		return nil, nil, err
	}
	return append(changes, mods...), nil, nil
}

// culprits returns the clusters whose edits of f fail by themselves, or all
// that convert it if none does.
func (pl *planner) culprits(f *flow.File) []*item {
	var all, out []*item
	for _, it := range pl.byFile[f] {
		if it.outcome == Native || it.outcome == Helpers {
			all = append(all, it)
		}
	}
	for _, it := range all {
		saved := pl.byFile[f]
		pl.byFile[f] = []*item{it}
		if _, err := pl.assemble(f); err != nil {
			out = append(out, it)
		}
		pl.byFile[f] = saved
	}
	if len(out) == 0 {
		return all
	}
	return out
}

// extraFiles returns files that units edit although they hold no site.
func (pl *planner) extraFiles() map[*flow.File]bool {
	out := map[*flow.File]bool{}
	for _, it := range pl.items {
		if it.selected && (it.outcome == Native || it.outcome == Helpers) {
			for _, e := range it.unit.Files() {
				out[e.File] = true
			}
		}
	}
	return out
}

// A fault is an error that the overlay has and the tree had not.
type fault struct {
	file string // absolute, or "" if unknown
	line int    // in the changed file
	text string
}

// splitPos takes file:line:col apart. The file is "" unless it is absolute.
func splitPos(pos string) (string, int) {
	i := strings.LastIndexByte(pos, ':')
	if i < 0 {
		return "", 0
	}
	pos = pos[:i]
	if i = strings.LastIndexByte(pos, ':'); i < 0 {
		return "", 0
	}
	line, err := strconv.Atoi(pos[i+1:])
	if err != nil || !filepath.IsAbs(pos[:i]) {
		return "", 0
	}
	return pos[:i], line
}

// verify loads the tree with the changes as an overlay and compares it with
// the baseline: the same packages, none with an error that had none.
func (pl *planner) verify(ctx context.Context, changes []FileChange) ([]fault, error) {
	overlay := map[string][]byte{}
	for _, c := range changes {
		overlay[c.Path] = overlayBytes(c)
	}
	tree := pl.prog.tree
	views, fset, err := tree.Verify(ctx, overlay)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, refuse(listHelp(err.Error()), "the go command cannot load the rewritten tree: %s", err)
	}
	var faults []fault
	for i, v := range views {
		faults = append(faults, compare(tree, tree.Views[i], v)...)
	}
	if len(faults) == 0 {
		faults = pl.vet(views, fset, changes)
	}
	return faults, nil
}

// overlayBytes returns what stands for the change in an overlay, which cannot
// delete a file.
func overlayBytes(c FileChange) []byte {
	if c.Deleted {
		return []byte("package main\n")
	}
	return c.New
}

// compare returns what is wrong with a view that was not before.
func compare(tree *load.Tree, old, now *load.View) []fault {
	var out []fault
	byID := map[string]*packages.Package{}
	for _, p := range now.Packages {
		byID[p.ID] = p
	}
	for _, p := range old.Packages {
		if tree.Broken[p.ID] != "" {
			continue
		}
		n := byID[p.ID]
		if n == nil {
			out = append(out, fault{text: fmt.Sprintf("package %s is gone from the rewritten tree (%s)", p.ID, old.Build)})
			continue
		}
		if len(n.CompiledGoFiles) < len(p.CompiledGoFiles) {
			out = append(out, fault{text: fmt.Sprintf("package %s lost files in the rewritten tree (%s)", p.ID, old.Build)})
		}
		for _, e := range n.Errors {
			file, line := splitPos(e.Pos)
			out = append(out, fault{file, line, e.Error()})
		}
		if n.IllTyped && len(n.Errors) == 0 {
			out = append(out, fault{text: "package " + n.ID + " imports one that does not type-check"})
		}
	}
	return out
}

// blame demotes the clusters behind the faults: those of the declaration that
// an error lies in, else of its file, else of its folder, else all that were
// converted.
func (pl *planner) blame(faults []fault, changes []FileChange) error {
	guilty := map[*item]string{}
	var located []fault
	for _, f := range faults {
		if f.file != "" {
			located = append(located, f)
		}
	}
	for _, f := range located {
		if pl.accuseDecl(guilty, f, changes) {
			continue
		}
		same := func(path string) bool { return path == f.file }
		if !pl.accuse(guilty, f, same) {
			pl.accuse(guilty, f, func(path string) bool { return filepath.Dir(path) == filepath.Dir(f.file) })
		}
	}
	if len(guilty) == 0 {
		pl.accuse(guilty, faults[0], func(string) bool { return true })
	}
	if len(guilty) == 0 {
		return &VerifyError{Errors: texts(faults)}
	}
	for it, text := range guilty {
		if err := pl.demote([]*item{it}, text); err != nil {
			return err
		}
	}
	return nil
}

func texts(faults []fault) []string {
	var out []string
	for _, f := range faults {
		out = append(out, f.text)
	}
	return out
}

// accuseDecl adds the converted clusters with a site in the declaration that
// the fault lies in.
func (pl *planner) accuseDecl(guilty map[*item]string, f fault, changes []FileChange) bool {
	var file *flow.File
	for g := range pl.byFile {
		if g.Path == f.file {
			file = g
		}
	}
	i := slices.IndexFunc(changes, func(c FileChange) bool { return c.Path == f.file })
	if file == nil || i < 0 {
		return false
	}
	name := declAt(changes[i].New, f.line)
	if name == "" {
		return false
	}
	found := false
	for _, d := range file.Syntax.Decls {
		if declName(d) != name {
			continue
		}
		for _, it := range pl.byFile[file] {
			if it.outcome != Native && it.outcome != Helpers {
				continue
			}
			for _, s := range it.c.Sites {
				if s.File == file && d.Pos() <= s.Ident.Pos() && s.Ident.Pos() < d.End() {
					if guilty[it] == "" {
						guilty[it] = f.text
					}
					found = true
					break
				}
			}
		}
	}
	return found
}

// declAt names the declaration at a line of a file, or "".
func declAt(src []byte, line int) string {
	fset := token.NewFileSet()
	f, _ := parser.ParseFile(fset, "", src, parser.SkipObjectResolution)
	if f == nil {
		return ""
	}
	for _, d := range f.Decls {
		if fset.Position(d.Pos()).Line <= line && line <= fset.Position(d.End()).Line {
			return declName(d)
		}
	}
	return ""
}

// declName returns a name that tells a declaration of a file from the others.
func declName(d ast.Decl) string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		name := "func " + d.Name.Name
		if d.Recv != nil && len(d.Recv.List) == 1 {
			name += " " + types.ExprString(d.Recv.List[0].Type)
		}
		return name
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				return "type " + s.Name.Name
			case *ast.ValueSpec:
				return "var " + s.Names[0].Name
			}
		}
	}
	return ""
}

// accuse adds the changed clusters with a file that in accepts. Converted ones
// are suspected before those on the shim.
func (pl *planner) accuse(guilty map[*item]string, f fault, in func(path string) bool) bool {
	found := false
	for _, converted := range []bool{true, false} {
		for _, it := range pl.items {
			if !it.selected || it.outcome == Pinned || converted != (it.outcome != Shim) {
				continue
			}
			for _, file := range it.c.Files {
				if in(file.Path) {
					if guilty[it] == "" {
						guilty[it] = f.text
					}
					found = true
					break
				}
			}
		}
		if found {
			return true
		}
	}
	return false
}

// demote lowers the outcome of the items.
func (pl *planner) demote(items []*item, text string) error {
	moved := false
	for _, it := range items {
		switch it.outcome {
		case Native, Helpers:
			it.outcome = Shim
		case Shim:
			it.outcome = Pinned
		default:
			continue
		}
		moved = true
		it.notes = nil
		it.diag = text
		it.reasons = append(it.reasons, Reason{
			Pos: it.c.Sites[0].Pos, Rule: "verify",
			Text: "the converted code does not pass verification: " + text,
			Help: "please report this with the code around it",
		})
	}
	if !moved {
		return &VerifyError{Errors: []string{text}}
	}
	return nil
}
