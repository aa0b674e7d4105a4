package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
	"github.com/wsmigrate/wsmigrate/rewrite"
)

// undoCommand takes back the newest run that wrote.
func undoCommand(ctx context.Context, inv *invocation) error {
	if len(inv.args) > 0 {
		return usagef("undo takes no packages: it takes back the last run as a whole")
	}
	paths, err := rewrite.Undo(ctx, journalRoot(inv.dir), rewrite.ApplyOptions{Env: inv.env})
	if err != nil {
		return err
	}
	doc := report.New(inv.dir, "")
	for _, p := range paths {
		verb := "restored"
		if _, err := os.Lstat(p); err != nil {
			verb = "removed"
		}
		fmt.Fprintf(&inv.results, "%s %s\n", verb, doc.Rel(p))
	}
	return nil
}

// journalRoot returns the nearest folder, from dir upwards, that keeps a
// journal, or dir.
func journalRoot(dir string) string {
	for d := dir; ; d = filepath.Dir(d) {
		if info, err := os.Stat(filepath.Join(d, ".wsmigrate")); err == nil && info.IsDir() {
			return d
		}
		if d == filepath.Dir(d) {
			return dir
		}
	}
}
