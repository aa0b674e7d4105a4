package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const usage = `usage: bugs -clones DIR [flags] FILE

Lints the buggy and the fixed commit of each bug in FILE and prints a table.
Run it from the root of the repository.

Exit status: 0 every tree was linted; 1 one was not; 2 usage, or the tool does
not build.

`

// options is the command line.
type options struct {
	tool     string
	clones   string
	work     string
	only     string
	json     string
	tier     string
	deadline time.Duration
	file     string
}

func main() {
	status, err := run(os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bugs:", err)
	}
	os.Exit(status)
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := new(options)
	flags := flag.NewFlagSet("bugs", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.clones, "clones", "", "`folder` of the repositories, each as OWNER/NAME")
	flags.StringVar(&o.tool, "tool", "", "the wsmigrate `binary`; built from this repository if empty")
	flags.StringVar(&o.work, "work", "", "write the trees below this `folder` and keep them for the next run")
	flags.StringVar(&o.only, "only", "", "`beginnings` of the IDs or hazards to look at, with commas")
	flags.StringVar(&o.tier, "confidence", "medium", "the `tier` from which a finding counts")
	flags.StringVar(&o.json, "json", "", "write everything that was found to this `file`")
	flags.DurationVar(&o.deadline, "timeout", 15*time.Minute, "the longest that one command may take")
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() != 1 {
		flags.Usage()
		return nil, errors.New("name one file of bugs")
	}
	o.file = flags.Arg(0)
	if o.clones == "" {
		return nil, errors.New("name the folder of the repositories with -clones")
	}
	if tierRank(o.tier) == 0 {
		return nil, fmt.Errorf("-confidence: no tier %q; there are high, medium and low", o.tier)
	}
	return o, nil
}

func run(args []string, stdout, stderr io.Writer) (status int, err error) {
	o, err := parse(args, stderr)
	if err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0, err
		}
		return 2, err
	}
	bugs, err := readBugs(o.file)
	if err != nil {
		return 2, err
	}
	work := o.work
	if work == "" {
		if work, err = os.MkdirTemp("", "bugs-"); err != nil {
			return 2, err
		}
		defer os.RemoveAll(work)
	}
	if work, err = filepath.Abs(work); err != nil {
		return 2, err
	}
	if o.tool == "" {
		if err := os.MkdirAll(work, 0o777); err != nil {
			return 2, err
		}
		o.tool = filepath.Join(work, "wsmigrate.exe")
		build := exec.Command("go", "build", "-o", o.tool, "./cmd/wsmigrate")
		build.Stderr = stderr
		if err := build.Run(); err != nil {
			return 2, fmt.Errorf("build wsmigrate: %w", err)
		}
	} else if o.tool, err = filepath.Abs(o.tool); err != nil {
		return 2, err
	}

	var all []*result
	for i, b := range bugs {
		if !o.wants(b) {
			continue
		}
		fmt.Fprintf(stderr, "%d/%d %s %s\n", i+1, len(bugs), b.ID, b.Repo)
		r := examine(o, b, filepath.Join(work, b.ID))
		all = append(all, r)
		buggy, fixed, words := r.row(o, new(total))
		fmt.Fprintf(stderr, "\t%s; %s: %s\n", buggy, fixed, words)
		if o.work == "" {
			os.RemoveAll(filepath.Join(work, b.ID))
		}
	}
	if o.json != "" {
		text, err := json.MarshalIndent(all, "", "\t")
		if err == nil {
			err = os.WriteFile(o.json, append(text, '\n'), 0o666)
		}
		if err != nil {
			return 2, err
		}
	}
	writeTable(stdout, o, all)
	if slices.ContainsFunc(all, func(r *result) bool { return r.failed() }) {
		return 1, nil
	}
	return 0, nil
}

// wants reports whether -only lets the bug in.
func (o *options) wants(b *bug) bool {
	if o.only == "" {
		return true
	}
	for _, p := range strings.Split(o.only, ",") {
		if p != "" && (strings.HasPrefix(b.ID, p) || strings.HasPrefix(b.Hazard, p)) {
			return true
		}
	}
	return false
}

func tierRank(tier string) int {
	return 1 + slices.Index([]string{"low", "medium", "high"}, tier)
}
