package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
	"golang.org/x/tools/txtar"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// A goLineMeaning is all that the go line of a module decides.
type goLineMeaning struct {
	line    string // "" without one
	godebug string // the settings compiled into its program
	output  string // of its program
}

// meaning builds the module's program in a folder of its own, so that no file
// of the tree changes, and runs it.
func (w *workshop) meaning() goLineMeaning {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, "go.mod"))
	if err != nil {
		w.t.Fatal(err)
	}
	bin := filepath.Join(w.t.TempDir(), "room.exe")
	w.run("go", "build", "-o", bin, ".")
	m := goLineMeaning{
		godebug: w.run("go", "list", "-f", "{{.DefaultGODEBUG}}", "."),
		output:  w.run(bin),
	}
	f, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if f.Go != nil {
		m.line = f.Go.Version
	}
	return m
}

// same compares with what the go line meant before.
func (w *workshop) same(when string, before goLineMeaning) {
	w.t.Helper()
	after := w.meaning()
	if after.line != before.line {
		w.t.Errorf("after %s the go line is %q, it was %q", when, after.line, before.line)
	}
	if after.godebug != before.godebug {
		w.t.Errorf("after %s the GODEBUG settings are\n%s\nthey were\n%s", when, after.godebug, before.godebug)
	}
	if after.output != before.output {
		w.t.Errorf("after %s the program prints\n%s\nit printed\n%s", when, after.output, before.output)
	}
}

// oldModule returns testdata/oldgo.txtar with the go line, or without one.
func oldModule(t *testing.T, line string) fs.FS {
	t.Helper()
	ar, err := txtar.ParseFile("testdata/oldgo.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for i := range ar.Files {
		text := string(ar.Files[i].Data)
		if line == "" {
			text = strings.Replace(text, "go GOLINE\n\n", "", 1)
		} else {
			text = strings.Replace(text, "GOLINE", line, 1)
		}
		ar.Files[i].Data = []byte(text)
	}
	files, err := txtar.FS(ar)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// oldLoops are the loops of the module that go 1.22 changes.
var oldLoops = []string{"main.go:22 (i)", "numbers/numbers.go:6 (i)"}

// TestOldGo takes modules with old go lines, or none, through shim and fix:
// the go line stays, and with it what loops and GODEBUG settings mean. The
// coder engine needs a newer one, which is refused with what would change.
func TestOldGo(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program many times")
	}
	bin := buildTool(t)
	for _, tt := range []struct {
		line   string
		lists  bool // go.mod lists what is required indirectly
		vendor bool
	}{
		{"", true, false},
		{"1.13", false, false},
		{"1.16", false, true}, // the go command uses vendor from 1.14 on
		{"1.18", true, false},
		{"1.20", true, true},
	} {
		name := "go " + tt.line
		if tt.vendor {
			name += " vendored"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkshop(t, bin, oldModule(t, tt.line))
			if tt.vendor {
				w.run("go", "mod", "vendor")
				w.run("git", "add", "-A")
				w.run("git", "commit", "-q", "-m", "vendored")
			}
			before := w.meaning()
			if before.line != tt.line || !strings.Contains(before.output, "member 3 hears") || !strings.Contains(before.output, "number 3\n") ||
				!strings.Contains(before.output, "panic(nil) is <nil>") || !strings.Contains(before.godebug, "panicnil=1") {
				t.Fatalf("the program shows nothing: %+v", before)
			}
			written := func(when string) {
				t.Helper()
				if tt.vendor {
					w.run("go", "mod", "vendor")
				}
				w.run("go", "mod", "tidy", "-diff")
				w.same(when, before)
			}

			w.tool([]int{0}, "shim", "-w", "-compat-dir", w.compat, "./...")
			mod, err := os.ReadFile(filepath.Join(w.dir, "go.mod"))
			if err != nil {
				t.Fatal(err)
			}
			if listed := strings.Contains(string(mod), wsapi.TargetNhooyr.Path+" "+wsapi.TargetNhooyr.Version+" // indirect\n"); listed != tt.lists {
				t.Errorf("go.mod lists the engine as indirect: %v, want %v:\n%s", listed, tt.lists, mod)
			}
			written("shim")

			w.tool([]int{0}, "fix", "-w", "-compat-dir", w.compat, "./...")
			if r := w.required(); r[wsapi.CompatModule] || !r[wsapi.TargetNhooyr.Path] {
				t.Errorf("after fix, go.mod requires %v", r)
			}
			written("fix")
			w.tool([]int{0}, "undo")
			w.tool([]int{0}, "undo")
			if tt.vendor {
				w.run("git", "checkout", "-q", ".")
			}

			w.refusesOldGo("shim")
		})
	}
}

// refusesOldGo runs a command with -to coder, which must not write and name
// what the go line that coder needs would change.
func (w *workshop) refusesOldGo(command string) {
	w.t.Helper()
	files := w.files()
	_, all, status := w.try(w.bin, command, "-w", "-to", "coder", "-compat-dir", w.compat, "./...")
	if status != exitUsage {
		w.t.Errorf("%s -to coder: exit status %d, want %d\n%s", command, status, exitUsage, all)
	}
	for _, want := range append(oldLoops, "needs go 1.23", "-raise-go", "GODEBUG", "panicnil=1") {
		if !strings.Contains(all, want) {
			w.t.Errorf("%s -to coder does not say %q:\n%s", command, want, all)
		}
	}
	for name, data := range w.files() {
		if files[name] != data {
			w.t.Errorf("%s -to coder changed %s", command, name)
		}
	}
}

// TestOldGoRaised raises the go line where that is allowed: what changes is
// what was said to change.
func TestOldGoRaised(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	w := newWorkshop(t, buildTool(t), oldModule(t, "1.13"))
	before := w.meaning()
	w.refusesOldGo("fix")
	_, all, status := w.try(w.bin, "shim", "-w", "-to", "coder", "-raise-go", "-compat-dir", w.compat, "./...")
	if status != 0 {
		t.Fatalf("exit status %d\n%s", status, all)
	}
	for _, l := range oldLoops {
		if !strings.Contains(all, "\nnote: this loop's variables become new ones in each iteration: "+l+"\n") {
			t.Errorf("the loop %s is not named:\n%s", l, all)
		}
	}
	w.run("go", "mod", "tidy", "-diff")
	after := w.meaning()
	if after.line != wsapi.TargetCoder.GoVersion || !strings.Contains(after.output, "member 0 hears") || !strings.Contains(after.output, "number 0\n") {
		t.Errorf("%+v", after)
	}
	settings := func(s string) []string { return strings.Split(strings.TrimSpace(s), ",") }
	gone := settings(before.godebug)
	gone = slices.DeleteFunc(gone, func(s string) bool { return slices.Contains(settings(after.godebug), s) })
	m := regexp.MustCompile(`(?m)^note: the programs of example\.com/room lose the GODEBUG settings (.*)$`).FindStringSubmatch(all)
	if m == nil {
		t.Fatalf("nothing is said about GODEBUG settings:\n%s", all)
	}
	if said := strings.Join(gone, ", "); m[1] != said {
		t.Errorf("the settings lost are %s, the tool said %s", said, m[1])
	}
}
