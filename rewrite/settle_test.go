package rewrite

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// layOut writes an archive as a module and loads it.
func layOut(t *testing.T, archive string) *Program {
	t.Helper()
	root := t.TempDir()
	arch := txtar.Parse([]byte(archive))
	arch.Files = append(arch.Files, txtar.File{Name: "go.sum", Data: goSum(t)})
	for _, f := range arch.Files {
		path := filepath.Join(root, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	prog, err := Load(context.Background(), Config{Dir: root, Env: append(os.Environ(), "GOWORK=off", "GOPROXY=off", "GOFLAGS=")})
	if err != nil {
		t.Fatal(err)
	}
	return prog
}

const twoClusters = `
-- go.mod --
module example.com/two

go 1.21

require github.com/gorilla/websocket v1.5.3
-- a.go --
package two

import "github.com/gorilla/websocket"

func good(c *websocket.Conn) error {
	_, p, err := c.ReadMessage()
	_ = p
	return err
}

func bad(c *websocket.Conn) error {
	return c.WriteMessage(websocket.TextMessage, nil)
}
`

// sabotaged returns a planner for twoClusters in which the edits of bad also
// insert text at the start of its body.
func sabotaged(t *testing.T, text string) *planner {
	t.Helper()
	prog := layOut(t, twoClusters)
	pl := &planner{
		prog: prog, opts: Options{Target: wsapi.TargetNhooyr, Ctx: CtxAuto, Fallback: FallbackLeave},
		byFile: map[*flow.File][]*item{}, owner: map[*flow.Site]*item{},
	}
	if err := pl.readModules(); err != nil {
		t.Fatal(err)
	}
	pl.graph = flow.Analyze(prog.tree, pl.isSource)
	if err := pl.decide(); err != nil {
		t.Fatal(err)
	}
	if len(pl.items) != 2 || pl.items[0].outcome != Native || pl.items[1].outcome != Native {
		t.Fatalf("got %d clusters, want two native ones", len(pl.items))
	}
	s := pl.items[1].c.Sites[1] // c.WriteMessage
	u := pl.items[1].unit
	fn, _ := unit.Func(s.Cursor)
	body, _ := unit.Body(fn.Node())
	u.Insert(s.File, body.Lbrace+1, text)
	return pl
}

func TestSettleDemotes(t *testing.T) {
	tests := []struct{ name, insert, diag string }{
		{"undefined name", "\nnoSuchThing()", "noSuchThing"},
		{"unused variable", "\nx := 1", "declared and not used: x"},
		{"does not parse", "\nif {", "missing condition"},
		{"lost cancel", "\n_, cancel := context.WithCancel(context.Background())\nif c != nil {\n\tcancel()\n}", "lostcancel"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pl := sabotaged(t, tt.insert)
			changes, err := pl.settle(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			good, bad := pl.items[0], pl.items[1]
			if good.outcome != Native || bad.outcome != Shim {
				t.Errorf("outcomes %s and %s, want native and shim", good.outcome, bad.outcome)
			}
			if !strings.Contains(bad.diag, tt.diag) {
				t.Errorf("diagnostic %q, want one with %q", bad.diag, tt.diag)
			}
			var a string
			for _, c := range changes {
				if filepath.Base(c.Path) == "a.go" {
					a = string(c.New)
				}
			}
			if !strings.Contains(a, "c.Read(context.Background())") || !strings.Contains(a, "c.WriteMessage(gorilla.TextMessage") {
				t.Errorf("the good cluster is not converted, or the bad one is:\n%s", a)
			}
		})
	}
}

// TestVerifyMissesNothing holds verify against changes that make packages
// disappear: a load of nothing has no errors.
func TestVerifyMissesNothing(t *testing.T) {
	prog := layOut(t, twoClusters+`-- b/b.go --
package b

import "github.com/gorilla/websocket"

var Dialer = websocket.DefaultDialer
`)
	pl := &planner{prog: prog}
	root := prog.Config.Dir
	tests := []struct{ name, file, data, want string }{
		{"nothing", "a.go", "", ""},
		{"excluded package", "b/b.go", "//go:build never\n\npackage b\n", "lost files"},
		{"go line of the future", "go.mod", "module example.com/two\n\ngo 1.99\n\nrequire github.com/gorilla/websocket v1.5.3\n", "go"},
		{"no requirement", "go.mod", "module example.com/two\n\ngo 1.21\n", "github.com/gorilla/websocket"},
		{"type error", "b/b.go", "package b\n\nvar X int = \"\"\n", "b.go:3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var changes []FileChange
			if tt.data != "" {
				path := filepath.Join(root, filepath.FromSlash(tt.file))
				old, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				changes = append(changes, FileChange{Path: path, Old: old, New: []byte(tt.data)})
			}
			faults, err := pl.verify(context.Background(), changes)
			got := strings.Join(texts(faults), "\n")
			if err != nil {
				got += err.Error()
			}
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) || tt.want != "" && got == "" {
				t.Errorf("got %q, want a fault about %q", got, tt.want)
			}
		})
	}
}
