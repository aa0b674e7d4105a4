package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"

	"github.com/wsmigrate/wsmigrate/cmd/internal/measure"
)

// A bug is one entry of the file.
type bug struct {
	ID     string `json:"id"`
	Repo   string `json:"repo"`         // OWNER/NAME
	Buggy  string `json:"buggy_commit"` // a commit that has the bug
	Fixed  string `json:"fixed_commit"` // one that was meant to repair it; may be empty
	Hazard string `json:"hazard"`

	// Really is true if Fixed is without the bug, and else false or a string
	// that says what is left of it.
	Really any `json:"fixed_really"`

	// Of the buggy tree: one of these lines must be flagged. Of the fixed
	// one: none may be.
	File       string `json:"file"`
	Lines      []int  `json:"lines"`
	FixedFile  string `json:"fixed_file"`
	FixedLines []int  `json:"fixed_lines_to_check"`

	// Lines that look alike and are in order.
	SilentBuggy []int `json:"sequential_lines_must_be_silent_in_buggy"`
	SilentFixed []int `json:"sequential_lines_must_be_silent_in_fixed"`

	// CrossPackage says that both halves of the bug lie in different packages,
	// so that the whole module is linted and not the file's package alone.
	CrossPackage bool `json:"cross_package"`
}

// rules names the rule of the linter that a hazard is for.
var rules = map[string]string{
	"concurrent-write":          "wsconcurrent",
	"concurrent-read":           "wsconcurrent",
	"origin-check-disabled":     "wsorigin",
	"read-error-loop":           "wsreadloop",
	"missing-heartbeat":         "wsdeadline",
	"nhooyr-default-read-limit": "wslimit",
	"missing-read-limit":        "wslimit",
	"nhooyr-context":            "wscontext",
	"conn-not-closed":           "wsclose",
}

func readBugs(name string) ([]*bug, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var bugs []*bug
	if err := json.Unmarshal(text, &bugs); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	for _, b := range bugs {
		switch {
		case b.ID == "" || b.Repo == "" || b.Buggy == "" || b.File == "":
			return nil, fmt.Errorf("read %s: bug %q lacks id, repo, buggy_commit or file", name, b.ID)
		case rules[b.Hazard] == "":
			return nil, fmt.Errorf("read %s: bug %s: no rule is for the hazard %q", name, b.ID, b.Hazard)
		}
	}
	return bugs, nil
}

func (b *bug) really() bool { really, ok := b.Really.(bool); return ok && really }

// A hit says how a finding is about a line.
type hit int

const (
	none  hit = iota
	named     // in its message or among its other places
	there     // at its own
)

var site = regexp.MustCompile(`([\w.-]+\.go):(\d+)`)

// about says how the finding is about one of the lines of a file, whose name
// is relative to the folder that positions are relative to.
func about(f *measure.Finding, file string, lines []int) hit {
	if name, line := measure.Place(f.Posn); name == file && slices.Contains(lines, line) {
		return there
	}
	for _, r := range f.Related {
		if name, line := measure.Place(r.Posn); name == file && slices.Contains(lines, line) {
			return named
		}
	}
	for _, m := range site.FindAllStringSubmatch(f.Message, -1) {
		if line, _ := strconv.Atoi(m[2]); m[1] == path.Base(file) && slices.Contains(lines, line) {
			return named
		}
	}
	return none
}

// best returns the finding of the rule that says most about the lines: the
// surest, and of these one that stands there.
func best(findings []measure.Finding, rule, file string, lines []int) (*measure.Finding, hit) {
	var top *measure.Finding
	var how hit
	for i := range findings {
		f := &findings[i]
		h := about(f, file, lines)
		if f.Rule != rule || h == none {
			continue
		}
		if top == nil || measure.Rank(f.Confidence) > measure.Rank(top.Confidence) || f.Confidence == top.Confidence && h > how {
			top, how = f, h
		}
	}
	return top, how
}
