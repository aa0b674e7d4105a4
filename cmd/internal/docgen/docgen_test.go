package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

const root = "../../.."

func TestGenerated(t *testing.T) {
	files, err := stale(root, generated)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		t.Errorf("%s is stale: run go run ./cmd/internal/docgen in the root of the repository", f.path)
	}
}

func TestRunWritesWhatIsStale(t *testing.T) {
	dir := t.TempDir()
	if err := run([]string{"-C", dir}, new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), "-C") {
		t.Errorf("outside the repository: %v, want an error that names -C", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.work"), []byte("go 1.26.0\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run([]string{"-C", dir}, &out); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(out.String(), "wrote "); got != len(generated) {
		t.Errorf("wrote %d files of %d: %s", got, len(generated), &out)
	}
	out.Reset()
	if err := run([]string{"-C", dir}, &out); err != nil || out.Len() > 0 {
		t.Errorf("second run: %v, %s", err, &out)
	}
}

func TestStale(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"same": "a\nb\n", "crlf": "a\r\nb\r\n", "other": "a\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	content := func() ([]byte, error) { return []byte("a\nb\n"), nil }
	files, err := stale(dir, []file{{"same", content}, {"crlf", content}, {"other", content}, {"missing", content}})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 2 || files[0].path != "other" || files[1].path != "missing" {
		t.Errorf("stale: %v, want other and missing", files)
	}
	broken := errors.New("broken")
	if _, err := stale(dir, []file{{"same", func() ([]byte, error) { return nil, broken }}}); !errors.Is(err, broken) {
		t.Errorf("a failing generator gives %v", err)
	}
}

// TestMappingLinks asks that the table links to an entry for each identifier.
func TestMappingLinks(t *testing.T) {
	doc, err := mapping()
	if err != nil {
		t.Fatal(err)
	}
	headings := make(map[string]bool)
	for _, h := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllSubmatch(doc, -1) {
		slug := strings.ToLower(regexp.MustCompile(`[^\w -]`).ReplaceAllString(string(h[1]), ""))
		headings[strings.ReplaceAll(slug, " ", "-")] = true
	}
	links := regexp.MustCompile(`(?m)^\| \[[^]]+\]\(#([^)]+)\)`).FindAllSubmatch(doc, -1)
	if len(links) != len(wsapi.Mappings()) {
		t.Errorf("%d links for %d identifiers", len(links), len(wsapi.Mappings()))
	}
	for _, l := range links {
		if !headings[string(l[1])] {
			t.Errorf("no heading for #%s", l[1])
		}
	}
}
