package main

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/term"
)

// options are the flags of all subcommands.
type options struct {
	chdir, tags, to, format, out string
	quiet, verbose               bool
	color                        term.ColorMode

	write, force, raiseGo, interactive, test bool
	compatDir, api, only, ctx, fallback      string

	confidence, rules, baseline string
	writeBaseline               bool
}

// Flags by who takes them.
var (
	commonFlags = []string{"C", "tags", "to", "format", "o", "q", "v", "color"}
	writeFlags  = []string{"w", "force", "compat-dir", "raise-go", "api", "only"}
	fixFlags    = append(slices.Clone(writeFlags), "i", "ctx", "fallback", "test")
	lintFlags   = []string{"confidence", "rules", "baseline", "write-baseline"}
)

// flagSet returns the set of every flag. Which of them a subcommand takes is
// checked afterwards, because flags may stand before its name.
func flagSet(o *options, help *bool) *flag.FlagSet {
	fs := flag.NewFlagSet("wsmigrate", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}

	fs.StringVar(&o.chdir, "C", ".", "work in `dir`; patterns and paths are relative to it")
	fs.StringVar(&o.tags, "tags", "", "build `tags`, separated by commas")
	fs.Var(oneOf(&o.to, "nhooyr", "coder"), "to", "`library` to move to: nhooyr or coder")
	fs.Var(oneOf(&o.format, "text", "json", "sarif", "html", "markdown"), "format", "`form` of the results: text, json, sarif, html or markdown")
	fs.StringVar(&o.out, "o", "", "write the results to `file` instead of stdout")
	fs.BoolVar(&o.quiet, "q", false, "no progress and no summary")
	fs.BoolVar(&o.verbose, "v", false, "say more: the files of each cluster, entries of a baseline that are gone")
	o.color = term.Auto
	fs.Var(&o.color, "color", "colour the output `when`: auto, always or never; auto honours NO_COLOR")

	fs.BoolVar(&o.write, "w", false, "write the changes instead of showing them")
	fs.BoolVar(&o.force, "force", false, "write over uncommitted changes")
	fs.StringVar(&o.compatDir, "compat-dir", "", "take the drop-in package from `dir`, which holds its go.mod")
	fs.BoolVar(&o.raiseGo, "raise-go", false, "let the go line of go.mod cross 1.22, which changes what loop variables mean")
	fs.Var(oneOf(&o.api, "keep", "break"), "api", "`policy` for exported signatures that name gorilla's types: keep or break")
	fs.StringVar(&o.only, "only", "", "only these clusters (by number or name) and folders: a `list` separated by commas")

	fs.BoolVar(&o.interactive, "i", false, "ask about each cluster whether to change it")
	fs.Var(oneOf(&o.ctx, "auto", "background", "todo"), "ctx", "`policy` for the context that calls get: auto, background or todo")
	fs.Var(oneOf(&o.fallback, "shim", "leave"), "fallback", "`policy` for clusters that cannot be converted: shim or leave")
	fs.BoolVar(&o.test, "test", false, "run the tests of changed packages on the rewritten code before writing")

	fs.Var(oneOf(&o.confidence, "high", "medium", "low"), "confidence", "report findings of this `tier` and surer ones: high, medium or low")
	fs.StringVar(&o.rules, "rules", "", "a `list` of rules to report, or with a leading - not to: wsorigin,-wsconcurrent/timer")
	fs.StringVar(&o.baseline, "baseline", "", "leave out the findings that `file` lists")
	fs.BoolVar(&o.writeBaseline, "write-baseline", false, "write today's findings to the file of -baseline")

	fs.BoolVar(help, "h", false, "help")
	fs.BoolVar(help, "help", false, "help")
	return fs
}

// A choice is a flag that takes one of a few words; the first is the default.
type choice struct {
	p     *string
	words []string
}

func oneOf(p *string, words ...string) choice {
	*p = words[0]
	return choice{p, words}
}

func (c choice) Set(s string) error {
	if !slices.Contains(c.words, s) {
		return fmt.Errorf("must be %s", enumerate(c.words, "or"))
	}
	*c.p = s
	return nil
}

// enumerate joins words to a list: a, b or c.
func enumerate(words []string, conj string) string {
	n := len(words) - 1
	if n < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:n], ", ") + " " + conj + " " + words[n]
}

func (c choice) String() string {
	if c.p == nil {
		return ""
	}
	return *c.p
}

// A usageError is a mistake on the command line.
type usageError struct{ msg string }

func (e *usageError) Error() string { return e.msg }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// parse reads the command line: flags, a subcommand, more flags, and then
// what the subcommand works on.
func parse(args []string) (*invocation, error) {
	inv := &invocation{cmd: lookup("report")}
	fs := flagSet(&inv.options, &inv.help)
	rest, err := parseFlags(fs, args)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		if c := lookup(rest[0]); c != nil && rest[0] != "report" {
			inv.cmd = c
			if rest, err = parseFlags(fs, rest[1:]); err != nil {
				return nil, err
			}
		} else if !looksLikePattern(rest[0]) {
			return nil, usagef("unknown subcommand %s%s: \"wsmigrate help\" lists them", rest[0], didYouMean(rest[0], commandNames()))
		}
	}
	inv.args = rest
	if inv.help {
		return inv, nil
	}
	if err := inv.checkOperands(); err != nil {
		return nil, err
	}
	if err := inv.checkFlags(fs); err != nil {
		return nil, err
	}
	return inv, nil
}

// parseFlags parses the flags at the start of args and returns the rest.
func parseFlags(fs *flag.FlagSet, args []string) ([]string, error) {
	err := fs.Parse(args)
	if err == nil {
		return fs.Args(), nil
	}
	if name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); ok {
		return nil, usagef("unknown flag -%s%s: \"wsmigrate help\" lists them", name, didYouMean("-"+name, flagNames(fs)))
	}
	return nil, &usageError{err.Error()}
}

func flagNames(fs *flag.FlagSet) []string {
	var names []string
	fs.VisitAll(func(f *flag.Flag) { names = append(names, "-"+f.Name) })
	return names
}

// looksLikePattern tells package patterns from a misspelt subcommand: a lone
// word is no package that anybody migrates.
func looksLikePattern(s string) bool {
	return strings.ContainsAny(s, `./\=@`) || s == "all" || s == "work"
}

// checkOperands finds flags and subcommands behind the patterns, where the
// flag package does not look.
func (inv *invocation) checkOperands() error {
	for i, a := range inv.args {
		if len(a) > 1 && a[0] == '-' {
			name := inv.cmd.name + " "
			if inv.cmd.name == "report" {
				name = ""
			}
			return usagef("flag %s stands behind %s: flags go before it, as in wsmigrate %s%s %s",
				a, inv.args[0], name, a, strings.Join(inv.args[:i], " "))
		}
		if i > 0 && inv.cmd.patterns && lookup(a) != nil && !looksLikePattern(a) {
			return usagef("subcommand %s stands behind %s: it goes before it, as in wsmigrate %s %s",
				a, inv.args[0], a, strings.Join(inv.args[:i], " "))
		}
	}
	return nil
}

// checkFlags refuses flags and formats that the subcommand does not take.
func (inv *invocation) checkFlags(fs *flag.FlagSet) error {
	var err error
	fs.Visit(func(f *flag.Flag) {
		if err != nil || slices.Contains(commonFlags, f.Name) || slices.Contains(inv.cmd.flags, f.Name) {
			return
		}
		var takers []string
		for _, c := range commands() {
			if slices.Contains(c.flags, f.Name) {
				takers = append(takers, c.name)
			}
		}
		err = usagef("%s takes no flag -%s: it belongs to %s", inv.cmd.title(), f.Name, strings.Join(takers, " and "))
	})
	if err != nil {
		return err
	}
	switch {
	case inv.format != "text" && !slices.Contains(inv.cmd.formats, inv.format):
		return usagef("%s has no format %s: it writes %s", inv.cmd.title(), inv.format,
			enumerate(append([]string{"text"}, inv.cmd.formats...), "and"))
	case inv.writeBaseline && inv.baseline == "":
		return usagef("-write-baseline needs -baseline FILE, which names the file to write")
	}
	return nil
}

// didYouMean returns a question about the nearest of the names, if one is
// near enough to be meant.
func didYouMean(s string, names []string) string {
	best, dist := "", 3
	for _, n := range names {
		if d := distance(strings.ToLower(s), strings.ToLower(n)); d < dist && d < len(n) {
			best, dist = n, d
		}
	}
	if best == "" {
		for _, n := range names {
			if len(s) > 2 && strings.HasPrefix(n, s) || len(n) > 1 && strings.HasPrefix(s, n) && len(n) > len(best) {
				best = n
			}
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", best)
}

// distance returns the number of single-character edits between a and b.
func distance(a, b string) int {
	prev := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := range len(a) {
		cur := make([]int, len(b)+1)
		cur[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			cur[j+1] = min(prev[j]+cost, prev[j+1]+1, cur[j]+1)
		}
		prev = cur
	}
	return prev[len(b)]
}

// errNoOperand is the mistake of a subcommand without what it works on.
func errNoOperand(c *command) error {
	return usagef("%s needs %s: \"wsmigrate help %s\" shows examples", c.title(), c.operand, c.name)
}
