package sarif

import (
	"net/url"
	"regexp"
	"strings"
	"unicode/utf16"

	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
)

// drive matches the start of an absolute path on Windows, with slashes.
var drive = regexp.MustCompile(`^[A-Za-z]:/`)

// artifact returns the address of a file: relative to the root of sources, or
// absolute where the file has no path from there.
func artifact(file string) artifactLocation {
	if strings.HasPrefix(file, "/") || drive.MatchString(file) {
		return artifactLocation{URI: fileURI(file)}
	}
	return artifactLocation{URI: (&url.URL{Path: file}).String(), URIBaseID: srcRoot}
}

// folder returns the address of a folder, which ends in a slash.
func folder(dir string) artifactLocation {
	return artifactLocation{URI: fileURI(strings.TrimSuffix(dir, "/") + "/")}
}

// fileURI returns the address of an absolute path with slashes: /src,
// C:/src, or //host/share.
func fileURI(path string) string {
	u := url.URL{Scheme: "file", Path: path}
	switch {
	case drive.MatchString(path):
		u.Path = "/" + path
	case strings.HasPrefix(path, "//"):
		host, rest, _ := strings.Cut(path[2:], "/")
		u.Host, u.Path = host, "/"+rest
	}
	return u.String()
}

// place returns the region from one position to another in one file. Where
// they are equal nothing says how long it is, and the region has no end.
func (w *writer) place(from, to report.Posn) *location {
	if from.File == "" {
		return nil
	}
	loc := &physicalLocation{ArtifactLocation: artifact(from.File)}
	if from.Line > 0 {
		r := &region{StartLine: from.Line, StartColumn: w.column(from)}
		if to.File == from.File && to != from && r.StartColumn > 0 {
			if col := w.column(to); col > 0 {
				r.EndLine, r.EndColumn = to.Line, col
			}
		}
		loc.Region = r
	}
	return &location{PhysicalLocation: loc}
}

// column returns the column of a position in UTF-16 code units, which is what
// all readers of SARIF can count. It is zero where the line is not at hand.
func (w *writer) column(p report.Posn) int {
	line, ok := w.sources.Line(p)
	if !ok || p.Col < 1 || p.Col-1 > len(line) {
		return 0
	}
	return len(utf16.Encode([]rune(line[:p.Col-1]))) + 1
}
