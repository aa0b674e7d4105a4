package text

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/term"
	"github.com/wsmigrate/wsmigrate/rewrite"
)

// numbered returns lines 1 to n, with some replaced or, where the new text is
// empty, left out.
func numbered(n int, change map[int]string) []byte {
	var b bytes.Buffer
	for i := 1; i <= n; i++ {
		text, ok := change[i]
		if !ok {
			text = fmt.Sprintf("line %d\n", i)
		}
		b.WriteString(text)
	}
	return b.Bytes()
}

func change(dir, name string, old, new []byte) rewrite.FileChange {
	return rewrite.FileChange{Path: filepath.Join(dir, name), Old: old, New: new, Created: old == nil, Deleted: new == nil}
}

func TestDiffNotes(t *testing.T) {
	dir := t.TempDir()
	d := report.New(dir, "nhooyr.io/websocket")
	d.Clusters = []report.Cluster{{Notes: []report.Note{
		{Posn: report.Posn{File: "a.go", Line: 31, Col: 4}, Rule: "heartbeat", Message: "dead peers are\nnoticed later"},
		{Posn: report.Posn{File: "a.go", Line: 2, Col: 1}, Rule: "limit", Message: "none"},
		{Posn: report.Posn{File: "other.go", Line: 1, Col: 1}, Rule: "limit", Message: "of a file that does not change"},
	}}}
	var b bytes.Buffer
	changes := []rewrite.FileChange{change(dir, "a.go",
		numbered(60, nil), numbered(60, map[int]string{10: "ten\n", 30: "", 50: "fifty\n"}))}
	if err := WriteDiff(&b, d, changes, term.Palette{}); err != nil {
		t.Fatal(err)
	}
	want := `--- a/a.go
+++ b/a.go
@@ -7,7 +7,7 @@
 line 7
 line 8
 line 9
-line 10
+ten
 line 11
 line 12
 line 13
# a.go:2 limit: none
--- a/a.go
+++ b/a.go
@@ -27,7 +27,6 @@
 line 27
 line 28
 line 29
-line 30
 line 31
 line 32
 line 33
# a.go:31 heartbeat: dead peers are noticed later
--- a/a.go
+++ b/a.go
@@ -47,7 +46,7 @@
 line 47
 line 48
 line 49
-line 50
+fifty
 line 51
 line 52
 line 53
`
	if got := b.String(); got != want {
		t.Errorf("diff:\n%s\nwant:\n%s", got, want)
	}
}

// Every hunk says where its lines are in both files, so that applying it
// needs no search.
func TestDiffLineNumbers(t *testing.T) {
	dir := t.TempDir()
	same := bytes.Repeat([]byte("}\n"), 20)
	tests := []struct{ old, new []byte }{
		{numbered(60, nil), numbered(60, map[int]string{10: "ten\na\n", 14: "b\nc\n", 40: "", 43: "", 55: "x\n"})},
		{numbered(60, nil), numbered(60, map[int]string{1: "", 2: "", 30: "x\ny\nz\n", 60: "end"})},
		{nil, numbered(3, nil)},
		{[]byte{}, numbered(1, nil)},
		{numbered(2, nil), nil},
		{numbered(2, nil), []byte{}},
		{append([]byte("a\n"), same...), append(append([]byte("a\nb\n"), same...), "c\n"...)},
	}
	for i, tt := range tests {
		var b bytes.Buffer
		if err := WriteDiff(&b, report.New(dir, ""), []rewrite.FileChange{change(dir, "a.go", tt.old, tt.new)}, term.Palette{}); err != nil {
			t.Fatal(err)
		}
		if got := applyExactly(t, string(tt.old), b.String()); got != string(tt.new) {
			t.Errorf("%d: applying\n%sgives\n%s", i, b.String(), got)
		}
	}
}

// applyExactly applies a diff of one file where its headers say.
func applyExactly(t *testing.T, old, diff string) string {
	t.Helper()
	in := strings.SplitAfter(old, "\n")
	var out []string
	next := 0 // index of the first line of in that is not in out yet
	for line := range strings.Lines(diff) {
		text := strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(text, "--- "), strings.HasPrefix(text, "+++ "):
		case strings.HasPrefix(text, "@@ "):
			var from, to int
			for i, p := range []*int{&from, &to} {
				start, count, _ := strings.Cut(strings.Fields(text)[i+1][1:], ",")
				n, err := strconv.Atoi(start)
				if err != nil {
					t.Fatalf("%s: %v", text, err)
				}
				if count == "0" {
					n++ // an empty side is numbered by the line before it
				}
				*p = n
			}
			out = append(out, in[next:from-1]...)
			next = from - 1
			if len(out) != to-1 {
				t.Errorf("%s: the new file is at line %d", text, len(out)+1)
			}
		case text[0] == '+':
			out = append(out, text[1:]+"\n")
		case text[0] == '\\': // no newline at the end of the line before
			last := strings.TrimSuffix(out[len(out)-1], "\n")
			out[len(out)-1] = last
		default:
			if got := strings.TrimSuffix(in[next], "\n"); got != text[1:] {
				t.Errorf("line %d is %q, the diff has %q", next+1, got, text[1:])
			}
			if text[0] == ' ' {
				out = append(out, in[next])
			}
			next++
		}
	}
	return strings.Join(append(out, in[next:]...), "")
}

// The diff, notes included, is one that git apply takes and that yields the
// new files.
func TestDiffApplies(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("no git")
	}
	dir := t.TempDir()
	same := bytes.Repeat([]byte("}\n"), 40) // context that fits in many places
	grown := append(bytes.Repeat([]byte("new\n"), 9), same...)
	changes := []rewrite.FileChange{
		change(dir, "created.go", nil, []byte("package p\n")),
		change(dir, "go.mod", numbered(3, nil), numbered(3, map[int]string{3: "line 3"})),
		change(dir, "old.go", numbered(5, nil), nil),
		change(dir, "sub/a.go", numbered(60, nil), numbered(60, map[int]string{10: "ten\na\nb\n", 30: "", 50: "fifty\n"})),
		change(dir, "sub/b.go", append(append([]byte{}, same...), "end\n"...), append(append([]byte{}, grown...), "END\n"...)),
	}
	d := report.New(dir, "nhooyr.io/websocket")
	d.Clusters = []report.Cluster{{Notes: []report.Note{
		{Posn: report.Posn{File: "sub/a.go", Line: 10, Col: 1}, Rule: "w", Message: "one"}, {Posn: report.Posn{File: "sub/a.go", Line: 30, Col: 1}, Rule: "w", Message: "two"}, {Posn: report.Posn{File: "sub/b.go", Line: 1, Col: 1}, Rule: "w", Message: "three"},
	}}}
	for _, c := range changes {
		if c.Created {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(c.Path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(c.Path, c.Old, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := WriteDiff(&b, d, changes, term.Palette{}); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(git, "apply", "-")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
	cmd.Stdin = strings.NewReader(b.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git apply: %v\n%s\n%s", err, out, b.String())
	}
	for _, c := range changes {
		got, err := os.ReadFile(c.Path)
		switch {
		case c.Deleted:
			if err == nil {
				t.Errorf("%s is still there", c.Path)
			}
		case err != nil:
			t.Error(err)
		case !bytes.Equal(got, c.New):
			t.Errorf("%s:\n%s\nwant:\n%s", c.Path, got, c.New)
		}
	}
}

func TestDiffColor(t *testing.T) {
	dir := t.TempDir()
	var b bytes.Buffer
	changes := []rewrite.FileChange{change(dir, "a.go", []byte("old\n"), []byte("new\n"))}
	if err := WriteDiff(&b, report.New(dir, ""), changes, term.Always.Palette(nil, nil)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\x1b[31m-old\x1b[0m\n", "\x1b[32m+new\x1b[0m\n", "\x1b[36m@@", "\x1b[1m--- a/a.go"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in %q", want, b.String())
		}
	}
}
