package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// result is what became of a cell.
type result struct {
	cell   cell
	checks []check
}

func (r result) failures() []check {
	var failed []check
	for _, c := range r.checks {
		if !c.passed {
			failed = append(failed, c)
		}
	}
	return failed
}

// passed reports whether the battery found the cell without a fault. A battery
// without a check has found nothing.
func (r result) passed() bool { return len(r.checks) > 0 && len(r.failures()) == 0 }

const (
	cellOK          = "ok"
	cellFailed      = "FAIL"
	cellUnsupported = "–"
	cellNotRun      = "."
)

// The widths of the table.
const (
	engineWidth  = 8
	roleWidth    = 8
	libraryWidth = 20
	cellWidth    = 6
)

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-len([]rune(s))))
}

// writeTable writes the results as a table: one row for each engine, role and
// library of which there are results.
func writeTable(w io.Writer, all []row, results []result) {
	lead := engineWidth + roleWidth + libraryWidth
	var top, middle, bottom strings.Builder
	top.WriteString(strings.Repeat(" ", lead))
	middle.WriteString(strings.Repeat(" ", lead))
	bottom.WriteString(pad("engine", engineWidth) + pad("compat", roleWidth) + pad("against", libraryWidth))
	for _, route := range routes {
		top.WriteString(pad(route, 4*cellWidth))
		middle.WriteString(pad("plain", 2*cellWidth) + pad("TLS", 2*cellWidth))
		bottom.WriteString(strings.Repeat(pad("off", cellWidth)+pad("on", cellWidth), 2))
	}
	bottom.WriteString("checks")
	fmt.Fprintln(w, strings.TrimRight(top.String(), " "))
	fmt.Fprintln(w, strings.TrimRight(middle.String(), " "))
	fmt.Fprintln(w, bottom.String())

	for _, r := range all {
		texts := make([]string, columns)
		for i := range texts {
			texts[i] = cellNotRun
		}
		checks, found := 0, false
		for _, res := range results {
			if res.cell.row != r {
				continue
			}
			found = true
			checks += len(res.checks)
			texts[res.cell.column()] = res.text()
		}
		if !found {
			continue
		}
		line := pad(r.engine, engineWidth) + pad(r.role(), roleWidth) + pad(r.library.name, libraryWidth)
		for _, text := range texts {
			line += pad(text, cellWidth)
		}
		fmt.Fprintln(w, line+strconv.Itoa(checks))
	}
}

func (r result) text() string {
	switch {
	case !r.cell.supported():
		return cellUnsupported
	case r.passed():
		return cellOK
	}
	return cellFailed
}

// writeNotes writes what the table has no room for: why something was not
// asked, and what failed.
func writeNotes(w io.Writer, results []result) {
	noted := map[*library]bool{}
	for _, r := range results {
		l := r.cell.library
		if noted[l] {
			continue
		}
		noted[l] = true
		for _, note := range l.notes {
			fmt.Fprintln(w, "- "+note)
		}
	}
	for _, r := range results {
		for _, c := range r.failures() {
			fmt.Fprintf(w, "FAIL %s: %s: %s\n", r.cell.name(), c.name, c.detail)
		}
	}
}

// summarize writes the sum of the results in a line, and reports whether all
// passed.
func summarize(w io.Writer, results []result) bool {
	ok, failed, unsupported, checks := 0, 0, 0, 0
	for _, r := range results {
		checks += len(r.checks)
		switch r.text() {
		case cellOK:
			ok++
		case cellFailed:
			failed++
		default:
			unsupported++
		}
	}
	fmt.Fprintf(w, "%d cells: %d ok, %d failed, %d not supported by the library; %d checks\n", len(results), ok, failed, unsupported, checks)
	return failed == 0
}
