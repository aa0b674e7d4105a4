package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/module"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the expected outputs in testdata")

const version = "v0.1.0"

// released clones the repository with what is not committed, tags a version
// there, and returns the clone.
func released(t *testing.T) *repository {
	t.Helper()
	for _, v := range []string{"AUTHOR", "COMMITTER"} {
		t.Setenv("GIT_"+v+"_NAME", "t")
		t.Setenv("GIT_"+v+"_EMAIL", "t@example.com")
	}
	ctx := context.Background()
	here := &repository{dir: "../../.."}
	if _, err := here.git(ctx, "rev-parse", "HEAD"); err != nil {
		t.Skipf("not a git repository: %v", err)
	}
	clone := &repository{dir: filepath.Join(t.TempDir(), "clone")}
	do := func(r *repository, args ...string) string {
		t.Helper()
		out, err := r.git(ctx, args...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	do(here, "clone", "-q", "--shared", ".", clone.dir)
	// What is not committed is tested too: the work tree, as git would add it.
	files := do(here, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull) // which may let git touch the repository here, and sign commits
	for name := range strings.SplitSeq(files, "\x00") {
		to := filepath.Join(clone.dir, filepath.FromSlash(name))
		data, err := os.ReadFile(filepath.Join(here.dir, filepath.FromSlash(name)))
		switch {
		case name == "":
			continue
		case os.IsNotExist(err):
			os.Remove(to)
			continue
		case err != nil:
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(why string) {
		t.Helper()
		if _, err := clone.tag(ctx, version); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("tag: %v, want %s", err, why)
		}
	}
	commit := func() {
		t.Helper()
		do(clone, "add", "-A")
		do(clone, "commit", "-q", "--allow-empty", "-m", "as it is")
	}
	commit()
	refused("CHANGELOG.md has no heading")
	log := filepath.Join(clone.dir, "CHANGELOG.md")
	data, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	data = []byte(strings.Replace(string(data), "## Unreleased\n", "## Unreleased\n\n## 0.1.0 - 2026-01-02\n", 1))
	if err := os.WriteFile(log, data, 0o666); err != nil {
		t.Fatal(err)
	}
	refused("uncommitted changes")
	commit()
	before := do(clone, "rev-parse", "HEAD")
	if _, err := clone.tag(ctx, version); err != nil {
		t.Fatal(err)
	}
	if now := do(clone, "rev-parse", "HEAD"); now != before {
		t.Errorf("tag moved the branch from %s to %s", before, now)
	}
	if out := do(clone, "status", "--porcelain"); out != "" {
		t.Errorf("tag left %s", out)
	}
	refused("already exists")
	return clone
}

// proxy writes the modules of the tagged tree as a module proxy serves them,
// and returns its address.
func (r *repository) proxy(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, dir := range slices.Concat(shipped...) {
		v := module.Version{Path: modulePath(dir), Version: version}
		folder := filepath.Join(root, filepath.FromSlash(v.Path), "@v")
		if err := os.MkdirAll(folder, 0o777); err != nil {
			t.Fatal(err)
		}
		mod, err := r.goMod(dir, tagOf(dir, version))
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{
			"list":            version + "\n",
			version + ".info": fmt.Sprintf(`{"Version": %q, "Time": "2026-01-02T03:04:05Z"}`, version),
			version + ".mod":  mod,
		} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		f, err := os.Create(filepath.Join(folder, version+".zip"))
		if err != nil {
			t.Fatal(err)
		}
		if err := r.zip(f, v, dir, tagOf(dir, version)); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return fileURL(root)
}

func fileURL(dir string) string {
	path := filepath.ToSlash(dir)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // of a drive letter
	}
	return "file://" + path
}

// TestRelease tags a version of this tree, and is a user of it: go install
// takes the tool from a module proxy, the tool takes the drop-in package from
// there, and the binaries that are published are the same wherever they are
// built.
func TestRelease(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the tool from a module proxy")
	}
	repo := released(t)
	t.Run("sums", func(t *testing.T) { sumsAgree(t, repo) })
	built, sums := publish(t, repo)
	t.Run("build", func(t *testing.T) {
		if _, again := publish(t, repo); again != sums {
			t.Errorf("built twice:\n%s%s", sums, again)
		}
	})
	env := machine(t, repo)
	t.Run("user", func(t *testing.T) { newUser(t, repo, env, built) })
	t.Run("guide", func(t *testing.T) {
		t.Parallel()
		bin := t.TempDir()
		guide(t, append(os.Environ(), append(env, "GOBIN="+bin, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))...))
	})
}

// machine returns the environment of a machine that has Go and a module proxy,
// and nothing of wsmigrate.
func machine(t *testing.T, repo *repository) []string {
	t.Helper()
	out, err := output(exec.Command("go", "env", "GOCACHE", "GOMODCACHE"))
	if err != nil {
		t.Fatal(err)
	}
	caches := strings.Fields(out)
	fill := exec.Command("go", "mod", "download")
	fill.Dir, fill.Env = repo.dir, append(os.Environ(), "GOWORK=off")
	if _, err := output(fill); err != nil {
		t.Log(err) // what the cache has may be enough
	}
	return []string{
		"GOPROXY=" + repo.proxy(t) + "," + fileURL(filepath.Join(caches[1], "cache", "download")),
		"GOSUMDB=off", "GOTOOLCHAIN=local", "GOWORK=off", "GOCACHE=" + caches[0], "GOMODCACHE=" + t.TempDir(),
		// The build cache knows what is trimmed from one run to the next,
		// though modules lie in another folder each time.
		"GOFLAGS=-trimpath -modcacherw", "CGO_ENABLED=0",
		"WSMIGRATE_CACHE=off",
		"GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_SYSTEM=" + os.DevNull,
		"GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@example.com", "GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@example.com",
	}
}

// newUser runs the scripts of testdata there. built is the folder of the binary
// that is published.
func newUser(t *testing.T, repo *repository, machine []string, built string) {
	apps, err := filepath.Abs("../../../testdata/apps")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"copy": copyFolder, "steady": steady},
		Setup: func(env *testscript.Env) error {
			gobin := filepath.Join(env.WorkDir, "gobin")
			env.Vars = append(env.Vars, machine...)
			env.Vars = append(env.Vars,
				"APPS="+apps,
				"CLONE="+repo.dir,
				"GOBIN="+gobin,
				"PATH="+gobin+string(os.PathListSeparator)+env.Getenv("PATH"),
				"BUILT="+built,
			)
			return nil
		},
	})
}

// copyFolder is the command "copy FROM TO" of scripts.
func copyFolder(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: copy FROM TO")
	}
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), os.DirFS(args[0])))
}

// took is how long a test took, and sum a checksum of the drop-in package.
var (
	took = regexp.MustCompile(`(?m)^(ok  \t.*)\t(\d|\().*$`)
	sum  = regexp.MustCompile(`(` + regexp.QuoteMeta(rootModule) + `\S* \S+ h1:)\S+`)
)

// steady is the command "steady FILE" of scripts: it shows the file without
// what another run shows otherwise.
func steady(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: steady FILE")
	}
	text := took.ReplaceAllString(ts.ReadFile(args[0]), "$1")
	fmt.Fprint(ts.Stdout(), sum.ReplaceAllString(text, "${1}…"))
}

// sumsAgree compares the checksums that the tool will know with those that the
// go command finds for the tags in the repository itself.
func sumsAgree(t *testing.T, repo *repository) {
	for _, dir := range slices.Concat(shipped...) {
		v := module.Version{Path: modulePath(dir), Version: version}
		zipSum, modSum, err := repo.sums(v, dir, tagOf(dir, version))
		if err != nil {
			t.Error(err)
			continue
		}
		cmd := exec.Command("go", "mod", "download", "-json", v.String())
		cmd.Dir = t.TempDir()
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOPROXY=direct", "GONOSUMDB=*", "GOFLAGS=-modcacherw", "GOMODCACHE="+filepath.Join(cmd.Dir, "modules"),
			"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=url."+repo.dir+".insteadOf", "GIT_CONFIG_VALUE_0=https://"+rootModule)
		out, err := output(cmd)
		if err != nil {
			t.Error(err)
			continue
		}
		var got struct{ Sum, GoModSum string }
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatal(err)
		}
		if got.Sum != zipSum || got.GoModSum != modSum {
			t.Errorf("%s: sums %s and %s, the go command finds %s and %s", v, zipSum, modSum, got.Sum, got.GoModSum)
		}
	}
}

// publish builds what is published for this system from a clone, and returns
// the folder and the checksums. With WSMIGRATE_REPRODUCE=1 it has a build cache
// of its own, so that every package is compiled.
func publish(t *testing.T, repo *repository) (out, sums string) {
	t.Helper()
	if os.Getenv("WSMIGRATE_REPRODUCE") != "" {
		t.Setenv("GOCACHE", t.TempDir())
	}
	out = t.TempDir()
	if err := repo.build(context.Background(), version, out, []string{runtime.GOOS + "/" + runtime.GOARCH}, io.Discard); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(out, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	name := strings.Fields(string(data))[1]
	said, err := output(exec.Command(filepath.Join(out, name), "version"))
	if err != nil || !strings.HasPrefix(said, "wsmigrate "+version+"\n") {
		t.Errorf("%s version: %v\n%s", name, err, said)
	}
	return out, string(data)
}
