package main

import (
	"os"
	"syscall"
)

// maxResident returns the largest resident set of an ended process, in KiB.
func maxResident(state *os.ProcessState) int64 {
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		return int64(usage.Maxrss)
	}
	return 0
}
