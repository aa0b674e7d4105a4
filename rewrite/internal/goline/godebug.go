package goline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
)

// DefaultGODEBUG returns the GODEBUG settings that the go command compiles
// into the main package pkg of the module in dir, by name. The flags are given
// to go list: an -overlay may hold a go.mod with another go line.
func DefaultGODEBUG(ctx context.Context, dir string, env []string, pkg string, flags ...string) (map[string]string, error) {
	args := append([]string{"list", "-f", "{{.DefaultGODEBUG}}"}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, "--", pkg)...)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			first, _, _ := strings.Cut(strings.TrimSpace(string(exit.Stderr)), "\n")
			err = errors.New(first)
		}
		return nil, fmt.Errorf("list the GODEBUG settings of %s: %w", pkg, err)
	}
	settings := make(map[string]string)
	for setting := range strings.SplitSeq(strings.TrimSpace(string(out)), ",") {
		if name, value, ok := strings.Cut(setting, "="); ok {
			settings[name] = value
		}
	}
	return settings, nil
}

// A Setting is a GODEBUG setting that changes. An empty value means the
// default of the Go version that compiles.
type Setting struct{ Name, Before, After string }

// Changed returns the settings that differ, by name.
func Changed(before, after map[string]string) []Setting {
	var out []Setting
	names := slices.Concat(slices.Collect(maps.Keys(before)), slices.Collect(maps.Keys(after)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if before[name] != after[name] {
			out = append(out, Setting{name, before[name], after[name]})
		}
	}
	return out
}
