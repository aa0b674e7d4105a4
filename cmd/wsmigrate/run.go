package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report/text"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/term"
	"github.com/wsmigrate/wsmigrate/rewrite"
)

// Exit statuses; product documentation and help name them.
const (
	exitOK       = 0 // nothing to report, or all done
	exitFound    = 1 // hazards, sites to migrate, or a diff that is not empty
	exitUsage    = 2 // usage, load or refusal
	exitRemain   = 3 // this run wrote, and clusters remain
	exitUnproven = 4 // verification failed, nothing written
)

// run is the whole command: it returns the exit status.
func run(ctx context.Context, args, env []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == completeWord {
		complete(stdout, args[1:])
		return exitOK
	}
	inv, err := parse(args)
	if err != nil {
		return fail(ctx, stderr, err)
	}
	inv.line, inv.env, inv.stdin, inv.stdout, inv.stderr = args, env, stdin, stdout, stderr
	if inv.help {
		return inv.finish(ctx, helpCommand(ctx, inv))
	}
	if err := inv.resolve(); err != nil {
		return fail(ctx, stderr, err)
	}
	inv.progress = term.NewProgress(stderr, !inv.quiet)
	defer inv.progress.Close()
	return inv.finish(ctx, inv.cmd.run(ctx, inv))
}

// finish delivers the result that a command left, and turns its error into
// the exit status.
func (inv *invocation) finish(ctx context.Context, err error) int {
	if inv.progress != nil {
		inv.progress.Close()
	}
	if err == nil {
		err = inv.deliver()
	}
	if err != nil {
		return fail(ctx, inv.stderr, err)
	}
	if !inv.quiet {
		_, _ = inv.stderr.Write(inv.remarks.Bytes())
	}
	return inv.status
}

// deliver writes the results to stdout or to the file of -o.
func (inv *invocation) deliver() error {
	if inv.out == "" {
		_, err := inv.stdout.Write(inv.results.Bytes())
		return err
	}
	return writeFile(inv.path(inv.out), inv.results.Bytes())
}

// fail says what went wrong in one sentence, and returns the exit status.
func fail(ctx context.Context, stderr io.Writer, err error) int {
	if ctx.Err() != nil {
		fmt.Fprintln(stderr, "wsmigrate: interrupted: nothing was left half done")
		return exitUsage
	}
	if v, ok := errors.AsType[*rewrite.VerifyError](err); ok {
		fmt.Fprintf(stderr, "wsmigrate: %s: nothing was written\n", sentence(v.Error()))
		for _, e := range v.Errors {
			fmt.Fprintf(stderr, "\t%s\n", sentence(e))
		}
		return exitUnproven
	}
	fmt.Fprintf(stderr, "wsmigrate: %s\n", sentence(err.Error()))
	return exitUsage
}

// sentence folds a text of several lines into one.
func sentence(s string) string { return strings.Join(strings.Fields(s), " ") }

// An invocation is one run of the command.
type invocation struct {
	options
	cmd  *command
	line []string // the command line without the program
	args []string // package patterns, or what the subcommand works on
	help bool

	env            []string
	stdin          io.Reader
	stdout, stderr io.Writer

	dir      string // absolute form of -C
	target   wsapi.Target
	progress term.Progress

	// What the command leaves: results for stdout or -o, remarks for stderr.
	results, remarks bytes.Buffer
	status           int
}

// resolve checks what can be checked before any work.
func (inv *invocation) resolve() error {
	dir, err := filepath.Abs(inv.chdir)
	if err != nil {
		return err
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return usagef("-C %s: there is no such folder", inv.chdir)
	case err != nil:
		return usagef("-C %s: %v", inv.chdir, err)
	case !info.IsDir():
		return usagef("-C %s: this is not a folder", inv.chdir)
	}
	inv.dir = dir
	inv.target = wsapi.TargetNhooyr
	if inv.to == wsapi.TargetCoder.Name {
		inv.target = wsapi.TargetCoder
	}
	return nil
}

// path returns the absolute form of a path on the command line, which like
// the patterns is relative to -C.
func (inv *invocation) path(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(inv.dir, p)
}

// getenv looks a variable up.
func (inv *invocation) getenv(key string) string {
	for i := len(inv.env) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(inv.env[i], key+"="); ok {
			return v
		}
	}
	return ""
}

// palette returns the colours for results, which are plain in a file.
func (inv *invocation) palette() term.Palette {
	if inv.out != "" && inv.color == term.Auto {
		return term.Palette{}
	}
	return inv.color.Palette(inv.stdout, inv.getenv)
}

// text returns a writer of doc for results.
func (inv *invocation) text(doc *report.Document) *text.Writer {
	t := &text.Writer{Doc: doc, Palette: inv.palette(), Verbose: inv.verbose}
	if inv.out == "" {
		t.Width = term.Width(inv.stdout, 0)
	}
	return t
}

// remarksText returns a writer of doc for stderr.
func (inv *invocation) remarksText(doc *report.Document) *text.Writer {
	return &text.Writer{Doc: doc, Palette: inv.color.Palette(inv.stderr, inv.getenv), Verbose: inv.verbose, Width: term.Width(inv.stderr, 0)}
}

// load loads what the patterns name.
func (inv *invocation) load(ctx context.Context, patterns []string) (*rewrite.Program, error) {
	listing, err := inv.list(ctx, patterns)
	if err != nil {
		return nil, err
	}
	return listing.Load(ctx)
}

// list lists what the patterns name. What an interrupted run left half written
// is taken back before a run that writes, and refused by others.
func (inv *invocation) list(ctx context.Context, patterns []string) (*rewrite.Listing, error) {
	root := journalRoot(inv.dir)
	switch {
	case inv.write:
		paths, err := rewrite.Recover(ctx, root, rewrite.ApplyOptions{Env: inv.env})
		if err != nil {
			return nil, err
		}
		if len(paths) > 0 {
			fmt.Fprintf(&inv.remarks, "an earlier run was interrupted: %s put back first\n", report.Count(len(paths), "file"))
		}
	case rewrite.Interrupted(root):
		return nil, &rewrite.Refusal{
			Reason: "a run that writes was interrupted, or is at work, in " + root,
			Help:   "`wsmigrate undo` puts the files back",
		}
	}
	return rewrite.List(ctx, rewrite.Config{
		Dir: inv.dir, Patterns: patterns, Tags: inv.tags, Env: inv.env,
		Progress: inv.progress.Update,
	})
}

// document starts the document about a program.
func (inv *invocation) document(prog *rewrite.Program) *report.Document {
	doc := report.New(inv.dir, inv.target.Path)
	doc.Command = inv.cmd.name
	doc.AddModules(prog.Modules)
	doc.AddSkipped(prog.Skipped)
	doc.Summary.Packages = countPackages(prog.Packages())
	return doc
}

// countPackages counts packages as people do: one with its tests is one.
func countPackages(pkgs []*packages.Package) int {
	seen := make(map[string]bool)
	for _, p := range pkgs {
		path := p.PkgPath
		if p.ForTest != "" {
			path = p.ForTest
		}
		seen[path] = true
	}
	return len(seen)
}

// writeFile writes a file as a whole or not at all.
func writeFile(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
			err = fmt.Errorf("write %s: %w", path, err)
		}
	}()
	if _, err := f.Write(data); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	mode := os.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	if err := os.Chmod(f.Name(), mode); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
