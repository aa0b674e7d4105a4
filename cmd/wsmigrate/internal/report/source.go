package report

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
)

// Sources has the lines of the files that a document speaks of: as they were
// before its changes, which may have been written by now, and of other files as
// they are on disk. A Sources reads each file once.
type Sources struct {
	dir   string
	files map[string][][]byte
}

// Sources returns the sources of the document.
func (d *Document) Sources() *Sources {
	s := &Sources{dir: d.Dir, files: make(map[string][][]byte)}
	for _, c := range d.Changes {
		if !c.Created {
			s.files[d.Rel(c.Path)] = bytes.Split(c.Old, []byte("\n"))
		}
	}
	return s
}

// Line returns the line of a position without its end, and false for one that
// is not there.
func (s *Sources) Line(p Posn) (string, bool) {
	lines := s.lines(p.File)
	if p.Line < 1 || p.Line > len(lines) {
		return "", false
	}
	return strings.TrimRight(string(lines[p.Line-1]), "\r"), true
}

// Text returns a whole file, empty if it cannot be read.
func (s *Sources) Text(file string) []byte { return bytes.Join(s.lines(file), []byte("\n")) }

func (s *Sources) lines(file string) [][]byte {
	if file == "" {
		return nil
	}
	lines, ok := s.files[file]
	if !ok {
		path := filepath.FromSlash(file)
		if !filepath.IsAbs(path) {
			path = filepath.Join(s.dir, path)
		}
		if data, err := os.ReadFile(path); err == nil {
			lines = bytes.Split(data, []byte("\n"))
		}
		s.files[file] = lines
	}
	return lines
}
