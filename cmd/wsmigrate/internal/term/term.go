// Package term knows what an output can show: whether it is a terminal, how
// wide it is, in which colours it may be written, and how far a run has come.
package term

import (
	"fmt"
	"os"

	xterm "golang.org/x/term"
)

// IsTerminal reports whether w is a terminal.
func IsTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && xterm.IsTerminal(int(f.Fd()))
}

// Width returns the columns of the terminal w, or fallback if w is none.
func Width(w any, fallback int) int {
	if f, ok := w.(*os.File); ok {
		if n, _, err := xterm.GetSize(int(f.Fd())); err == nil && n > 0 {
			return n
		}
	}
	return fallback
}

// A ColorMode is the value of a -color flag.
type ColorMode string

// The modes.
const (
	Auto   ColorMode = "auto"
	Always ColorMode = "always"
	Never  ColorMode = "never"
)

// Set makes *ColorMode a flag.Value.
func (m *ColorMode) Set(s string) error {
	switch ColorMode(s) {
	case Auto, Always, Never:
		*m = ColorMode(s)
		return nil
	}
	return fmt.Errorf("must be auto, always or never")
}

// String returns the mode's name.
func (m *ColorMode) String() string { return string(*m) }

// Palette decides about colour for an output. In auto mode that is a terminal
// whose environment has neither NO_COLOR nor TERM=dumb; getenv looks a
// variable up.
func (m ColorMode) Palette(w any, getenv func(string) string) Palette {
	switch m {
	case Always:
		return Palette{on: true}
	case Never:
		return Palette{}
	}
	return Palette{on: IsTerminal(w) && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"}
}

// A Palette marks text up with SGR sequences, or leaves it alone; the zero
// Palette does.
type Palette struct{ on bool }

// On reports whether the palette colours.
func (p Palette) On() bool { return p.on }

func (p Palette) sgr(code, s string) string {
	if !p.on || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// The marks. Each returns s as it is when the palette is off.

// Bold marks headings and names.
func (p Palette) Bold(s string) string { return p.sgr("1", s) }

// Dim marks what may be skipped.
func (p Palette) Dim(s string) string { return p.sgr("2", s) }

// Red marks hazards and deletions.
func (p Palette) Red(s string) string { return p.sgr("31", s) }

// Green marks what goes well, and insertions.
func (p Palette) Green(s string) string { return p.sgr("32", s) }

// Yellow marks what needs attention.
func (p Palette) Yellow(s string) string { return p.sgr("33", s) }

// Cyan marks positions.
func (p Palette) Cyan(s string) string { return p.sgr("36", s) }
