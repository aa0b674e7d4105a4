package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/cmd/internal/transcript"
)

// What the README shows is what its commands write, stdout and then stderr.
// That of the guide is shown by the test of cmd/internal/release.
func TestReadme(t *testing.T) {
	t.Chdir("../..")
	page := readPage(t, "README.md")
	shown := make(map[string]string)
	for _, step := range transcript.Steps(page) {
		args, ok := strings.CutPrefix(step.Command, "wsmigrate ")
		if !ok {
			t.Errorf("%s: nothing runs it", step.Command)
			continue
		}
		t.Run(args, func(t *testing.T) {
			var out, errs bytes.Buffer
			if s := run(context.Background(), strings.Fields(args), os.Environ(), nil, &out, &errs); s > exitFound {
				t.Errorf("exit status %d", s)
			}
			got := out.String() + errs.String()
			shown[args] = got
			if !step.Shown(got) {
				t.Errorf("the README shows\n%s\nthe command writes\n%s", strings.Join(step.Want, "\n"), got)
			}
		})
	}
	if len(shown) == 0 {
		t.Fatal("the README shows no command")
	}
	for _, line := range transcript.Indented(page) {
		args, ok := strings.CutPrefix(line, "go run ./cmd/wsmigrate ")
		switch {
		case line == "go test work":
			// Run here, it would run this test. It is a step of all checks.
			if !strings.Contains(readPage(t, ".ci/run"), "\n\tgo test work\n") {
				t.Errorf("%s: .ci/run has no such step", line)
			}
		case ok && testing.Short():
			t.Logf("%s: not run, as it builds the tool", line)
		case ok:
			out, err := exec.Command("go", strings.Fields(line)[1:]...).CombinedOutput()
			// go run says what the status was, and ends with 1 for any.
			got := strings.TrimSuffix(string(out), "exit status 1\n")
			if got != shown[args] {
				t.Errorf("%s: %v\n%s\nwant what is shown below it:\n%s", line, err, got, shown[args])
			}
		default:
			t.Errorf("%s: nothing runs it", line)
		}
	}
}

func readPage(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// inline matches code in a sentence or a table.
var inline = regexp.MustCompile("`wsmigrate( [^`]+)`")

// Command lines in the text of any page are such that the tool takes them.
func TestPagesNameCommands(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) < 10 {
		t.Fatalf("pages: %q, %v", pages, err)
	}
	for _, name := range append(pages, "../../README.md", "../../CONTRIBUTING.md", "../../SECURITY.md") {
		for _, m := range inline.FindAllStringSubmatch(readPage(t, name), -1) {
			line := strings.TrimSpace(m[1])
			args := strings.Fields(line)
			if len(args) > 0 && (args[0] == "…" || args[0] == completeWord) {
				continue
			}
			// Fewer words than a command needs are its name.
			if len(args) == 1 && lookup(args[0]) != nil {
				continue
			}
			if err := accepted(line); err != nil {
				t.Errorf("%s: `wsmigrate %s`: %v", name, line, err)
			}
		}
	}
}
