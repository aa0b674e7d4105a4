package html

import (
	"bytes"
	"go/scanner"
	"go/token"
	"strings"

	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
)

// A codeLine is a line of a file, or of a diff, in pieces.
type codeLine struct {
	N     int
	Here  bool // the line that is spoken of
	Parts []part
}

// A part is a piece of a line that looks the same.
type part struct {
	Class string // of syntax; empty for what is nothing special
	Mark  bool   // the code that is spoken of
	Text  string
}

// Classes of Go's syntax, as the style sheet names them.
const (
	keyword = "k"
	literal = "s"
	comment = "c"
	number  = "d"
)

// highlight returns the lines of a file. One that is not Go is plain.
func highlight(name string, src []byte) [][]part {
	lines := [][]part{nil}
	emit := func(class string, text []byte) {
		for i, line := range bytes.Split(text, []byte("\n")) {
			if i > 0 {
				lines = append(lines, nil)
			}
			if line = bytes.TrimSuffix(line, []byte("\r")); len(line) > 0 {
				last := len(lines) - 1
				lines[last] = append(lines[last], part{Class: class, Text: string(line)})
			}
		}
	}
	if !strings.HasSuffix(name, ".go") {
		emit("", src)
		return lines
	}
	fset := token.NewFileSet()
	file := fset.AddFile("", -1, len(src))
	var s scanner.Scanner
	s.Init(file, src, func(token.Position, string) {}, scanner.ScanComments)
	done := 0
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			break
		}
		class := class(tok)
		start := file.Offset(pos)
		if class == "" || start < done {
			continue
		}
		end := start + extent(src[start:], tok, lit)
		emit("", src[done:start])
		emit(class, src[start:end])
		done = end
	}
	emit("", src[done:])
	return lines
}

func class(tok token.Token) string {
	switch {
	case tok.IsKeyword():
		return keyword
	case tok == token.COMMENT:
		return comment
	case tok == token.STRING, tok == token.CHAR:
		return literal
	case tok == token.INT, tok == token.FLOAT, tok == token.IMAG:
		return number
	}
	return ""
}

// extent returns how long a token is in the file: the scanner's literals lack
// the carriage returns of comments and raw strings.
func extent(src []byte, tok token.Token, lit string) int {
	until := func(from int, end string) int {
		if i := bytes.Index(src[from:], []byte(end)); i >= 0 {
			return from + i + len(end)
		}
		return len(src)
	}
	switch {
	case strings.HasPrefix(lit, "/*"):
		return until(2, "*/")
	case strings.HasPrefix(lit, "`"):
		return until(1, "`")
	case strings.HasPrefix(lit, "//"):
		n := bytes.IndexByte(src, '\n')
		if n < 0 {
			return len(src)
		}
		return n
	}
	return min(len(lit), len(src))
}

// marked returns a line whose bytes from to to are marked.
func marked(parts []part, from, to int) []part {
	var out []part
	at := 0
	for _, p := range parts {
		a, b := min(max(from-at, 0), len(p.Text)), min(max(to-at, 0), len(p.Text))
		for _, piece := range []part{
			{p.Class, false, p.Text[:a]}, {p.Class, true, p.Text[a:max(a, b)]}, {p.Class, false, p.Text[max(a, b):]},
		} {
			if piece.Text != "" {
				out = append(out, piece)
			}
		}
		at += len(p.Text)
	}
	return out
}

// A library keeps the highlighted lines of files.
type library struct {
	sources *report.Sources
	files   map[string][][]part
}

func (l *library) lines(file string) [][]part {
	if lines, ok := l.files[file]; ok {
		return lines
	}
	var lines [][]part
	if text := l.sources.Text(file); len(text) > 0 {
		lines = highlight(file, text)
	}
	l.files[file] = lines
	return lines
}

// frame returns the line at p with so many lines around it, and what stands
// from p to end marked. It is empty for a file that cannot be read.
func (l *library) frame(p, end report.Posn, around int) []codeLine {
	lines := l.lines(p.File)
	if p.Line < 1 || p.Line > len(lines) {
		return nil
	}
	var out []codeLine
	for n := max(1, p.Line-around); n <= min(len(lines), p.Line+around); n++ {
		c := codeLine{N: n, Parts: lines[n-1]}
		if n == p.Line {
			c.Here = true
			if end.File == p.File && end.Line == p.Line && end.Col > p.Col {
				c.Parts = marked(c.Parts, p.Col-1, end.Col-1)
			}
		}
		out = append(out, c)
	}
	// A line without code at either end says nothing.
	for len(out) > 1 && !out[0].Here && len(out[0].Parts) == 0 {
		out = out[1:]
	}
	for len(out) > 1 && !out[len(out)-1].Here && len(out[len(out)-1].Parts) == 0 {
		out = out[:len(out)-1]
	}
	return out
}
