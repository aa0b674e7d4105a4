package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
)

// manualCommand prints the manual page.
func manualCommand(_ context.Context, inv *invocation) error {
	if len(inv.args) > 0 {
		return usagef("man takes no operand, not %s", inv.args[0])
	}
	inv.results.WriteString(manual())
	return nil
}

// manual returns the manual page, in the macros of man(7). It says what help
// says, from the same table.
func manual() string {
	m := &roff{}
	m.line(`.TH WSMIGRATE 1`)
	m.section("NAME")
	m.text("wsmigrate - move Go code off github.com/gorilla/websocket")
	m.section("SYNOPSIS")
	for i, c := range commands() {
		name := "wsmigrate"
		if c.name != "report" {
			name += " " + c.name
		}
		if i > 0 {
			m.line(".br")
		}
		m.line(".B " + escape(name))
		if c.patterns {
			m.line(escape("[flags] " + c.operand))
		} else if c.operand != "" {
			m.line(escape(c.operand))
		}
	}
	m.section("DESCRIPTION")
	m.text("Wsmigrate finds the hazards of code that uses WebSocket libraries, swaps gorilla for a drop-in package, and rewrites code to the API of nhooyr.io/websocket or github.com/coder/websocket. It writes nothing without -w, and type-checks the result, go.mod included, before that. Flags stand before or behind the name of the subcommand, and before the packages.")
	m.section("SUBCOMMANDS")
	for _, c := range commands() {
		m.line(".SS " + escape(strings.TrimSpace(c.name+" "+c.operand)))
		m.text(c.long)
		m.line(".PP")
		m.line("Examples:")
		m.example(c.examples)
		if len(c.flags) > 0 {
			m.line(".PP")
			m.line("Its flags, besides those of all subcommands:")
			m.flags(c.flags)
		}
	}
	m.section("OPTIONS")
	m.text("All subcommands take these:")
	m.flags(commonFlags)
	m.section("EXIT STATUS")
	for line := range strings.Lines(statuses) {
		if n, what, ok := strings.Cut(strings.TrimSpace(line), "  "); ok {
			m.item(n, what)
		}
	}
	m.section("ENVIRONMENT")
	m.item(cacheVariable, "the folder that keeps the results of the report and of lint, instead of one among the user's caches; off keeps none")
	m.item("NO_COLOR", "if set, -color auto does not colour")
	m.section("FILES")
	m.item(".wsmigrate/", "beside go.mod: what undo needs, and the lock that keeps two runs apart")
	m.section("SEE ALSO")
	m.text("https://github.com/wsmigrate/wsmigrate/tree/main/docs")
	return m.b.String()
}

// A roff writes lines of a manual page.
type roff struct{ b strings.Builder }

func (m *roff) line(s string) { m.b.WriteString(s + "\n") }

func (m *roff) section(name string) { m.line(".SH " + name) }

// text writes paragraphs; lines that begin with a tab stay lines.
func (m *roff) text(s string) {
	for i, p := range strings.Split(s, "\n\n") {
		if code, ok := strings.CutPrefix(p, "\t"); ok {
			m.example(strings.Split(code, "\n\t"))
			continue
		}
		if i > 0 {
			m.line(".PP")
		}
		m.line(escape(p))
	}
}

// example writes lines as they are.
func (m *roff) example(lines []string) {
	m.line(".PP\n.RS 4\n.nf")
	for _, l := range lines {
		m.line(escape(l))
	}
	m.line(".fi\n.RE")
}

// item writes a word with what it means.
func (m *roff) item(word, what string) {
	m.line(".TP\n.B " + escape(word))
	m.line(escape(what))
}

// flags writes a list of flags.
func (m *roff) flags(names []string) {
	var o options
	var help bool
	fs := flagSet(&o, &help)
	for _, name := range names {
		f := fs.Lookup(name)
		arg, usage := flagUsage(f)
		head := ".TP\n.B " + escape("-"+name)
		if arg != "" {
			head = fmt.Sprintf(".TP\n.BI %s %s", escape("-"+name), escape(`" `+arg+`"`))
		}
		m.line(head)
		m.line(escape(usage))
	}
}

// flagUsage returns the name of a flag's argument, and what the flag is for.
func flagUsage(f *flag.Flag) (arg, usage string) {
	arg, usage = flag.UnquoteUsage(f)
	if f.DefValue != "" && f.DefValue != "false" {
		usage += " (default " + f.DefValue + ")"
	}
	return arg, usage
}

// escape keeps text from being taken for requests, and hyphens from becoming
// something that cannot be pasted.
func escape(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}
