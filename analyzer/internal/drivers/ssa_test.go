package drivers

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/analyzer"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/lazyssa"
)

// TestNoSSA counts the packages whose SSA form is built, the standard library
// among those asked: it is the one that can reach a WebSocket library.
func TestNoSSA(t *testing.T) {
	if testing.Short() {
		t.Skip("type-checks the standard library")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/m\n\ngo 1.24\n\nrequire github.com/gorilla/websocket v1.5.3\n",
		"go.sum": "github.com/gorilla/websocket v1.5.3 h1:saDtZ6Pbx/0u+bgYQ3q96pZgCzfhKXGPqt7kZ72aNNg=\n" +
			"github.com/gorilla/websocket v1.5.3/go.mod h1:YR8l580nyteQvAITg2hZ9XVh4b55+EU/adAjf1fMHhE=\n",
		"plain/plain.go": "package plain\n\nimport \"net/http\"\n\nfunc Serve() { go http.ListenAndServe(\"\", nil) }\n",
		"sockets/sockets.go": "package sockets\n\nimport (\n\t\"github.com/gorilla/websocket\"\n\n\t\"example.com/m/plain\"\n)\n\n" +
			"func Write(conn *websocket.Conn) {\n\tplain.Serve()\n\tgo conn.WriteMessage(1, nil)\n}\n",
		"caller/caller.go": "package caller\n\nimport (\n\t\"github.com/gorilla/websocket\"\n\n\t\"example.com/m/sockets\"\n)\n\n" +
			"func Call(conn *websocket.Conn) { sockets.Write(conn) }\n",
		"locks/locks.go": "package locks\n\nimport (\n\t\"sync\"\n\n\t\"github.com/gorilla/websocket\"\n)\n\n" +
			"var mu sync.Mutex\n\nfunc Lock() { mu.Lock() }\n\nfunc Upgrades(u *websocket.Upgrader) bool { return u.CheckOrigin != nil }\n",
		"locked/locked.go": "package locked\n\nimport \"example.com/m/locks\"\n\nfunc Lock() { go locks.Lock() }\n",
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	tr := &tree{t: t, dir: dir, env: append(os.Environ(), "GOWORK=off", "GOFLAGS=", "GOPROXY=off")}
	var mu sync.Mutex
	builders := make(map[string]*lazyssa.Builder) // by package
	run := lazyssa.Analyzer.Run
	defer func() { lazyssa.Analyzer.Run = run }()
	lazyssa.Analyzer.Run = func(pass *analysis.Pass) (any, error) {
		result, err := run(pass)
		mu.Lock()
		defer mu.Unlock()
		builders[pass.Pkg.Path()], _ = result.(*lazyssa.Builder)
		return result, err
	}
	if _, err := checker.Analyze(analyzer.Suite, tr.load(packages.LoadAllSyntax, "./..."), nil); err != nil {
		t.Fatal(err)
	}
	asked := make(map[string]bool)
	var built []string
	for path, builder := range builders {
		asked[path] = true
		if builder.Built() {
			built = append(built, path)
		}
	}
	if !asked["net/http"] || !asked["github.com/gorilla/websocket"] || !asked["example.com/m/plain"] {
		t.Fatalf("the rules did not run on the dependencies, but on %d packages", len(asked))
	}
	slices.Sort(built)
	// locked imports what has to do with connections, but hands out none.
	if !slices.Equal(built, []string{"example.com/m/caller", "example.com/m/locks", "example.com/m/sockets"}) {
		t.Errorf("of %d packages these have an SSA form: %v", len(asked), built)
	}
}
