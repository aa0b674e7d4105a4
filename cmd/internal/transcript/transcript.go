// Package transcript reads the commands that a page of documentation shows
// with their output, and compares what is shown with what they write.
package transcript

import (
	"strings"
)

// A Step is a command in a console block of a page.
type Step struct {
	Command string
	Want    []string // the lines that are shown below it
}

// Steps returns the commands of the page's blocks,
//
//	```console
//	$ command
//	output
//	```
//
// in order.
func Steps(page string) []Step {
	var steps []Step
	inside := false
	for line := range strings.Lines(page) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case line == "```console":
			inside = true
		case strings.HasPrefix(line, "```"):
			inside = false
		case !inside:
		case strings.HasPrefix(line, "$ "):
			steps = append(steps, Step{Command: line[2:]})
		case len(steps) > 0:
			last := &steps[len(steps)-1]
			last.Want = append(last.Want, line)
		}
	}
	return steps
}

// Indented returns the lines of the page's indented blocks, which show
// commands without output.
func Indented(page string) []string {
	var lines []string
	fenced, blank, block := false, true, false
	for line := range strings.Lines(page) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		command, ok := strings.CutPrefix(line, "    ")
		block = ok && !fenced && (blank || block)
		if block {
			lines = append(lines, command)
		}
		blank = strings.TrimSpace(line) == ""
	}
	return lines
}

// Shown reports whether a command that wrote out did what is shown: "…" stands
// for lines where it is alone on one, and for any text in others.
func (s Step) Shown(out string) bool {
	var got []string
	if out = strings.TrimRight(out, "\n"); out != "" {
		got = strings.Split(out, "\n")
	}
	return elided(s.Want, got)
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
