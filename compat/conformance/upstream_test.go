package conformance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/go/ast/astutil"
)

// upstreamTests is how many tests gorilla/websocket v1.5.3 has.
const upstreamTests = 58

// whiteBox are gorilla's tests of what only its own implementation has.
var whiteBox = map[string]string{
	"TestBufioReuse":  "compares addresses of the private buffers, which are not reused: TestFreeBuffers",
	"TestMaskBytes":   "calls the private mask function, which the engine has here",
	"TestTruncWriter": "uses the private writer that drops the end of a deflate stream",
}

// replaced are gorilla's tests of behaviour that compat has not on purpose.
var replaced = map[string]string{
	"TestConcurrentWritePanic": "compat serialises writers: TestConcurrentWriteSerialised tests the opposite",
}

// TestUpstream runs gorilla's own tests, read from the module cache, on
// gorilla itself as a control and on compat with either engine.
func TestUpstream(t *testing.T) {
	if testing.Short() {
		t.Skip("builds three test binaries")
	}
	dir := goList(t, "-m", "-f", "{{.Dir}}", gorillaPath)
	all, files := upstreamFiles(t, dir)
	if len(all) != upstreamTests {
		t.Errorf("gorilla has %d tests, %d are known", len(all), upstreamTests)
	}
	for _, subject := range []struct {
		name, engine string
		skipped      []map[string]string
	}{
		{"gorilla", "", []map[string]string{whiteBox}},
		{"compat on nhooyr", "nhooyr", []map[string]string{whiteBox, replaced}},
		{"compat on coder", "coder", []map[string]string{whiteBox, replaced}},
	} {
		t.Run(subject.name, func(t *testing.T) {
			module := t.TempDir()
			for name, text := range files {
				writeFile(t, filepath.Join(module, name), text)
			}
			var skip []string
			for _, reasons := range subject.skipped {
				for name, reason := range reasons {
					if !all[name] {
						t.Errorf("there is no %s to skip", name)
					}
					skip = append(skip, name)
					t.Logf("skipped %s: %s", name, reason)
				}
			}
			if subject.engine == "" {
				prepareGorilla(t, module, dir)
				skip = append(skip, "TestConcurrentWriteSerialised")
			} else {
				prepareCompat(t, module, subject.engine)
			}
			passed, failed := goTest(t, module, subject.engine, skip)
			want := 0
			for name := range all {
				if !contains(skip, name) {
					want++
				}
			}
			if subject.engine != "" {
				want++ // TestConcurrentWriteSerialised
			}
			t.Logf("%d of %d pass", passed, want)
			if passed != want || len(failed) > 0 {
				t.Errorf("%d of %d pass; failed: %s", passed, want, strings.Join(failed, ", "))
			}
		})
	}
}

// upstreamFiles reads gorilla's test files and turns them into files of one
// external test package. It also returns the names of all tests.
func upstreamFiles(t *testing.T, dir string) (tests map[string]bool, files map[string]string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	tests, files = make(map[string]bool), make(map[string]string)
	for _, path := range paths {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		if !adapt(fset, file, tests) {
			continue
		}
		var text bytes.Buffer
		if err := format.Node(&text, fset, file); err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(path)] = text.String() + "\nvar _ = ErrBadHandshake\n"
	}
	adapter, err := os.ReadFile("testdata/upstream/adapter/adapter_test.go")
	if err != nil {
		t.Fatal(err)
	}
	files["adapter_test.go"] = strings.Replace(string(adapter), "package adapter", "package websocket_test", 1)
	return tests, files
}

// adapt makes the file one of the external test package, on which gorilla's
// private names mean what the adapter declares, and adds the names of its
// tests. It reports whether the file has any tests left to run.
func adapt(fset *token.FileSet, file *ast.File, tests map[string]bool) (usable bool) {
	file.Name.Name = "websocket_test"
	kept := file.Decls[:0]
	for _, decl := range file.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Recv != nil {
			kept = append(kept, decl)
			continue
		}
		name := fn.Name.Name
		if strings.HasPrefix(name, "Benchmark") {
			continue
		}
		if strings.HasPrefix(name, "Test") {
			tests[name] = true
			if whiteBox[name] != "" {
				continue
			}
			usable = true
		}
		adaptFunc(fn)
		kept = append(kept, decl)
	}
	file.Decls = kept

	for _, imp := range append([]*ast.ImportSpec(nil), file.Imports...) {
		path, _ := strconv.Unquote(imp.Path.Value)
		if path == gorillaPath {
			imp.Path.Value = strconv.Quote("upstream/websocket")
		} else if !astutil.UsesImport(file, path) {
			astutil.DeleteImport(fset, file, path)
		}
	}
	astutil.AddNamedImport(fset, file, ".", "upstream/websocket")
	return usable
}

// adaptFunc replaces uses of private fields and of private values by calls of
// the adapter.
func adaptFunc(fn *ast.FuncDecl) {
	astutil.Apply(fn, nil, func(c *astutil.Cursor) bool {
		switch n := c.Node().(type) {
		case *ast.AssignStmt:
			// c.newCompressionWriter = …: compression is negotiated.
			if sel, ok := n.Lhs[0].(*ast.SelectorExpr); ok && (sel.Sel.Name == "newCompressionWriter" || sel.Sel.Name == "newDecompressionReader") {
				n.Lhs[0], n.Rhs[0] = sel.X, call("deflating", sel.X)
			}
			// addr := &wc.writeBuf[0]: the address is private.
			if addr, ok := n.Rhs[0].(*ast.UnaryExpr); ok {
				if elem, ok := addr.X.(*ast.IndexExpr); ok && isWriteBuf(elem.X) {
					c.Delete()
				}
			}
			// c := newConn(fc, …) where the test then compares fc.
			if name := fn.Name.Name; name == "TestNetConn" || name == "TestDeprecatedUnderlyingConn" {
				if e, ok := n.Rhs[0].(*ast.CallExpr); ok && isIdent(e.Fun, "newConn") {
					n.Rhs[0] = call("onConn", e.Args[0])
				}
			}
			// c := newTestConn(nil, nil, true): a handshake needs a writer.
			if e, ok := n.Rhs[0].(*ast.CallExpr); ok && fn.Name.Name == "TestAddrs" && isIdent(e.Fun, "newTestConn") {
				e.Args[1] = &ast.SelectorExpr{X: ast.NewIdent("ioutil"), Sel: ast.NewIdent("Discard")}
			}
		case *ast.IfStmt:
			// if wc.writeBuf != nil: when the pool is asked cannot be seen.
			if cond, ok := n.Cond.(*ast.BinaryExpr); ok && isWriteBuf(cond.X) {
				c.Delete()
			}
			// if wpd, ok := pool.v.(writePoolData); …: the pool has a buffer again.
			if init, ok := n.Init.(*ast.AssignStmt); ok {
				if of, ok := init.Rhs[0].(*ast.TypeAssertExpr); ok && isIdent(of.Type, "writePoolData") {
					n.Init, n.Cond = nil, &ast.BinaryExpr{X: of.X, Op: token.EQL, Y: ast.NewIdent("nil")}
				}
			}
		case *ast.BinaryExpr:
			// err == errUnexpectedEOF: the value is private.
			if isIdent(n.Y, "errUnexpectedEOF") {
				is := call("isUnexpectedEOF", n.X)
				if n.Op == token.NEQ {
					c.Replace(&ast.UnaryExpr{Op: token.NOT, X: is})
				} else {
					c.Replace(is)
				}
			}
		case *ast.CallExpr:
			// buf.String() of masked frames, whose keys differ here.
			if sel, ok := n.Fun.(*ast.SelectorExpr); ok && fn.Name.Name == "TestPreparedMessage" && sel.Sel.Name == "String" {
				sel.Sel.Name = "Bytes"
				c.Replace(call("unmasked", n))
			}
		}
		return true
	})
}

func call(name string, arg ast.Expr) *ast.CallExpr {
	return &ast.CallExpr{Fun: ast.NewIdent(name), Args: []ast.Expr{arg}}
}

func isWriteBuf(e ast.Expr) bool {
	sel, ok := e.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "writeBuf"
}

func isIdent(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

// upstreamModule is the go.mod of the tests. The go line is older than 1.24,
// where rand.Seed stopped to have an effect.
const upstreamModule = "module upstream\n\ngo 1.23\n"

// prepareGorilla puts gorilla's package with the exported helpers into the
// module.
func prepareGorilla(t *testing.T, module, dir string) {
	t.Helper()
	writeFile(t, filepath.Join(module, "go.mod"), upstreamModule)
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	paths = append(paths, "testdata/upstream/gorilla/export.go")
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(module, "websocket", filepath.Base(path)), string(text))
	}
}

// prepareCompat makes the module use compat, with the exported helpers laid
// over it, and the engine.
func prepareCompat(t *testing.T, module, engine string) {
	t.Helper()
	compat, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	const compatModule = "github.com/wsmigrate/wsmigrate/compat"
	writeFile(t, filepath.Join(module, "go.mod"), upstreamModule+fmt.Sprintf(`
require (
	%[1]s v0.0.0
	%[1]s/coder v0.0.0
)

replace (
	%[1]s => %[2]s
	%[1]s/coder => %[2]s/coder
)
`, compatModule, filepath.ToSlash(compat)))
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(module, "go.sum"), string(sums))
	if engine == "coder" {
		writeFile(t, filepath.Join(module, "engine_test.go"), "package websocket_test\n\nimport _ \""+coderPath+"\"\n")
	}
	for _, name := range mustGlob(t, filepath.Join(module, "*_test.go")) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, name, strings.Replace(string(text), `"upstream/websocket"`, strconv.Quote(compatPath), -1))
	}
	export, err := filepath.Abs("testdata/upstream/compat/export.go")
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {
		filepath.Join(compat, "websocket", "upstream_export.go"): export,
	}})
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(module, "overlay.json"), string(overlay))
}

// goTest runs the module's tests and returns how many passed and the names of
// those that did not.
func goTest(t *testing.T, module, engine string, skip []string) (passed int, failed []string) {
	t.Helper()
	sort.Strings(skip)
	args := []string{"test", "-json", "-mod=mod", "-skip=^(" + strings.Join(skip, "|") + ")$", "-timeout=60s"}
	if engine != "" {
		args = append(args, "-overlay=overlay.json")
	}
	cmd := exec.Command("go", append(args, ".")...)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "GOWORK=off", "WSMIGRATE_ENGINE=")
	output, runErr := cmd.CombinedOutput()

	text := make(map[string]*strings.Builder)
	lines := bufio.NewScanner(bytes.NewReader(output))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var event struct{ Action, Test, Output string }
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			t.Log(lines.Text()) // of the go command itself
			continue
		}
		top, _, sub := strings.Cut(event.Test, "/")
		if text[top] == nil {
			text[top] = new(strings.Builder)
		}
		switch event.Action {
		case "output", "build-output":
			text[top].WriteString(event.Output)
		case "pass":
			if event.Test != "" && !sub {
				passed++
			}
		case "fail":
			if !sub {
				if event.Test == "" && len(failed) > 0 {
					break // follows from the tests
				}
				failed = append(failed, event.Test)
				t.Logf("%s failed:\n%s", event.Test, last(text[top].String(), 4000))
			}
		}
	}
	if runErr != nil && len(failed) == 0 {
		t.Errorf("go test: %v\n%s", runErr, last(string(output), 4000))
	}
	return passed, failed
}

// last returns the end of s, of at most n bytes.
func last(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}

func goList(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return strings.TrimSpace(string(out))
}

func mustGlob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}
