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

// runVetCost measures what wsmigrate costs as a tool of go vet: its first run
// beside that of a tool that holds the analyzers of go vet alone, and a warm
// run beside plain go vet. What is compared runs in turn, so that what else the
// machine does meets both.
func runVetCost(o *options, work string, stdout, stderr io.Writer) (status int, err error) {
	for _, dir := range o.dirs {
		fmt.Fprintf(stdout, "%s\n", filepath.Base(filepath.Clean(dir)))
		build := exec.Command("go", "build", "-o", os.DevNull, "./...") // go vet's status does not tell errors from findings
		build.Dir = dir
		if out, err := build.CombinedOutput(); err != nil {
			return 2, fmt.Errorf("go build in %s: %w\n%s", dir, err, out)
		}
		var first, warm []float64
		for round := range o.rounds + 1 {
			fmt.Fprintf(stderr, "%s: round %d of %d\n", dir, round+1, o.rounds+1)
			// A tool that was never built before is one that never ran.
			stamp := fmt.Sprintf("%d-%d-%d", os.Getpid(), round, time.Now().UnixNano())
			alone, err := stamped(filepath.Join(work, "vetonly.exe"), "./cmd/internal/corpus/vetonly", stamp)
			if err != nil {
				return 2, err
			}
			tool, err := stamped(filepath.Join(work, "stamped.exe"), "./cmd/wsmigrate", stamp)
			if err != nil {
				return 2, err
			}
			toolFirst := round%2 == 1
			r, err := vetRatio(dir, []string{"-vettool=" + tool}, []string{"-vettool=" + alone}, toolFirst)
			if err != nil {
				return 2, err
			}
			if round > 0 { // before, export data comes into the cache
				first = append(first, r)
			}
			for pair := range warmPairs {
				r, err := vetRatio(dir, []string{"-vettool=" + tool}, nil, toolFirst != (pair%2 == 1))
				if err != nil {
					return 2, err
				}
				if round > 0 { // before, the results of plain go vet come there
					warm = append(warm, r)
				}
			}
		}
		say := func(what string, ratios []float64) {
			slices.Sort(ratios)
			fmt.Fprintf(stdout, "  %s: median %.2f (%.2f to %.2f, %d runs)\n", what, ratios[len(ratios)/2], ratios[0], ratios[len(ratios)-1], len(ratios))
		}
		say("first run: CPU of go vet -vettool=wsmigrate to that of a tool with go vet's analyzers alone", first)
		say("warm: CPU of go vet -vettool=wsmigrate to that of go vet", warm)
	}
	return 0, nil
}

// warmPairs is how often the warm runs of a round are repeated: they are short.
const warmPairs = 5

// vetRatio runs go vet with each of two sets of flags and returns the CPU time
// of the first as a ratio to that of the second. It runs the first one first if
// told so.
func vetRatio(dir string, of, to []string, ofFirst bool) (float64, error) {
	cpu := make(map[bool]time.Duration, 2)
	for _, isOf := range []bool{ofFirst, !ofFirst} {
		args := to
		if isOf {
			args = of
		}
		d, _, err := timed(dir, false, nil, "go", append(append([]string{"vet"}, args...), "./...")...)
		if err != nil {
			return 0, err
		}
		cpu[isOf] = d
	}
	return float64(cpu[true]) / float64(cpu[false]), nil
}

// stamped builds a command with a stamp, which makes it another program for
// the go command's cache.
func stamped(exe, pkg, stamp string) (string, error) {
	cmd := exec.Command("go", "build", "-ldflags=-X=main.stamp="+stamp, "-o", exe, pkg)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return exe, nil
}
