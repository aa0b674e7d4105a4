//go:build !unix

package shard

import "math"

// FileLimit returns how many files a process may have open.
func FileLimit() (uint64, error) { return math.MaxInt32, nil }
