package main

import (
	"context"
	"slices"
)

// A command is one subcommand.
type command struct {
	name     string
	operand  string   // what follows its flags, for the usage line
	short    string   // a phrase for the list of subcommands
	long     string   // what it does, in paragraphs
	examples []string // command lines
	flags    []string // beside the common ones
	patterns bool     // the operands are package patterns
	formats  []string // beside text
	run      func(context.Context, *invocation) error
}

// title is how messages speak of the command.
func (c *command) title() string {
	if c.name == "report" {
		return "the report"
	}
	return c.name
}

// commands lists the subcommands in the order of help.
func commands() []*command {
	return []*command{
		{
			name: "report", operand: "[packages]", patterns: true, formats: []string{"json", "sarif", "html", "markdown"}, run: reportCommand,
			short: "hazards and migration plan (no subcommand needed)",
			long: `Loads the packages (./... if none are named), lints them, and plans the
migration of every use of gorilla: which clusters of sites convert to the
target's own API, which stay on the drop-in package ("shim") or on gorilla
("pinned"), and which sites stand in the way. The plan is type-checked like
that of fix. Nothing is ever written.`,
			examples: []string{"wsmigrate ./...", "wsmigrate -C ./server -to coder ./...", "wsmigrate -format json -o report.json ./..."},
		},
		{
			name: "lint", operand: "[packages]", patterns: true, formats: []string{"json", "sarif", "html", "markdown"}, flags: lintFlags, run: lintCommand,
			short: "hazards only",
			long: `Reports what is wrong with the use of a WebSocket library, whichever of the
known ones it is. Findings have a tier of confidence; only the high tier is
reported unless -confidence asks for more. A comment takes one finding back:

	//wsmigrate:ignore wsorigin/always the token is checked below

With -baseline FILE, findings that FILE lists are left out; they stay known
when code moves, because they are listed by function and not by line.`,
			examples: []string{
				"wsmigrate lint ./...",
				"wsmigrate lint -confidence medium -rules wsconcurrent ./...",
				"wsmigrate lint -baseline .wsmigrate-baseline.json -write-baseline ./...",
			},
		},
		{
			name: "shim", operand: "[packages]", patterns: true, formats: []string{"json", "html", "markdown"}, flags: writeFlags, run: shimCommand,
			short: "swap the import path to the drop-in package",
			long: `Replaces the import of gorilla by that of compat/websocket, which has the
same API and runs on the target library, and go.mod accordingly. Shows a
diff; -w writes. A tool that was built from source knows no version of compat
to require and needs -compat-dir.`,
			examples: []string{"wsmigrate shim ./...", "wsmigrate shim -w ./...", "wsmigrate shim -to coder -w ./..."},
		},
		{
			name: "fix", operand: "[packages]", patterns: true, formats: []string{"json", "html", "markdown"}, flags: fixFlags, run: fixCommand,
			short: "rewrite to the target's own API",
			long: `Converts every cluster of sites that the rules can convert faithfully, swaps
the import of the others to compat, and type-checks the result together with
go.mod before anything is shown. Shows a diff, with the differences in
behaviour under the hunks that bring them; -w writes. With -i it asks about each
cluster first, explains it or shows its diff, and changes those that were
chosen, verified together.`,
			examples: []string{"wsmigrate fix ./...", "wsmigrate fix -w ./...", "wsmigrate fix -i -w ./...", "wsmigrate fix -only ./hub -test -w ./..."},
		},
		{
			name: "undo", run: undoCommand,
			short: "take back the last -w; again, the one before",
			long: `Restores every file that the last fix -w or shim -w wrote, and removes those
that it created. Refuses, naming the file, where one was changed since.`,
			examples: []string{"wsmigrate undo"},
		},
		{
			name: "explain", operand: "WHAT", run: explainCommand,
			short: "a rule, an identifier or a line: why, and how by hand",
			long: `WHAT is a linter's rule (wsconcurrent), a rewrite rule or the word of a note
(close), an identifier of gorilla (Conn.WriteMessage), or a place in your
code (hub.go:88). Says why, what differs on the wire, how to do it by hand,
and how the code looks before and after.`,
			examples: []string{"wsmigrate explain Conn.WriteMessage", "wsmigrate explain wsconcurrent", "wsmigrate explain ./hub.go:88"},
		},
		{
			name: "table", operand: "[IDENT]", run: tableCommand,
			short: "the mapping table",
			long: `Shows what every exported identifier of gorilla v1.5.3 becomes. Into a pipe it
writes one line an identifier, with the fields separated by tabs: identifier,
kind, counterparts, fidelity, verdict, rule, note.`,
			examples: []string{"wsmigrate table", "wsmigrate table Conn", "wsmigrate -to coder table | grep shim"},
		},
		{
			name: "version", run: versionCommand,
			short: "the versions of the tool, of Go, and of the libraries",
			long: `Prints the version of the tool, or the commit that it was built from, the Go
release that built it, and the versions of the libraries that its tables were
checked against.`,
			examples: []string{"wsmigrate version"},
		},
		{
			name: "completion", operand: "SHELL", run: completionCommand,
			short: "the script that completes command lines: bash, zsh, fish",
			long: `Prints the script that makes a shell complete subcommands, flags, their values,
and what explain and table know. The top of the script says where it goes.`,
			examples: []string{"wsmigrate completion bash", "wsmigrate completion zsh", "wsmigrate completion fish"},
		},
		{
			name: "man", run: manualCommand,
			short:    "the manual page",
			long:     "Prints the manual page, which man can show and packages can install.",
			examples: []string{"wsmigrate man | man -l -", "wsmigrate -o wsmigrate.1 man"},
		},
		{
			name: "help", operand: "[COMMAND]", run: helpCommand,
			short:    "this text, or that of a subcommand",
			long:     "Shows how the command, or one subcommand of it, is used.",
			examples: []string{"wsmigrate help", "wsmigrate help fix"},
		},
	}
}

// lookup returns the subcommand with the name, or nil.
func lookup(name string) *command {
	cs := commands()
	i := slices.IndexFunc(cs, func(c *command) bool { return c.name == name })
	if i < 0 {
		return nil
	}
	return cs[i]
}

// commandNames lists the words that select a subcommand.
func commandNames() []string {
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	return names
}
