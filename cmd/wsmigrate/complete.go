package main

import (
	"context"
	"embed"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/wsmigrate/wsmigrate/analyzer"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/term"
)

//go:embed completion
var completionScripts embed.FS

// shells are those that there is a script for.
var shells = []string{"bash", "zsh", "fish"}

// completionCommand prints a shell's script. It calls the tool for what can be
// written next, so it does not age with the tool.
func completionCommand(_ context.Context, inv *invocation) error {
	if len(inv.args) == 0 {
		return errNoOperand(inv.cmd)
	}
	if len(inv.args) > 1 || !slices.Contains(shells, inv.args[0]) {
		return usagef("completion %s: there are scripts for %s", strings.Join(inv.args, " "), enumerate(shells, "and"))
	}
	script, err := completionScripts.ReadFile("completion/wsmigrate." + inv.args[0])
	if err != nil {
		return err
	}
	inv.results.Write(script)
	return nil
}

// completeWord is the argument with which the scripts call the tool. The words
// of the command line follow it, the last as far as it is written.
const completeWord = "__complete"

// complete writes what can stand in the place of the last word, each on a line
// with what it is behind a tab.
func complete(w io.Writer, words []string) {
	if len(words) == 0 {
		return
	}
	for _, s := range completions(words) {
		if s.what == "" {
			fmt.Fprintln(w, s.word)
		} else {
			fmt.Fprintf(w, "%s\t%s\n", s.word, s.what)
		}
	}
}

// A suggestion is a word that can be written, with what it is.
type suggestion struct{ word, what string }

// Names of files and folders are the shell's to complete.
var (
	someFile   = suggestion{word: ":files"}
	someFolder = suggestion{word: ":folders"}
)

// completions returns what can stand in the place of the last word.
func completions(words []string) []suggestion {
	var o options
	var help bool
	fs := flagSet(&o, &help)
	cur := words[len(words)-1]
	var cmd *command
	var operands int
	for i := 0; i < len(words)-1; i++ {
		w := words[i]
		if w == "-" || !strings.HasPrefix(w, "-") {
			if cmd == nil && operands == 0 && lookup(w) != nil {
				cmd = lookup(w)
			} else {
				operands++
			}
			continue
		}
		name, _, whole := strings.Cut(strings.TrimLeft(w, "-"), "=")
		f := fs.Lookup(name)
		if f == nil || whole || isBool(f) {
			continue
		}
		if i+1 < len(words)-1 && words[i+1] == "=" { // as bash takes -format=json apart
			i++
		}
		if i++; i == len(words)-1 {
			if cur == "=" {
				cur = ""
			}
			return beginning(cur, values(f))
		}
	}
	switch {
	case strings.HasPrefix(cur, "-"):
		name, value, ok := strings.Cut(cur, "=")
		f := fs.Lookup(strings.TrimLeft(name, "-"))
		if !ok || f == nil {
			return beginning(cur, flagSuggestions(fs, cmd))
		}
		found := beginning(value, values(f))
		for i := range found {
			if found[i] != someFile && found[i] != someFolder {
				found[i].word = name + "=" + found[i].word
			}
		}
		return found
	case cmd == nil && operands == 0:
		return beginning(cur, append(commandSuggestions(), packageSuggestions()...))
	case cmd == nil:
		return beginning(cur, packageSuggestions())
	}
	return beginning(cur, cmd.operands())
}

// beginning keeps the suggestions that begin with prefix.
func beginning(prefix string, all []suggestion) []suggestion {
	return slices.DeleteFunc(all, func(s suggestion) bool {
		return s != someFile && s != someFolder && !strings.HasPrefix(s.word, prefix)
	})
}

func isBool(f *flag.Flag) bool {
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

// flagSuggestions returns the flags that a subcommand takes; with none named
// yet, all of them may be meant.
func flagSuggestions(fs *flag.FlagSet, cmd *command) []suggestion {
	var out []suggestion
	fs.VisitAll(func(f *flag.Flag) {
		if cmd == nil || slices.Contains(commonFlags, f.Name) || slices.Contains(cmd.flags, f.Name) {
			_, usage := flag.UnquoteUsage(f)
			out = append(out, suggestion{"-" + f.Name, usage})
		}
	})
	return out
}

// values returns what a flag can be set to.
func values(f *flag.Flag) []suggestion {
	switch v := f.Value.(type) {
	case choice:
		return plain(v.words)
	case *term.ColorMode:
		return plain([]string{string(term.Auto), string(term.Always), string(term.Never)})
	}
	switch f.Name {
	case "C", "compat-dir":
		return []suggestion{someFolder}
	case "o", "baseline":
		return []suggestion{someFile}
	case "rules":
		return ruleSuggestions()
	}
	return nil
}

func plain(words []string) []suggestion {
	var out []suggestion
	for _, w := range words {
		out = append(out, suggestion{word: w})
	}
	return out
}

func commandSuggestions() []suggestion {
	var out []suggestion
	for _, c := range commands() {
		if c.name != "report" {
			out = append(out, suggestion{c.name, c.short})
		}
	}
	return out
}

func packageSuggestions() []suggestion {
	return []suggestion{{"./...", "this folder and those below"}, someFolder}
}

func ruleSuggestions() []suggestion {
	var out []suggestion
	for _, a := range analyzer.Suite {
		title, _, _ := strings.Cut(a.Doc, "\n")
		_, what, _ := strings.Cut(title, ": ")
		out = append(out, suggestion{a.Name, what})
	}
	return out
}

// operands returns what can follow the flags of a subcommand.
func (c *command) operands() []suggestion {
	switch c.name {
	case "explain":
		return append(plain(explainable()), someFile)
	case "table":
		return plain(symbols())
	case "help":
		return commandSuggestions()
	case "completion":
		return plain(shells)
	}
	if c.patterns {
		return packageSuggestions()
	}
	return nil
}
