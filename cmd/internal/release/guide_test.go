package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/cmd/internal/transcript"
)

// guide goes the way of docs/guide.md in a copy of the dashboard, with the
// released tool that the guide installs, and compares what it shows.
func guide(t *testing.T, env []string) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skipf("the guide is written for a shell: %v", err)
	}
	const root = "../../.."
	data, err := os.ReadFile(filepath.Join(root, "docs", "guide.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	for _, line := range transcript.Indented(page) {
		t.Errorf("%s: nothing runs it: show it in a console block", line)
	}
	work := t.TempDir()
	dir := filepath.Join(work, "dashboard")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, "testdata", "apps", "dashboard"))); err != nil {
		t.Fatal(err)
	}
	writeFiles(t, page, work, dir)
	run := func(command string) (string, error) {
		cmd := exec.Command("sh", "-c", command)
		cmd.Dir, cmd.Env = dir, append(env, "PWD="+dir)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := run("git init -q && git add -A && git commit -q -m 'on gorilla'"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	steps := transcript.Steps(page)
	if len(steps) < 10 {
		t.Fatalf("the guide shows %d commands", len(steps))
	}
	for _, step := range steps {
		out, err := run(step.Command)
		if !step.Shown(out) {
			t.Errorf("$ %s\n%s(%v)\nthe guide shows\n%s", step.Command, out, err, strings.Join(step.Want, "\n"))
		}
	}
}

// writeFiles writes the files that a page shows in blocks that begin with
// "```go NAME.go" below work, each as a module NAME that needs what the one in
// dir needs.
func writeFiles(t *testing.T, page, work, dir string) {
	for _, block := range strings.Split(page, "\n```go ")[1:] {
		name, text, _ := strings.Cut(block, "\n")
		text, _, _ = strings.Cut(text, "\n```")
		module := strings.TrimSuffix(name, ".go")
		if err := os.MkdirAll(filepath.Join(work, module), 0o777); err != nil {
			t.Fatal(err)
		}
		files := map[string]string{name: text + "\n"}
		for _, f := range []string{"go.mod", "go.sum"} {
			data, err := os.ReadFile(filepath.Join(dir, f))
			if err != nil {
				t.Fatal(err)
			}
			files[f] = strings.Replace(string(data), "module example.com/dashboard", "module example.com/"+module, 1)
		}
		for f, text := range files {
			if err := os.WriteFile(filepath.Join(work, module, f), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}
