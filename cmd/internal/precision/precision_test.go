package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/cmd/internal/measure"
)

const server = `package main

import (
	"net/http"

	"github.com/gorilla/websocket"
)

var upgrader = websocket.Upgrader{
	CheckOrigin: func(*http.Request) bool { return true },
}

func main() { _ = upgrader }
`

const head = `# Page

| set | repository | commit | folder | lines | high | medium | low |
|---|---|---|---|---|---|---|---|
| one | owner/name | COMMIT | srv | 0 | 0 | 0 | 0 |

| set | finding | high | medium | low | high per 10,000 lines | all |
|---|---|---|---|---|---|---|

| repository | place | finding | verdict | why |
|---|---|---|---|---|
`

const row = "| owner/name | `srv/cmd/main.go:10` | wsorigin/always | true | any site may connect |\n"

// TestRun lints a module in the folder of a repository at a commit, first
// without and then with the verdict on its finding.
func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	clones := t.TempDir()
	repo := filepath.Join(clones, "owner", "name")
	sums, err := os.ReadFile("../../../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	git := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", repo, "-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	for name, text := range map[string]string{
		"srv/go.mod":           "module example.com/srv\n\ngo 1.24\n\nrequire github.com/gorilla/websocket v1.5.3\n",
		"srv/go.sum":           string(sums),
		"srv/cmd/main.go":      server,
		"srv/cmd/main_test.go": "package main\n",
		"srv/vendor/x/x.go":    "package x\n",
		"srv/below/go.mod":     "module example.com/below\n",
		"srv/below/below.go":   "package below\n",
	} {
		write(t, filepath.Join(repo, filepath.FromSlash(name)), text)
	}
	git("init", "-q")
	git("add", ".")
	git("commit", "-q", "-m", "commit")
	page := filepath.Join(clones, "page.md")
	text := strings.Replace(head, "COMMIT", git("rev-parse", "HEAD"), 1)
	write(t, page, text)
	t.Chdir("../../..")
	tool := filepath.Join(clones, "tool.exe")
	if out, err := exec.Command("go", "build", "-o", tool, "./cmd/wsmigrate").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	precision := func(status int, args ...string) string {
		t.Helper()
		var stdout, stderr bytes.Buffer
		got, err := run(append([]string{"-tool", tool, "-clones", clones}, args...), &stdout, &stderr)
		if got != status || err != nil {
			t.Errorf("%q: status %d, %v; want %d\n%s%s", args, got, err, status, stdout.String(), stderr.String())
		}
		return stdout.String()
	}
	out := precision(1, page)
	for _, want := range []string{"no verdict: | owner/name | srv/cmd/main.go:10 | wsorigin/always |", "-update writes them"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	write(t, page, text+row)
	if out = precision(0, "-update", page); !strings.Contains(out, "one: 1 of 1 findings of high confidence are true (100 %)") {
		t.Error(out)
	}
	precision(0, page)
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| srv | 13 | 1 | 0 | 0 |\n", "| one | wsorigin/always | 1 | 0 | 0 | 769.23 | 769.23 |\n", row} {
		if !strings.Contains(string(got), want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	// A verdict whose finding is gone.
	write(t, page, string(got)+strings.Replace(row, ":10", ":11", 1))
	if out = precision(1, "-only", "one", page); !strings.Contains(out, "no finding: | owner/name | srv/cmd/main.go:11 | wsorigin/always |") {
		t.Error(out)
	}
	if out = precision(0, "-only", "two", page); out != "" {
		t.Errorf("%q of no module", out)
	}
	// A commit that is not there.
	write(t, page, head)
	if out = precision(1, page); !strings.Contains(out, "not linted: owner/name srv: ") {
		t.Error(out)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestUsage(t *testing.T) {
	dir := t.TempDir()
	page := func(text string) string {
		name := filepath.Join(dir, "page.md")
		write(t, name, text)
		return name
	}
	for _, args := range [][]string{
		{}, {"-clones", dir}, {"page.md"}, {"-nonsense"},
		{"-clones", dir, filepath.Join(dir, "missing")},
		{"-clones", dir, "-update", "-only", "x", page(head)},
		{"-clones", dir, page("# No table\n")},
		{"-clones", dir, page(strings.Replace(head, "COMMIT", "", 1))},
		{"-clones", dir, page(head + strings.Replace(row, "true", "perhaps", 1))},
		{"-clones", dir, page(head + strings.Replace(row, "any site may connect", "", 1))},
	} {
		if status, err := run(args, new(bytes.Buffer), new(bytes.Buffer)); status != 2 || err == nil {
			t.Errorf("%q: status %d, error %v", args, status, err)
		}
	}
}

// TestRules adds figures up by set.
func TestRules(t *testing.T) {
	all := []*result{
		{Module: &module{Set: "a"}, Lines: 5000, Findings: []measure.Finding{{Rule: "r", Category: "x", Confidence: "high"}, {Rule: "r", Category: "x", Confidence: "low"}}},
		{Module: &module{Set: "a"}, Lines: 5000, Findings: []measure.Finding{{Rule: "r", Category: "y", Confidence: "medium"}}},
		{Module: &module{Set: "b"}, Lines: 20000, Findings: []measure.Finding{{Rule: "r", Category: "x", Confidence: "high"}}},
	}
	want := []string{
		"| a | all | 1 | 1 | 1 | 1.00 | 3.00 |",
		"| a | r/x | 1 | 0 | 1 | 1.00 | 2.00 |",
		"| a | r/y | 0 | 1 | 0 | 0.00 | 1.00 |",
		"| b | all | 1 | 0 | 0 | 0.50 | 0.50 |",
		"| b | r/x | 1 | 0 | 0 | 0.50 | 0.50 |",
	}
	if got := ruleRows(all); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}
