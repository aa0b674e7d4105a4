package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/wsmigrate/wsmigrate/rewrite"
)

// fixCommand rewrites to the target's own API.
func fixCommand(ctx context.Context, inv *invocation) error {
	return inv.change(ctx, rewrite.Fix)
}

// testChanges runs the tests of the packages that a plan changes, with the
// plan laid over the disk. Tests that fail are a verification that failed.
func (inv *invocation) testChanges(ctx context.Context, prog *rewrite.Program, plan *rewrite.Plan) error {
	inv.progress.Update("testing", 0, 0)
	tmp, err := os.MkdirTemp("", "wsmigrate-test-")
	if err != nil {
		return fmt.Errorf("test the rewritten code: %w", err)
	}
	defer os.RemoveAll(tmp)
	overlay, err := writeOverlay(tmp, plan.Changes)
	if err != nil {
		return fmt.Errorf("test the rewritten code: %w", err)
	}
	for _, m := range prog.Modules {
		var pkgs []string
		for _, dir := range changedDirs(plan) {
			if rel, err := filepath.Rel(m.Dir, dir); err == nil && within(m.Dir, dir) {
				pkgs = append(pkgs, "./"+filepath.ToSlash(rel))
			}
		}
		if len(pkgs) == 0 {
			continue
		}
		args := []string{"test", "-overlay", overlay}
		if inv.tags != "" {
			args = append(args, "-tags", inv.tags)
		}
		cmd := exec.CommandContext(ctx, "go", append(args, pkgs...)...)
		cmd.Dir, cmd.Env = m.Dir, append(slices.Clone(prog.Env()), "PWD="+m.Dir)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Run(); err != nil {
			inv.progress.Close()
			_, _ = inv.stderr.Write(out.Bytes())
			return &rewrite.VerifyError{Errors: []string{fmt.Sprintf("tests of module %s fail on the rewritten code (%v)", m.Path, err)}}
		}
	}
	return nil
}

// writeOverlay writes the new contents below dir, and the file that makes the
// go command read them in place of what is on disk.
func writeOverlay(dir string, changes []rewrite.FileChange) (string, error) {
	replace := make(map[string]string, len(changes))
	for i, c := range changes {
		if c.Deleted {
			replace[c.Path] = ""
			continue
		}
		name := filepath.Join(dir, fmt.Sprintf("%d-%s", i, filepath.Base(c.Path)))
		if err := os.WriteFile(name, c.New, 0o600); err != nil {
			return "", err
		}
		replace[c.Path] = name
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	return name, os.WriteFile(name, data, 0o600)
}
