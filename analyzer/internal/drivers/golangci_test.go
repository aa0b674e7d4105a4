package drivers

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// golangci is the version that the plugin is tested with.
const golangci = "v2.15.0"

const golangciMain = `package main

import (
	"fmt"
	"os"

	"github.com/golangci/golangci-lint/v2/pkg/commands"

	_ "github.com/wsmigrate/wsmigrate/analyzer/gclplugin"
)

func main() {
	if err := commands.Execute(commands.BuildInfo{Version: "test"}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}
`

const golangciConfig = `version: "2"
linters:
  default: none
  exclusions:
    generated: disable
  enable: [wsmigrate]
  settings:
    custom:
      wsmigrate:
        type: module
        settings:
          confidence: %s
          rules: %s
issues:
  max-issues-per-linter: 0
  max-same-issues: 0
  uniq-by-line: false
`

// TestGolangci builds golangci-lint with the plugin, as golangci-lint custom
// does, and runs it over the cases of all rules. The build takes minutes and
// the module proxy, so that it runs only where it is asked for.
func TestGolangci(t *testing.T) {
	if os.Getenv("WSMIGRATE_GOLANGCI") == "" {
		t.Skip("WSMIGRATE_GOLANGCI is not set")
	}
	lint := buildGolangci(t)
	tr := wants(t, newest, "")
	want := reference(t, tr)
	t.Run("all", func(t *testing.T) { same(t, want, separate, tr.golangci(t, lint, "low", "[]")) })
	t.Run("rules", func(t *testing.T) {
		var some []finding
		for _, f := range want {
			if f.rule == "wsorigin" && f.category != "always" {
				some = append(some, f)
			}
		}
		same(t, some, separate, tr.golangci(t, lint, "low", "[wsorigin, -wsorigin/always]"))
	})
	t.Run("settings", func(t *testing.T) {
		tr.configure("sure", "[]")
		if out, _ := tr.run([]int{3}, lint, "run"); out != "" {
			t.Errorf("a wrong setting: %s", out)
		}
	})
	t.Run("bad input", func(t *testing.T) {
		tr := badInput(t)
		// It follows line directives to Go files only.
		tr.pkg = slices.DeleteFunc(tr.pkg, func(p string) bool { return p == "example.com/bad/lines" })
		same(t, judged(t, tr), separate, tr.golangci(t, lint, "low", "[]"))
	})
}

// buildGolangci makes a module of a main package with the plugin.
func buildGolangci(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	const module = "github.com/wsmigrate/wsmigrate"
	mod := fmt.Sprintf("module example.com/golangci\n\ngo 1.26.0\n\nrequire (\n\tgithub.com/golangci/golangci-lint/v2 %s\n\t%s v0.0.0\n\t%[2]s/analyzer/gclplugin v0.0.0\n)\n\n"+
		"replace (\n\t%[2]s => %[3]s\n\t%[2]s/analyzer/gclplugin => %[3]s/analyzer/gclplugin\n)\n", golangci, module, filepath.ToSlash(root))
	for name, text := range map[string]string{"go.mod": mod, "main.go": golangciMain} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	lint := filepath.Join(dir, "golangci.exe")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-mod=mod", "-o", lint, ".")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return lint
}

func (tr *tree) configure(confidence, rules string) {
	tr.t.Helper()
	text := fmt.Sprintf(golangciConfig, confidence, rules)
	if err := os.WriteFile(filepath.Join(tr.dir, ".golangci.yml"), []byte(text), 0o666); err != nil {
		tr.t.Fatal(err)
	}
}

// golangci returns the lines that golangci-lint reports for the packages that
// every driver takes.
func (tr *tree) golangci(t *testing.T, lint, confidence, rules string) []string {
	t.Helper()
	tr.configure(confidence, rules)
	cache := append(tr.env, "GOLANGCI_LINT_CACHE="+t.TempDir())
	with := *tr
	with.t, with.env = t, cache
	args := []string{"run", "--issues-exit-code=0", "--show-stats=false", "--output.json.path=stdout"}
	for _, p := range tr.pkg {
		args = append(args, "./"+strings.TrimPrefix(strings.TrimPrefix(p, tr.module), "/"))
	}
	stdout, _ := with.run([]int{0}, lint, args...)
	var report struct {
		Issues []struct {
			FromLinter, Text string
			Pos              struct {
				Filename     string
				Line, Column int
			}
		}
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		t.Fatalf("%v in %s", err, stdout)
	}
	var lines []string
	for _, issue := range report.Issues {
		if issue.FromLinter != "wsmigrate" {
			t.Errorf("%s: %s", issue.FromLinter, issue.Text)
		}
		posn := fmt.Sprintf("%s:%d:%d", issue.Pos.Filename, issue.Pos.Line, issue.Pos.Column)
		lines = append(lines, tr.relative(posn)+": "+issue.Text)
	}
	return lines
}
