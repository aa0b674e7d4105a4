// Package wsmigrate_test holds the rules of the repository as a whole: which
// layer may import which, what compat may depend on, and that the bundled
// applications work.
package wsmigrate_test

import (
	"bytes"
	"errors"
	"go/ast"
	"go/types"
	"go/version"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
	"golang.org/x/tools/go/packages"
)

const (
	rootModule   = "github.com/wsmigrate/wsmigrate"
	compatModule = rootModule + "/compat"
	engineModule = "nhooyr.io/websocket"
)

// layers are the folders of the root module, from the lowest. A package may
// import its own layer and those below it.
var layers = []string{"analyzer/wsapi", "analyzer", "rewrite", "cmd"}

// layerOf returns the index in layers of the package with the given path, or
// -1. The longest prefix wins.
func layerOf(pkgPath string) int {
	rel := strings.TrimPrefix(pkgPath, rootModule+"/")
	best := -1
	for i, dir := range layers {
		if rel == dir || strings.HasPrefix(rel, dir+"/") {
			if best < 0 || len(dir) > len(layers[best]) {
				best = i
			}
		}
	}
	return best
}

func TestLayers(t *testing.T) {
	for _, pkg := range load(t, ".", packages.NeedName|packages.NeedImports|packages.NeedForTest) {
		// The tests of a package stand in its layer; the test mains that the
		// go command writes stand nowhere.
		pkgPath := strings.TrimSuffix(pkg.PkgPath, "_test")
		if strings.HasSuffix(pkgPath, ".test") || pkgPath == rootModule {
			continue
		}
		own := layerOf(pkgPath)
		if own < 0 {
			t.Errorf("%s stands in no layer", pkg.ID)
			continue
		}
		for imported := range pkg.Imports {
			if !inModule(imported, rootModule) {
				continue
			}
			if inModule(imported, compatModule) {
				t.Errorf("%s imports %s: the tool does not link the drop-in package", pkg.ID, imported)
			} else if below := layerOf(imported); below < 0 || below > own {
				t.Errorf("%s imports %s: layers are imported downwards only", pkg.ID, imported)
			}
		}
	}

	mod := readMod(t, "go.mod")
	for _, req := range mod.Require {
		if inModule(req.Mod.Path, rootModule) {
			t.Errorf("go.mod requires %s, a module of this repository", req.Mod.Path)
		}
	}
	if len(mod.Replace) > 0 {
		t.Error("go.mod has a replace: go install of a version would refuse it")
	}
}

// quiet are the layers that neither print nor exit nor read the environment:
// their callers decide.
var quiet = []string{"analyzer", "rewrite"}

// loud are the functions, variables and builtins that break that.
var loud = []string{
	"fmt.Print", "fmt.Printf", "fmt.Println",
	"os.Clearenv", "os.Environ", "os.Exit", "os.ExpandEnv", "os.Getenv", "os.LookupEnv", "os.Setenv", "os.Unsetenv",
	"os.Stdin", "os.Stdout", "os.Stderr",
	"print", "println",
	"syscall.Environ", "syscall.Exit", "syscall.Getenv",
}

func TestLibrariesAreQuiet(t *testing.T) {
	var patterns []string
	for _, dir := range quiet {
		patterns = append(patterns, "./"+dir+"/...")
	}
	cfg := config(".", packages.NeedName|packages.NeedFiles|packages.NeedImports|packages.NeedTypes|packages.NeedSyntax|packages.NeedTypesInfo)
	cfg.Tests = false
	for _, pkg := range loadPatterns(t, cfg, patterns...) {
		for imported := range pkg.Imports {
			if imported == "log" || strings.HasPrefix(imported, "log/") {
				t.Errorf("%s imports %s", pkg.PkgPath, imported)
			}
			if imported == "os/exec" && strings.HasPrefix(pkg.PkgPath, rootModule+"/analyzer") {
				t.Errorf("%s imports %s: analyzers run inside drivers and start nothing", pkg.PkgPath, imported)
			}
		}
		for _, file := range pkg.Syntax {
			ast.Inspect(file, func(n ast.Node) bool {
				id, ok := n.(*ast.Ident)
				if ok && slices.Contains(loud, fullName(pkg.TypesInfo.Uses[id])) {
					t.Errorf("%s: %s belongs in cmd", pkg.Fset.Position(id.Pos()), fullName(pkg.TypesInfo.Uses[id]))
				}
				return true
			})
		}
	}
}

// fullName is path.Name for a package-level object, Name for a builtin, and
// empty for all others.
func fullName(obj types.Object) string {
	switch {
	case obj == nil:
		return ""
	case obj.Pkg() == nil:
		if _, ok := obj.(*types.Builtin); ok {
			return obj.Name()
		}
		return ""
	case obj.Parent() != obj.Pkg().Scope():
		return ""
	}
	return obj.Pkg().Path() + "." + obj.Name()
}

// What compat/go.mod requires, and the Go it asks for, ends in every user's
// module graph.
func TestCompatDeps(t *testing.T) {
	mod := readMod(t, "compat/go.mod")
	if len(mod.Require) != 1 || mod.Require[0].Mod.Path != engineModule {
		t.Errorf("compat/go.mod must require %s alone", engineModule)
	}
	if len(mod.Replace)+len(mod.Exclude)+len(mod.Tool) > 0 || mod.Toolchain != nil {
		t.Error("compat/go.mod has more than module, go and require")
	}
	if mod.Go == nil || version.Compare("go"+mod.Go.Version, "go1.20") > 0 {
		t.Error("compat/go.mod must say go 1.20 or less")
	}

	allowed := []string{compatModule, engineModule}
	roots := load(t, "compat", packages.NeedName|packages.NeedImports|packages.NeedDeps|packages.NeedModule)
	packages.Visit(roots, nil, func(pkg *packages.Package) {
		// Packages of the standard library have no module.
		if pkg.Module != nil && !slices.Contains(allowed, pkg.Module.Path) {
			t.Errorf("compat depends on %s of %s", pkg.PkgPath, pkg.Module.Path)
		}
	})
}

// machinePath matches an absolute path that exists on somebody's machine only.
var machinePath = regexp.MustCompile("(?m)(?:^|[\\s\"'`=(:])(/(?:work|root|home/[a-z]+)(?:/[^\\s\"'`)]*|[\\s\"'`):]|$))")

func TestNoForeignNames(t *testing.T) {
	for _, name := range tracked(t) {
		data, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted, not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(data, 0) >= 0 {
			continue // not text
		}
		if m := machinePath.FindSubmatchIndex(data); m != nil {
			line := 1 + bytes.Count(data[:m[2]], []byte("\n"))
			t.Errorf("%s:%d: machine path %s", name, line, bytes.TrimSpace(data[m[2]:m[3]]))
		}
	}
}

func TestGofmt(t *testing.T) {
	args := []string{"-s", "-l"}
	for _, name := range tracked(t) {
		if _, err := os.Stat(name); err == nil && path.Ext(name) == ".go" {
			args = append(args, name)
		}
	}
	out, err := exec.Command("gofmt", args...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("gofmt -s -w these files: %v\n%s", err, out)
	}
}

func TestAppsPass(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the tests of whole programs")
	}
	mods, err := filepath.Glob("testdata/apps/*/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if len(mods) < 4 {
		t.Fatalf("found %d applications, want at least 4", len(mods))
	}
	for _, mod := range mods {
		dir := filepath.Dir(mod)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command("go", "test", "./...")
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "GOWORK=off")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("go test: %v\n%s", err, out)
			}
		})
	}
}

// inModule reports whether pkgPath is that of the module or lies below it.
func inModule(pkgPath, module string) bool {
	return pkgPath == module || strings.HasPrefix(pkgPath, module+"/")
}

func readMod(t *testing.T, name string) *modfile.File {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse(name, data, nil)
	if err != nil {
		t.Fatal(err)
	}
	return mod
}

// config loads the module in dir as its users see it, without the workspace.
func config(dir string, mode packages.LoadMode) *packages.Config {
	return &packages.Config{
		Mode:  mode,
		Dir:   dir,
		Env:   append(os.Environ(), "GOWORK=off"),
		Tests: true,
	}
}

func load(t *testing.T, dir string, mode packages.LoadMode) []*packages.Package {
	t.Helper()
	return loadPatterns(t, config(dir, mode), "./...")
}

func loadPatterns(t *testing.T, cfg *packages.Config, patterns ...string) []*packages.Package {
	t.Helper()
	pkgs, err := packages.Load(cfg, patterns...)
	if err != nil {
		t.Fatal(err)
	}
	if len(pkgs) < 2 {
		t.Fatalf("load %q in %s: %d packages", patterns, cfg.Dir, len(pkgs))
	}
	for _, pkg := range pkgs {
		for _, err := range pkg.Errors {
			t.Errorf("load %s: %v", pkg.ID, err)
		}
	}
	return pkgs
}

// tracked lists the files that git knows, relative to the repository.
func tracked(t *testing.T) []string {
	t.Helper()
	if _, err := os.Stat(".git"); err != nil {
		t.Skip("not a git repository")
	}
	out, err := exec.Command("git", "ls-files", "-z").Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 })
}
