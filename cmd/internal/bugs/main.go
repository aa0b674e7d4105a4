package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/wsmigrate/wsmigrate/cmd/internal/measure"
)

const usage = `usage: bugs -clones DIR [flags] FILE

Lints the buggy and the fixed commit of each bug in FILE and prints a table.
Run it from the root of the repository.

Exit status: 0 every tree was linted; 1 one was not; 2 usage, or the tool does
not build.

`

// options is the command line.
type options struct {
	measure.Options
	only string
	tier string
	file string
}

func main() {
	os.Exit(measure.Status("bugs", run))
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := new(options)
	flags := measure.NewFlags("bugs", usage, stderr)
	o.ClonesFlag(flags)
	o.Flags(flags)
	flags.StringVar(&o.only, "only", "", "`beginnings` of the IDs or hazards to look at, with commas")
	flags.StringVar(&o.tier, "confidence", "medium", "the `tier` from which a finding counts")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() != 1 {
		flags.Usage()
		return nil, errors.New("name one file of bugs")
	}
	o.file = flags.Arg(0)
	if o.Clones == "" {
		return nil, errors.New("name the folder of the repositories with -clones")
	}
	if measure.Rank(o.tier) == 0 {
		return nil, fmt.Errorf("-confidence: no tier %q; there are high, medium and low", o.tier)
	}
	return o, nil
}

func run(args []string, stdout, stderr io.Writer) (status int, err error) {
	o, err := parse(args, stderr)
	if err != nil {
		return 2, err
	}
	bugs, err := readBugs(o.file)
	if err != nil {
		return 2, err
	}
	done, err := o.Prepare(stderr)
	defer done()
	if err != nil {
		return 2, err
	}

	var all []*result
	for i, b := range bugs {
		if !o.wants(b) {
			continue
		}
		fmt.Fprintf(stderr, "%d/%d %s %s\n", i+1, len(bugs), b.ID, b.Repo)
		r := examine(o, b, filepath.Join(o.Work, b.ID))
		all = append(all, r)
		buggy, fixed, words := r.row(o, new(total))
		fmt.Fprintf(stderr, "\t%s; %s: %s\n", buggy, fixed, words)
		o.Drop(filepath.Join(o.Work, b.ID))
	}
	if err := o.Write(all); err != nil {
		return 2, err
	}
	writeTable(stdout, o, all)
	if slices.ContainsFunc(all, func(r *result) bool { return r.failed() }) {
		return 1, nil
	}
	return 0, nil
}

// wants reports whether -only lets the bug in.
func (o *options) wants(b *bug) bool {
	return measure.Wants(o.only, b.ID, b.Hazard)
}
