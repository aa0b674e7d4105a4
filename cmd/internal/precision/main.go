package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/wsmigrate/wsmigrate/cmd/internal/measure"
)

const usage = `usage: precision -clones DIR [flags] PAGE

Lints the modules that the first table of PAGE lists and compares the page with
what was found. Run it from the root of the repository.

Exit status: 0 the page is what the linter says; 1 it is not, or a module was
not linted; 2 usage, or the tool does not build.

`

// options is the command line.
type options struct {
	measure.Options
	only   string
	update bool
	file   string
}

func main() {
	os.Exit(measure.Status("precision", run))
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := new(options)
	flags := measure.NewFlags("precision", usage, stderr)
	o.ClonesFlag(flags)
	o.Flags(flags)
	flags.StringVar(&o.only, "only", "", "`beginnings` of repositories or sets, with commas: lint these and judge their findings alone")
	flags.BoolVar(&o.update, "update", false, "write the figures of the first two tables anew")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() != 1 {
		flags.Usage()
		return nil, errors.New("name one page")
	}
	o.file = flags.Arg(0)
	switch {
	case o.Clones == "" && o.Work == "":
		return nil, errors.New("name the folder of the repositories with -clones")
	case o.update && o.only != "":
		return nil, errors.New("-update needs all modules: leave -only out")
	}
	return o, nil
}

func run(args []string, stdout, stderr io.Writer) (status int, err error) {
	o, err := parse(args, stderr)
	if err != nil {
		return 2, err
	}
	p, err := readPage(o.file)
	if err != nil {
		return 2, err
	}
	done, err := o.Prepare(stderr)
	defer done()
	if err != nil {
		return 2, err
	}
	var all []*result
	for i, m := range p.modules {
		if !o.wants(m) {
			continue
		}
		fmt.Fprintf(stderr, "%d/%d %s %s\n", i+1, len(p.modules), m.Repo, m.Folder)
		r := examine(o, m)
		all = append(all, r)
		if r.Error != "" {
			status = 1
			fmt.Fprintf(stdout, "not linted: %s %s: %s\n", m.Repo, m.Folder, r.Error)
		}
		if next := i + 1; next == len(p.modules) || p.modules[next].Repo != m.Repo {
			o.Drop(filepath.Join(o.Work, strings.ReplaceAll(m.Repo, "/", "+")))
		}
	}
	if err := o.Write(all); err != nil {
		return 2, err
	}
	if !judge(stdout, p, all) {
		status = 1
	}
	if o.only != "" {
		return status, nil
	}
	changed := p.replace(moduleHead, moduleRows(all))
	changed = p.replace(ruleHead, ruleRows(all)) || changed
	switch {
	case changed && o.update:
		return status, os.WriteFile(o.file, []byte(strings.Join(p.lines, "\n")), 0o666)
	case changed:
		status = 1
		fmt.Fprintln(stdout, "the figures of the page are others now: -update writes them")
	}
	return status, nil
}

// wants reports whether -only lets a module in.
func (o *options) wants(m *module) bool {
	return measure.Wants(o.only, m.Repo, m.Set)
}
