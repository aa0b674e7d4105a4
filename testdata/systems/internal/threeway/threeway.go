// Package threeway runs a system as it was written for gorilla/websocket, on
// the drop-in package that wsmigrate puts in its place, and as wsmigrate
// rewrites it. It is the same for every system: the versions are made by the
// tool, the rewritten one is compared with the one in the repository, one
// driver goes through all three, and what passes on the wire is compared.
package threeway

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.com/systems/internal/proc"
	"example.com/systems/internal/wire"
)

var update = flag.Bool("update", false, "write testdata/rewritten.txtar anew")

// A Version is a system in one of its three forms.
type Version struct {
	Name string // gorilla, shim or rewritten
	bin  string

	notes      []string // of the tool's report: the rule and what it says
	transcript []string
	repeats    int // close frames that were sent once more
}

// Start starts the version's server with the arguments, on a free port, and
// returns it with its address.
func (v *Version) Start(t testing.TB, args ...string) (server *proc.Process, addr string) {
	t.Helper()
	server = proc.Start(t, v.Command(append(args, "-addr", "127.0.0.1:0")...))
	return server, server.Await("listening on ")
}

// Command is a command of the version's program.
func (v *Version) Command(args ...string) *exec.Cmd { return exec.Command(v.bin, args...) }

// Record keeps what passed through the proxy, under a title. The records of
// all versions are compared.
func (v *Version) Record(t testing.TB, title string, p *wire.Proxy) {
	t.Helper()
	v.transcript = append(v.transcript, "# "+title)
	v.transcript = append(v.transcript, p.Transcript()...)
	v.repeats += p.CloseRepeats()
}

// Run drives all versions of the system in the current folder, which is the
// folder name of the module.
func Run(t *testing.T, name string, drive func(t *testing.T, v *Version)) {
	if testing.Short() {
		t.Skip("builds a program three times")
	}
	w := newWorkshop(t, name)
	original := w.lay("gorilla")
	w.run(original, "go", "mod", "tidy")

	shimmed := w.copy(original, "shim")
	shimReport := w.migrate(shimmed, "shim")
	rewritten := w.copy(original, "rewritten")
	fixReport := w.migrate(rewritten, "fix")
	compareGolden(t, w, original, rewritten, fixReport)
	comparePage(t, w, original, rewritten)

	versions := []*Version{
		{Name: "gorilla", bin: w.build(original)},
		{Name: "shim", bin: w.build(shimmed), notes: shimReport.notes()},
		{Name: "rewritten", bin: w.build(rewritten), notes: fixReport.notes()},
	}
	for _, v := range versions {
		t.Run(v.Name, func(t *testing.T) { drive(t, v) })
	}
	if t.Failed() {
		return
	}
	compareWires(t, versions)
}

// workshop is the folder in which versions are made.
type workshop struct {
	t      *testing.T
	name   string
	module string // with all systems
	root   string // of the repository
	dir    string
	tool   string
}

func newWorkshop(t *testing.T, name string) *workshop {
	t.Helper()
	module, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	w := &workshop{t: t, name: name, module: module, root: filepath.Dir(filepath.Dir(module)), dir: t.TempDir()}
	w.tool = BuildTool(t, w.root)
	return w
}

// BuildTool builds wsmigrate from the repository at root, as somebody has it
// who has cloned it.
func BuildTool(t testing.TB, root string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "wsmigrate")
	cmd := exec.Command("go", "build", "-o", bin, "./cmd/wsmigrate")
	cmd.Dir, cmd.Env = root, append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build wsmigrate: %v\n%s", err, out)
	}
	return bin
}

// shared has the packages of the module that systems are built with.
const shared = "internal/serve"

// lay lays the system out as a module of its own, without tests.
func (w *workshop) lay(form string) string {
	w.t.Helper()
	dir := filepath.Join(w.dir, form)
	for _, name := range []string{"go.mod", "go.sum"} {
		w.write(filepath.Join(dir, name), w.read(filepath.Join(w.module, name)))
	}
	for _, part := range []string{shared, w.name} {
		from := filepath.Join(w.module, filepath.FromSlash(part))
		for name, data := range w.files(from) {
			base := filepath.Base(name)
			if strings.HasPrefix(name, "testdata/") || strings.HasSuffix(base, "_test.go") || base == "README.md" {
				continue
			}
			w.write(filepath.Join(dir, filepath.FromSlash(part), name), data)
		}
	}
	return dir
}

func (w *workshop) copy(from, form string) string {
	w.t.Helper()
	dir := filepath.Join(w.dir, form)
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		w.t.Fatal(err)
	}
	return dir
}

// files returns the content of all files below dir, by their names relative
// to it with slashes.
func (w *workshop) files(dir string) map[string]string {
	w.t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == ".wsmigrate" {
			return filepath.SkipDir
		}
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		files[filepath.ToSlash(rel)] = w.read(path)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return files
}

func (w *workshop) read(path string) string {
	w.t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(data)
}

func (w *workshop) write(path, data string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o666); err != nil {
		w.t.Fatal(err)
	}
}

// run runs a command in dir, which must succeed, and returns its standard
// output.
func (w *workshop) run(dir, name string, args ...string) string {
	w.t.Helper()
	out, _ := w.try(dir, []int{0}, name, args...)
	return out
}

// try is run for a command that may end with several statuses.
func (w *workshop) try(dir string, statuses []int, name string, args ...string) (results, remarks string) {
	w.t.Helper()
	var stderr strings.Builder
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env, cmd.Stderr = dir, append(os.Environ(), "GOWORK=off"), &stderr
	out, err := cmd.Output()
	if cmd.ProcessState == nil || !slices.Contains(statuses, cmd.ProcessState.ExitCode()) {
		w.t.Fatalf("%s %s: %v\n%s%s", filepath.Base(name), strings.Join(args, " "), err, out, stderr.String())
	}
	return string(out), stderr.String()
}

// migrate runs shim or fix in dir. What they write has to be tidy.
func (w *workshop) migrate(dir, command string) *report {
	w.t.Helper()
	compat := filepath.Join(w.root, "compat")
	out, remarks := w.try(dir, []int{0, 3}, w.tool, "-format", "json", command, "-w", "-compat-dir", compat, "./...")
	w.run(dir, "go", "mod", "tidy", "-diff")
	if gomod := w.read(filepath.Join(dir, "go.mod")); strings.Contains(gomod, "gorilla/websocket") {
		w.t.Errorf("after %s, go.mod has gorilla:\n%s", command, gomod)
	}
	return readReport(w.t, out, remarks)
}

// build builds the system, with the race detector if the test is.
func (w *workshop) build(dir string) string {
	w.t.Helper()
	bin := filepath.Join(dir, "bin", w.name)
	args := []string{"build", "-o", bin}
	if raceEnabled {
		args = append(args, "-race")
	}
	w.run(dir, "go", append(args, "./"+w.name)...)
	return bin
}
