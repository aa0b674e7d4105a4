package measure

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Status runs a program with the arguments of its command line, says what went
// wrong, and returns its exit status.
func Status(name string, run func(args []string, stdout, stderr io.Writer) (status int, err error)) int {
	status, err := run(os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
	}
	return status
}

// NewFlags returns the flag set of a program, whose help is usage and the
// flags.
func NewFlags(name, usage string, stderr io.Writer) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	return flags
}

// Wants reports whether one of the names begins with one of the beginnings in
// only, which have commas between them; if there are none, all are wanted.
func Wants(only string, names ...string) bool {
	if only == "" {
		return true
	}
	for beginning := range strings.SplitSeq(only, ",") {
		if beginning != "" && slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, beginning) }) {
			return true
		}
	}
	return false
}

// Options is the part of the command line that the programs have in common.
type Options struct {
	Tool    string
	Clones  string // of the programs that take modules from repositories
	Work    string
	JSON    string
	Timeout time.Duration
	keep    bool
}

// ClonesFlag adds the flag that names the repositories.
func (o *Options) ClonesFlag(flags *flag.FlagSet) {
	flags.StringVar(&o.Clones, "clones", "", "`folder` of the repositories, each as OWNER/NAME")
}

// Flags adds the other options to a flag set.
func (o *Options) Flags(flags *flag.FlagSet) {
	flags.StringVar(&o.Tool, "tool", "", "the wsmigrate `binary`; built from this repository if empty")
	flags.StringVar(&o.Work, "work", "", "write the trees below this `folder` and keep them for the next run")
	flags.StringVar(&o.JSON, "json", "", "write everything that was found to this `file`")
	flags.DurationVar(&o.Timeout, "timeout", 15*time.Minute, "the longest that one command may take")
}

// Prepare makes the folder for the trees, and the tool if there is none. The
// function that it returns removes what is not to be kept.
func (o *Options) Prepare(stderr io.Writer) (done func(), err error) {
	if done, err = o.MakeWork(); err != nil {
		return done, err
	}
	return done, o.Build(stderr)
}

// MakeWork makes the folder for the trees, and a function that removes it if
// it is not to be kept.
func (o *Options) MakeWork() (done func(), err error) {
	done = func() {}
	if o.keep = o.Work != ""; !o.keep {
		if o.Work, err = os.MkdirTemp("", "wsmigrate-"); err != nil {
			return done, err
		}
		work := o.Work
		done = func() { os.RemoveAll(work) }
	}
	if o.Work, err = filepath.Abs(o.Work); err != nil {
		return done, err
	}
	if err := os.MkdirAll(o.Work, 0o777); err != nil {
		return done, err
	}
	// The go command tells folders by where they really are.
	o.Work, err = filepath.EvalSymlinks(o.Work)
	return done, err
}

// Build builds the tool in the folder for the trees, if none was named.
func (o *Options) Build(stderr io.Writer) (err error) {
	if o.Tool != "" {
		o.Tool, err = filepath.Abs(o.Tool)
		return err
	}
	o.Tool = filepath.Join(o.Work, "wsmigrate.exe")
	build := exec.Command("go", "build", "-o", o.Tool, "./cmd/wsmigrate")
	build.Stderr = stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build wsmigrate: %w", err)
	}
	return nil
}

// Drop removes a tree unless trees are kept.
func (o *Options) Drop(tree string) {
	if !o.keep {
		os.RemoveAll(tree)
	}
}

// Write writes v to the file of -json, if there is one.
func (o *Options) Write(v any) error {
	if o.JSON == "" {
		return nil
	}
	text, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(o.JSON, append(text, '\n'), 0o666)
}

// Rank orders the names of the tiers; for any other name it is 0.
func Rank(tier string) int {
	return 1 + slices.Index([]string{"low", "medium", "high"}, tier)
}

// A Finding is the part of wsmigrate's JSON form that is used here.
type Finding struct {
	Rule       string `json:"rule"`
	Category   string `json:"category"`
	Confidence string `json:"confidence"`
	Posn       string `json:"posn"`
	Message    string `json:"message"`
	Related    []struct {
		Posn string `json:"posn"`
	} `json:"related"`
}

// ID returns rule/category.
func (f *Finding) ID() string { return f.Rule + "/" + f.Category }

// Place returns the file and line of a position file:line:col.
func Place(posn string) (file string, line int) {
	parts := strings.Split(posn, ":")
	if len(parts) > 1 {
		line, _ = strconv.Atoi(parts[1])
	}
	return parts[0], line
}

// Lint lints packages of the module in dir and returns the findings of every
// tier, and the packages that do not load, each with the reason.
func (o *Options) Lint(dir, pattern string) (findings []Finding, skipped []string, err error) {
	stdout, stderr, err := o.Command(dir, o.Tool, "-format", "json", "lint", "-confidence", "low", pattern)
	var doc struct {
		Findings []Finding `json:"findings"`
		Skipped  []struct {
			Path   string `json:"path"`
			Reason string `json:"reason"`
		} `json:"skipped"`
	}
	if jsonErr := json.Unmarshal(stdout, &doc); jsonErr != nil {
		return nil, nil, fmt.Errorf("lint: %v: %s", err, LastLine(stderr))
	}
	for _, s := range doc.Skipped {
		skipped = append(skipped, s.Path+": "+s.Reason)
	}
	return doc.Findings, skipped, nil
}

// Command runs a program in a folder without a workspace, and lets the go
// command complete go.sum.
func (o *Options) Command(dir, name string, args ...string) (stdout []byte, stderr string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), o.Timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	cmd.WaitDelay = 10 * time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.Bytes(), errs.String(), err
}

// LastLine returns the last line of a text that is not empty.
func LastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}
