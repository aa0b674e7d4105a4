package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
)

// What the README shows is what its commands write: stdout and then stderr,
// where "…" stands for what is left out, lines or a part of one.
func TestReadme(t *testing.T) {
	t.Chdir("../..")
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(readme), "```console\n$ wsmigrate ")[1:]
	if len(blocks) == 0 {
		t.Fatal("the README shows no command")
	}
	for _, b := range blocks {
		b, _, _ = strings.Cut(b, "\n```")
		line, want, _ := strings.Cut(b, "\n")
		t.Run(line, func(t *testing.T) {
			var out, errs bytes.Buffer
			if s := run(context.Background(), strings.Fields(line), os.Environ(), nil, &out, &errs); s > exitFound {
				t.Errorf("exit status %d", s)
			}
			got := strings.TrimRight(out.String()+errs.String(), "\n")
			if !elided(strings.Split(want, "\n"), strings.Split(got, "\n")) {
				t.Errorf("the README shows\n%s\nthe command writes\n%s", want, got)
			}
		})
	}
}

// elided reports whether got is want, whose lines "…" stand for any lines.
func elided(want, got []string) bool {
	for i, w := range want {
		if strings.TrimSpace(w) == "…" {
			for skip := range len(got) - i + 1 {
				if elided(want[i+1:], got[i+skip:]) {
					return true
				}
			}
			return false
		}
		if i >= len(got) || !shown(w, got[i]) {
			return false
		}
	}
	return len(want) == len(got)
}

// shown reports whether line is want, whose "…" stand for any text.
func shown(want, line string) bool {
	parts := strings.Split(want, "…")
	line, ok := strings.CutPrefix(line, parts[0])
	if !ok || len(parts) == 1 {
		return ok && line == ""
	}
	last := len(parts) - 1
	for _, p := range parts[1:last] {
		if _, line, ok = strings.Cut(line, p); !ok {
			return false
		}
	}
	return strings.HasSuffix(line, parts[last])
}

func TestElided(t *testing.T) {
	tests := []struct {
		want, got string
		match     bool
	}{
		{"a\nb", "a\nb", true},
		{"a\nb", "a\nb\nc", false},
		{"a\n…\nc", "a\nb\nb\nc", true},
		{"a\n…\nc", "a\nc", true},
		{"…\nc\n…", "a\nc\nd\ne", true},
		{"a\n…\nc", "a\nb", false},
		{"x … z", "x y y z", true},
		{"x … z", "x y y", false},
		{"x … y … z", "x 1 y 2 z", true},
	}
	for _, tt := range tests {
		if got := elided(strings.Split(tt.want, "\n"), strings.Split(tt.got, "\n")); got != tt.match {
			t.Errorf("%q of %q: %v", tt.want, tt.got, got)
		}
	}
}
