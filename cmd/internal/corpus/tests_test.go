package main

import (
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"

	"github.com/wsmigrate/wsmigrate/cmd/internal/measure"
)

func TestReadVerdict(t *testing.T) {
	got := readVerdict(`{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"run","Package":"p","Test":"TestHangs"}
{"Action":"pass","Package":"p","Test":"TestA/sub"}
{"Action":"fail","Package":"p","Test":"TestC"}
{"Action":"run","Package":"q","Test":"TestD"}
{"Action":"run","Package":"q","Test":"TestD/sub"}
{"Action":"skip","Package":"q","Test":"TestD"}
{"Action":"pass","Package":"q"}
no JSON
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}
`)
	want := &verdict{
		passed:  []string{"p TestB", "p TestA"},
		started: map[string]int{"p TestHangs": 1, "q TestD": 1},
		failed:  []string{"p"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestCompareTests has a module whose tests fail in each way there is. One
// always panics, before others had their turn; where the module was changed,
// they find the file "changed".
func TestCompareTests(t *testing.T) {
	from, work := t.TempDir(), t.TempDir()
	write := func(dir, name, content string) {
		t.Helper()
		if err := writeFile(filepath.Join(dir, name), content); err != nil {
			t.Fatal(err)
		}
	}
	write(from, "go.mod", "module example.com/m\n\ngo 1.21\n")
	write(from, "m_test.go", `package m

import (
	"os"
	"testing"
)

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func TestGood(t *testing.T) {}

func TestAlwaysBroken(t *testing.T) { panic("here") }

func TestBroken(t *testing.T) {
	if exists("changed") {
		panic("here")
	}
}

// Fails once after the change.
func TestNowAndThen(t *testing.T) {
	if exists("changed") && !exists("again") {
		os.WriteFile("again", nil, 0o666)
		t.Fail()
	}
}

// Passes once in the original, and never after the change.
func TestOnce(t *testing.T) {
	if exists("changed") || exists("once") {
		t.Fail()
	}
	os.WriteFile("once", nil, 0o666)
}
`)
	var at occupant
	copied := func(name string) *tree {
		t.Helper()
		tr, err := newTree(work, name, &at, from, ".", &options{Options: measure.Options{Timeout: time.Minute}, testDeadline: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		tr.packages = []string{"./..."}
		return tr
	}
	run := func(tr *tree) []string {
		t.Helper()
		passed, err := tr.test()
		if err != nil {
			t.Fatal(err)
		}
		return passed
	}
	original := copied("original")
	before := run(original)
	if want := []string{"example.com/m TestBroken", "example.com/m TestGood", "example.com/m TestNowAndThen", "example.com/m TestOnce"}; !slices.Equal(before, want) {
		t.Fatalf("pass before: %q, want %q", before, want)
	}
	changed := copied("changed")
	write(changed.root, "changed", "")
	failed, flaky, err := compareTests(original, changed, before, run(changed))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"example.com/m TestBroken"}; !slices.Equal(failed, want) {
		t.Errorf("failed: %q, want %q", failed, want)
	}
	if want := []string{"example.com/m TestNowAndThen", "example.com/m TestOnce"}; !slices.Equal(flaky, want) {
		t.Errorf("flaky: %q, want %q", flaky, want)
	}
}

func TestReached(t *testing.T) {
	gorilla := wsapi.GorillaPath
	list := []listed{
		{path: "fmt"},
		{path: gorilla, imports: []string{"fmt"}},
		{path: "example.com/lib", imports: []string{gorilla}}, // of others: nothing changes there
		{path: "m/quiet", own: true, named: true, imports: []string{"fmt", "example.com/lib"}},
		{path: "m/ws", own: true, named: true, imports: []string{gorilla}},
		{path: "m/server", own: true, named: true, imports: []string{"m/ws"}},
		{path: "m/tested", own: true, named: true, imports: []string{"fmt"}},
		{path: "m/tested [m/tested.test]", tested: "m/tested", own: true, named: true, imports: []string{"fmt"}},
		{path: "m/tested_test [m/tested.test]", tested: "m/tested", own: true, named: true, imports: []string{"m/tested [m/tested.test]", "m/server"}},
		{path: "m/tested.test", own: true, named: true, imports: []string{"m/tested_test [m/tested.test]", "testing/internal/testdeps"}},
		{path: "m/bed.test", own: true, named: true, imports: []string{"m/server"}}, // a package of that name
		{path: "n/other", own: true, imports: []string{gorilla}},                    // of a workspace, not named
	}
	if got, want := reached(list, false), []string{"m/ws", "m/server", "m/tested", "m/bed.test"}; !slices.Equal(got, want) {
		t.Errorf("reached: %q, want %q", got, want)
	}
	if got, want := reached(list, true), []string{"m/ws"}; !slices.Equal(got, want) {
		t.Errorf("using: %q, want %q", got, want)
	}
}

// TestChoose asks the go command about a module with packages of each kind.
func TestChoose(t *testing.T) {
	from := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":           "module example.com/m\n\ngo 1.21\n\nrequire " + wsapi.GorillaPath + " v1.5.3\n\nreplace " + wsapi.GorillaPath + " => ./lib\n",
		"lib/go.mod":       "module " + wsapi.GorillaPath + "\n\ngo 1.21\n",
		"lib/lib.go":       "package websocket\n",
		"ws/ws_test.go":    "package ws_test\n\nimport _ \"" + wsapi.GorillaPath + "\"\n",
		"hub/hub.go":       "package hub\n\nimport _ \"" + wsapi.GorillaPath + "\"\n",
		"server/server.go": "package server\n\nimport _ \"example.com/m/hub\"\n",
		"quiet/quiet.go":   "package quiet\n",
	} {
		if err := writeFile(filepath.Join(from, name), content); err != nil {
			t.Fatal(err)
		}
	}
	tr, err := newTree(t.TempDir(), "original", new(occupant), from, ".", &options{Options: measure.Options{Timeout: time.Minute}, testDeadline: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	for which, want := range map[string][]string{
		"using":   {"example.com/m/hub", "example.com/m/ws"},
		"reached": {"example.com/m/hub", "example.com/m/server", "example.com/m/ws"},
		"all":     {"./..."},
	} {
		got, err := tr.choose(which)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", which, got, want)
		}
	}
}
