package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// runCost measures what the report costs beside `go list -deps ./...`: when
// nothing changed since the last, when it has to look at everything, and with
// an empty build cache as well. The two commands run in turn, so that what else
// the machine does meets both.
func runCost(o *options, stdout, stderr io.Writer) (status int, err error) {
	known, err := os.MkdirTemp("", "corpus-known-")
	if err != nil {
		return 2, err
	}
	defer os.RemoveAll(known)
	states := []struct {
		name    string
		results string // folder of earlier results
		cold    bool
		fill    bool // the first round fills the caches
	}{
		{name: "warm, nothing changed", results: known, fill: true},
		{name: "warm, all anew", results: "off", fill: true},
		{name: "cold", results: "off", cold: true},
	}
	for _, dir := range o.dirs {
		fmt.Fprintf(stdout, "%s\n", filepath.Base(filepath.Clean(dir)))
		for _, state := range states {
			var ratios []float64
			var memory int64
			rounds := o.rounds
			if state.fill {
				rounds++
			}
			for round := range rounds {
				fmt.Fprintf(stderr, "%s: %s, round %d of %d\n", dir, state.name, round+1, rounds)
				list, _, err := timed(dir, state.cold, nil, "go", "list", "-deps", "./...")
				if err != nil {
					return 2, err
				}
				report, kib, err := timed(dir, state.cold, []string{"WSMIGRATE_CACHE=" + state.results}, o.Tool, "-q", "./...")
				if err != nil {
					return 2, err
				}
				if state.fill && round == 0 {
					continue
				}
				ratios = append(ratios, float64(report)/float64(list))
				memory = max(memory, kib)
			}
			slices.Sort(ratios)
			fmt.Fprintf(stdout, "  %s: CPU of wsmigrate ./... to that of go list -deps ./...: median %.2f (%.2f to %.2f, %d rounds)%s\n", state.name,
				ratios[len(ratios)/2], ratios[0], ratios[len(ratios)-1], len(ratios), resident(memory))
		}
	}
	return 0, nil
}

// timed runs a command and returns its CPU time and the most memory that
// it, or a process that it started, had resident, in KiB.
func timed(dir string, cold bool, env []string, name string, args ...string) (cpu time.Duration, kib int64, err error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	if cold {
		cache, err := os.MkdirTemp("", "corpus-cache-")
		if err != nil {
			return 0, 0, err
		}
		defer os.RemoveAll(cache)
		cmd.Env = append(cmd.Env, "GOCACHE="+cache)
	}
	err = cmd.Run()
	state := cmd.ProcessState
	if state == nil {
		return 0, 0, err
	}
	if code := state.ExitCode(); code != 0 && code != 1 {
		return 0, 0, fmt.Errorf("%s %v in %s: %w", filepath.Base(name), args, dir, err)
	}
	return state.UserTime() + state.SystemTime(), maxResident(state), nil
}

func resident(kib int64) string {
	if kib == 0 {
		return ""
	}
	return fmt.Sprintf(", at most %d MB resident", kib*1024/1e6)
}
