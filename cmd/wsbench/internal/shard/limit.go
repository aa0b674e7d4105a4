package shard

import (
	"fmt"
	"math"
)

// reserved is how many files a process has open for other things than the
// connections of a measurement.
const reserved = 200

// Capacity returns how many connections one process can hold that takes
// filesEach open files for one.
func Capacity(fileLimit uint64, filesEach int) int {
	if fileLimit <= reserved {
		return 0
	}
	return int(min((fileLimit-reserved)/uint64(filesEach), math.MaxInt32))
}

// Split spreads conns over as few processes as can hold them, of which each
// holds at most capacity, as evenly as possible.
func Split(conns, capacity int) ([]int, error) {
	if conns < 1 {
		return nil, fmt.Errorf("%d connections: there must be at least one", conns)
	}
	if capacity < 1 {
		return nil, fmt.Errorf("the limit of open files leaves no room for connections: raise it (ulimit -n)")
	}
	n := (conns + capacity - 1) / capacity
	parts := make([]int, n)
	for i := range parts {
		parts[i] = conns / n
		if i < conns%n {
			parts[i]++
		}
	}
	return parts, nil
}
