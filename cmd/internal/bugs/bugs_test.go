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

// TestRun makes a repository with a bug and its repair, and one with a repair
// that is none.
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
	commit := func(main string) string {
		t.Helper()
		for name, text := range map[string]string{
			"srv/go.mod":      "module example.com/srv\n\ngo 1.24\n\nrequire github.com/gorilla/websocket v1.5.3\n",
			"srv/go.sum":      string(sums),
			"srv/cmd/main.go": main,
		} {
			name = filepath.Join(repo, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		git("add", ".")
		git("commit", "-q", "-m", "commit")
		return git("rev-parse", "HEAD")
	}
	if err := os.MkdirAll(repo, 0o777); err != nil {
		t.Fatal(err)
	}
	git("init", "-q")
	buggy := commit(server)
	fixed := commit(strings.Replace(server, "return true", `return false`, 1))

	entry := `{"id": "%", "repo": "owner/name", "buggy_commit": "` + buggy + `", "fixed_commit": "FIXED", "fixed_really": true,
"hazard": "origin-check-disabled", "file": "srv/cmd/main.go", "lines": [10], "fixed_file": "srv/cmd/main.go", "fixed_lines_to_check": [10]}`
	list := filepath.Join(clones, "bugs.json")
	text := "[" + strings.NewReplacer("%", "A1", "FIXED", fixed).Replace(entry) + "," + strings.NewReplacer("%", "B1", "FIXED", buggy).Replace(entry) + "]"
	if err := os.WriteFile(list, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	t.Chdir("../../..")
	status, err := run([]string{"-clones", clones, "-json", filepath.Join(clones, "found.json"), list}, &stdout, &stderr)
	if status != 0 || err != nil {
		t.Fatalf("status %d, %v\n%s%s", status, err, stdout.String(), stderr.String())
	}
	for _, want := range []string{
		"high always at main.go:10  silent ", "found, repair flagged",
		"origin-check-disabled  2     2      2        1 of 2",
	} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("no %q in\n%s", want, stdout.String())
		}
	}
	found, err := os.ReadFile(filepath.Join(clones, "found.json"))
	if err != nil || !bytes.Contains(found, []byte("CheckOrigin accepts every Origin")) {
		t.Errorf("found.json: %v\n%s", err, found)
	}
	// Without the repository there is a row that says so, and status 1.
	stdout.Reset()
	status, err = run([]string{"-clones", t.TempDir(), "-only", "A,read", list}, &stdout, &stderr)
	if status != 1 || err != nil || !strings.Contains(stdout.String(), "not linted") || strings.Contains(stdout.String(), "B1") {
		t.Errorf("status %d, %v\n%s", status, err, stdout.String())
	}
}

func TestUsage(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for _, args := range [][]string{
		{}, {"-clones", dir}, {"bugs.json"}, {"-nonsense"},
		{"-clones", dir, "-confidence", "sure", "bugs.json"},
		{"-clones", dir, filepath.Join(dir, "missing")},
		{"-clones", dir, write("no.json", "{")},
		{"-clones", dir, write("incomplete.json", `[{"id": "A"}]`)},
		{"-clones", dir, write("hazard.json", `[{"id": "A", "repo": "o/n", "buggy_commit": "c", "file": "f.go", "hazard": "weather"}]`)},
	} {
		if status, err := run(args, new(bytes.Buffer), new(bytes.Buffer)); status != 2 || err == nil {
			t.Errorf("%q: status %d, error %v", args, status, err)
		}
	}
}

func TestBest(t *testing.T) {
	findings := []measure.Finding{
		{Rule: "other", Confidence: "high", Posn: "a/b.go:7:1"},
		{Rule: "r", Confidence: "low", Posn: "a/b.go:7:1"},
		{Rule: "r", Confidence: "medium", Posn: "a/c.go:1:1", Message: "and WriteJSON at b.go:7 by x"},
		{Rule: "r", Confidence: "medium", Posn: "a/b.go:8:3"},
	}
	findings[3].Related = append(findings[3].Related, struct {
		Posn string `json:"posn"`
	}{"a/b.go:30:1"})
	for _, test := range []struct {
		file  string
		lines []int
		index int
		how   hit
	}{
		{"a/b.go", []int{7}, 2, named},
		{"a/b.go", []int{7, 8}, 3, there},
		{"a/b.go", []int{30}, 3, named},
		{"a/b.go", []int{77}, -1, none},
		{"z/b.go", []int{8}, -1, none},
		{"a/b.go", nil, -1, none},
	} {
		f, how := best(findings, "r", test.file, test.lines)
		index := -1
		for i := range findings {
			if f == &findings[i] {
				index = i
			}
		}
		if index != test.index || how != test.how {
			t.Errorf("best(%s, %v) = %d, %d; want %d, %d", test.file, test.lines, index, how, test.index, test.how)
		}
	}
}
