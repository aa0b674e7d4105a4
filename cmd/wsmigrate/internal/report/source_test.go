package report

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/wsmigrate/wsmigrate/rewrite"
)

// A document shows code as it was found, also when its changes are written by
// the time.
func TestSources(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"changed.go": "new\n", "same.go": "one\r\ntwo", "created.go": "made\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	d := New(dir, "")
	d.Changes = []rewrite.FileChange{
		{Path: filepath.Join(dir, "changed.go"), Old: []byte("old\n"), New: []byte("new\n")},
		{Path: filepath.Join(dir, "created.go"), New: []byte("made\n"), Created: true},
	}
	s := d.Sources()
	for _, test := range []struct {
		p    Posn
		want string
		ok   bool
	}{
		{Posn{"changed.go", 1, 1}, "old", true},
		{Posn{"changed.go", 2, 1}, "", true},
		{Posn{"changed.go", 3, 1}, "", false},
		{Posn{"created.go", 1, 1}, "made", true},
		{Posn{"same.go", 1, 1}, "one", true},
		{Posn{"same.go", 2, 1}, "two", true},
		{Posn{filepath.ToSlash(filepath.Join(dir, "same.go")), 2, 1}, "two", true},
		{Posn{"same.go", 0, 0}, "", false},
		{Posn{"missing.go", 1, 1}, "", false},
		{Posn{}, "", false},
	} {
		if got, ok := s.Line(test.p); got != test.want || ok != test.ok {
			t.Errorf("line %v is %q, %t; want %q, %t", test.p, got, ok, test.want, test.ok)
		}
	}
	if got := string(s.Text("same.go")); got != "one\r\ntwo" {
		t.Errorf("text %q", got)
	}
}
