package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The page in docs is what the command prints, and a formatter takes it.
func TestManual(t *testing.T) {
	const name = "../../docs/wsmigrate.1"
	page := manual()
	if *update {
		if err := os.WriteFile(name, []byte(page), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))); got != page {
		t.Errorf("%s is stale: go test ./cmd/wsmigrate -run TestManual -update", name)
	}
	for _, c := range commands() {
		if !strings.Contains(page, "\n.SS "+escape(c.name)) {
			t.Errorf("the page does not have %s", c.name)
		}
		for _, f := range c.flags {
			if !strings.Contains(page, escape("-"+f)+"\n") && !strings.Contains(page, escape("-"+f)+` "`) {
				t.Errorf("the page does not have -%s of %s", f, c.name)
			}
		}
	}
	for _, lint := range [][]string{{"mandoc", "-Tlint", "-Werror"}, {"groff", "-man", "-ww", "-Tutf8"}} {
		path, err := exec.LookPath(lint[0])
		if err != nil {
			t.Logf("not asked: %v", err)
			continue
		}
		cmd := exec.Command(path, lint[1:]...)
		cmd.Stdin = strings.NewReader(page)
		var complaints bytes.Buffer
		cmd.Stderr = &complaints
		if err := cmd.Run(); err != nil || complaints.Len() > 0 {
			t.Errorf("%s: %v\n%s", lint[0], err, complaints.Bytes())
		}
	}
}

func TestEscape(t *testing.T) {
	for s, want := range map[string]string{
		"-w": `\-w`, `a\b`: `a\eb`, ".x\n'y\nz": "\\&.x\n\\&'y\nz",
	} {
		if got := escape(s); got != want {
			t.Errorf("escape(%q) = %q, want %q", s, got, want)
		}
	}
}
