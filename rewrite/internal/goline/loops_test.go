package goline

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/txtar"
)

// environ is an environment in which the go command sees the module alone.
func environ() []string {
	return append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off", "GOTOOLCHAIN=local")
}

// unpack writes an archive of testdata into a new folder.
func unpack(t *testing.T, name string) string {
	t.Helper()
	ar, err := txtar.ParseFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	files, err := txtar.FS(ar)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "m")
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	return dir
}

var wantComment = regexp.MustCompile(`// want (.+)`)

// TestLoops compares with the comments "// want NAME…" at the end of the lines
// where loops begin.
func TestLoops(t *testing.T) {
	dir := unpack(t, "loops.txtar")
	pkgs, err := packages.Load(&packages.Config{
		Mode: packages.LoadSyntax | packages.NeedModule, Dir: dir, Env: environ(), Tests: true,
	}, "./...")
	if err != nil {
		t.Fatal(err)
	}
	if packages.PrintErrors(pkgs) > 0 {
		t.Fatal("the packages do not compile")
	}
	var got []string
	for _, l := range Loops(pkgs) {
		p := pkgs[0].Fset.Position(l.Pos)
		got = append(got, fmt.Sprintf("%s:%d %s", filepath.Base(p.Filename), p.Line, l.Name))
		if use := pkgs[0].Fset.Position(l.Use); use.Filename != p.Filename || use.Offset <= p.Offset {
			t.Errorf("%v: the use is at %v", p, use)
		}
	}

	var want []string
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(b), "\n") {
			if m := wantComment.FindStringSubmatch(line); m != nil {
				for _, name := range strings.Fields(m[1]) {
					want = append(want, fmt.Sprintf("%s:%d %s", filepath.Base(file), i+1, name))
				}
			}
		}
	}
	if len(want) == 0 {
		t.Fatal("no expectations")
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestLoopsOfNewerModule has nothing to report: the loops mean that already.
func TestLoopsOfNewerModule(t *testing.T) {
	dir := unpack(t, "loops.txtar")
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module m\n\ngo 1.22\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	pkgs, err := packages.Load(&packages.Config{Mode: packages.LoadSyntax, Dir: dir, Env: environ()}, "./...")
	if err != nil {
		t.Fatal(err)
	}
	if loops := Loops(pkgs); len(loops) > 0 {
		t.Errorf("%d loops, the first at %v", len(loops), pkgs[0].Fset.Position(loops[0].Pos))
	}
}

func TestDefaultGODEBUG(t *testing.T) {
	dir := unpack(t, "godebug.txtar")
	before, err := DefaultGODEBUG(context.Background(), dir, environ(), ".")
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "go.mod")
	if err := os.WriteFile(other, []byte("module m\n\ngo 1.23\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(t.TempDir(), "overlay.json")
	b, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(dir, "go.mod"): other}})
	if err == nil {
		err = os.WriteFile(overlay, b, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	after, err := DefaultGODEBUG(context.Background(), dir, environ(), ".", "-overlay="+overlay)
	if err != nil {
		t.Fatal(err)
	}
	// Go 1.23 changed timers' channels; the file pins panicnil by a comment.
	changed := Changed(before, after)
	if !slices.Contains(changed, Setting{"asynctimerchan", "1", ""}) {
		t.Errorf("asynctimerchan is not among %v", changed)
	}
	if before["panicnil"] != "1" || after["panicnil"] != "1" {
		t.Errorf("panicnil is %q and then %q", before["panicnil"], after["panicnil"])
	}
	if _, err := DefaultGODEBUG(context.Background(), dir, environ(), "./nowhere"); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("a missing package: %v", err)
	}
}

func TestChanged(t *testing.T) {
	got := Changed(map[string]string{"a": "1", "b": "1", "c": "1"}, map[string]string{"b": "0", "c": "1", "d": "2"})
	if want := []Setting{{"a", "1", ""}, {"b", "1", "0"}, {"d", "", "2"}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
