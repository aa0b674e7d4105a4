package transcript

import (
	"slices"
	"strings"
	"testing"
)

func TestShown(t *testing.T) {
	tests := []struct {
		want, got string
		match     bool
	}{
		{"a\nb", "a\nb", true},
		{"a\nb", "a\nb\n", true},
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
		if got := (Step{Want: strings.Split(tt.want, "\n")}).Shown(tt.got); got != tt.match {
			t.Errorf("%q of %q: %v", tt.want, tt.got, got)
		}
	}
	if !(Step{}).Shown("") || (Step{}).Shown("a") || !(Step{Want: []string{"…"}}).Shown("") {
		t.Error("a command without output is not told from one with")
	}
}

func TestSteps(t *testing.T) {
	const page = "text\n\n    go build\n    go test\n\n1. a list\n    goes on\n\n```console\n$ a b\nout\n\n    more\n$ c\n```\n\n```go\n$ not this\n    nor this\n```\n\n    last\n"
	steps := Steps(page)
	if len(steps) != 2 || steps[0].Command != "a b" || !slices.Equal(steps[0].Want, []string{"out", "", "    more"}) ||
		steps[1].Command != "c" || steps[1].Want != nil {
		t.Errorf("steps: %q", steps)
	}
	if got, want := Indented(page), []string{"go build", "go test", "last"}; !slices.Equal(got, want) {
		t.Errorf("indented: %q, want %q", got, want)
	}
}
