//go:build unix

package load

import (
	"fmt"
	"syscall"
	"time"
)

// cpuTime returns the processor time of this process in seconds, that of the
// system for it included.
func cpuTime() (float64, error) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0, fmt.Errorf("ask for the processor time: %w", err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano()).Seconds(), nil
}
