package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report/text"
)

const intro = `Wsmigrate moves Go code off github.com/gorilla/websocket without breaking it.

Usage:

	wsmigrate [flags] [subcommand] [flags] [packages]

Subcommands:

`

const outro = `
The linter also runs inside go vet and go fix:

	go vet -vettool=$(which wsmigrate) ./...
	go fix -fixtool=$(which wsmigrate) -diff ./...

The report and lint keep their results: where no file, flag or tool changed they
take that of the last run. WSMIGRATE_CACHE names another folder for them than
that of the user's caches, or is off.

"wsmigrate help SUBCOMMAND" shows the flags of one subcommand.
`

const statuses = `
Exit status:

	0  nothing to report, or all done
	1  hazards, sites to migrate, or a diff that is not empty
	2  a mistake on the command line, nothing that loads, or a refusal
	3  this run wrote, and clusters on the shim or on gorilla remain
	4  verification failed; nothing was written
`

// helpCommand shows the help of the subcommand that was asked for.
func helpCommand(_ context.Context, inv *invocation) error {
	b := &inv.results
	topic := inv.cmd
	switch {
	case inv.cmd.name == "help" && len(inv.args) > 0:
		topic = lookup(inv.args[0])
		if topic == nil {
			return usagef("unknown subcommand %s%s: \"wsmigrate help\" lists them", inv.args[0], didYouMean(inv.args[0], commandNames()))
		}
	case inv.cmd.name == "help" || inv.help && inv.cmd.name == "report":
		topic = nil
	}
	if topic != nil {
		b.WriteString(topic.help())
		return nil
	}
	b.WriteString(intro)
	tab := text.Table{Indent: "\t"}
	for _, c := range commands() {
		tab.Add(text.Cell{Text: c.name}, text.Cell{Text: c.short})
	}
	if err := tab.Write(b); err != nil {
		return err
	}
	b.WriteString("\nFlags of all subcommands, before or behind the name and before the packages:\n\n")
	b.WriteString(flagHelp(commonFlags))
	b.WriteString(outro)
	b.WriteString(statuses)
	return nil
}

// help returns the text about one subcommand.
func (c *command) help() string {
	var b strings.Builder
	line := "wsmigrate [flags]"
	if c.name != "report" {
		line = "wsmigrate " + c.name + " [flags]"
	}
	fmt.Fprintf(&b, "Usage:\n\n\t%s\n\n%s\n", strings.TrimSpace(line+" "+c.operand), c.long)
	b.WriteString("\nExamples:\n\n")
	for _, e := range c.examples {
		fmt.Fprintf(&b, "\t%s\n", e)
	}
	if len(c.flags) > 0 {
		b.WriteString("\nFlags:\n\n" + flagHelp(c.flags))
	}
	if c.patterns {
		b.WriteString("\nFlags of all subcommands:\n\n" + flagHelp(commonFlags))
	}
	b.WriteString(statuses)
	return b.String()
}

// flagHelp lists flags with what they are for, in the given order.
func flagHelp(names []string) string {
	var o options
	var help bool
	fs := flagSet(&o, &help)
	tab := text.Table{Indent: "\t"}
	for _, name := range slices.Compact(slices.Clone(names)) {
		arg, usage := flagUsage(fs.Lookup(name))
		head := "-" + name
		if arg != "" {
			head += " " + arg
		}
		tab.Add(text.Cell{Text: head}, text.Cell{Text: usage})
	}
	var b strings.Builder
	_ = tab.Write(&b)
	return b.String()
}
