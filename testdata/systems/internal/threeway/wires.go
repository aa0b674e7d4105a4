package threeway

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
)

// The file differs lists how the wires of a version may differ from those of
// gorilla. A line "VERSION NOTE" begins a difference, in which NOTE is part of
// a note that the tool printed for that version; the lines of the difference
// follow, as diff gives them.
const differs = "testdata/differs"

type difference struct {
	version, note string
	lines         []string
}

func readDiffers(t *testing.T) []difference {
	t.Helper()
	data, err := os.ReadFile(differs)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var all []difference
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if line[0] == '+' || line[0] == '-' {
			last := &all[len(all)-1]
			last.lines = append(last.lines, line)
			continue
		}
		version, note, _ := strings.Cut(line, " ")
		all = append(all, difference{version: version, note: note})
	}
	return all
}

// repeatsClose is part of the note that a close frame may be sent once more.
const repeatsClose = "sends its own close frame once more"

// has reports whether the tool printed a note with the text for v.
func (v *Version) has(text string) bool {
	return slices.ContainsFunc(v.notes, func(note string) bool { return strings.Contains(note, text) })
}

// compareWires compares what passed on the wires of the versions.
func compareWires(t *testing.T, versions []*Version) {
	t.Helper()
	allowed := readDiffers(t)
	want := versions[0].transcript
	if len(want) == 0 {
		t.Error("nothing was recorded")
	}
	for _, v := range versions {
		if v.repeats > 0 && !v.has(repeatsClose) {
			t.Errorf("%s sends %d close frames once more, and the tool has no note with %q", v.Name, v.repeats, repeatsClose)
		}
	}
	for _, v := range versions[1:] {
		var listed []string
		for _, d := range allowed {
			if d.version != v.Name {
				continue
			}
			if !v.has(d.note) {
				t.Errorf("%s: the tool has no note with %q:\n%s", v.Name, d.note, strings.Join(v.notes, "\n"))
			}
			listed = append(listed, d.lines...)
		}
		if got := diff(want, v.transcript); !slices.Equal(got, listed) {
			t.Errorf("%s: the wires differ from gorilla's by\n%s\nand %s lists\n%s",
				v.Name, strings.Join(got, "\n"), differs, strings.Join(listed, "\n"))
		}
	}
	t.Logf("%d lines of wire, the same on all versions but for what %s lists", len(want), differs)
}
