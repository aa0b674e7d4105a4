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

// runCost measures what the report costs beside `go list -deps ./...`, warm and
// with an empty build cache. The two commands run in turn, so that what else
// the machine does meets both.
func runCost(o *options, stdout, stderr io.Writer) (status int, err error) {
	for _, dir := range o.dirs {
		fmt.Fprintf(stdout, "%s\n", filepath.Base(filepath.Clean(dir)))
		for _, cold := range []bool{false, true} {
			var ratios []float64
			var memory int64
			rounds := o.rounds
			if !cold {
				rounds++ // the first fills the caches
			}
			for round := range rounds {
				fmt.Fprintf(stderr, "%s: cold %v, round %d of %d\n", dir, cold, round+1, rounds)
				list, _, err := measure(dir, cold, "go", "list", "-deps", "./...")
				if err != nil {
					return 2, err
				}
				report, kib, err := measure(dir, cold, o.tool, "-q", "./...")
				if err != nil {
					return 2, err
				}
				if !cold && round == 0 {
					continue
				}
				ratios = append(ratios, float64(report)/float64(list))
				memory = max(memory, kib)
			}
			slices.Sort(ratios)
			name := "warm"
			if cold {
				name = "cold"
			}
			fmt.Fprintf(stdout, "  %s: CPU of wsmigrate ./... to that of go list -deps ./...: median %.2f (%.2f to %.2f, %d rounds)%s\n", name,
				ratios[len(ratios)/2], ratios[0], ratios[len(ratios)-1], len(ratios), resident(memory))
		}
	}
	return 0, nil
}

// measure runs a command and returns its CPU time and the most memory that
// it, or a process that it started, had resident, in KiB.
func measure(dir string, cold bool, name string, args ...string) (cpu time.Duration, kib int64, err error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	if cold {
		cache, err := os.MkdirTemp("", "corpus-cache-")
		if err != nil {
			return 0, 0, err
		}
		defer os.RemoveAll(cache)
		cmd.Env = append(os.Environ(), "GOCACHE="+cache)
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
