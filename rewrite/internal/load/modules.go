package load

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// A Module is a main module.
type Module struct {
	Path, Dir, GoMod, Go string
}

// goCommand is what the go command says of itself.
type goCommand struct {
	GOMOD, GOWORK, GOOS, GOARCH            string
	GOVERSION, GOROOT, GOMODCACHE, GOFLAGS string
	GOEXPERIMENT, CGO_ENABLED, CC          string
}

// findModules settles which go.work applies and lists the main modules.
func (t *Tree) findModules(ctx context.Context) error {
	t.Env = slices.Clone(t.Config.Env)
	out, err := t.run(ctx, "env", "-json", "GOMOD", "GOWORK", "GOOS", "GOARCH",
		"GOVERSION", "GOROOT", "GOMODCACHE", "GOFLAGS", "GOEXPERIMENT", "CGO_ENABLED", "CC")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(out, &t.gocmd); err != nil {
		return err
	}
	env := t.gocmd
	t.host = env.GOOS + "/" + env.GOARCH
	if env.GOMOD == os.DevNull {
		env.GOMOD = ""
	}
	if env.GOWORK == "off" {
		env.GOWORK = ""
	}
	if env.GOMOD == "" && env.GOWORK == "" {
		return ErrNoModule
	}
	if env.GOWORK != "" && env.GOMOD != "" && !workLists(env.GOWORK, env.GOMOD) {
		env.GOWORK = ""
		t.Env = append(t.Env, "GOWORK=off")
	}
	t.Work = env.GOWORK
	var gomods []string
	if env.GOWORK == "" {
		gomods = []string{env.GOMOD}
	} else {
		gomods = workModules(env.GOWORK)
	}
	for _, gm := range gomods {
		data, err := os.ReadFile(gm)
		if err != nil {
			return err
		}
		f, err := modfile.ParseLax(gm, data, nil)
		if err != nil {
			return &ListError{err.Error()}
		}
		m := Module{Dir: filepath.Dir(gm), GoMod: gm}
		if f.Module != nil {
			m.Path = f.Module.Mod.Path
		}
		if f.Go != nil {
			m.Go = f.Go.Version
		}
		t.Modules = append(t.Modules, m)
	}
	return nil
}

// run runs the go command in the tree and returns its standard output; the
// error carries its standard error.
func (t *Tree) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = t.Config.Dir
	cmd.Env = append(slices.Clone(t.Env), "PWD="+t.Config.Dir)
	out, err := cmd.Output()
	var ee *exec.ExitError
	if errors.As(err, &ee) {
		return nil, &ListError{cleanListError(strings.TrimSpace(string(ee.Stderr)))}
	}
	return out, err
}

func workModules(gowork string) []string {
	data, err := os.ReadFile(gowork)
	if err != nil {
		return nil
	}
	f, err := modfile.ParseWork(gowork, data, nil)
	if err != nil {
		return nil
	}
	var out []string
	for _, u := range f.Use {
		dir := filepath.FromSlash(u.Path)
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(filepath.Dir(gowork), dir)
		}
		gm := filepath.Join(dir, "go.mod")
		if _, err := os.Stat(gm); err == nil {
			out = append(out, gm)
		}
	}
	return out
}

func workLists(gowork, gomod string) bool {
	for _, m := range workModules(gowork) {
		if sameFile(m, gomod) {
			return true
		}
	}
	return false
}

func sameFile(a, b string) bool {
	if a == b {
		return true
	}
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

// Vendored reports whether the module in dir has a vendor folder that the go
// command would use, and with which a changed go.mod no longer agrees.
func (t *Tree) Vendored(dir string) bool {
	if t.Work != "" {
		return false
	}
	_, err := os.Stat(filepath.Join(dir, "vendor", "modules.txt"))
	return err == nil
}

func (t *Tree) vendored() bool {
	return slices.ContainsFunc(t.Modules, func(m Module) bool { return t.Vendored(m.Dir) })
}

// ModuleOf returns the main module whose folder holds the file, or nil.
func (t *Tree) ModuleOf(file string) *Module {
	var best *Module
	for i := range t.Modules {
		m := &t.Modules[i]
		if rel, err := filepath.Rel(m.Dir, file); err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			if best == nil || len(m.Dir) > len(best.Dir) {
				best = m
			}
		}
	}
	return best
}

// RequiredByOthers reports whether a module of the graph other than the main
// modules, and those that are about to go, requires mod. It answers true where
// the graph cannot be had.
func (t *Tree) RequiredByOthers(mod string, gone []string) bool {
	edges, err := t.requirements()
	if err != nil {
		return true
	}
	for _, e := range edges {
		if e.from.Version != "" && !slices.Contains(gone, e.from.Path) && e.to.Path == mod {
			return true
		}
	}
	return false
}

// Orphans returns the modules that packages of the tree are made of and that
// would be missing, or of a lower version, if nothing but the modules named
// were gone or had other requirements.
func (t *Tree) Orphans(gone []string) []module.Version {
	edges, err := t.requirements()
	if err != nil {
		return nil
	}
	before, after := highest(edges, nil), highest(edges, gone)
	var lost []module.Version
	for path, v := range t.Deps {
		if semver.Compare(before[path], v) >= 0 && semver.Compare(after[path], v) < 0 && !slices.Contains(gone, path) {
			lost = append(lost, module.Version{Path: path, Version: v})
		}
	}
	module.Sort(lost)
	return lost
}

// highest returns the highest version of each module that the main modules
// require, directly or not, without what those named require and are.
func highest(edges []requirement, without []string) map[string]string {
	next := make(map[module.Version][]module.Version)
	var queue []module.Version
	for _, e := range edges {
		if slices.Contains(without, e.from.Path) || slices.Contains(without, e.to.Path) {
			continue
		}
		next[e.from] = append(next[e.from], e.to)
		if e.from.Version == "" {
			queue = append(queue, e.from)
		}
	}
	out, seen := make(map[string]string), make(map[module.Version]bool)
	for len(queue) > 0 {
		m := queue[0]
		queue = queue[1:]
		if seen[m] {
			continue
		}
		seen[m] = true
		if semver.Compare(m.Version, out[m.Path]) > 0 {
			out[m.Path] = m.Version
		}
		queue = append(queue, next[m]...)
	}
	return out
}

// A requirement is a line of `go mod graph`. Main modules have no version.
type requirement struct{ from, to module.Version }

func (t *Tree) requirements() ([]requirement, error) {
	if t.graph != nil {
		return t.graph, nil
	}
	out, err := t.run(context.Background(), "mod", "graph")
	if err != nil {
		return nil, err
	}
	t.graph = []requirement{}
	for line := range strings.Lines(string(out)) {
		from, to, _ := strings.Cut(strings.TrimSpace(line), " ")
		t.graph = append(t.graph, requirement{node(from), node(to)})
	}
	return t.graph, nil
}

func node(s string) module.Version {
	path, version, _ := strings.Cut(s, "@")
	return module.Version{Path: path, Version: version}
}
