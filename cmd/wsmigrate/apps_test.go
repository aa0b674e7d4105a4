package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// A workshop runs wsmigrate, go and git in a copy of a module.
type workshop struct {
	t      *testing.T
	dir    string
	bin    string
	compat string
	env    []string
}

// buildTool builds wsmigrate, as a user without a release has it.
func buildTool(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "wsmigrate")
	if runtime.GOOS == "windows" {
		bin += ".exe"
	}
	out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return bin
}

// newWorkshop copies src into a git repository with everything committed.
func newWorkshop(t *testing.T, bin string, src fs.FS) *workshop {
	t.Helper()
	compat, err := filepath.Abs("../../compat")
	if err != nil {
		t.Fatal(err)
	}
	w := &workshop{t: t, dir: filepath.Join(t.TempDir(), "module"), bin: bin, compat: compat}
	w.env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@example.com", "GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@example.com")
	if err := os.CopyFS(w.dir, src); err != nil {
		t.Fatal(err)
	}
	w.run("git", "init", "-q")
	w.run("git", "add", "-A")
	w.run("git", "commit", "-q", "-m", "as it was")
	return w
}

// try runs a command and returns its standard output, all of its output, and
// its exit status.
func (w *workshop) try(name string, args ...string) (stdout, all string, status int) {
	w.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = w.dir, w.env
	var out, both bytes.Buffer
	cmd.Stdout = &tee{&out, &both}
	cmd.Stderr = &both
	err := cmd.Run()
	if err != nil && cmd.ProcessState == nil {
		w.t.Fatalf("%s: %v", name, err)
	}
	return out.String(), both.String(), cmd.ProcessState.ExitCode()
}

type tee struct{ a, b *bytes.Buffer }

func (t *tee) Write(p []byte) (int, error) {
	t.a.Write(p)
	return t.b.Write(p)
}

// run runs a command that must end with status 0.
func (w *workshop) run(name string, args ...string) string {
	w.t.Helper()
	out, all, status := w.try(name, args...)
	if status != 0 {
		w.t.Fatalf("%s %s: exit status %d\n%s", filepath.Base(name), strings.Join(args, " "), status, all)
	}
	return out
}

// tool runs wsmigrate and expects one of the given exit statuses.
func (w *workshop) tool(statuses []int, args ...string) string {
	w.t.Helper()
	out, all, got := w.try(w.bin, args...)
	for _, s := range statuses {
		if s == got {
			return out
		}
	}
	w.t.Fatalf("wsmigrate %s: exit status %d, want one of %v\n%s", strings.Join(args, " "), got, statuses, all)
	return ""
}

// files returns the content of every file outside .git and .wsmigrate.
func (w *workshop) files() map[string]string {
	w.t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == ".git" || d.Name() == ".wsmigrate" {
				return filepath.SkipDir
			}
			return nil
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(w.dir, path)
		out[rel] = string(data)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// required returns the modules that go.mod requires.
func (w *workshop) required() map[string]bool {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, "go.mod"))
	if err != nil {
		w.t.Fatal(err)
	}
	f, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	out := map[string]bool{}
	for _, r := range f.Require {
		out[r.Mod.Path] = true
	}
	return out
}

// outcomes returns the outcome of every cluster by its files.
func (w *workshop) outcomes(args ...string) map[string]string {
	w.t.Helper()
	args = append([]string{"-format", "json"}, append(args, "./...")...)
	out := w.tool([]int{0, 1}, args...)
	var report struct {
		Clusters []struct {
			Outcome string
			Files   []string
		}
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		w.t.Fatalf("%v\n%s", err, out)
	}
	res := map[string]string{}
	for _, c := range report.Clusters {
		for _, f := range c.Files {
			if old := res[f]; old == "" || old == "native" {
				res[f] = c.Outcome
			}
		}
	}
	return res
}

// TestApps takes each bundled application through the shim and the rewrite,
// on both targets: its own test passes at every step, a second fix changes
// nothing, and two undos restore every byte.
func TestApps(t *testing.T) {
	if testing.Short() {
		t.Skip("builds four applications three times")
	}
	bin := buildTool(t)
	apps := []struct {
		name   string
		native bool // nothing may stay on compat
	}{{"chat", true}, {"client", true}, {"dashboard", false}, {"proxy", false}}
	for _, app := range apps {
		for _, target := range []wsapi.Target{wsapi.TargetNhooyr, wsapi.TargetCoder} {
			t.Run(app.name+"/"+target.Name, func(t *testing.T) {
				t.Parallel()
				w := newWorkshop(t, bin, os.DirFS(filepath.Join("..", "..", "testdata", "apps", app.name)))
				before := w.files()
				flags := []string{"-w", "-compat-dir", w.compat, "-to", target.Name}
				if target.Name == "coder" {
					flags = append(flags, "-raise-go")
				}
				if app.native {
					for f, o := range w.outcomes("-to", target.Name) {
						if o != "native" {
							t.Errorf("%s is %s, want native", f, o)
						}
					}
				}

				w.tool([]int{0}, append([]string{"shim"}, append(flags, "./...")...)...)
				if r := w.required(); r[wsapi.GorillaModule] || !r[wsapi.CompatModule] {
					t.Errorf("after shim, go.mod requires %v", r)
				}
				w.run("go", "mod", "tidy", "-diff")
				w.run("go", "test", "./...")

				w.tool([]int{0, 3}, append([]string{"fix"}, append(flags, "./...")...)...)
				r := w.required()
				if r[wsapi.GorillaModule] || !r[target.Path] || app.native && r[wsapi.CompatModule] {
					t.Errorf("after fix, go.mod requires %v", r)
				}
				w.run("go", "mod", "tidy", "-diff")
				w.run("go", "test", "./...")

				if diff := w.tool([]int{0}, "fix", "-compat-dir", w.compat, "-to", target.Name, "./..."); diff != "" {
					t.Errorf("a second fix prints\n%s", diff)
				}
				w.tool([]int{0}, "undo")
				w.tool([]int{0}, "undo")
				after := w.files()
				for name, data := range before {
					if after[name] != data {
						t.Errorf("%s is not what it was", name)
					}
					delete(after, name)
				}
				for name := range after {
					t.Errorf("%s is left over", name)
				}
				if out := w.run("git", "status", "--porcelain"); out != "" {
					t.Errorf("git status: %s", out)
				}
			})
		}
	}
}
