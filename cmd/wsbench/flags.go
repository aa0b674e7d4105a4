package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/driver"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/scenario"
)

// options is what the flags say.
type options struct {
	quick      bool
	json, html string
	listen     string
	libs       string
	sizes      string
	conns      string
	many       int
	settings   scenario.Settings
	libraries  []*driver.Library

	profile profileOptions
}

// defaults are the settings of a run, thorough or quick.
func defaults(quick bool) scenario.Settings {
	if quick {
		return scenario.Settings{
			Rounds: 3, Passes: 1, Round: 40 * time.Millisecond,
			Sizes: []int{64, 16 << 10}, Conns: []int{1, 100},
			Many: 500, Audience: 200, Rate: 1000, Duration: time.Second,
			Cycles: 3, PerCycle: 200,
		}
	}
	return scenario.Settings{
		Rounds: 7, Passes: 3, Round: 150 * time.Millisecond,
		Sizes: []int{64, 1 << 10, 16 << 10, 64 << 10}, Conns: []int{1, 100},
		Many: 10000, Audience: 1000, Rate: 2000, Duration: 10 * time.Second,
		Cycles: 8, PerCycle: 2000,
	}
}

func (inv *invocation) flagSet(cmd *command) *flag.FlagSet {
	f := flag.NewFlagSet("wsbench "+cmd.name, flag.ContinueOnError)
	f.SetOutput(inv.stderr)
	f.Usage = func() {
		fmt.Fprintf(inv.stderr, "Usage: wsbench %s [flags] %s\n\n%s.\n\nFlags:\n\n", cmd.name, cmd.args, strings.ToUpper(cmd.about[:1])+cmd.about[1:])
		f.PrintDefaults()
	}
	if cmd.name == "docs" {
		return f
	}
	f.StringVar(&inv.libs, "libs", "", "measure these `libraries` only, with commas between; the first is the base of ratios")
	if cmd.name == "profile" {
		inv.profile.flags(f)
		return f
	}
	f.BoolVar(&inv.quick, "quick", false, "finish in about a minute: fewer cases, shorter rounds")
	f.StringVar(&inv.json, "json", "", "write the whole report as JSON to this `file`")
	f.StringVar(&inv.html, "html", "", "write the report as a page with plots to this `file`")
	f.StringVar(&inv.listen, "listen", "127.0.0.1:0", "`address` of the servers that have clients in other processes")
	f.IntVar(&inv.settings.Rounds, "rounds", 0, "`number` of rounds, in each of which all libraries take turns")
	f.IntVar(&inv.settings.Passes, "passes", 0, "`number` of rounds of the scenarios that start processes for each library")
	f.DurationVar(&inv.settings.Round, "round", 0, "`duration` of a library's turn in a round")
	f.StringVar(&inv.sizes, "sizes", "", "`sizes` of messages in bytes, with commas between")
	f.Float64Var(&inv.settings.Rate, "rate", 0, "`messages` a second of latency and reconnect, on all connections together")
	f.DurationVar(&inv.settings.Duration, "duration", 0, "`duration` of the load of latency and reconnect")
	if cmd.name == "table" {
		f.IntVar(&inv.many, "conns", 0, "`number` of connections")
		return f
	}
	f.StringVar(&inv.conns, "conns", "", "`numbers` of connections of round trips, with commas between")
	f.IntVar(&inv.many, "many", 0, "`number` of connections of idle, latency and reconnect")
	return f
}

// settle checks the flags, and takes the defaults for those that were not given.
func (inv *invocation) settle(f *flag.FlagSet) (err error) {
	if inv.libraries, err = libraries(inv.libs); err != nil || f.Lookup("rounds") == nil {
		return err // a command without scenarios
	}
	given := inv.settings
	s := defaults(inv.quick)
	set := make(map[string]bool)
	f.Visit(func(fl *flag.Flag) { set[fl.Name] = true })
	if set["rounds"] {
		s.Rounds = given.Rounds
	}
	if set["passes"] {
		s.Passes = given.Passes
	}
	if set["round"] {
		s.Round = given.Round
	}
	if set["rate"] {
		s.Rate = given.Rate
	}
	if set["duration"] {
		s.Duration = given.Duration
	}
	if inv.many != 0 {
		s.Many = inv.many
	}
	if s.Sizes, err = numbers("sizes", inv.sizes, s.Sizes); err != nil {
		return err
	}
	if s.Conns, err = numbers("conns", inv.conns, s.Conns); err != nil {
		return err
	}
	if s.Rounds < 1 || s.Passes < 1 || s.Round <= 0 || s.Rate <= 0 || s.Duration <= 0 || s.Many < 1 {
		return fmt.Errorf("-rounds, -passes, -round, -rate, -duration and numbers of connections must be positive")
	}
	inv.settings = s
	return nil
}

// numbers parses a list of positive numbers; an empty one is instead.
func numbers(name, list string, instead []int) ([]int, error) {
	if list == "" {
		return instead, nil
	}
	var all []int
	for s := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(s))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-%s: %q is not a positive number", name, s)
		}
		all = append(all, n)
	}
	return all, nil
}

// libraries returns those of a list, or all.
func libraries(list string) ([]*driver.Library, error) {
	if list == "" {
		return driver.All(), nil
	}
	var all []*driver.Library
	seen := make(map[string]bool)
	for name := range strings.SplitSeq(list, ",") {
		l, err := driver.Find(strings.TrimSpace(name))
		if err != nil {
			return nil, err
		}
		if !seen[l.Name] {
			all = append(all, l)
		}
		seen[l.Name] = true
	}
	return all, nil
}

// isTerminal reports whether f is one.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && terminal(int(f.Fd()))
}
