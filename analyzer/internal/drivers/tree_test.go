package drivers

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/analyzer"
)

// newest is the go line of a tree that the present go command reads.
const newest = "1.26"

// A tree is a module that drivers run over.
type tree struct {
	t   *testing.T
	dir string
	env []string

	module string

	ill []string // packages with errors, which some drivers refuse
	pkg []string // the others
}

// newTree looks at the module in dir with a toolchain, or the present one for "".
func newTree(t *testing.T, dir, toolchain string) *tree {
	t.Helper()
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	tr := &tree{t: t, dir: dir, env: append(os.Environ(), "GOWORK=off", "GOFLAGS=")}
	if toolchain != "" {
		tr.env = append(tr.env, "GOTOOLCHAIN="+toolchain)
	} else {
		tr.env = append(tr.env, "GOPROXY=off")
	}
	for _, p := range tr.load(packages.LoadTypes|packages.NeedModule, "./...") {
		tr.module = p.Module.Path
		if p.IllTyped {
			tr.ill = append(tr.ill, p.PkgPath)
		} else {
			tr.pkg = append(tr.pkg, p.PkgPath)
		}
	}
	return tr
}

func (tr *tree) load(mode packages.LoadMode, patterns ...string) []*packages.Package {
	tr.t.Helper()
	pkgs, err := packages.Load(&packages.Config{Mode: mode, Dir: tr.dir, Env: tr.env}, patterns...)
	if err != nil {
		tr.t.Fatal(err)
	}
	if len(pkgs) == 0 {
		tr.t.Fatalf("no packages in %s", tr.dir)
	}
	return pkgs
}

// run runs a command in the tree and fails the test at an exit status other
// than those expected.
func (tr *tree) run(status []int, name string, args ...string) (stdout, stderr string) {
	tr.t.Helper()
	cmd := exec.CommandContext(tr.t.Context(), name, args...)
	cmd.Dir, cmd.Env = tr.dir, tr.env
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = nil
		if !slices.Contains(status, exit.ExitCode()) {
			err = fmt.Errorf("exit status %d, want %d", exit.ExitCode(), status)
		}
	}
	if err != nil {
		tr.t.Fatalf("%s: %v\n%s%s", strings.Join(cmd.Args, " "), err, out.String(), errs.String())
	}
	return out.String(), errs.String()
}

// relative writes a position with the file's path in the tree.
func (tr *tree) relative(posn string) string {
	posn = strings.TrimPrefix(strings.TrimPrefix(posn, tr.dir), string(filepath.Separator))
	return strings.TrimPrefix(filepath.ToSlash(posn), "./")
}

// files returns the Go files of the tree by their paths in it.
func (tr *tree) files() map[string]string {
	tr.t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(tr.dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".go" {
			return err
		}
		data, err := os.ReadFile(name)
		files[tr.relative(name)] = string(data)
		return err
	})
	if err != nil {
		tr.t.Fatal(err)
	}
	return files
}

// built is the tool, built once for all tests; TestMain removes it.
var built struct {
	sync.Once
	dir string
	err error
}

// wsmigrate returns the path of the tool.
func wsmigrate(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the tool and runs go vet over the standard library")
	}
	built.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "drivers"); built.err != nil {
			return
		}
		cmd := exec.Command("go", "build", "-o", built.dir, "github.com/wsmigrate/wsmigrate/cmd/wsmigrate")
		if out, err := cmd.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("%w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	exe := "wsmigrate"
	if runtime.GOOS == "windows" {
		exe += ".exe"
	}
	return filepath.Join(built.dir, exe)
}

func TestMain(m *testing.M) {
	code := m.Run()
	if built.dir != "" {
		os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// ruleFlags are the flags of go vet that run the rules alone, at every tier.
func ruleFlags() []string {
	var flags []string
	for _, name := range analyzer.RuleNames() {
		flags = append(flags, "-"+name, "-"+name+".confidence=low")
	}
	return flags
}
