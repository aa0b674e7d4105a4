package main

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
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
	p := inv.palette()
	tab := report.Table{}
	tab.Add(report.Cell{Text: "gorilla", Mark: p.Dim}, report.Cell{Text: inv.target.Name, Mark: p.Dim},
		report.Cell{Text: "verdict", Mark: p.Dim}, report.Cell{Text: "rule", Mark: p.Dim}, report.Cell{Text: "what differs", Mark: p.Dim})
	widths := [4]int{}
	for _, m := range rows {
		f := fields(m, inv.target)
		for i, s := range []string{f[0], f[2], f[4], f[5]} {
			widths[i] = max(widths[i], utf8.RuneCountInString(s)+2)
		}
	}
	room := term.Width(inv.stdout, 120) - widths[0] - widths[1] - widths[2] - widths[3]
	for _, m := range rows {
		f := fields(m, inv.target)
		tab.Add(report.Cell{Text: f[0], Mark: p.Bold}, report.Cell{Text: f[2]},
			report.Cell{Text: f[4], Mark: verdictMark(p, m.VerdictFor(inv.target))},
			report.Cell{Text: f[5]}, report.Cell{Text: shorten(f[6], max(room, 24)), Mark: p.Dim})
	}
	return tab.Write(&inv.results)
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
