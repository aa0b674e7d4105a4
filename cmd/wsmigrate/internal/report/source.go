package report

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
)

// Sources has the lines of the files that a document speaks of, as they are on
// disk. A Sources reads each file once.
type Sources struct {
	dir   string
	files map[string][][]byte
}

// Sources returns the sources of the document.
func (d *Document) Sources() *Sources {
	return &Sources{dir: d.Dir, files: make(map[string][][]byte)}
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

// Len returns the number of lines of a file, zero for one that cannot be read.
func (s *Sources) Len(file string) int { return len(s.lines(file)) }

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
