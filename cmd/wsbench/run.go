package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/driver"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/load"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/scenario"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/shard"
)

// Exit statuses.
const (
	statusFine    = 0
	statusFlawed  = 1 // a completed run with a cell withheld, a connection failed or a target missed
	statusNothing = 2 // no figures: wrong usage, or the run broke off
)

func isWorker() bool { return shard.IsWorker() }

// work is the life of a worker process.
func work(stdin io.Reader, stdout, stderr io.Writer) int {
	if err := shard.Serve(stdin, stdout, load.Handlers()); err != nil {
		fmt.Fprintln(stderr, "wsbench worker:", err)
		return statusNothing
	}
	return statusFine
}

// command is one of the things that wsbench does.
type command struct {
	name, args, about string
	run               func(ctx context.Context, inv *invocation) (status int, err error)
}

// commands lists them; the first is what runs when none is named.
func commands() []command {
	return []command{
		{"run", "[SCENARIO...]", "measure scenarios, all of them by default", runScenarios},
		{"table", "", "measure what the article's table claims, beside its figures", runTable},
		{"targets", "[REPORT.json...]", "say which targets are met, by reports or a run of its own", runTargets},
		{"profile", "", "write a CPU profile of one library in one case", runProfile},
		{"docs", "REPORT.json...", "print the page of the documentation for reports", runDocs},
	}
}

// invocation is one call of wsbench.
type invocation struct {
	options
	argv           []string // the whole command line, for reports
	args           []string // what is not a flag
	stdout, stderr io.Writer
}

func run(ctx context.Context, argv []string, stdout, stderr io.Writer) int {
	cmd, rest := pick(argv[1:])
	if cmd == nil {
		fmt.Fprint(stdout, help())
		return statusFine
	}
	inv := &invocation{argv: argv, stdout: stdout, stderr: stderr}
	flags := inv.flagSet(cmd)
	if err := flags.Parse(rest); errors.Is(err, flag.ErrHelp) {
		return statusFine
	} else if err != nil {
		return statusNothing // the flag set has said it
	}
	inv.args = flags.Args()
	status, err := 0, inv.settle(flags)
	if err == nil {
		status, err = cmd.run(ctx, inv)
	}
	if err != nil {
		if ctx.Err() != nil {
			err = errors.New("interrupted: no figures")
		}
		fmt.Fprintln(stderr, "wsbench:", err)
		return statusNothing
	}
	return status
}

// pick returns the command that args name and what is behind it, and nil when
// help is asked for.
func pick(args []string) (*command, []string) {
	all := commands()
	if len(args) == 0 {
		return &all[0], nil
	}
	for i := range all {
		if all[i].name == args[0] {
			return &all[i], args[1:]
		}
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		return nil, nil
	}
	return &all[0], args
}

func help() string {
	var b strings.Builder
	b.WriteString("wsbench measures WebSocket libraries under the same load in one run, on the loopback network.\n\nUsage:\n\n")
	for _, c := range commands() {
		fmt.Fprintf(&b, "  wsbench %-26s  %s\n", strings.TrimSpace(c.name+" "+c.args), c.about)
	}
	b.WriteString("\nWithout a command, wsbench runs scenarios. wsbench COMMAND -h lists the flags.\n\nScenarios:\n\n")
	for _, s := range scenario.All() {
		fmt.Fprintf(&b, "  %-10s %s\n", s.Name, report.About(s.Name))
	}
	b.WriteString("\nLibraries:\n\n")
	for _, l := range driver.All() {
		fmt.Fprintf(&b, "  %-13s %s\n", l.Name, strings.TrimSpace(l.Title+" "+l.Version()))
	}
	b.WriteString("\nExit status: 0 all was measured; 1 the run is complete, but a figure was withheld, a connection failed or a\ntarget was missed; 2 there are no figures.\n")
	return b.String()
}

// runScenarios measures the scenarios that are named.
func runScenarios(ctx context.Context, inv *invocation) (int, error) {
	list, err := inv.scenarios()
	if err != nil {
		return 0, err
	}
	return inv.measure(ctx, list)
}

// scenarios returns those that the arguments name, or all.
func (inv *invocation) scenarios() ([]scenario.Scenario, error) {
	if len(inv.args) == 0 {
		return scenario.All(), nil
	}
	var list []scenario.Scenario
	for _, name := range inv.args {
		s, err := scenario.Find(name)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

func runTable(ctx context.Context, inv *invocation) (int, error) {
	if len(inv.args) > 0 {
		return 0, fmt.Errorf("table takes no arguments; the number of connections is -conns")
	}
	return inv.measure(ctx, []scenario.Scenario{scenario.Table()})
}

// measure runs scenarios and writes the report.
func (inv *invocation) measure(ctx context.Context, list []scenario.Scenario) (int, error) {
	r, err := inv.collect(ctx, list)
	if err != nil {
		return 0, err
	}
	if err := inv.write(r); err != nil {
		return 0, err
	}
	if flaws := r.Flaws(); len(flaws) > 0 {
		fmt.Fprintf(inv.stderr, "wsbench: %d figures failed or were withheld\n", len(flaws))
		return statusFlawed, nil
	}
	return statusFine, nil
}

// collect runs scenarios and returns what they measured. All workers have
// ended when it returns.
func (inv *invocation) collect(ctx context.Context, list []scenario.Scenario) (*report.Report, error) {
	limit, err := shard.FileLimit()
	if err != nil {
		return nil, err
	}
	e := &scenario.Env{
		Settings:  inv.settings,
		Libraries: inv.libraries,
		Pool:      new(shard.Pool),
		FileLimit: limit,
		Listen:    inv.listen,
	}
	defer e.Pool.Close()
	total := 0
	for _, s := range list {
		if err := s.Check(e); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		total += s.Steps(e)
	}
	bar := newProgress(inv.stderr, total)
	defer bar.close()
	e.Step = bar.step

	r := &report.Report{
		Command: strings.Join(append([]string{"wsbench"}, inv.argv[1:]...), " "),
		Started: time.Now(),
		Machine: report.ReadMachine(limit),
	}
	for _, l := range inv.libraries {
		r.Libraries = append(r.Libraries, report.Library{Name: l.Name, Title: l.Title, Module: l.Module, Version: l.Version()})
	}
	for _, s := range list {
		results, err := s.Run(ctx, e)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		r.Results = append(r.Results, results...)
	}
	r.Notes = e.Notes()
	r.Seconds = time.Since(r.Started).Seconds()
	return r, nil
}

// write writes the report in the forms that are asked for.
func (inv *invocation) write(r *report.Report) error {
	if err := toFile(inv.json, r.WriteJSON); err != nil {
		return err
	}
	if err := toFile(inv.html, r.WriteHTML); err != nil {
		return err
	}
	return r.WriteText(inv.stdout)
}

// toFile writes a file, if there is a name for one.
func toFile(name string, write func(io.Writer) error) error {
	if name == "" {
		return nil
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	err = write(f)
	if err1 := f.Close(); err == nil {
		err = err1
	}
	return err
}
