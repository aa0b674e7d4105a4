package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/wsmigrate/wsmigrate/cmd/internal/measure"
)

const usage = `usage: corpus [flags] DIR...

Runs wsmigrate over the modules in the folders DIR (each holds a go.mod), in
copies, and prints a table. Run it from the root of the repository.

Exit status: 0 all modules that load are whole after shim and after fix;
1 one is not; 2 usage, or the tool does not build.

`

// options is the command line.
type options struct {
	measure.Options
	compat   string
	to       string
	api      string
	list     string
	only     string
	packages string
	resume   bool
	test     bool
	cost     bool
	vetcost  bool
	rounds   int
	dirs     []string

	testDeadline time.Duration
}

func main() {
	os.Exit(measure.Status("corpus", run))
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := new(options)
	flags := measure.NewFlags("corpus", usage, stderr)
	o.Flags(flags)
	flags.StringVar(&o.compat, "compat-dir", "compat", "`folder` of the module compat")
	flags.StringVar(&o.to, "to", "nhooyr", "`library` to move to: nhooyr or coder")
	flags.StringVar(&o.api, "api", "keep", "keep or break: wsmigrate's flag -api")
	flags.StringVar(&o.list, "list", "", "`file` that names further folders, one a line")
	flags.BoolVar(&o.resume, "resume", false, "take over what the file of -json says of a module already")
	flags.StringVar(&o.only, "only", "shim,fix", "`steps` to take: shim, fix or both")
	flags.StringVar(&o.packages, "packages", "reached", "`which` packages of a module to compile and test: using, those that import a library that is left;\nreached, those whose tests contain one of them; or all")
	flags.BoolVar(&o.test, "test", false, "run the modules' tests before and after; what fails after is run again")
	flags.BoolVar(&o.cost, "cost", false, "measure the report's CPU time and memory against go list -deps instead")
	flags.BoolVar(&o.vetcost, "vetcost", false, "measure the CPU time of go vet with wsmigrate against go vet without instead; the modules must compile")
	flags.IntVar(&o.rounds, "rounds", 5, "with -cost and -vetcost: `times` that each command runs, in turn")
	flags.DurationVar(&o.testDeadline, "test-timeout", 5*time.Minute, "the longest that the tests of one package may take")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	o.dirs = flags.Args()
	if o.list != "" {
		listed, err := readList(o.list)
		if err != nil {
			return nil, err
		}
		o.dirs = append(o.dirs, listed...)
	}
	if len(o.dirs) == 0 {
		flags.Usage()
		return nil, errors.New("name the folder of a module")
	}
	if o.resume && o.JSON == "" {
		return nil, errors.New("-resume: name the file with -json")
	}
	if o.rounds < 1 {
		return nil, errors.New("-rounds must be at least 1")
	}
	if !slices.Contains([]string{"using", "reached", "all"}, o.packages) {
		return nil, fmt.Errorf("-packages: %q is none of using, reached and all", o.packages)
	}
	for _, step := range strings.Split(o.only, ",") {
		if step != "shim" && step != "fix" {
			return nil, fmt.Errorf("-only: no step %q; there are shim and fix", step)
		}
	}
	return o, nil
}

// readList returns the lines of a file that are neither empty nor comments.
func readList(name string) ([]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var dirs []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if line := strings.TrimSpace(lines.Text()); line != "" && line[0] != '#' {
			dirs = append(dirs, line)
		}
	}
	return dirs, lines.Err()
}

func run(args []string, stdout, stderr io.Writer) (status int, err error) {
	o, err := parse(args, stderr)
	if err != nil {
		return 2, err
	}
	done, err := o.MakeWork()
	defer done()
	if err != nil {
		return 2, err
	}
	if o.compat, err = filepath.Abs(o.compat); err != nil {
		return 2, err
	}
	if o.vetcost {
		return runVetCost(o, o.Work, stdout, stderr)
	}
	if err := o.Build(stderr); err != nil {
		return 2, err
	}
	if o.cost {
		return runCost(o, stdout, stderr)
	}

	known, err := o.known()
	if err != nil {
		return 2, err
	}
	var all []*result
	for i, dir := range o.dirs {
		name := filepath.Base(filepath.Clean(dir))
		if r := known[filepath.ToSlash(dir)]; r != nil {
			all = append(all, r)
			continue
		}
		say := func(doing string) { fmt.Fprintf(stderr, "%d/%d %s: %s\n", i+1, len(o.dirs), name, doing) }
		place := filepath.Join(o.Work, fmt.Sprintf("%03d-%s", i+1, name))
		all = append(all, examine(o, dir, place, say))
		o.Drop(place)
		// After each, for a run that is ended before the last.
		if err := o.Write(all); err != nil {
			return 2, err
		}
	}
	writeTable(stdout, o, all)
	for _, r := range all {
		if r.broken() {
			return 1, nil
		}
	}
	return 0, nil
}

// known returns what an earlier run found out, by folder.
func (o *options) known() (map[string]*result, error) {
	if !o.resume {
		return nil, nil
	}
	text, err := os.ReadFile(o.JSON)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var all []*result
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("read %s: %w", o.JSON, err)
	}
	known := make(map[string]*result)
	for _, r := range all {
		known[r.Dir] = r
	}
	return known, nil
}
