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
	if t.graph == nil {
		out, err := t.run(context.Background(), "mod", "graph")
		if err != nil {
			return true
		}
		t.graph = strings.Split(string(out), "\n")
	}
	for _, line := range t.graph {
		from, to, _ := strings.Cut(line, " ")
		path, _, dependency := strings.Cut(from, "@")
		if dependency && !slices.Contains(gone, path) && strings.HasPrefix(to, mod+"@") {
			return true
		}
	}
	return false
}
