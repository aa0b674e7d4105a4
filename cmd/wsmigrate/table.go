package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report/text"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/term"
)

// tableCommand shows the mapping table: aligned with a heading for people,
// one line an identifier for programs.
func tableCommand(_ context.Context, inv *invocation) error {
	if len(inv.args) > 1 {
		return usagef("table takes one identifier, not %d", len(inv.args))
	}
	rows := wsapi.Mappings()
	if len(inv.args) == 1 {
		if rows = matchRows(inv.args[0]); len(rows) == 0 {
			return usagef("%s is no exported identifier of gorilla%s", inv.args[0], didYouMean(identifier(inv.args[0]), symbols()))
		}
	}
	if inv.out != "" || !term.IsTerminal(inv.stdout) {
		for _, m := range rows {
			inv.results.WriteString(strings.Join(fields(m, inv.target), "\t") + "\n")
		}
		return nil
	}
	return writeTable(&inv.results, rows, inv.target, inv.palette(), term.Width(inv.stdout, 120))
}

// writeTable aligns the rows to the width of a terminal: long lists of
// counterparts and notes are cut, and notes without room are left out.
func writeTable(w io.Writer, rows []wsapi.Mapping, target wsapi.Target, p term.Palette, width int) error {
	const counterpartRoom, leastNote = 40, 20
	head := []string{"gorilla", target.Name, "verdict", "rule", "what differs"}
	cells := [][]string{head}
	for _, m := range rows {
		f := fields(m, target)
		cells = append(cells, []string{f[0], shorten(f[2], counterpartRoom), f[4], f[5], f[6]})
	}
	room := width
	for col := range len(head) - 1 {
		widest := 0
		for _, c := range cells {
			widest = max(widest, utf8.RuneCountInString(c[col]))
		}
		room -= widest + 2
	}
	var tab text.Table
	for i, c := range cells {
		row := make([]text.Cell, 0, len(c))
		for col, field := range c {
			cell := text.Cell{Text: field}
			switch {
			case i == 0:
				cell.Mark = p.Dim
			case col == 0:
				cell.Mark = p.Bold
			case col == 2:
				cell.Mark = verdictMark(p, rows[i-1].VerdictFor(target))
			}
			if col == len(c)-1 {
				if room < leastNote {
					continue
				}
				cell = text.Cell{Text: shorten(field, room), Mark: p.Dim}
			}
			row = append(row, cell)
		}
		tab.Add(row...)
	}
	return tab.Write(w)
}

func verdictMark(p term.Palette, v wsapi.Verdict) func(string) string {
	switch v {
	case wsapi.Auto:
		return p.Green
	case wsapi.OnShim:
		return p.Red
	}
	return p.Yellow
}

// fields returns a row: identifier, kind, counterparts, fidelity, verdict,
// rule and note. What is empty is a dash, so that every line has them all.
func fields(m wsapi.Mapping, t wsapi.Target) []string {
	fs := []string{
		string(m.From), string(m.Kind), counterparts(m, t),
		string(m.Fidelity), string(m.VerdictFor(t)), m.Rule, sentence(m.Note),
	}
	for i, f := range fs {
		if f == "" {
			fs[i] = "-"
		}
	}
	return fs
}

// counterparts joins what takes the identifier's place.
func counterparts(m wsapi.Mapping, t wsapi.Target) string {
	var names []string
	for _, s := range m.To(t) {
		names = append(names, string(s))
	}
	return strings.Join(append(names, m.Std...), ", ")
}

// shorten cuts s to n characters.
func shorten(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// identifier strips what people write around an identifier: pointers, import
// paths and the package name.
func identifier(s string) string {
	s = strings.NewReplacer("(", "", ")", "", "*", "", "&", "").Replace(s)
	if i := strings.LastIndexByte(s, '/'); i >= 0 {
		s = s[i+1:]
	}
	return strings.TrimPrefix(s, "websocket.")
}

// matchRows returns the row of an identifier and, of a type, also those of its
// methods and fields. A method or field may stand alone (WriteMessage). Case
// counts only where rows differ in nothing else.
func matchRows(name string) []wsapi.Mapping {
	name = identifier(name)
	for _, equal := range []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold} {
		var rows, members []wsapi.Mapping
		for _, m := range wsapi.Mappings() {
			typ, member, ok := strings.Cut(string(m.From), ".")
			switch {
			case equal(string(m.From), name), ok && equal(typ, name):
				rows = append(rows, m)
			case ok && equal(member, name):
				members = append(members, m)
			}
		}
		if len(rows) > 0 {
			return rows
		}
		if len(members) > 0 {
			return members
		}
	}
	return nil
}

// symbols lists the identifiers of the table.
func symbols() []string {
	var names []string
	for _, m := range wsapi.Mappings() {
		names = append(names, string(m.From))
	}
	return names
}

// arrow is how an identifier and its counterparts are written in a line.
func arrow(m wsapi.Mapping, t wsapi.Target) string {
	to := counterparts(m, t)
	if to == "" {
		to = "no counterpart"
	}
	return fmt.Sprintf("%s → %s", m.From, to)
}
