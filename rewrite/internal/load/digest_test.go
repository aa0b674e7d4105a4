package load

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const digested = `
-- go.mod --
module m

$REQUIRE

require example.com/other v0.0.0

replace example.com/other => ./other
-- m.go --
package m
` + use + `
-- m_test.go --
package m
-- m_windows.go --
package m
-- plain/plain.go --
package plain

import _ "example.com/other"
-- other/go.mod --
module example.com/other

go 1.21
-- other/other.go --
package other
`

func digest(t *testing.T, cfg Config) *Digest {
	t.Helper()
	tree, err := List(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return tree.Digest()
}

// Whatever can change a result changes the digest, and nothing else does.
func TestDigest(t *testing.T) {
	rewrite := func(file, from, to string) func(t *testing.T, cfg *Config) {
		return func(t *testing.T, cfg *Config) {
			path := filepath.Join(cfg.Dir, file)
			data, err := os.ReadFile(path)
			if err != nil && from != "" {
				t.Fatal(err)
			}
			if !strings.Contains(string(data), from) {
				t.Fatalf("no %q in %s", from, file)
			}
			if err := os.WriteFile(path, []byte(strings.Replace(string(data), from, to, 1)), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := []struct {
		name   string
		change func(t *testing.T, cfg *Config)
		same   bool
	}{
		{"nothing", func(*testing.T, *Config) {}, true},
		{"a file of no package", rewrite("README.md", "", "read me"), true},
		{"a variable of another program", func(_ *testing.T, cfg *Config) { cfg.Env = append(cfg.Env, "EDITOR=ed") }, true},
		{"time alone", rewrite("m.go", "conn", "conn"), true},
		{"a file", rewrite("m.go", "conn", "gone"), false},
		{"a comment", rewrite("plain/plain.go", "package", "//wsmigrate:ignore wsorigin asked for\npackage"), false},
		{"a test", rewrite("m_test.go", "package m", "package m_test"), false},
		{"a file of another configuration", rewrite("m_windows.go", "package m", "package m // win"), false},
		{"a new file", rewrite("new.go", "", "package m\n"), false},
		{"a file of a replaced module", rewrite("other/other.go", "package other", "package other // new"), false},
		{"go.mod", rewrite("go.mod", "go 1.21", "go 1.21 // or newer"), false},
		{"go.sum", rewrite("go.sum", "", "\n"), false},
		{"a mode", func(t *testing.T, cfg *Config) {
			if err := os.Chmod(filepath.Join(cfg.Dir, "m.go"), 0o444); err != nil {
				t.Fatal(err)
			}
		}, false},
		{"the system", func(_ *testing.T, cfg *Config) { cfg.Env = append(cfg.Env, "GOOS=windows") }, false},
		{"the experiments", func(_ *testing.T, cfg *Config) { cfg.Env = append(cfg.Env, "GOAMD64=v3") }, false},
		{"tags", func(_ *testing.T, cfg *Config) { cfg.Tags = "x" }, false},
		{"patterns", func(_ *testing.T, cfg *Config) { cfg.Patterns = []string{"./plain"} }, false},
	}
	laid := lay(t, digested)
	digest(t, config(laid, "GOWORK=off", "GOFLAGS=-mod=mod")) // completes go.sum
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(laid)); err != nil {
				t.Fatal(err)
			}
			cfg := config(dir, "GOWORK=off")
			before := digest(t, cfg)
			if !before.Fresh() {
				t.Error("the digest of an untouched tree is not fresh")
			}
			tt.change(t, &cfg)
			if after := digest(t, cfg); (after.Sum() == before.Sum()) != tt.same {
				t.Errorf("the digests are equal: %v, want %v", !tt.same, tt.same)
			}
		})
	}
}

// What changed behind a run's back is seen.
func TestFresh(t *testing.T) {
	dir := lay(t, digested)
	digest(t, config(dir, "GOWORK=off", "GOFLAGS=-mod=mod"))
	d := digest(t, config(dir, "GOWORK=off"))
	path := filepath.Join(dir, "m.go")
	if err := os.WriteFile(path, []byte("package m\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if d.Fresh() {
		t.Error("a changed file goes unseen")
	}
}

// A result that depends on what could not be had is not kept.
func TestSettled(t *testing.T) {
	missing := strings.Replace(digested, `import _ "example.com/other"`, "import _ \"example.com/missing\"\n"+use, 1)
	for src, want := range map[string]bool{digested: true, missing: false} {
		dir := lay(t, src)
		digest(t, config(dir, "GOWORK=off", "GOFLAGS=-mod=mod"))
		tree, err := Load(context.Background(), config(dir, "GOWORK=off"))
		if err != nil {
			t.Fatal(err)
		}
		if got := tree.Settled(); got != want {
			t.Errorf("settled: %v, want %v:\n%s", got, want, src)
		}
	}
}
