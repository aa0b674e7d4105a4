package drivers

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// badInput returns testdata/badinput.txtar as a module, with a function of
// thousands of statements besides.
func badInput(t *testing.T) *tree {
	t.Helper()
	ar, err := txtar.ParseFile("testdata/badinput.txtar")
	if err != nil {
		t.Fatal(err)
	}
	ar.Files = append(ar.Files, txtar.File{Name: "huge/huge.go", Data: huge(2000)})
	dir := t.TempDir()
	for _, f := range ar.Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return newTree(t, dir, "")
}

// huge returns a file with a function of n branches, each of which uses the
// connection in a goroutine, a closure or under a lock.
func huge(n int) []byte {
	var b strings.Builder
	b.WriteString("package huge\n\nimport (\n\t\"sync\"\n\n\t\"github.com/gorilla/websocket\"\n)\n\nfunc huge(conn *websocket.Conn, mu *sync.Mutex, kind int) error {\n")
	for i := range n {
		fmt.Fprintf(&b, "\tif kind == %d {\n", i)
		switch i % 4 {
		case 0:
			b.WriteString("\t\tmu.Lock()\n\t\tdefer mu.Unlock()\n\t\tgo conn.WriteMessage(kind, nil)\n")
		case 1:
			b.WriteString("\t\tfunc() { mu.Lock(); conn.WriteJSON(kind); mu.Unlock() }()\n")
		case 2:
			b.WriteString("\t\tif _, _, err := conn.ReadMessage(); err != nil {\n\t\t\treturn err\n\t\t}\n")
		case 3:
			b.WriteString("\t\tw, err := conn.NextWriter(kind)\n\t\tif err != nil {\n\t\t\treturn err\n\t\t}\n\t\tw.Close()\n")
		}
		b.WriteString("\t}\n")
	}
	b.WriteString("\treturn nil\n}\n")
	return []byte(b.String())
}

// judged is what lint says of the packages, and files, that every driver takes:
// lint reads the files of other build configurations too.
func judged(t *testing.T, tr *tree) []finding {
	t.Helper()
	return slices.DeleteFunc(reference(t, tr), func(f finding) bool { return file(f.posn) == "tags/other.go" })
}

// TestBadInput runs every driver but golangci-lint over code that is hard to
// analyze: none fails over it, lint looks at what does not compile too, and
// the rest is the same for all.
func TestBadInput(t *testing.T) {
	tr := badInput(t)
	for _, name := range []string{"typeerror", "syntax", "missing", "above", "cycle/a", "names"} {
		if !slices.Contains(tr.ill, "example.com/bad/"+name) {
			t.Errorf("%s compiles", name)
		}
	}
	for _, name := range []string{"generated", "withcgo", "tags", "lines", "recursive", "odd", "huge", "nothing"} {
		if !slices.Contains(tr.pkg, "example.com/bad/"+name) {
			t.Errorf("%s does not compile", name)
		}
	}
	t.Run("lint", func(t *testing.T) {
		found := tr.lint("./...")
		for name, text := range tr.files() {
			for i, line := range strings.Split(text, "\n") {
				_, rule, ok := strings.Cut(line, "// want ")
				at := posnLine(name, i+1) + ":"
				if ok && !slices.ContainsFunc(found, func(f finding) bool { return f.rule == rule && strings.HasPrefix(f.posn, at) }) {
					t.Errorf("%s no finding of %s", at, rule)
				}
			}
		}
	})
	want := judged(t, tr)
	t.Run("vet", func(t *testing.T) { same(t, want, plain, tr.vet(tr.pkg...)) })
	t.Run("vet -json", func(t *testing.T) { same(t, want, full, each(full, tr.vetJSON(tr.pkg...))) })
	t.Run("nogo", func(t *testing.T) { same(t, want, full, each(full, tr.nogo(tr.pkg...))) })
	t.Run("vet of what does not compile", func(t *testing.T) {
		for _, p := range tr.ill {
			// The go command says what is wrong; the tool has no part in it.
			_, stderr := tr.run([]int{1}, "go", append(append([]string{"vet", "-vettool=" + wsmigrate(t)}, ruleFlags()...), p)...)
			if strings.Contains(stderr, "panic") || strings.Contains(stderr, "goroutine ") || strings.Contains(stderr, "internal error") {
				t.Errorf("%s: %s", p, stderr)
			}
		}
	})
}
