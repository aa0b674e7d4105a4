//go:build unix

package shard

import (
	"fmt"
	"syscall"
)

// FileLimit returns how many files a process may have open. The Go runtime has
// raised the soft limit to the hard one.
func FileLimit() (uint64, error) {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return 0, fmt.Errorf("ask for the limit of open files: %w", err)
	}
	return r.Cur, nil
}
