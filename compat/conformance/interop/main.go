package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// The exit statuses.
const (
	statusOK      = 0
	statusFailed  = 1
	statusMissing = 2 // something is not installed, or the command line is wrong
)

// peerArgument makes the command a peer, see startPeer.
const peerArgument = "peer"

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	var status int
	var err error
	if len(os.Args) == 4 && os.Args[1] == peerArgument {
		err = runPeer(os.Args[2], os.Args[3])
	} else {
		status, err = interop(ctx, os.Args[1:], os.Stdout, os.Stderr)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		status = max(status, statusFailed)
	}
	cancel()
	os.Exit(status)
}

func runPeer(engine, dir string) error {
	config, err := readCertificates(dir)
	if err != nil {
		return err
	}
	pages, err := fs.Sub(scripts, "scripts")
	if err != nil {
		return err
	}
	p := &peer{engine: engine, tls: config, pages: pages}
	return p.run(os.Stdin, os.Stdout)
}

const usage = `Interop tries compat with real WebSocket libraries, a browser and proxies, on
both engines, and prints a table of what works.

usage: go run ./compat/conformance/interop [flags]

`

const usageEnd = `
A cell is named ENGINE/ROLE/LIBRARY/ROUTE/plain|tls/on|off, where ROLE is
compat's and on and off are of compression: nhooyr/server/ws/nginx/tls/on.

Exit status: 0 all passed; 1 something failed; 2 something is not installed, or
a wrong command line. (go run turns every status into 1.)
`

// interop is the command without its surroundings.
func interop(ctx context.Context, args []string, stdout, stderr io.Writer) (status int, err error) {
	flags := flag.NewFlagSet("interop", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
		fmt.Fprint(flags.Output(), usageEnd)
	}
	mayInstall := flags.Bool("install", false, "install what is missing: Debian's packages with apt-get, as root, and\nnpm packages into a cache folder")
	short := flags.Bool("short", false, "run three cells of each row: every proxy, with and without TLS and compression")
	pattern := flags.String("run", "", "run only cells whose names match this `regexp`")
	verbose := flags.Bool("v", false, "list every check")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return statusOK, nil
	} else if err != nil {
		return statusMissing, nil // the flag package has said it
	}
	if flags.NArg() > 0 {
		return statusMissing, fmt.Errorf("unexpected argument %q: see -help", flags.Arg(0))
	}
	selected, err := regexp.Compile(*pattern)
	if err != nil {
		return statusMissing, fmt.Errorf("parse -run: %w", err)
	}

	all := rows()
	cs := cells(all)
	if *short {
		cs = shorten(all)
	}
	if cs = match(cs, selected); len(cs) == 0 {
		return statusMissing, fmt.Errorf("no cell matches %q: see -help for their names", *pattern)
	}
	modules, err := modulesDir()
	if err != nil {
		return statusFailed, err
	}
	began := time.Now()
	say := func(format string, args ...any) {
		fmt.Fprintf(stderr, "%6.1fs  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
	}
	needs := requirements(cs)
	if err := provide(ctx, needs, modules, *mayInstall, say); err != nil {
		return statusMissing, err
	}
	results, err := runAll(ctx, cs, modules, *verbose, say)
	if err != nil {
		return statusFailed, err
	}

	writeTable(stdout, all, results)
	fmt.Fprintln(stdout, "\nwith", strings.Join(versions(needs, modules), ", "))
	writeNotes(stdout, results)
	if !summarize(stdout, results) {
		return statusFailed, nil
	}
	return statusOK, nil
}

// requirements returns what the cells need, each thing once.
func requirements(cs []cell) []*requirement {
	var needs []*requirement
	add := func(r *requirement) {
		if !slices.Contains(needs, r) {
			needs = append(needs, r)
		}
	}
	for _, c := range cs {
		for _, r := range c.library.needs {
			add(r)
		}
		switch c.route {
		case "nginx":
			add(nginxProxy)
		case "haproxy":
			add(haproxyProxy)
		}
	}
	return needs
}

// provide makes sure that everything is there.
func provide(ctx context.Context, needs []*requirement, modules string, mayInstall bool, say func(string, ...any)) error {
	lacks := missing(needs, modules)
	if mayInstall && len(lacks) > 0 {
		if err := install(ctx, lacks, modules, say); err != nil {
			return err
		}
		lacks = missing(needs, modules)
	}
	if len(lacks) == 0 {
		return nil
	}
	var lines []string
	for r, err := range lacks {
		from := "npm"
		if len(r.debian) > 0 {
			from = "Debian package " + strings.Join(r.debian, " and ")
		}
		lines = append(lines, fmt.Sprintf("  %s (%s): %v", r.name, from, err))
	}
	slices.Sort(lines)
	return fmt.Errorf("these are missing; -install installs them:\n%s", strings.Join(lines, "\n"))
}

func versions(needs []*requirement, modules string) []string {
	var all []string
	for _, r := range needs {
		version, err := r.version(modules)
		switch {
		case err != nil:
			all = append(all, r.name)
		case r == npmPackages:
			all = append(all, version) // it has the names
		default:
			all = append(all, r.name+" "+version)
		}
	}
	return all
}

// runAll runs the cells, and says how it goes.
func runAll(ctx context.Context, cs []cell, modules string, verbose bool, say func(string, ...any)) ([]result, error) {
	m, err := newMatrix(ctx, cs, modules, say)
	defer m.stop()
	if err != nil {
		return nil, err
	}
	var results []result
	for _, c := range cs {
		res := m.run(ctx, c)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		results = append(results, res)
		say("%-4s %s, %d checks", res.text(), c.name(), len(res.checks))
		for _, ch := range res.checks {
			if !ch.passed {
				say("     FAIL %s: %s", ch.name, ch.detail)
			} else if verbose {
				say("     ok   %s", ch.name)
			}
		}
	}
	return results, nil
}
