package rewrite

import (
	"context"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/gomod"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/load"
)

// A moduleState is a main module's go.mod and go.sum.
type moduleState struct {
	Module
	old, oldSum []byte
	sumPath     string
	// files are the module's Go files that import a library, with the import
	// paths, as they are on disk.
	files map[string][]string
}

func (pl *planner) readModules() error {
	for _, m := range pl.prog.Modules {
		st := &moduleState{Module: m, sumPath: filepath.Join(m.Dir, "go.sum"), files: map[string][]string{}}
		var err error
		if st.old, err = os.ReadFile(m.GoMod); err != nil {
			return refuse("make the file readable", "cannot read %s", m.GoMod)
		}
		if st.oldSum, err = os.ReadFile(st.sumPath); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return refuse("make the file readable", "cannot read %s", st.sumPath)
		}
		st.scan()
		pl.mods = append(pl.mods, st)
	}
	return nil
}

// scan fills m.files.
func (m *moduleState) scan() {
	for _, path := range (load.Module{Dir: m.Dir}).GoFiles() {
		if paths := importsOf(path, nil); len(paths) > 0 {
			m.files[path] = paths
		}
	}
}

// importsOf returns the import paths of libraries, and of compat's other
// engine, in a file.
func importsOf(path string, src []byte) []string {
	var in any
	if src != nil {
		in = src
	}
	f, _ := parser.ParseFile(token.NewFileSet(), path, in, parser.ImportsOnly)
	if f == nil {
		return nil
	}
	var out []string
	for _, imp := range f.Imports {
		if p, err := strconv.Unquote(imp.Path.Value); err == nil && (wsapi.LibraryOf(p) != nil || p == coderEngine) {
			out = append(out, p)
		}
	}
	return out
}

// module returns the main module that holds the file.
func (pl *planner) module(file string) *moduleState {
	m := pl.prog.tree.ModuleOf(file)
	if m == nil {
		return nil
	}
	for _, st := range pl.mods {
		if st.Dir == m.Dir {
			return st
		}
	}
	return nil
}

// goVersion returns the go line that holds for the file once it imports the
// target.
func (pl *planner) goVersion(file string) string {
	m := pl.module(file)
	if m == nil {
		return ""
	}
	line := m.goLine()
	if cd := wsapi.TargetCoder; pl.opts.Target.Name == cd.Name && gomod.Compare(line, cd.GoVersion) < 0 {
		line = cd.GoVersion
	}
	return line
}

// modChanges returns the changes of go.mod and go.sum that the changed Go
// files ask for.
func (pl *planner) modChanges(ctx context.Context, changed map[string][]byte) ([]FileChange, error) {
	var out []FileChange
	pl.msgs = nil
	for _, m := range pl.mods {
		before, after, gained := map[string]bool{}, map[string]bool{}, map[string]bool{}
		for f, paths := range m.files {
			for _, p := range paths {
				before[modulePath(p)] = true
			}
			if _, ok := changed[f]; !ok {
				for _, p := range paths {
					after[modulePath(p)] = true
				}
			}
		}
		for f, src := range changed {
			if pl.module(f) != m {
				continue
			}
			for _, p := range importsOf(f, src) {
				after[modulePath(p)] = true
				if !slices.Contains(m.files[f], p) {
					gained[modulePath(p)] = true
				}
			}
		}
		cs, err := pl.modChange(ctx, m, before, after, gained)
		if err != nil {
			return nil, err
		}
		out = append(out, cs...)
	}
	return out, nil
}

const coderEngine = wsapi.CompatModule + "/coder"

// modulePath returns the module of a library's import path.
func modulePath(importPath string) string {
	if importPath == coderEngine {
		return coderEngine
	}
	if l := wsapi.LibraryOf(importPath); l != nil {
		return l.Module
	}
	return importPath
}

// modChange returns the changes of one module's go.mod and go.sum. before and
// after are the modules that its files import, gained those that a file
// imports which did not.
func (pl *planner) modChange(ctx context.Context, m *moduleState, before, after, gained map[string]bool) ([]FileChange, error) {
	var e gomod.Edit
	var sums []module.Version
	needGo := ""
	want := func(mod, version, goVersion string) {
		if !gained[mod] {
			return
		}
		if old := required(m.old, mod); old != "" && before[mod] {
			if semver.Compare(old, version) >= 0 {
				return
			}
			pl.msgs = append(pl.msgs, fmt.Sprintf("%s goes from %s to %s in the go.mod of %s", mod, old, version, m.Path))
		}
		v := module.Version{Path: mod, Version: version}
		e.Require = append(e.Require, v)
		sums = append(sums, v)
		if goVersion != "" && gomod.Compare(m.goLine(), goVersion) < 0 && (needGo == "" || gomod.Compare(needGo, goVersion) < 0) {
			needGo = goVersion
		}
	}
	nh, cd := wsapi.TargetNhooyr, wsapi.TargetCoder
	want(nh.Path, nh.Version, "")
	want(cd.Path, cd.Version, cd.GoVersion)
	if after[coderEngine] && gomod.Compare(m.goLine(), cd.GoVersion) < 0 {
		needGo = cd.GoVersion
	}
	goLine := m.goLine()
	if needGo != "" {
		goLine = needGo
	}
	if after[wsapi.CompatModule] && !before[wsapi.CompatModule] {
		pl.requireCompat(m, &e, &sums, after, goLine)
	}
	for _, mod := range []string{wsapi.GorillaModule, wsapi.CompatModule, nh.Path} {
		if !before[mod] || after[mod] {
			continue
		}
		if pl.neededIndirectly(mod, after) {
			e.MarkIndirect = append(e.MarkIndirect, mod)
			continue
		}
		e.Drop = append(e.Drop, mod)
		if mod == wsapi.CompatModule {
			e.Drop = append(e.Drop, coderEngine)
			if !after[nh.Path] {
				e.Drop = append(e.Drop, nh.Path)
			}
			if !after[cd.Path] && before[coderEngine] {
				e.Drop = append(e.Drop, cd.Path)
			}
		}
	}
	if needGo != "" {
		if err := pl.raiseGo(ctx, m, needGo); err != nil {
			return nil, err
		}
		e.Go = needGo
		if needsList(m.goLine(), needGo) {
			pl.listIndirect(m, &e)
		}
	}
	if e.Empty() {
		return nil, nil
	}
	var gone []string
	for _, mod := range e.Drop {
		// Another module of the graph may still ask for it without importing
		// it; then its go.sum lines are needed on.
		if !pl.prog.tree.RequiredByOthers(mod, e.Drop) {
			gone = append(gone, mod)
		}
	}
	// What only these, or the old version of another, asked for.
	other := slices.Clone(gone)
	for _, v := range e.Require {
		if old := required(m.old, v.Path); old != "" && old != v.Version {
			other = append(other, v.Path)
		}
	}
	if len(other) > 0 {
		e.Keep = pl.prog.tree.Orphans(other)
	}
	mod, err := gomod.Apply(m.old, e)
	if err != nil {
		return nil, fmt.Errorf("edit %s: %w", m.GoMod, err)
	}
	sum := gomod.DropSums(m.oldSum, gone...)
	sum, missing := gomod.AddSums(sum, sums...)
	for _, v := range missing {
		if v.Path == wsapi.CompatModule || v.Path == coderEngine {
			pl.msgs = append(pl.msgs, "go.sum has no line for "+v.String()+" yet: run `go mod download "+v.Path+"`")
		}
	}
	var out []FileChange
	if string(mod) != string(m.old) {
		out = append(out, FileChange{Path: m.GoMod, Old: m.old, New: mod})
		if gomod.GoLine(mod) == "" {
			pl.msgs = append(pl.msgs, "the go.mod of "+m.Path+" has no go line, which means go 1.16: `go mod tidy` would write the newest, under which loops and GODEBUG settings change; write `go 1.16` there before")
		}
		if pl.prog.tree.Vendored(m.Dir) {
			pl.msgs = append(pl.msgs, "the vendor folder of "+m.Path+" no longer agrees with its go.mod: run `go mod vendor`")
		}
	}
	if string(sum) != string(m.oldSum) {
		out = append(out, FileChange{Path: m.sumPath, Old: m.oldSum, New: sum, Created: m.oldSum == nil})
	}
	return out, nil
}

// required returns the version in which go.mod requires a module, or "".
func required(gomod []byte, path string) string {
	f, err := modfile.ParseLax("go.mod", gomod, nil)
	if err != nil {
		return ""
	}
	for _, r := range f.Require {
		if r.Mod.Path == path {
			return r.Mod.Version
		}
	}
	return ""
}

// knownGorilla is the version that the rules and compat follow.
const knownGorilla = "v1.5.3"

// otherVersions says which modules with a selected cluster use another gorilla
// than the rules know.
func (pl *planner) otherVersions() []string {
	var out []string
	for _, m := range pl.mods {
		v := required(m.old, wsapi.GorillaModule)
		if v == "" || v == knownGorilla || len(m.files) == 0 {
			continue
		}
		out = append(out, fmt.Sprintf("%s uses %s %s; the rules and compat follow %s", m.Path, wsapi.GorillaModule, v, knownGorilla))
	}
	return out
}

// requireCompat plans the requirement of compat and of its engine.
func (pl *planner) requireCompat(m *moduleState, e *gomod.Edit, sums *[]module.Version, after map[string]bool, goLine string) {
	version := pl.opts.CompatVersion
	if pl.opts.CompatDir != "" {
		version = versionIn(pl.opts.CompatDir)
		e.Replace = append(e.Replace, gomod.Replacement{Old: wsapi.CompatModule, New: pl.replacePath(m, pl.opts.CompatDir)})
	}
	mods := []string{wsapi.CompatModule}
	if after[coderEngine] {
		mods = append(mods, coderEngine)
		if pl.opts.CompatDir != "" {
			e.Replace = append(e.Replace, gomod.Replacement{Old: coderEngine, New: pl.replacePath(m, filepath.Join(pl.opts.CompatDir, "coder"))})
		}
	}
	for _, mod := range mods {
		v := module.Version{Path: mod, Version: version}
		e.Require = append(e.Require, v)
		if pl.opts.CompatDir == "" {
			*sums = append(*sums, v)
		}
	}
	engines := []wsapi.Target{wsapi.TargetNhooyr}
	if after[coderEngine] {
		engines = append(engines, wsapi.TargetCoder)
	}
	for _, t := range engines {
		v := module.Version{Path: t.Path, Version: t.Version}
		*sums = append(*sums, v)
		switch {
		case after[t.Path]:
			e.Require = append(e.Require, v) // at least this version
		case m.Go == "", gomod.Compare(goLine, listsIndirect) >= 0:
			e.Indirect = append(e.Indirect, v)
		}
	}
}

// versionIn returns the version in which to require the compat of a folder: no
// less than its module of the other engine asks for.
func versionIn(compatDir string) string {
	if mod, err := os.ReadFile(filepath.Join(compatDir, "coder", "go.mod")); err == nil {
		if v := required(mod, wsapi.CompatModule); v != "" {
			return v
		}
	}
	return "v0.0.0"
}

// listsIndirect is the go line from which on go.mod lists every module that
// the packages of the main module need.
const listsIndirect = "1.17"

// needsList reports whether go.mod has to list what it did not under the old
// go line.
func needsList(from, to string) bool {
	return gomod.Compare(from, listsIndirect) < 0 && gomod.Compare(to, listsIndirect) >= 0
}

// listIndirect plans the requirements that the module lacks once its go line
// is listsIndirect or more.
func (pl *planner) listIndirect(m *moduleState, e *gomod.Edit) {
	for _, path := range slices.Sorted(maps.Keys(pl.prog.tree.Deps)) {
		planned := func(v module.Version) bool { return v.Path == path }
		if required(m.old, path) == "" && !slices.ContainsFunc(e.Require, planned) && !slices.ContainsFunc(e.Indirect, planned) && !slices.Contains(e.Drop, path) {
			e.Indirect = append(e.Indirect, module.Version{Path: path, Version: pl.prog.tree.Deps[path]})
		}
	}
}

// replacePath returns dir as go.mod writes it: relative where it lies inside
// the tree.
func (pl *planner) replacePath(m *moduleState, dir string) string {
	root := pl.prog.Config.Dir
	if rel, err := filepath.Rel(root, dir); err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		if rel, err = filepath.Rel(m.Dir, dir); err == nil {
			rel = filepath.ToSlash(rel)
			if !strings.HasPrefix(rel, ".") {
				rel = "./" + rel
			}
			return rel
		}
	}
	return filepath.ToSlash(dir)
}

// neededIndirectly reports whether a dependency still imports the module.
func (pl *planner) neededIndirectly(mod string, after map[string]bool) bool {
	if mod == wsapi.TargetNhooyr.Path && after[wsapi.CompatModule] {
		return true
	}
	shim := after[wsapi.CompatModule] || after[coderEngine]
	for path, importers := range pl.prog.tree.Foreign {
		if modulePath(path) != mod {
			continue
		}
		for _, p := range importers {
			// compat and its engines go together.
			if shim || p != wsapi.CompatModule && !strings.HasPrefix(p, wsapi.CompatModule+"/") {
				return true
			}
		}
	}
	return false
}
