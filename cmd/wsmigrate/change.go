package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report/text"
	"github.com/wsmigrate/wsmigrate/rewrite"
)

// planOptions returns what the flags ask of a plan.
func (inv *invocation) planOptions(mode rewrite.Mode) rewrite.Options {
	opts := rewrite.Options{
		Mode: mode, Target: inv.target,
		Ctx: rewrite.CtxPolicy(inv.ctx), Fallback: rewrite.Fallback(inv.fallback),
		CompatVersion: releaseVersion(),
		RaiseGo:       inv.raiseGo, BreakAPI: inv.api == "break",
		Progress: inv.progress.Update,
	}
	if inv.compatDir != "" {
		opts.CompatDir, opts.CompatVersion = inv.path(inv.compatDir), ""
	}
	if opts.CompatVersion == "" && opts.CompatDir == "" {
		opts.Fallback = rewrite.FallbackLeave
	}
	for _, o := range strings.Split(inv.only, ",") {
		if o = strings.TrimSpace(o); o != "" {
			opts.Only = append(opts.Only, o)
		}
	}
	return opts
}

// previewOptions returns the options of a plan that is only looked at. It may
// raise the go line: the plan says where fix will want the flag.
func (inv *invocation) previewOptions() rewrite.Options {
	opts := inv.planOptions(rewrite.Fix)
	opts.RaiseGo = true
	return opts
}

// checkCompatDir refuses a -compat-dir that does not hold compat.
func (inv *invocation) checkCompatDir() error {
	if inv.compatDir == "" {
		return nil
	}
	if _, err := os.Stat(filepath.Join(inv.path(inv.compatDir), "go.mod")); err != nil {
		return usagef("-compat-dir %s: there is no go.mod: name the folder that holds module %s", inv.compatDir, wsapi.CompatModule)
	}
	return nil
}

// change plans, shows the difference or writes it, and sums up. It is fix and
// shim alike.
func (inv *invocation) change(ctx context.Context, mode rewrite.Mode) error {
	if err := inv.checkCompatDir(); err != nil {
		return err
	}
	opts := inv.planOptions(mode)
	prog, err := inv.load(ctx, inv.args)
	if err != nil {
		return err
	}
	plan, err := prog.Plan(ctx, opts)
	if err != nil {
		return err
	}
	remark := ""
	if inv.interactive {
		if plan, remark, err = inv.choose(ctx, prog, opts, plan); err != nil {
			return err
		}
	}
	doc := inv.document(prog)
	doc.AddPlan(plan)
	if remark != "" {
		doc.Messages = append(doc.Messages, remark)
	}
	if inv.format == "markdown" || inv.format == "html" {
		// Who reads these wants to know all about the code.
		if err := inv.lint(ctx, doc, prog, everything); err != nil {
			return err
		}
	}

	if inv.test && len(plan.Changes) > 0 {
		if err := inv.testChanges(ctx, prog, plan); err != nil {
			return err
		}
		doc.Tested = true
	}
	if inv.write && len(plan.Changes) > 0 {
		inv.progress.Update("writing", 0, 0)
		if err := plan.Apply(ctx, writeRoot(prog, inv.dir), rewrite.ApplyOptions{Force: inv.force, Env: inv.env}); err != nil {
			return err
		}
		doc.Written = true
	}

	inv.status = changeStatus(inv.write, mode, plan)
	err = inv.render(doc, func(w io.Writer) error {
		if inv.write {
			return writeList(w, doc, plan.Changes)
		}
		return text.WriteDiff(w, doc, plan.Changes, inv.palette())
	})
	if err != nil {
		return err
	}
	return inv.sumUp(doc, plan)
}

// changeStatus returns the exit status of fix and shim. To shim, a cluster on
// the shim is done.
func changeStatus(write bool, mode rewrite.Mode, plan *rewrite.Plan) int {
	if len(plan.Changes) == 0 {
		return exitOK
	}
	if !write {
		return exitFound
	}
	for _, c := range plan.Clusters {
		switch {
		case c.Outcome == rewrite.Pinned,
			c.Outcome == rewrite.Shim && (mode == rewrite.Fix || plan.Options.Fallback == rewrite.FallbackLeave):
			return exitRemain
		}
	}
	return exitOK
}

// writeList names the files that were written.
func writeList(w io.Writer, doc *report.Document, changes []rewrite.FileChange) error {
	for _, c := range changes {
		verb := "wrote"
		switch {
		case c.Created:
			verb = "created"
		case c.Deleted:
			verb = "removed"
		}
		if _, err := fmt.Fprintf(w, "%s %s\n", verb, doc.Rel(c.Path)); err != nil {
			return err
		}
	}
	return nil
}

// sumUp leaves the clusters and the sums for stderr.
func (inv *invocation) sumUp(doc *report.Document, plan *rewrite.Plan) error {
	t := inv.remarksText(doc)
	b := &inv.remarks
	if len(doc.Clusters) > 0 {
		if err := t.Clusters(b); err != nil {
			return err
		}
		if err := t.Unconverted(b); err != nil {
			return err
		}
	}
	if doc.Left && inv.fallback != string(rewrite.FallbackLeave) && doc.Summary.Shim > 0 {
		doc.Messages = append(doc.Messages, "this tool was built from source and knows no version of compat: what was not converted stays on gorilla, as with -fallback leave; -compat-dir names a folder that holds compat")
	}
	if err := t.Remarks(b); err != nil {
		return err
	}
	end := "nothing to change"
	switch n := len(plan.Changes); {
	case n > 0 && inv.write:
		end = report.Count(n, "file") + " written; \"wsmigrate undo\" takes this back"
	case n > 0:
		end = report.Count(n, "file") + " would change; nothing written, run with -w"
	}
	fmt.Fprintf(b, "\n%s; %s\n", doc.SummaryLine(), end)
	return nil
}

// writeRoot returns the folder that keeps the journal: that of the module, or
// the nearest one that holds all modules.
func writeRoot(prog *rewrite.Program, dir string) string {
	root := ""
	for _, m := range prog.Modules {
		if root == "" {
			root = m.Dir
			continue
		}
		for !within(root, m.Dir) {
			root = filepath.Dir(root)
		}
	}
	if root == "" {
		return dir
	}
	return root
}

// within reports whether path is dir or below it.
func within(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// changedDirs returns the folders of the Go files that a plan changes.
func changedDirs(plan *rewrite.Plan) []string {
	var dirs []string
	for _, c := range plan.Changes {
		if strings.HasSuffix(c.Path, ".go") {
			dirs = append(dirs, filepath.Dir(c.Path))
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}
